"""Whole runs under attack: killed, stopped, out of disk, out of files, without rights, in a crowd. One root digest."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from small_disk import is_root, remounted, small_disk

pytestmark = pytest.mark.slow

FILE = """\
format: tda-latent/experiment@1
name: crowd
seed: 7
models:
  circle: {use: circle, size: 60, noise: 0.05}
  clusters: {use: clusters, size: 60}
axes: {replicates: 2}
sample: {size: 40}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  spectrum: {use: spectrum}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
figures:
  diagrams: {use: persistence-diagram, of: persistence}
"""
RUN = [sys.executable, "-m", "tda_latent.cli.main", "run", "crowd.yaml", "--workers", "1", "--quiet"]
CHANGED = """
import functools, sys
from tda_latent.experiment import run
from tda_latent.experiment.store import locks
if sys.argv.pop(1) == "useless":
    locks.fcntl = None
run.Locks = functools.partial(locks.Locks, patience=1.0)
from tda_latent.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The root digest of a run that nobody disturbs."""
    folder = prepared(tmp_path_factory.mktemp("reference"))
    done = subprocess.run(RUN, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return root_of(done.stdout)


def prepared(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "crowd.yaml").write_text(FILE, encoding="utf-8")
    return folder


def root_of(text: str) -> str:
    found = re.search(r"Root digest (\w{64})$", text, re.M)
    assert found, text
    return found[1]


def finished(folder: Path, *options: str) -> str:
    """The root of a run that nobody disturbs, on what an attack has left."""
    done = subprocess.run([*RUN, *options], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "INCOMPLETE" not in done.stdout
    return root_of(done.stdout)


def started(folder: Path, *options: str, locks: str = "on") -> subprocess.Popen[str]:
    call = [sys.executable, "-c", CHANGED, locks, *RUN[3:], *options]
    return subprocess.Popen(call, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def actions(folder: Path) -> int:
    return len(list((folder / ".tda-latent" / "actions").rglob("*.json")))


def wait_for_actions(folder: Path, count: int, runner: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while actions(folder) < count and runner.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


# ------------------------------------------------------------------ killed and stopped


@pytest.mark.parametrize("count", [0, 1, 5, 9, 14])
def test_a_runner_killed_at_any_moment_goes_on_to_the_same_root(count: int, tmp_path: Path, reference: str) -> None:
    runner = started(prepared(tmp_path))
    wait_for_actions(tmp_path, count, runner)
    runner.kill()
    runner.communicate()
    assert finished(tmp_path) == reference


def test_a_runner_that_is_stopped_hinders_nobody_and_ends_with_the_same_root(tmp_path: Path, reference: str) -> None:
    runner = started(prepared(tmp_path), "--output", "first", "--task-time", "30s")
    wait_for_actions(tmp_path, 3, runner)
    runner.send_signal(signal.SIGSTOP)
    try:
        other = started(tmp_path, "--output", "second")
        assert root_of(other.communicate(timeout=120)[0]) == reference
        time.sleep(1)
    finally:
        runner.send_signal(signal.SIGCONT)
    assert root_of(runner.communicate(timeout=120)[0]) == reference
    assert runner.returncode == 0


@pytest.mark.parametrize("locks", ["on", "useless"])
@pytest.mark.parametrize("count", [2, 8])
def test_many_runners_on_one_store_reach_one_root(count: int, locks: str, tmp_path: Path, reference: str) -> None:
    prepared(tmp_path)
    runners = [started(tmp_path, "--output", f"out{number}", locks=locks) for number in range(count)]
    said = [runner.communicate(timeout=300)[0] for runner in runners]
    assert {root_of(text) for text in said} == {reference}
    assert all(runner.returncode == 0 for runner in runners)
    assert "gave different results" not in "".join(said)
    assert not list((tmp_path / ".tda-latent" / "tmp").iterdir())
    assert not list((tmp_path / ".tda-latent" / "quarantine").iterdir())


def test_runners_killed_in_turn_leave_a_store_that_the_last_one_completes(tmp_path: Path, reference: str) -> None:
    prepared(tmp_path)
    chance = random.Random(5)
    for _ in range(4):
        runners = [started(tmp_path, "--output", f"out{number}") for number in range(2)]
        wait_for_actions(tmp_path, actions(tmp_path) + chance.randint(1, 5), runners[0])
        for runner in runners:
            runner.kill()
            runner.communicate()
    assert finished(tmp_path) == reference


# ------------------------------------------------------------------ moved and copied


def test_a_store_copied_by_half_gives_the_same_root(tmp_path: Path, reference: str) -> None:
    whole = prepared(tmp_path / "whole")
    finished(whole)
    chance = random.Random(6)
    for turn in range(3):
        half = prepared(tmp_path / str(turn))
        for file in sorted((whole / ".tda-latent").rglob("*")):
            target = half / file.relative_to(whole)
            if file.is_file() and file.name != "FORMAT" and chance.random() < 0.7:
                target.parent.mkdir(parents=True, exist_ok=True)
                data = file.read_bytes()
                target.write_bytes(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.2 else data)
        assert finished(half) == reference
        assert finished(half) == reference, "and nothing is left to mend"


def test_a_store_that_was_moved_has_all_results(tmp_path: Path, reference: str) -> None:
    finished(prepared(tmp_path / "a"))
    shutil.move(tmp_path / "a", tmp_path / "b")
    done = subprocess.run(RUN, cwd=tmp_path / "b", capture_output=True, text=True, timeout=300)
    assert "Nothing was recomputed." in done.stdout
    assert root_of(done.stdout) == reference


# ------------------------------------------------------------------ disks, rights, limits


def record(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "runs" / "crowd" / "record.json").read_text(encoding="utf-8"))
    return found


def assert_stopped(done: subprocess.CompletedProcess[str], folder: Path, message: str) -> None:
    """The run said what was wrong, marked no task as failed, and called itself incomplete."""
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert re.search(message, said), said
    assert done.returncode == 1, said
    assert "INCOMPLETE" in done.stdout
    told = record(folder)
    assert told["complete"] is False
    assert told["counts"]["failed"] == told["counts"]["blocked"] == 0  # type: ignore[index]
    assert told["counts"]["waiting"] > 0  # type: ignore[index]


def test_a_full_disk_stops_the_run_and_room_lets_it_go_on(tmp_path: Path, reference: str) -> None:
    prepared(tmp_path)
    with small_disk(tmp_path / "disk", "280k") as disk:
        call = [*RUN, "--store", str(disk / "store")]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert_stopped(done, tmp_path, r"is full: .* needs [\d,]+ bytes, [\d,]+ are free\. .* free some space")
        assert not list((disk / "store" / "tmp").iterdir())
        remounted(disk, "size=20m")
        assert finished(tmp_path, "--store", str(disk / "store")) == reference


def test_a_store_that_becomes_read_only_stops_the_run_and_is_still_read(tmp_path: Path, reference: str) -> None:
    prepared(tmp_path)
    with small_disk(tmp_path / "disk", "20m") as disk:
        option = ("--store", str(disk / "store"))
        runner = started(tmp_path, *option)
        deadline = time.monotonic() + 60
        while len(list((disk / "store").rglob("actions/*/*"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        runner.send_signal(signal.SIGINT)
        runner.communicate(timeout=60)
        remounted(disk, "ro")
        done = subprocess.run([*RUN, *option], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert_stopped(done, tmp_path, "Read-only file system.*choose a store you may write")
        remounted(disk, "rw")
        assert finished(tmp_path, *option) == reference
        remounted(disk, "ro")
        assert finished(tmp_path, *option) == reference, "a complete store need not be written"


_FEW_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
from tda_latent.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
_AS_NOBODY = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from in_process import Here
from tda_latent.experiment.executors import opening
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.store import Store
opening.Pool = Here
def run(folder):
    return carry_out(load_plan(folder / "crowd.yaml", []), Store(folder / ".tda-latent"), Limits(), folder / "log")
here = Path.cwd()
run(here / "warm")  # while everything may still be imported
os.setgroups([]); os.setgid(65534); os.setuid(65534)
made = run(here / "cold")
print(json.dumps({{"stopped": made.stopped, "failed": made.count("failed"), "blocked": made.count("blocked"),
                  "waiting": made.count("waiting"), "complete": made.complete, "notices": made.notices}}))
"""


@pytest.mark.skipif(not is_root(), reason="giving up rights needs root")
@pytest.mark.parametrize("closed", ["", "actions", "objects"])
def test_lost_rights_stop_the_run_and_their_return_lets_it_go_on(closed: str, reference: str) -> None:
    """The store belongs to root; a run of another user may read it, or not even that."""
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        os.chmod(place, 0o755)
        prepared(Path(place) / "warm")
        folder = prepared(Path(place) / "cold")
        finished(folder)
        store = folder / ".tda-latent"
        for file in sorted((store / "actions").rglob("*.json"))[::2]:
            file.unlink()
        if closed:
            os.chmod(store / closed, 0o700)
        script = _AS_NOBODY.format(tests=str(Path(__file__).parents[1] / "experiment"))
        done = subprocess.run([sys.executable, "-c", script], cwd=place, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert "Permission denied" in told["stopped"] or "cannot be changed by this user" in told["stopped"]
        assert not told["complete"]
        assert (told["failed"], told["blocked"]) == (0, 0)
        assert told["waiting"] > 0
        if closed:
            os.chmod(store / closed, 0o755)
        assert not list((store / "quarantine").iterdir()), "what may not be read is not damaged"
        assert finished(folder) == reference


@pytest.mark.parametrize("limit", ["16", "24", "64"])
def test_too_many_open_files_stop_the_run_with_a_remedy(limit: str, tmp_path: Path, reference: str) -> None:
    call = [sys.executable, "-c", _FEW_FILES, limit, *RUN[3:]]
    done = subprocess.run(call, cwd=prepared(tmp_path), capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert "Traceback (most recent call last)" not in said
    assert done.returncode in (0, 1, 2)
    if done.returncode:
        assert re.search("(?i)too many open files", said), said
        if (tmp_path / "runs" / "crowd" / "record.json").exists():
            assert record(tmp_path)["complete"] is False
    else:
        assert root_of(done.stdout) == reference
    assert finished(tmp_path) == reference
