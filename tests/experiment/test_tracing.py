"""From a figure file alone to its run, its data and the command that makes it again."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

import tda_latent as tl
from tda_latent.api.tracing import trace
from tda_latent.cli.main import main
from tda_latent.errors import InvalidInput
from tda_latent.experiment.proof import manifest

FILE = """\
format: tda-latent/experiment@1
name: drawn
seed: 7
models:
  circle: {use: circle, size: 30, noise: 0.05}
  own: {use: file, path: "own-{replicate}.npy"}
axes: {replicates: 2}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
figures:
  matrix: {use: distance-matrix, of: bottleneck}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder in which the experiment ran twice, under two names, from one store."""
    import numpy as np

    folder = tmp_path_factory.mktemp("drawn")
    for replicate in range(2):
        np.save(folder / f"own-{replicate}.npy", np.random.default_rng(replicate).normal(size=(20, 2)))
    (folder / "drawn.yaml").write_text(FILE, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert tl.run("drawn.yaml", ["seed=8"]).complete
        assert tl.run("drawn.yaml", ["seed=8", "name=again"]).complete
    finally:
        os.chdir(before)
    return folder


def command(*words: str | Path) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([str(word) for word in words])
    return code, out.getvalue()


@pytest.mark.parametrize("format", ["pdf", "svg", "png"])
def test_a_renamed_figure_leads_to_its_runs_its_data_and_its_command(place, tmp_path, format) -> None:
    moved = tmp_path / "figure 3 final (2)"
    shutil.copy(place / "runs" / "drawn" / "figures" / f"matrix.{format}", moved)
    found = trace(moved, place / ".tda-latent")
    assert not found.edited
    assert {showing.run.name for showing in found.showings} == {"again", "drawn"}
    showing = next(showing for showing in found.showings if showing.run.name == "drawn")
    assert (showing.label, showing.file) == ("figure/matrix", f"figures/matrix.{format}")
    record = json.loads((place / "runs" / "drawn" / "record.json").read_text(encoding="utf-8"))
    assert found.origin.facts["key"] == record["tasks"]["figure/matrix"]["key"]
    ancestors = {task.label: task for task in showing.ancestors()}
    assert len(ancestors) == len(record["tasks"]) - 1 - sum("nearest" in label for label in record["tasks"])
    assert ancestors["latents/own/1"].path.endswith("own-1.npy"), "down to the data"
    assert all(task.digest == record["tasks"][label]["digest"] for label, task in ancestors.items())
    assert shlex.split(showing.command.partition("&& ")[2]) == [
        "tda-latent", "run", "drawn.yaml", "--set", "seed=8", "--store", ".tda-latent",
    ]  # fmt: skip


def test_the_command_that_trace_prints_makes_the_figure_again(place, tmp_path, monkeypatch) -> None:
    figure = place / "runs" / "drawn" / "figures" / "matrix.png"
    before = figure.read_bytes()
    shutil.copy(figure, tmp_path / "x.png")
    figure.unlink()
    code, shown = command("trace", tmp_path / "x.png", "--store", place / ".tda-latent")
    assert code == 0
    line = next(line for line in shown.splitlines() if line.startswith("again"))
    folder, words = line.removeprefix("again").strip().split(" && ")
    monkeypatch.chdir(shlex.split(folder)[1])
    words = [word if word != "name=again" else "name=drawn" for word in shlex.split(words)[1:]]  # of two in one second
    assert command(*words)[0] == 0
    assert figure.read_bytes() == before


def test_an_edited_figure_is_called_edited_and_still_leads_home(place, tmp_path) -> None:
    content = bytearray((place / "runs" / "drawn" / "figures" / "matrix.svg").read_bytes())
    content[-40] ^= 1
    (tmp_path / "x.svg").write_bytes(content)
    code, shown = command("trace", tmp_path / "x.svg", "--store", place / ".tda-latent")
    assert code == 3
    assert "EDITED" in shown
    assert "figure/matrix" in shown


def test_foreign_files_other_stores_and_lost_manifests_each_have_their_answer(place, tmp_path, capsys) -> None:
    figure = place / "runs" / "drawn" / "figures" / "matrix.pdf"
    foreign = tmp_path / "foreign.pdf"
    foreign.write_bytes(b"%PDF-1.7 somebody else's")
    assert main(["trace", str(foreign), "--store", str(place / ".tda-latent")]) == 2
    assert "carries no facts" in capsys.readouterr().err
    code, shown = command("trace", figure, "--store", tmp_path / "nothing")
    assert code == 1
    assert "name the right one with --store" in shown
    copy = tmp_path / "store"
    shutil.copytree(place / ".tda-latent", copy)
    for run in (copy / "runs").iterdir():
        run.unlink()
    code, shown = command("trace", figure, "--store", copy)
    assert code == 0
    assert "only the result is there" in shown


@pytest.mark.parametrize("place_of", ["document", "mark", "digest"])
def test_a_figure_that_is_damaged_where_it_says_what_it_is_is_called_damaged(place, tmp_path, place_of) -> None:
    content = bytearray((place / "runs" / "drawn" / "figures" / "matrix.svg").read_bytes())
    seal = content.index(b"tda_latent:")
    content[{"document": 300, "mark": seal + 3, "digest": seal + 20}[place_of]] = ord("\0")
    (tmp_path / "x.svg").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"damaged: its facts cannot be read.*draw it again"):
        trace(tmp_path / "x.svg", place / ".tda-latent")


def test_a_damaged_manifest_is_named_and_hides_no_other(place, tmp_path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(place / ".tda-latent", copy)
    newest = copy / "runs" / f"{manifest.names(copy)[-1]}.json"
    newest.chmod(0o644)
    newest.write_bytes(newest.read_bytes().replace(b'"seed"', b'"sled"'))
    found = trace(place / "runs" / "drawn" / "figures" / "matrix.pdf", copy)
    assert found.showings
    assert newest.stem not in {showing.run.id for showing in found.showings}
    assert "damaged" in found.unread[0]


def test_a_figure_without_facts_is_known_by_its_bytes(place, tmp_path) -> None:
    data = (place / "runs" / "drawn" / "results.csv").read_bytes()
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(InvalidInput, match="carries no facts"):
        trace(tmp_path / "x", place / ".tda-latent")  # a file of the run, but no figure


def test_a_record_names_times_streams_environment_and_machine(place) -> None:
    record = json.loads((place / "runs" / "drawn" / "record.json").read_text(encoding="utf-8"))
    around = record["circumstances"]
    assert around["started"] <= around["time"]
    assert around["wall_seconds"] > 0
    assert around["task_seconds"] > 0
    assert around["packages"]["numpy"]
    assert {pool["num_threads"] for pool in around["blas"]} == {1}, "as the workers say, not the driver"
    assert around["variables"]["OMP_NUM_THREADS"] == "1"
    assert around["machine"]["cores"] >= 1
    done = [task for task in record["tasks"].values() if task["state"] == "computed"]
    assert all(task["seconds"] >= 0 and task["peak_bytes"] > 0 and len(task["environment"]) == 64 for task in done)
    assert sum(facts["results"] for facts in around["environments"].values()) == len(record["tasks"])
    assert len(record["tasks"]["latents/circle/0"]["stream"]) == 8
    assert "PATH" not in json.dumps(around["variables"])
