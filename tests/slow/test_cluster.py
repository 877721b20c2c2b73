"""One experiment in one process, many, on a real dask cluster and in shards: the same root digest, whatever dies."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from slow_experiment import Sleepers, reference, root, sleepers, until

pytestmark = pytest.mark.slow
pytest.importorskip("distributed")


class Cluster:
    """A dask scheduler and workers, each a process of its own that talks over TCP on the loopback."""

    def __init__(self, folder: Path, deaths: int = 3) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        few = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(deaths)}
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), env=few)
        until(self._answers, "the scheduler did not start")

    @property
    def address(self) -> str:
        return f"dask://127.0.0.1:{self.port}"

    def worker(self, env: dict[str, str], *more: str, nanny: bool = False) -> subprocess.Popen[bytes]:
        place = self.folder / f"worker{len(self.processes)}"
        return self._start(
            "dask_worker", f"tcp://127.0.0.1:{self.port}", "--nanny" if nanny else "--no-nanny", "--nthreads", "1",
            "--host", "127.0.0.1", "--local-directory", str(place), env=env, before=more,
        )  # fmt: skip

    def _start(
        self, name: str, *arguments: str, env: dict[str, str], before: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}{len(self.processes)}.log").open("wb") as log:
            call = [*before, sys.executable, "-m", f"distributed.cli.{name}", *arguments, "--no-dashboard"]
            process = subprocess.Popen(call, env=env, stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sleepy(tmp_path: Path) -> Sleepers:
    return sleepers(tmp_path / "experiment")


@pytest.fixture
def slow(tmp_path: Path) -> Sleepers:
    return sleepers(tmp_path / "experiment", seconds=1.0)


def test_every_place_gives_the_same_root_digest(sleepy, cluster) -> None:
    for _ in range(2):
        cluster.worker(sleepy.environment())
    for place in ("processes:2", "dask-local:2", cluster.address):
        code, text = sleepy.run("--store", f"store-{place[:8]}", "--executor", place)
        assert code == 0, text
        assert root(text) == reference(), place


def shards(sleepy: Sleepers, **env: str) -> list[dict]:
    """The records of three runners that work at the same time on one store."""
    runners = [
        sleepy.start(
            "run", str(sleepy.file), "--store", "shared", "--output", f"out{i}", "--shard", f"{i}/3",
            "--workers", "1", env=env,
        )
        for i in (1, 2, 3)
    ]  # fmt: skip
    texts = [runner.communicate(timeout=300)[0] for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0, 0], texts
    assert {root(text) for text in texts} == {reference()}
    return [json.loads((sleepy.folder / f"out{i}" / "record.json").read_text()) for i in (1, 2, 3)]


def test_three_shards_at_once_compute_every_task_once_and_each_sees_all_of_it(sleepy) -> None:
    records = shards(sleepy)
    assert all(record["counts"]["computed"] for record in records)
    assert sum(record["counts"]["computed"] for record in records) == len(records[0]["tasks"])
    assert max(Counter(sleepy.started()).values()) == 1


def test_with_locks_that_lock_nothing_shards_still_agree(sleepy) -> None:
    shards(sleepy, SLEEPY_NO_LOCKS="1")


def test_a_runner_takes_over_what_a_killed_one_held(slow) -> None:
    with slow.start("run", str(slow.file), "--store", "st", "--output", "a", "--workers", "1") as first:
        until(slow.started, "no task began")
        with slow.start("run", str(slow.file), "--store", "st", "--output", "b", "--workers", "1") as second:
            until(lambda: len(slow.started()) > 3, "nobody works")
            first.kill()
            text, _ = second.communicate(timeout=120)
    assert second.returncode == 0, text
    assert root(text) == reference()


def test_a_worker_killed_with_its_task_is_replaced_by_another(slow, cluster) -> None:
    for _ in range(2):
        cluster.worker(slow.environment())
    with slow.start("run", str(slow.file), "--store", "st", "--executor", cluster.address) as runner:
        until(slow.started, "no task began")
        workers = [psutil.Process(process.pid) for process in cluster.processes[1:]]
        until(lambda: any(worker.children() for worker in workers), "no worker has a child")
        victim = next(worker for worker in workers if worker.children())
        children = victim.children()
        victim.kill()
        text, _ = runner.communicate(timeout=300)
    assert runner.returncode == 0, text
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert gone
    assert not alive
    assert root(text) == reference()


def test_a_lost_scheduler_ends_the_run_as_incomplete_and_the_next_one_goes_on(slow, cluster) -> None:
    cluster.worker(slow.environment())
    with slow.start("run", str(slow.file), "--store", "st", "--executor", cluster.address) as runner:
        until(lambda: len(slow.started()) > 1, "no task was finished")
        cluster.scheduler.kill()
        text, _ = runner.communicate(timeout=120)
    assert runner.returncode == 1, text
    assert "the scheduler of dask://" in text
    assert "is gone" in text
    assert "INCOMPLETE" in text
    assert "Traceback" not in text
    record = slow.record()
    assert not record["complete"]
    assert record["counts"]["computed"] > 0
    code, text = slow.run("--store", "st", "--workers", "2")
    assert code == 0, text
    assert max(Counter(slow.started()).values()) <= 2  # once more what was under way
    assert root(text) == reference()


def test_a_worker_with_other_code_is_refused_before_it_gets_work(sleepy, cluster, tmp_path) -> None:
    import tda_latent

    copy = tmp_path / "other"
    shutil.copytree(Path(tda_latent.__file__).parent, copy / "tda_latent")
    component = copy / "tda_latent" / "analyzers" / "spectrum.py"
    component.write_text(component.read_text(encoding="utf-8") + "\nCHANGED = 1\n", encoding="utf-8")
    worker = cluster.worker(sleepy.environment(copy))
    code, text = sleepy.run("--store", "st", "--executor", cluster.address)
    assert code == 2, text
    assert "code of analyzer:spectrum is different" in text
    assert not sleepy.started()
    worker.kill()
    worker.wait()
    cluster.worker(sleepy.environment())
    code, text = sleepy.run("--store", "st", "--executor", cluster.address)
    assert code == 0, text


def test_a_worker_with_another_library_is_refused_with_both_versions(sleepy, cluster, tmp_path) -> None:
    info = tmp_path / "older" / "numpy-1.99.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.99\n", encoding="utf-8")
    cluster.worker(sleepy.environment(tmp_path / "older"))
    code, text = sleepy.run("--store", "st", "--executor", cluster.address)
    assert code == 2, text
    assert "numpy is 1.99, here " in text
    assert not sleepy.started()


def test_a_stranger_that_joins_later_ends_the_run_with_what_is_finished_kept(tmp_path, cluster) -> None:
    slow = sleepers(tmp_path / "experiment", seconds=1.0, count=6)
    cluster.worker(slow.environment())
    other = tmp_path / "other"
    shutil.copytree(slow.folder, other)
    plugin = other / "sleepy_plugin.py"
    plugin.write_text(plugin.read_text(encoding="utf-8").replace("+ self.number", "- self.number"), encoding="utf-8")
    with slow.start("run", str(slow.file), "--store", "st", "--executor", cluster.address) as runner:
        until(slow.started, "no task began")
        cluster.worker(slow.environment(other))
        text, _ = runner.communicate(timeout=120)
    assert runner.returncode == 1, text
    assert "code of analyzer:sleepy is different" in text
    assert "INCOMPLETE" in text
    assert slow.record()["counts"]["computed"] > 0


def only_the_last_failed(sleepy: Sleepers, last: int, reason: str, text: str) -> None:
    """The last sleepy analyzer failed with this reason, on every cloud, and everything else is there."""
    tasks = sleepy.record()["tasks"]
    failed = {label for label, task in tasks.items() if task["state"] == "failed"}
    assert failed == {label for label in tasks if label.startswith(f"analysis/sleepy{last}/")}, text
    assert all(reason in tasks[label]["reason"] for label in failed)
    assert all(task["state"] == "computed" for label, task in tasks.items() if label not in failed)


def test_a_task_that_ends_its_process_fails_alone(tmp_path, cluster) -> None:
    sleepy = sleepers(tmp_path / "experiment", seconds=0, ends="itself")
    cluster.worker(sleepy.environment())
    code, text = sleepy.run("--store", "st", "--executor", cluster.address)
    assert code == 1, text
    only_the_last_failed(sleepy, 2, "SIGSEGV", text)


def test_a_task_that_ends_every_worker_that_takes_it_fails_alone(tmp_path) -> None:
    sleepy = sleepers(tmp_path / "experiment", seconds=0, count=1, ends="worker")
    with contextlib.closing(Cluster(tmp_path, deaths=0)) as cluster:
        cluster.worker(sleepy.environment(), nanny=True)
        code, text = sleepy.run("--store", "st", "--executor", cluster.address)
    assert code == 1, text
    only_the_last_failed(sleepy, 0, "every worker that took it was lost", text)


def test_a_store_that_the_worker_cannot_see_is_named(sleepy, cluster) -> None:
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs the right to give a process another view of the files")
    hidden = sleepy.folder / "st"
    hidden.mkdir()
    mounted = f'mount -t tmpfs none {hidden} && exec "$0" "$@"'
    cluster.worker(sleepy.environment(), "unshare", "-m", "sh", "-c", mounted)
    code, text = sleepy.run("--store", "st", "--executor", cluster.address)
    assert code == 2, text
    assert "cannot be reached" in text
    assert "shared file system" in text


@pytest.mark.parametrize(
    ("place", "sent"),
    [("cluster", signal.SIGINT), ("dask-local:1", signal.SIGINT), ("processes:1", signal.SIGTERM)],
)
def test_an_interrupt_keeps_what_is_finished_and_leaves_nobody_at_work(slow, cluster, place, sent) -> None:
    worker = cluster.worker(slow.environment()) if place == "cluster" else None
    address = cluster.address if place == "cluster" else place
    with slow.start("run", str(slow.file), "--store", "st", "--executor", address) as runner:
        until(lambda: len(slow.started()) > 1, "no task was finished")
        runner.send_signal(sent)
        text, _ = runner.communicate(timeout=60)
    assert runner.returncode == 130, text
    assert "Interrupted" in text
    assert "Traceback" not in text
    if worker is not None:
        until(lambda: not psutil.Process(worker.pid).children(), "the worker goes on", 10)
    assert slow.record()["counts"]["computed"] > 0
    code, text = slow.run("--store", "st", "--executor", address)
    assert code == 0, text
    assert max(Counter(slow.started()).values()) <= 2
    assert root(text) == reference()


def test_no_scheduler_at_the_address_is_said_in_one_sentence(sleepy) -> None:
    code, text = sleepy.run("--store", "st", "--executor", "dask://127.0.0.1:9?start=1s")
    assert code == 2, text
    assert "no dask scheduler answers at dask://127.0.0.1:9" in text
    assert "Traceback" not in text
