"""Weights in shards that an index lists: each shard counts, is bundled, and is missed when it is not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tda_latent.errors import ConfigError, InvalidInput
from tda_latent.experiment.bundle.inputs import collect_inputs
from tda_latent.experiment.identity.keys import file_digest
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.proof.manifest import Manifest

FILE = """
format: tda-latent/experiment@1
name: own
seed: 1
data: {rows: {use: file, path: rows.npz}}
models: {own: {use: checkpoint, path: m.safetensors.index.json, factory: "nets_in_shards:make"}}
analyzers: {errors: {use: reconstruction}}
"""


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of two shards, one of which holds two weights, with the experiment beside it."""
    for part in "ab":
        (tmp_path / f"m-{part}.safetensors").write_bytes(part.encode())
    places = {"x": "m-a.safetensors", "y": "m-b.safetensors", "z": "m-b.safetensors"}
    (tmp_path / "m.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    (tmp_path / "nets_in_shards.py").write_text("def make(): pass")
    np.savez(tmp_path / "rows.npz", points=np.eye(3))
    (tmp_path / "own.yaml").write_text(FILE)
    return tmp_path / "m.safetensors.index.json"


def test_a_change_of_any_shard_is_a_change_of_the_weights(index: Path) -> None:
    before = file_digest(str(index))
    assert file_digest(str(index)) == before
    seen = {before}
    for shard in ("m-a.safetensors", "m-b.safetensors"):
        (index.parent / shard).write_bytes(b"other weights")
        seen.add(file_digest(str(index)))
    assert len(seen) == 3


def test_a_bundle_holds_the_index_and_every_shard_beside_it(index: Path) -> None:
    task = {"kind": "source", "use": "checkpoint", "inputs": {}, "path": str(index)}
    content = {"document": FILE, "folder": str(index.parent), "tasks": {"model/rows/own/0": task}}
    found = collect_inputs(Manifest("run", "0" * 64, content), {}, 10**6)
    names = ["m-a.safetensors", "m-b.safetensors", "m.safetensors.index.json"]
    assert sorted(found.files) == [f"inputs/0/{name}" for name in names]
    assert collect_inputs(Manifest("run", "0" * 64, content), {}, index.stat().st_size).absent  # all of it or nothing


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ({"x": "m-c.safetensors"}, "names the shard m-c.safetensors, which is missing"),
        ({"x": "../m-a.safetensors"}, "the rule is files beside the index"),
        ({}, "names no shards"),
        (3, "is no index of shards"),
    ],
)
def test_an_index_that_cannot_be_followed_is_told_when_planning(index: Path, places: object, words: str) -> None:
    load_plan(index.parent / "own.yaml")
    index.write_text(json.dumps({"weight_map": places}))
    with pytest.raises(ConfigError, match=words):
        load_plan(index.parent / "own.yaml")
    with pytest.raises(InvalidInput, match=words):
        file_digest(str(index))
