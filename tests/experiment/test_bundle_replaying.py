"""Replays of bundles that lack an input, hold an incomplete run, or were damaged: each says what it could prove."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from in_process import Here

import tda_latent as tl
from tda_latent.api.bundles import bundle, open_bundle
from tda_latent.api.replays import replay
from tda_latent.api.verification import verify
from tda_latent.cli.main import main
from tda_latent.errors import InvalidInput
from tda_latent.experiment.bundle.anonymity import Anonymity
from tda_latent.experiment.bundle.inputs import MISSING, still_absent
from tda_latent.experiment.circumstances.environment import FOLDER
from tda_latent.experiment.proof import manifest
from tda_latent.records import sha256

FILE = """\
format: tda-latent/experiment@1
name: mine
seed: 3
models:
  first: {use: file, path: "latents/{model}-{seed}.npy"}
  second: {use: file, path: "latents/{model}-{seed}.npy"}
axes: {replicates: 2}
analyzers:
  spectrum: {use: spectrum}
"""


def made(folder: Path, *, broken: bool = False) -> Path:
    """A run over four files in a folder, one of which no task can read when it is ``broken``."""
    (folder / "latents").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for model in ("first", "second"):
        for seed in range(2):
            np.save(folder / "latents" / f"{model}-{seed}.npy", rng.normal(size=(20, 3)))
    if broken:
        np.save(folder / "latents" / "second-1.npy", np.full((20, 3), np.nan))
    (folder / "mine.yaml").write_text(FILE, encoding="utf-8")
    done = tl.run(folder / "mine.yaml", store=folder / "store", output=folder / "run")
    assert done.complete is not broken
    return folder


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
        return made(tmp_path_factory.mktemp("whole") / "home")


@pytest.fixture
def home(tmp_path) -> Path:
    return made(tmp_path / "home")


@pytest.fixture(scope="module")
def incomplete(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
        return made(tmp_path_factory.mktemp("incomplete") / "home", broken=True)


def moved_input(whole: Path, tmp_path: Path) -> tuple[Path, bytes]:
    """A bundle, opened, of a run whose file ``second-1.npy`` is not there any more; and the bytes of that file."""
    path = whole / "latents" / "second-1.npy"
    data = path.read_bytes()
    path.unlink()
    try:
        told = bundle("mine", tmp_path / "b.zip", store=whole / "store")
    finally:
        path.write_bytes(data)
    assert told.absent == ("inputs/0/second-1.npy",)
    assert told.notices == ["inputs/0/second-1.npy is not included: it is gone."]
    return open_bundle(tmp_path / "b.zip", tmp_path / "b"), data


# ------------------------------------------------------------------ missing inputs


def test_without_an_input_the_stored_results_are_verified_and_nothing_more_is_claimed(whole, tmp_path, capsys) -> None:
    folder, data = moved_input(whole, tmp_path)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"`inputs/0/second-1.npy`: it is gone; SHA-256 `{sha256(data)}`" in readme
    assert "VERIFIED, not EQUAL" in readme
    assert main(["bundle", "--replay", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "Verified." in shown
    assert "missing input: inputs/0/second-1.npy: it is gone" in shown
    assert "EQUAL" not in shown
    assert main(["bundle", "--replay", str(folder), "--recompute"]) == 2
    assert "NOT RECOMPUTED" in capsys.readouterr().out


def test_an_input_put_back_at_its_place_lets_the_whole_replay_happen(whole, tmp_path) -> None:
    folder, data = moved_input(whole, tmp_path)
    path = folder / "inputs" / "0" / "second-1.npy"
    path.write_bytes(data + b"x")
    assert list(still_absent(folder)) == ["inputs/0/second-1.npy"]
    path.write_bytes(data)
    assert still_absent(folder) == {}
    done = replay(folder, recompute=True)
    assert (done.exit_code, done.compared.root) == (0, done.verification.run.root)
    assert (done.compared.found, done.compared.computed > 0) == (0, True)


def test_a_list_of_missing_inputs_that_cannot_be_read_is_refused(tmp_path) -> None:
    (tmp_path / MISSING).write_text("[1]", encoding="utf-8")
    with pytest.raises(InvalidInput, match="another copy"):
        still_absent(tmp_path)


def test_the_note_says_which_of_the_reasons_it_is(home, tmp_path, capsys) -> None:
    (home / "latents" / "first-0.npy").unlink()
    np.save(home / "latents" / "first-1.npy", np.zeros((20, 3)))
    with (home / "latents" / "second-0.npy").open("ab") as stream:
        stream.write(bytes(5000))
    size = (home / "latents" / "second-0.npy").stat().st_size
    arguments = ["bundle", "mine", "--store", str(home / "store"), "-o", str(tmp_path / "x.zip")]
    assert main([*arguments, "--largest-input", "1kB"]) == 0
    told = capsys.readouterr().out
    assert "note: inputs/0/first-0.npy is not included: it is gone." in told
    assert "note: inputs/0/first-1.npy is not included: it has changed since the run." in told
    assert f"second-0.npy is not included: it is too large, {size:,} bytes, and at most 1,000 were asked for." in told
    assert "second-1.npy" not in told
    assert "which verifies the stored results: 3 input files are missing" in told


# ------------------------------------------------------------------ incomplete runs


def test_a_bundle_of_an_incomplete_run_replays_to_its_root_and_is_said_to_be_incomplete(
    incomplete, tmp_path, capsys
) -> None:
    told = bundle("mine", tmp_path / "b.zip", store=incomplete / "store")
    assert "no task of the run came to read it" in " ".join(told.notices)
    folder = open_bundle(tmp_path / "b.zip", tmp_path / "b")
    assert "INCOMPLETE" in (folder / "README.md").read_text(encoding="utf-8")
    for arguments in ([], ["--recompute"]):
        assert main(["bundle", "--replay", str(folder), *arguments]) == 0
        shown = capsys.readouterr().out
        assert f"root then {told.root}\nroot now  {told.root}\n" in shown
        assert "EQUAL: every number is the same, bit for bit, as far as the run came (it was INCOMPLETE)." in shown


def test_a_replay_that_gets_further_than_an_incomplete_run_is_compared_where_both_have_results(
    incomplete, tmp_path
) -> None:
    bundle("mine", tmp_path / "b.zip", store=incomplete / "store")
    folder = open_bundle(tmp_path / "b.zip", tmp_path / "b")
    np.save(folder / "inputs" / "0" / "second-1.npy", np.eye(20, 3))
    done = replay(folder, recompute=True)
    assert (done.exit_code, done.compared.root) == (0, manifest.find("mine", incomplete / "store").root)


def test_another_number_and_a_missing_result_are_no_replay(whole, tmp_path, capsys) -> None:
    bundle("mine", tmp_path / "b.zip", store=whole / "store")
    folder = open_bundle(tmp_path / "b.zip", tmp_path / "b")
    np.save(folder / "inputs" / "0" / "second-1.npy", np.eye(20, 3))
    assert main(["bundle", "--replay", str(folder), "--recompute"]) == 3
    assert "DIFFERENT, " in capsys.readouterr().out
    for action in (folder / "store" / "actions").rglob("*.json"):
        action.unlink()
    assert main(["bundle", "--replay", str(folder)]) == 1
    assert "EQUAL" not in capsys.readouterr().out
    with pytest.raises(InvalidInput, match="no unpacked bundle"):
        replay(tmp_path)


# ------------------------------------------------------------------ environments, names


def test_a_damaged_description_of_an_environment_is_left_out_with_a_note(home, tmp_path) -> None:
    [path] = (home / "store" / FOLDER).glob("*.json")
    sound = path.read_bytes()
    path.write_bytes(sound[:-1])
    told = bundle("mine", tmp_path / "x.zip", store=home / "store")
    assert [text.partition(" ")[0] for text in told.notices] == [f"{FOLDER}/{path.name}"]
    assert "damaged" in told.notices[0]
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    assert not (folder / "store" / FOLDER / path.name).exists()
    assert replay(folder).exit_code == 0  # no number rests on it
    path.unlink()
    assert "does not hold it" in bundle("mine", tmp_path / "y.zip", store=home / "store").notices[0]


def test_verify_finds_a_changed_environment_in_an_unpacked_bundle(whole, tmp_path) -> None:
    bundle("mine", tmp_path / "x.zip", store=whole / "store")
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    assert verify(folder).exit_code == 0
    [path] = (folder / "store" / FOLDER).glob("*.json")
    path.write_bytes(path.read_bytes().replace(b"python", b"cobra!", 1))
    found = verify(folder)
    assert (found.exit_code, [finding.what for finding in found.integrity.changed]) == (3, [f"{FOLDER}/{path.name}"])


def test_a_folder_of_the_same_name_that_is_no_run_hides_no_run(home, tmp_path, monkeypatch) -> None:
    (home / "mine").mkdir()
    monkeypatch.chdir(home)
    assert verify("mine", store="store").exit_code == 0
    told = bundle("mine", tmp_path / "x.zip", store="store")
    assert told.root == manifest.find("mine", home / "store").root


# ------------------------------------------------------------------ the script


def test_the_script_without_the_packages_says_what_to_install(whole, tmp_path) -> None:
    bundle("mine", tmp_path / "x.zip", store=whole / "store")
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")  # sees no site-packages
    bare.chmod(0o755)
    done = subprocess.run(
        ["sh", str(folder / "replay.sh")], capture_output=True, text=True, env={**os.environ, "PYTHON": str(bare)}
    )
    assert done.returncode == 1
    assert "psutil" in done.stderr
    assert "pip install -r requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_bundle_names_the_packages_that_it_cannot_do_without(whole, tmp_path) -> None:
    bundle("mine", tmp_path / "x.zip", store=whole / "store")
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    [text] = [path.read_text(encoding="utf-8") for path in (folder / "code").glob("tda_latent-*.dist-info/METADATA")]
    needed = {line.partition(": ")[2].lower() for line in text.splitlines() if line.startswith("Requires-Dist")}
    assert {"numpy", "psutil", "ruamel.yaml"} <= needed
    assert "pytest" not in needed
    listed = (folder / "requirements.txt").read_text(encoding="utf-8")
    assert all(f"{name.replace('.', '-')}==" in listed.replace("_", "-") for name in needed)


# ------------------------------------------------------------------ diff of bundles


def test_two_packed_bundles_and_an_unpacked_one_are_compared_like_runs(whole, incomplete, tmp_path) -> None:
    bundle("mine", tmp_path / "a.zip", store=whole / "store")
    bundle("mine", tmp_path / "b.zip", store=incomplete / "store")
    folder = open_bundle(tmp_path / "a.zip", tmp_path / "a")
    assert tl_diff(tmp_path / "a.zip", folder).same_results
    found = tl_diff(tmp_path / "a.zip", tmp_path / "b.zip")
    assert not found.same_results
    assert "latents/second/1" in found.only[0]
    assert found.unknown == []


def test_an_anonymous_run_beside_its_replay_differs_in_nothing_that_both_tell(whole, tmp_path) -> None:
    bundle("mine", tmp_path / "x.zip", store=whole / "store", anonymous=True)
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    assert replay(folder).exit_code == 0
    found = tl_diff(folder / "run", folder / "replayed", store=folder / "store")
    [line] = found.environment
    assert line.endswith("not told, the first run had them stripped")
    assert line.startswith("system, processor, features, blas, variables, ")
    assert all("not told" in text for text in found.code)
    record = json.loads((folder / "replayed" / "record.json").read_text(encoding="utf-8"))
    assert record["root"] == found.first.root


def tl_diff(first: Path, second: Path, **stores: Path):
    from tda_latent.api.verification import diff

    return diff(first, second, **stores)


# ------------------------------------------------------------------ anonymity of our own code


def test_what_was_asked_to_be_stripped_goes_from_the_words_of_our_own_code_and_is_refused_in_its_syntax(
    whole, tmp_path
) -> None:
    def asked(text: str) -> None:
        bundle("mine", tmp_path / "x.zip", store=whole / "store", anonymous=True, strip=(text,))

    with pytest.raises(InvalidInput, match=r"a part of tda_latent that everybody has.*leave it out of --strip"):
        asked("VietorisRips")
    assert not (tmp_path / "x.zip").exists()
    home = Path(tl.__file__).parent
    assert any("TwoNN" in path.read_text(encoding="utf-8") for path in home.rglob("*.py"))
    asked("TwoNN")
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    assert [path for path in folder.rglob("*") if path.is_file() and b"twonn" in path.read_bytes().lower()] == []


def test_an_asked_name_leaves_our_bibliography_but_keeps_the_syntax_of_our_code() -> None:
    hidden = Anonymity(frozenset({"Quillon"}), asked=frozenset({"Quillon"}))
    entry = b"@article{a2020, author = {Quillon, A. and Other, B.}}"
    assert hidden.source("code/paper/refs.bib", entry) == entry.replace(b"Quillon", b"[removed]")
    source = b"# by Quillon\nx = 1  # see /data/raw/x\n"
    assert hidden.source("code/tda_latent/x.py", source) == b"# by [removed]\nx = 1  # see /data/raw/x\n"
    quiet = Anonymity(frozenset({"Quillon"}))
    assert quiet.source("code/tda_latent/x.py", source) == source  # found on this machine, not asked for
