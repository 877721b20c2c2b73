"""Runs: what is recomputed, what a failure stops, and that where and how never change a result."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.errors import InvalidInput
from tda_latent.experiment.identity.keys import key_fields, key_of
from tda_latent.experiment.identity.streams import generator, stream_words
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.run import Limits, carry_out, look_up
from tda_latent.experiment.store import Store


def run(path: Path, store: Path, *settings: str, workers: int = 1):
    return carry_out(load_plan(path, settings), Store(store), Limits(workers=workers), store / "log")


def test_a_second_run_recomputes_nothing_and_workers_do_not_matter(small, tmp_path) -> None:
    first = run(small, tmp_path / "one")
    assert first.complete, [outcome.reason for outcome in first.outcomes.values() if outcome.reason]
    again = run(small, tmp_path / "one")
    assert again.count("computed") == 0
    assert again.root == first.root
    many = run(small, tmp_path / "many", workers=3)
    assert many.root == first.root


def test_a_changed_parameter_recomputes_exactly_what_depends_on_it(small, tmp_path) -> None:
    run(small, tmp_path / "s")
    held = look_up(load_plan(small, ["analyzers.persistence.field=3"]), Store(tmp_path / "s"))
    missing = {label.split("/")[0] + "/" + label.split("/")[1] for label, o in held.outcomes.items() if not o.done}
    assert missing == {"analysis/persistence", "block/bottleneck", "comparison/bottleneck"}


def test_adding_a_model_leaves_every_result_of_the_others(small, tmp_path) -> None:
    first = run(small, tmp_path / "s")
    text = small.read_text(encoding="utf-8").replace("axes:", "  sphere: {use: sphere, size: 60}\naxes:")
    small.write_text(text, encoding="utf-8")
    held = look_up(load_plan(small), Store(tmp_path / "s"))
    for label, outcome in first.outcomes.items():
        if not label.startswith("comparison/"):  # the whole matrix has a new row; its old blocks stay
            assert held.outcomes[label].digest == outcome.digest


def test_labels_order_and_place_of_the_file_are_no_part_of_a_key(small, tmp_path) -> None:
    run(small, tmp_path / "s")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    text = small.read_text(encoding="utf-8").replace("persistence", "diagrams").replace("name: small", "name: other")
    moved = elsewhere / "x.yaml"
    moved.write_text(text, encoding="utf-8")
    held = look_up(load_plan(moved), Store(tmp_path / "s"))
    analyses = [o.done for label, o in held.outcomes.items() if label.startswith("analysis/diagrams")]
    assert analyses
    assert all(analyses)


def test_the_version_of_a_numeric_library_is_part_of_the_key(small, monkeypatch) -> None:
    task = load_plan(small).tasks["analysis/persistence/circle/0"]
    before = key_of(key_fields(task, lambda label: "0" * 64))
    monkeypatch.setattr("tda_latent.experiment.identity.keys.library_version", lambda name: f"{name}-next")
    assert key_of(key_fields(task, lambda label: "0" * 64)) != before


def test_streams_depend_on_their_identity_alone() -> None:
    words = stream_words(1, "train", {"data": "digits", "replicate": "0"})
    assert words == stream_words(1, "train", {"replicate": "0", "data": "digits"})
    others = {
        stream_words(2, "train", {"data": "digits", "replicate": "0"}),
        stream_words(1, "sample", {"data": "digits", "replicate": "0"}),
        stream_words(1, "train", {"data": "digits", "replicate": "1"}),
    }
    assert words not in others
    assert len(others) == 3
    assert np.array_equal(generator(words).random(5), generator(words).random(5))


def test_models_share_their_draws_and_replicates_do_not(small) -> None:
    plan = load_plan(small)
    assert plan.tasks["cloud/circle/0"].stream == plan.tasks["cloud/clusters/1"].stream
    assert plan.tasks["latents/circle/0"].stream != plan.tasks["latents/circle/1"].stream


BROKEN = """\
format: tda-latent/experiment@1
name: broken
seed: 7
models:
  good: {use: circle, size: 60}
  bad: {use: circle, size: 10}
axes: {replicates: 2}
sample: {size: 40}
analyzers: {spectrum: {use: spectrum}, persistence: {use: vietoris-rips}}
distances: {w: {use: bottleneck, on: persistence, degree: 1}}
expect: [{claim: c, that: "between(w, good, bad) > 0"}]
"""


def test_a_failure_stops_only_what_needs_it_and_is_shown_everywhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    done = tl.run(path)
    assert not done.complete
    assert done.exit_code == 1
    assert done.run.outcomes["analysis/spectrum/good/0"].done
    assert done.run.outcomes["cloud/bad/0"].state == "failed"
    assert "lower sample: size" in done.run.outcomes["cloud/bad/0"].reason
    assert done.run.outcomes["comparison/w"].state == "blocked"
    page = done.report.read_text(encoding="utf-8")
    assert "INCOMPLETE" in page
    assert "missing" in page
    rows = list(csv.DictReader((done.folder / "results.csv").read_text(encoding="utf-8").splitlines()))
    missing = [row for row in rows if row["state"] == "missing"]
    assert {row["kind"] for row in missing} == {"scalar", "distance"}
    assert all(row["value"] == "nan" and not row["key"] for row in missing)
    assert all(len(row["key"]) == 64 and row["value"] != "nan" for row in rows if row["state"] == "computed")
    assert any(row["kind"] == "distance" for row in rows if row["state"] == "computed"), "what exists is there"
    record = json.loads((done.folder / "record.json").read_text(encoding="utf-8"))
    assert record["complete"] is False
    assert record["claims"][0]["holds"] is None


def test_failures_are_tried_again_and_never_cached(tmp_path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    assert run(path, tmp_path / "s").count("failed") == 2
    again = run(path, tmp_path / "s")
    assert again.count("failed") == 2
    assert again.count("computed") == 0


def test_a_damaged_result_is_computed_again_to_the_same_digest(small, tmp_path) -> None:
    first = run(small, tmp_path / "s")
    for blob in list((tmp_path / "s" / "objects").rglob("*"))[::2]:
        if blob.is_file():
            data = bytearray(blob.read_bytes())
            data[len(data) // 2] ^= 1
            blob.chmod(0o644)
            blob.write_bytes(bytes(data))
    again = run(small, tmp_path / "s")
    assert again.complete, [outcome.reason for outcome in again.outcomes.values() if outcome.reason]
    assert again.root == first.root
    assert again.count("computed") > 0
    assert any("corrupt" in text for text in again.notices)


@pytest.mark.slow
def test_a_report_of_damaged_results_is_incomplete(small, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tl.run(small).complete
    for blob in (tmp_path / ".tda-latent" / "objects").rglob("*"):
        if blob.is_file():
            blob.chmod(0o644)
            blob.write_bytes(bytes(len(blob.read_bytes())))
    done = tl.write_report(small)
    assert not done.complete
    assert "INCOMPLETE" in done.report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_files_of_the_user_beside_ours_are_left_alone(small, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "out" / "figures" / "mine.pdf"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"work of a week")
    small.write_text(
        small.read_text() + "figures: {f: {use: persistence-diagram, of: persistence}}\n", encoding="utf-8"
    )
    assert tl.run(small, output="out").complete
    assert (mine.parent / "f.pdf").exists()
    small.write_text(small.read_text().replace("{f:", "{g:"), encoding="utf-8")
    tl.write_report(small, output="out")
    assert not (mine.parent / "f.pdf").exists(), "a figure that the file no longer asks for is gone"
    assert mine.read_bytes() == b"work of a week"


def test_the_experiment_file_is_never_overwritten_by_its_own_copy(small, tmp_path) -> None:
    path = small.rename(tmp_path / "experiment.yaml")
    with pytest.raises(InvalidInput, match="would overwrite"):
        tl.run(path, ["seed=8"], output=tmp_path)


@pytest.mark.parametrize("name", ["plan", "status", "results", "report", "figures"])
def test_an_empty_store_is_no_error(small, tmp_path, name) -> None:
    done = command(name, str(small), cwd=tmp_path)
    assert done.returncode == (0 if name == "plan" else 1), done.stderr
    assert "Traceback" not in done.stderr
    assert ("to compute" if name == "plan" else "INCOMPLETE") in done.stdout


@pytest.mark.slow
def test_places_that_cannot_be_written_are_found_before_the_work(small, tmp_path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for option, word in (("--store", "store"), ("--output", "cannot be written")):
        done = command("run", str(small), option, str(tmp_path / "file"), cwd=tmp_path)
        assert done.returncode == 2
        assert word in done.stderr
        assert "Traceback" not in done.stderr


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "tda_latent.cli.main", *arguments]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_the_command_line_runs_reports_and_says_that_nothing_was_recomputed(small, tmp_path) -> None:
    first = command("run", str(small), "--workers", "2", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "Report: runs/small/report.html" in first.stdout
    assert "HOLDS" in first.stdout
    second = command("run", str(small), cwd=tmp_path)
    assert "Nothing was recomputed." in second.stdout
    digest = re.search(r"Root digest (\w{64})", first.stdout)
    assert digest
    assert digest[1] in second.stdout
    assert "Complete" in command("status", str(small), cwd=tmp_path).stdout
    assert "0 to compute" in command("plan", str(small), cwd=tmp_path).stdout


def test_looking_leaves_no_trace(small, tmp_path) -> None:
    for name in ("plan", "status"):
        assert command(name, str(small), cwd=tmp_path).returncode in (0, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("rnu", "x.yaml"), "Did you mean 'run'?"),
        (("run", "no-such.yaml"), "no-such.yaml"),
        (("describe", "vietoris-ripps"), "Did you mean 'vietoris-rips'?"),
        (("compare", "a.npy", "b.npy"), "a.npy"),
        (("run", "small.yaml", "--memory", "much"), "8GB"),
        (("run", "small.yaml", "--workers", "0"), "at least 1"),
        (("run", "small.yaml", "--set", "sample"), "--set"),
    ],
)
def test_mistakes_on_the_command_line_end_with_two_and_no_traceback(small, tmp_path, arguments, hint) -> None:
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_control_c_keeps_what_is_done_and_the_next_run_goes_on(small, tmp_path) -> None:
    heavy = ["--set", "sample.size=1500", "--set", "models.circle.size=1500", "--set", "models.clusters.size=1500"]
    call = [sys.executable, "-m", "tda_latent.cli.main", "run", str(small), "--workers", "1", *heavy]
    process = subprocess.Popen(call, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    actions = tmp_path / ".tda-latent" / "actions"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (actions.exists() and len(list(actions.rglob("*.json"))) >= 4):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "go on where it stopped" in output
    assert "Traceback" not in errors
    finished = command("run", str(small), *heavy, cwd=tmp_path)
    assert finished.returncode in (0, 1)
    cached = re.search(r"tasks computed, (\d+) cached", finished.stdout)
    assert cached
    assert int(cached[1]) >= 4
