"""Experiment files that need no trained weights, or find theirs here: all claims hold, and each control fails them."""

from __future__ import annotations

import json

import pytest

from tda_latent.registry.assets import asset

pytestmark = pytest.mark.slow

FILES = {
    "fields": None,
    "latent-dimension": None,
    "calendar-words": "all-minilm-l6-v2",
    "pretrained-layers": "crepe",
}


@pytest.mark.parametrize("name", FILES)
def test_every_claim_holds_and_every_control_fails(name, command, root, tmp_path) -> None:
    needed = FILES[name]
    if needed is not None and asset(needed).state() != "present":
        pytest.skip(f"not on this machine: {asset(needed).command}")
    done = command("run", str(root / "experiments" / f"{name}.yaml"), "--output", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    record = json.loads((tmp_path / "out" / "record.json").read_text(encoding="utf-8"))
    assert record["complete"] is True
    assert record["claims"]
    assert all(claim["holds"] is True for claim in record["claims"])
    assert any(control["holds"] is False for claim in record["claims"] for control in claim["controls"])
    assert list((tmp_path / "out" / "figures").glob("*.svg"))
