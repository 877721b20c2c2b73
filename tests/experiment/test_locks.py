"""Locks between runners: they keep work from being done twice, never outlive a process, and decide no result."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from in_process import Here

from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.shards import Shard
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.layout import open_store
from tda_latent.experiment.store.locks import Locks

A, B = "a" * 64, "b" * 64


def test_one_of_two_runners_gets_a_key_and_the_other_one_when_it_is_given_up(tmp_path) -> None:
    with Locks(tmp_path / "locks") as first, Locks(tmp_path / "locks") as second:
        assert first.claim(A)
        assert not second.claim(A)
        assert second.claim(B)
        first.release(A)
        assert second.claim(A)
        assert not first.claim(A)
    assert sorted(path.name for path in (tmp_path / "locks").iterdir()) == ["aaa", "bbb"]


def test_two_keys_of_one_stripe_are_held_until_both_are_given_up(tmp_path) -> None:
    other = "aaa" + "0" * 61
    with Locks(tmp_path / "locks") as first, Locks(tmp_path / "locks") as second:
        assert first.claim(A)
        assert first.claim(other)
        first.release(A)
        assert not second.claim(other)
        first.release(other)
        assert second.claim(other)


HOLDER = """
import fcntl, os, sys, time
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_dies_with_its_process(tmp_path) -> None:
    folder = tmp_path / "locks"
    folder.mkdir()
    call = [sys.executable, "-c", HOLDER, str(folder / "aaa")]
    with subprocess.Popen(call, stdout=subprocess.PIPE) as holder, Locks(folder) as mine:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert not mine.claim(A)
        holder.kill()
        holder.wait()
        assert mine.claim(A)


def test_a_holder_that_shows_no_sign_of_life_is_passed_over_and_one_that_does_is_not(tmp_path) -> None:
    holder, other = Locks(tmp_path / "locks", patience=0.2), Locks(tmp_path / "locks", patience=0.2)
    with holder, other:
        assert holder.claim(A)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            holder.pulse()
            assert not other.claim(A)
            time.sleep(0.01)
        until = time.monotonic() + 5
        while not other.claim(A):
            assert time.monotonic() < until
            time.sleep(0.05)
        other.release(A)


def test_where_no_lock_can_be_had_everything_may_be_worked_on(tmp_path) -> None:
    (tmp_path / "file").write_text("no folder")
    with Locks(tmp_path / "file" / "locks") as locks:
        assert locks.claim(A)
        assert locks.claim(A)
        locks.release(A)
    with Locks(tmp_path / "absent" / "locks") as locks:
        assert locks.claim(A)


def test_claims_leave_no_open_file_behind(tmp_path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    with Locks(tmp_path / "locks") as first, Locks(tmp_path / "locks") as second:
        for number in range(64):
            key = f"{number:064x}"[::-1]
            assert first.claim(key)
            assert not second.claim(key)
    assert (len(os.listdir("/proc/self/fd")) if before else 0) == before


def test_a_store_from_before_there_were_locks_gets_its_folder_when_it_is_needed(tmp_path) -> None:
    Store(tmp_path / "st")
    (tmp_path / "st" / "locks").rmdir()
    open_store(tmp_path / "st", durable=False)
    with Locks(tmp_path / "st" / "locks") as locks:
        assert locks.claim(A)
    assert (tmp_path / "st" / "locks" / "aaa").exists()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    monkeypatch.setattr("tda_latent.experiment.run.POLL", 0.01)


TINY = """\
format: tda-latent/experiment@1
name: tiny
seed: 1
models: {circle: {use: circle, size: 20}}
axes: {replicates: 3}
analyzers: {spectrum: {use: spectrum}}
"""


@pytest.fixture
def plan(tmp_path: Path):
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return load_plan(tmp_path / "tiny.yaml")


def work(plan, store: Path, shard: Shard | None = None, listener=None):
    return carry_out(plan, Store(store), Limits(shard=shard or Shard()), store / "log", listener)


def test_a_runner_waits_for_what_another_one_holds_and_takes_its_result(here, plan, tmp_path) -> None:
    """The other one holds a task of ours, and finishes it after we have done everything else."""
    reference = work(plan, tmp_path / "reference")
    label = next(label for label in reference.outcomes if label.startswith("analysis/"))
    key = reference.outcomes[label].key
    action = Store(tmp_path / "reference").find(key)
    assert action is not None
    other = Locks(tmp_path / "st" / "locks")
    Store(tmp_path / "st")
    assert other.claim(key)

    def finish(done: str, outcome, run) -> None:
        if len(run.outcomes) == len(plan.tasks) - 1:
            record = Store(tmp_path / "reference").load(action)
            assert record is not None
            Store(tmp_path / "st").commit(key, {"result": record}, action.facts, action.fields)

    found = work(plan, tmp_path / "st", listener=finish)
    assert found.root == reference.root
    assert {name for name, outcome in found.outcomes.items() if outcome.state == "cached"} == {label}
    with other:
        pass


def test_a_runner_takes_over_what_is_given_up_without_a_result(here, plan, tmp_path) -> None:
    reference = work(plan, tmp_path / "reference")
    label = next(label for label in reference.outcomes if label.startswith("analysis/"))
    Store(tmp_path / "st")
    other = Locks(tmp_path / "st" / "locks")
    assert other.claim(reference.outcomes[label].key)

    def give_up(done: str, outcome, run) -> None:
        if len(run.outcomes) == len(plan.tasks) - 1:
            other.release(reference.outcomes[label].key)

    found = work(plan, tmp_path / "st", listener=give_up)
    assert found.root == reference.root
    assert list(found.outcomes)[-1] == label
    assert found.count("computed") == len(plan.tasks)


def test_every_shard_alone_does_everything_and_begins_with_its_own_part(here, plan, tmp_path) -> None:
    reference = work(plan, tmp_path / "reference")
    for number in (1, 2):
        shard = Shard(number, 2)
        order: list[str] = []
        found = work(plan, tmp_path / f"st{number}", shard, lambda label, *_, seen=order: seen.append(label))
        assert found.root == reference.root
        firsts = [label for label in order if not plan.tasks[label].sources]
        distances = [shard.distance(label) for label in firsts]
        assert distances == sorted(distances)


def test_with_locks_that_refuse_or_grant_at_random_the_results_are_the_same(here, plan, tmp_path, monkeypatch) -> None:
    reference = work(plan, tmp_path / "reference")
    monkeypatch.setattr(Locks, "claim", lambda self, key: os.urandom(1)[0] > 127)
    assert work(plan, tmp_path / "st").root == reference.root


def test_every_claim_of_a_run_is_given_back(here, plan, tmp_path, monkeypatch) -> None:
    held: list[str] = []
    claim, release = Locks.claim, Locks.release
    monkeypatch.setattr(Locks, "claim", lambda self, key: claim(self, key) and not held.append(key))
    monkeypatch.setattr(Locks, "release", lambda self, key: (release(self, key), held.remove(key))[0])
    work(plan, tmp_path / "st")
    assert held == []
