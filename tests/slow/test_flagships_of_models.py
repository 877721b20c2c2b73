"""Experiment files about codes, priors and the ways between them: all claims hold, and each control fails them."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow

FILES = ("interpolation-hole", "posterior-collapse", "prior-mismatch")


@pytest.mark.parametrize("name", FILES)
def test_every_claim_holds_and_every_control_fails(name, command, root, tmp_path) -> None:
    done = command("run", str(root / "experiments" / f"{name}.yaml"), "--output", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    record = json.loads((tmp_path / "out" / "record.json").read_text(encoding="utf-8"))
    assert record["complete"] is True
    assert record["claims"]
    assert all(claim["holds"] is True for claim in record["claims"])
    assert any(control["holds"] is False for claim in record["claims"] for control in claim["controls"])
    assert list((tmp_path / "out" / "figures").glob("*.svg"))
