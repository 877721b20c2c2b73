"""What a bundle of a real run holds: all of it, at its place, and described."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.api.bundles import bundle, open_bundle
from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.bundle import contents
from tda_latent.experiment.bundle.inputs import _moved
from tda_latent.experiment.file.documents import read_document, read_document_text, written
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.outcomes import look_up
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.examination import examine
from tda_latent.records import sha256

BASE = """\
format: tda-latent/experiment@1
name: mine
seed: 3
models:
  zeta: {use: file, path: "{FOLDER}/outside/{model}-{seed}.npz::z"}
  alpha: {use: file, path: "latents/{model}-{seed}.npy"}
axes: {replicates: 2}
analyzers:
  spectrum: {use: spectrum}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run over files inside and outside of the experiment's folder, one base file and one --set."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "home" / "latents").mkdir(parents=True)
    (folder / "outside").mkdir()
    rng = np.random.default_rng(0)
    for seed in range(2):
        np.save(folder / "home" / "latents" / f"alpha-{seed}.npy", rng.normal(size=(30, 3)))
        np.savez(folder / "outside" / f"zeta-{seed}.npz", z=rng.normal(size=(30, 3)))
    base = BASE.replace("{FOLDER}", str(folder))
    (folder / "home" / "base.yaml").write_text(base, encoding="utf-8")
    (folder / "home" / "mine.yaml").write_text(
        "extends: base.yaml\ntitle: By the Quillon Lab  # kept\n", encoding="utf-8"
    )
    done = tl.run(
        folder / "home" / "mine.yaml", ["sample.size=20"], store=folder / "store", output=folder / "run"
    )  # fmt: skip
    assert done.complete
    return folder


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_is_a_whole_sound_store_and_finds_everything_again(made, tmp_path) -> None:
    told = bundle(made / "run", tmp_path / "x.zip", store=made / "store")
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    assert told.notices == []
    found = examine(folder / "store")
    assert (found.sound, found.findings, found.runs) == (True, [], 1)
    held = look_up(load_plan(folder / "experiment.yaml"), Store(folder / "store"))
    assert held.complete
    run = manifest.find(folder / "run", folder / "store")
    assert held.root == run.root == told.root
    for name, digest in run.files.items():
        assert sha256((folder / "run" / name).read_bytes()) == digest
    assert "By the Quillon Lab  # kept" in (folder / "run" / "experiment.yaml").read_text(encoding="utf-8")


def test_two_bundles_of_a_run_have_the_same_bytes_whatever_names_it(made, tmp_path) -> None:
    run = manifest.find("mine", made / "store")
    digests = {
        bundle(what, tmp_path / f"{index}.zip", store=made / "store").digest
        for index, what in enumerate([made / "run", made / "run" / "record.json", run.id, "mine"])
    }
    assert len(digests) == 1


def test_inputs_lie_in_the_bundle_with_their_digests(made, tmp_path) -> None:
    bundle("mine", tmp_path / "x.zip", store=made / "store")
    files = files_of(tmp_path / "x.zip")
    inputs = {name.rpartition("/")[2]: sha256(data) for name, data in files.items() if name.startswith("inputs/")}
    for path in [*(made / "outside").iterdir(), *(made / "home" / "latents").iterdir()]:
        assert inputs.pop(path.name) == sha256(path.read_bytes())
    assert not inputs


def test_inputs_that_are_too_large_gone_or_changed_are_listed(made, tmp_path) -> None:
    told = bundle("mine", tmp_path / "x.zip", store=made / "store", largest_input=10)
    assert len(told.notices) == 4
    assert files_of(tmp_path / "x.zip")["README.md"].decode().count(": it is too large, ") == 4
    path = made / "home" / "latents" / "alpha-0.npy"
    sound = path.read_bytes()
    try:
        path.write_bytes(sound + b"x")
        told = bundle("mine", tmp_path / "x.zip", store=made / "store")
    finally:
        path.write_bytes(sound)
    assert [text.partition(" ")[0].rpartition("/")[2] for text in told.notices] == ["alpha-0.npy"]


def test_the_crate_names_every_file_and_every_task(made, tmp_path) -> None:
    bundle("mine", tmp_path / "x.zip", store=made / "store")
    files = files_of(tmp_path / "x.zip")
    graph = {entry["@id"]: entry for entry in json.loads(files["ro-crate-metadata.json"])["@graph"]}
    parts = {part["@id"] for part in graph["./"]["hasPart"]}
    assert parts == set(files) - {"ro-crate-metadata.json", "SHA256SUMS"}
    assert graph["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    run = manifest.find("mine", made / "store")
    actions = [entry for entry in graph.values() if entry["@type"] == "CreateAction"]
    assert {action["name"] for action in actions} == set(run.tasks)
    for action in actions:
        assert action["result"]
        for part in (*action["object"], *action["result"], action["instrument"]):
            assert part["@id"] in graph
    read = next(action for action in actions if action["name"] == "latents/alpha/0")
    assert [part["@id"].rpartition("/")[2] for part in read["object"]] == ["alpha-0.npy"]


def test_code_that_changed_since_is_not_passed_off_as_the_one_that_ran(made, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(contents, "code_now", lambda names: dict.fromkeys(names, "other"))
    with pytest.raises(InvalidInput, match="has changed since the run"):
        bundle("mine", tmp_path / "x.zip", store=made / "store")


def test_a_result_that_is_gone_is_no_bundle(made, tmp_path) -> None:
    other = tmp_path / "store"
    Store(other)
    (other / "runs").mkdir(exist_ok=True)
    for path in (made / "store" / "runs").iterdir():
        (other / "runs" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(StoreError, match="run the experiment again"):
        bundle("mine", tmp_path / "x.zip", store=other)


def test_an_anonymous_bundle_says_so_keeps_the_root_and_tells_nothing(made, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("USER", "quillonb")
    told = bundle("mine", tmp_path / "x.zip", store=made / "store", anonymous=True, strip=("Quillon Lab",))
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    run = manifest.find(folder / "run", folder / "store")
    assert run.content["anonymised"] is True
    assert run.root == run.root_of_tasks() == told.root == manifest.find("mine", made / "store").root
    assert examine(folder / "store").sound
    assert look_up(load_plan(folder / "experiment.yaml"), Store(folder / "store")).complete
    for path in folder.rglob("*"):
        if path.is_file() and "code" not in path.parts:
            data = path.read_bytes()
            assert str(made).encode() not in data, path
            assert b"quillonb" not in data, path
    assert "By the [removed]" in run.content["experiment"]
    for name, digest in run.files.items():
        assert sha256((folder / "run" / name).read_bytes()) == digest


# ------------------------------------------------------------------ the experiment file


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("latents/{model}/z-{seed}.npy", "inputs/0/{model}/z-{seed}.npy"),
        ("/data/me/{model}.npz::{layer}", "inputs/0/{model}.npz::{layer}"),
        ("../up/x.npy", "inputs/0/x.npy"),
        ("x.npy", "inputs/0/x.npy"),
        ("/x.npy", "inputs/0/x.npy"),
        ("a/{{b}}/x.npy", "inputs/0/{{b}}/x.npy"),
        ("all.npz::{model}", "inputs/0/all.npz::{model}"),
    ],
)
def test_a_path_keeps_its_fields_and_key_and_loses_its_folder(text, moved) -> None:
    assert _moved(text, Path("/data/exp"), {}, {}) == moved


def test_folders_get_different_places_and_a_path_the_same_one_again() -> None:
    folders: dict[str, str] = {}
    assert _moved("a/x.npy", Path("/e"), folders, {}) == "inputs/0/x.npy"
    assert _moved("b/x.npy", Path("/e"), folders, {}) == "inputs/1/x.npy"
    assert _moved("a/y.npy", Path("/e"), folders, {}) == "inputs/0/y.npy"


def test_a_document_reads_back_in_the_same_order() -> None:
    for path in (Path(__file__).resolve().parents[2] / "experiments").glob("*.yaml"):
        value = read_document(path).value
        again = read_document_text(written(value)).value
        assert json.dumps(again) == json.dumps(value)
    odd = {
        "z": [1.5e-9, float("inf"), None, True, "1_000", "null", "a: b # c", "ü\n\t"],
        "a": {},
        "y": {"9": [[], [1]]},
    }
    assert json.dumps(read_document_text(written(odd)).value) == json.dumps(odd)
