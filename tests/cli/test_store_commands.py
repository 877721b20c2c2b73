"""`tda-latent store` and `tda-latent bundle` at the terminal: what they say and their exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import tda_latent as tl
from tda_latent.cli.main import main

FILE = """\
format: tda-latent/experiment@1
name: tiny
seed: 1
models: {clusters: {use: clusters, size: 30}}
analyzers: {spectrum: {use: spectrum}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "tiny.yaml").write_text(FILE, encoding="utf-8")
    assert tl.run(folder / "tiny.yaml", store=folder / ".tda-latent", output=folder / "runs" / "tiny").complete
    return folder


@pytest.fixture
def here(made, monkeypatch) -> Path:
    monkeypatch.chdir(made)
    return made


def said(capsys, *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == code
    told = capsys.readouterr()
    return told.out + told.err


def test_a_sound_store_is_told_in_one_line(here, capsys) -> None:
    assert "2 results, 2 blobs and 1 run are sound" in said(capsys, "store", "fsck")


def test_damage_gives_exit_code_3_and_the_next_step(here, capsys) -> None:
    blob = next(path for path in (here / ".tda-latent" / "objects").rglob("*") if path.is_file())
    sound = blob.read_bytes()
    blob.write_bytes(b"damage")
    text = said(capsys, "store", "fsck", code=3)
    assert "DAMAGED objects/" in text
    assert "store fsck --repair" in text
    blob.write_bytes(sound)


def test_gc_shows_what_it_would_do_and_does_it_when_told(here, capsys) -> None:
    assert "Nothing to remove." in said(capsys, "store", "gc", "--keep-days", "0")
    assert "needs --yes" in said(capsys, "store", "gc", "--now", code=2)


def test_du_names_kinds_and_runs(here, capsys) -> None:
    text = said(capsys, "store", "du")
    for word in ("clouds", "measures", "tiny", "kept by runs and pins", "only this one"):
        assert word in text


def test_pins_are_made_listed_and_taken_away(here, capsys) -> None:
    assert "Nothing is pinned" in said(capsys, "store", "pin")
    assert "Pinned" in said(capsys, "store", "pin", "tiny", "--name", "paper")
    assert "paper: " in said(capsys, "store", "pin")
    assert "is pinned as 'paper'" in said(capsys, "store", "forget", "tiny", code=2)
    assert "not pinned any more" in said(capsys, "store", "unpin", "paper")


def test_a_pin_of_the_same_name_is_refused_and_an_emptied_one_is_named(here, capsys) -> None:
    said(capsys, "store", "pin", "tiny", "--name", "paper")
    said(capsys, "store", "pin", "tiny", "--name", "paper")
    path = here / ".tda-latent" / "refs" / "paper.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"runs": [', '"runs": [\n"other",'), encoding="utf-8")
    assert "unpin paper" in said(capsys, "store", "pin", "tiny", "--name", "paper", code=2)
    path.write_bytes(b"")
    assert "DAMAGED refs/paper.json" in said(capsys, "store", "fsck", code=3)
    path.unlink()


def test_gc_of_a_store_without_actions_says_what_it_keeps_and_why(here, capsys) -> None:
    actions = here / ".tda-latent" / "actions"
    actions.rename(here / "aside")
    text = said(capsys, "store", "gc", "--keep-days", "0")
    assert "kept: 2 blobs" in text
    assert "Copy actions/" in text
    assert "would go" not in text
    (here / "aside").rename(actions)


@pytest.mark.parametrize("arguments", [("fsck",), ("gc",), ("du",), ("pin",), ("unpin", "x"), ("forget", "x")])
def test_a_store_that_does_not_exist_is_not_made(here, capsys, arguments) -> None:
    assert "no folder" in said(capsys, "store", *arguments, "--store", "absent", code=2)
    assert not (here / "absent").exists()


def test_a_bundle_is_written_opened_and_verified(here, capsys, tmp_path) -> None:
    target = str(tmp_path / "tiny.zip")
    text = said(capsys, "bundle", "tiny", "-o", target)
    assert "Complete run. Root digest" in text
    assert "Unpacked and checked" in said(capsys, "bundle", "--open", target, str(tmp_path / "open"))
    for what in (target, str(tmp_path / "open")):
        assert "Verified." in said(capsys, "verify", what)
    Path(target).write_bytes(Path(target).read_bytes()[:-40])
    assert "cannot be opened as a bundle" in said(capsys, "verify", target, code=2)


def test_a_bundle_needs_a_run(here, capsys) -> None:
    assert "name a run" in said(capsys, "bundle", code=2)
    assert "give both" in said(capsys, "bundle", "tiny", "--strip", "x", code=2)
    assert "unknown run" in said(capsys, "bundle", "other", code=2)
