"""Every commit point beyond the store's own: manifests, files of a run's folder, and a whole small run, each killed
before and after every system call that changes the disk, then gone on with."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from in_process import Here
from test_store_faults import KillAt, Killed, System, refusing

from tda_latent.errors import StoreError
from tda_latent.experiment import outputs
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.run import Limits, Run, carry_out
from tda_latent.experiment.store import Store, durable

TINY = """\
format: tda-latent/experiment@1
name: tiny
seed: 3
models: {ring: {use: circle, size: 12, noise: 0.1}}
analyzers: {persistence: {use: vietoris-rips, max_degree: 1}}
"""
FACTS = {"time": "2026-11-23T02:24:31+00:00", "note": "x" * 3000}


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], Any]], bool]:
    """``killed(point, work)`` does the work until its n-th look at the disk; False when it ended before."""

    def work_until(point: int, work: Callable[[], Any]) -> bool:
        hook = KillAt(point)
        with monkeypatch.context() as patch:
            patch.setattr(durable, "os", System(hook))
            with contextlib.suppress(Killed):
                work()
        return hook.count >= point

    return work_until


def content(number: int) -> dict[str, Any]:
    return {"format": manifest.FORMAT, "name": "n", "tasks": {}, "number": number, "circumstances": FACTS}


def test_a_manifest_killed_at_any_point_is_whole_or_absent(killed, tmp_path: Path) -> None:
    store = Store(tmp_path, durability="full")
    manifest.save(store, content(0))
    for point in itertools.count(1):
        died = killed(point, lambda point=point: manifest.save(store, content(point)))
        seen = [found.content["number"] for found in manifest.every(store)]
        assert set(seen) <= {0, *range(1, point + 1)}
        assert manifest.load(store.path, manifest.save(store, content(point))).content == content(point)
        if not died:
            break
    assert point >= 10
    assert len(list(manifest.every(store))) == point + 1
    assert store.notices == []


def test_a_file_of_a_run_killed_at_any_point_is_the_old_or_the_new_one(killed, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x" / "record.json"
    old, new = b"old" * 1000, b"new" * 1000
    outputs.write_file(path, old)
    for point in itertools.count(1):
        outputs.write_file(path, old)
        died = killed(point, lambda: outputs.write_file(path, new))
        assert path.read_bytes() in (old, new)
        assert [name.name for name in path.parent.iterdir() if not name.name.startswith(".")] == ["record.json"]
        if not died:
            break
    assert point >= 10
    assert path.read_bytes() == new


@pytest.mark.parametrize("name", ["open", "write", "fsync", "replace", "link"])
def test_a_full_disk_leaves_the_old_file_and_no_half_manifest(name: str, tmp_path: Path, monkeypatch) -> None:
    path, store = tmp_path / "x" / "results.csv", Store(tmp_path / "store")
    outputs.write_file(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(durable, "os", refusing(errno.ENOSPC, names=(name,)))
        if name != "link":
            with pytest.raises(OSError, match="No space"):
                outputs.write_file(path, b"new")
        if name != "replace":
            with pytest.raises(StoreError, match=r"is full: writing the manifest .* needs [\d,]+ bytes"):
                manifest.save(store, content(1))
    assert path.read_bytes() in (b"old", b"new")
    assert [entry.name for entry in path.parent.iterdir()] == ["results.csv"]
    for found in manifest.every(store):  # complete, only its name was not yet on the disk
        assert name == "fsync"
        assert found.content == content(1)
    assert not list((store.path / "tmp").iterdir())


# ------------------------------------------------------------------ a whole run


def whole(folder: Path) -> Run:
    """A run with all that it writes, in this process."""
    store = Store(folder / "store")
    made = carry_out(load_plan(folder / "tiny.yaml", []), store, Limits(), folder / "log")
    outputs.write_outputs(made, folder / "out", {"time": "2026-11-23T02:24:31+00:00"})
    return made


def prepared(folder: Path) -> Path:
    folder.mkdir()
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return folder


def assert_true(folder: Path, root: str) -> None:
    """What a reader finds after the kill: nothing, or something true."""
    record = folder / "out" / "record.json"
    if record.exists():
        told = json.loads(record.read_text(encoding="utf-8"))
        assert not told["complete"] or told["root"] == root
    for found in manifest.every(Store(folder / "store")):
        assert not found.complete or found.root == root == found.root_of_tasks()


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 29])
def test_a_run_killed_at_any_point_goes_on_to_the_same_root(step: int, killed, tmp_path: Path, monkeypatch) -> None:
    """Every point in the slow suite, every 29th in the fast one."""
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    reference = whole(prepared(tmp_path / "reference"))
    assert reference.complete
    for point in itertools.count(1, step):
        folder = prepared(tmp_path / str(point))
        died = killed(point, lambda folder=folder: whole(folder))
        assert_true(folder, reference.root)
        again = whole(folder)
        assert again.complete
        assert again.root == reference.root
        assert again.notices == []
        assert Store(folder / "store").check() == len(again.plan.tasks)
        if not died:
            break
    assert point > 100


@pytest.mark.parametrize("days", [-4000, 4000])
def test_a_clock_that_jumps_changes_no_result(days: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    first = whole(prepared(tmp_path / "a"))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + days * 86400.0)
    assert whole(tmp_path / "a").root == first.root
    assert whole(prepared(tmp_path / "b")).root == first.root
    assert Store(tmp_path / "b" / "store").sweep_temporaries() == 0


def test_files_from_the_future_and_of_a_dead_host_are_no_obstacle(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    folder = prepared(tmp_path / "a")
    first = whole(folder)
    left = folder / "store" / "tmp" / "0123456789ab-1-0-deadbeef"
    left.write_bytes(b"half a blob")
    (folder / "store" / "locks").mkdir(exist_ok=True)
    for file in (folder / "store").rglob("*"):
        os.utime(file, (4e9, 4e9))
    again = whole(folder)
    assert (again.root, again.count("computed"), again.notices) == (first.root, 0, [])
    assert Store(folder / "store").sweep_temporaries() == 0, "nobody can tell whether that host lives"
    assert left.exists()


@pytest.mark.parametrize(
    "limits",
    [
        Limits(workers=7),
        Limits(memory=2**33),
        Limits(seconds=1e6),
        Limits(workers=2, memory=2**34, seconds=77.0, executor="processes:3"),
    ],
    ids=["workers", "memory", "seconds", "all and elsewhere"],
)
def test_limits_and_places_are_part_of_no_key(limits: Limits, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    monkeypatch.setattr("tda_latent.experiment.workers.worker.limit_memory", lambda size: None)  # it would last
    first = whole(prepared(tmp_path / "a"))
    made = carry_out(load_plan(tmp_path / "a" / "tiny.yaml", []), Store(tmp_path / "b"), limits, tmp_path / "log")
    assert {label: (o.key, o.digest) for label, o in made.outcomes.items()} == {
        label: (o.key, o.digest) for label, o in first.outcomes.items()
    }
    assert made.root == first.root


def test_a_store_that_is_full_in_the_middle_marks_no_task_as_failed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    folder = prepared(tmp_path / "a")
    plan, store = load_plan(folder / "tiny.yaml", []), Store(folder / "store")
    with monkeypatch.context() as patch:
        patch.setattr(durable, "os", refusing(errno.ENOSPC, names=("write",), after=4))
        made = carry_out(plan, store, Limits(), folder / "log")
    assert "is full" in made.stopped
    assert made.stopped in made.notices
    assert not made.complete
    assert (made.count("failed"), made.count("blocked")) == (0, 0)
    assert made.count("waiting") > 0
    assert whole(folder).complete
