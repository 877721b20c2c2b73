"""A real SLURM of one node: arrays of shards and jobs of dask workers give the same root digest, and lose nothing."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from slow_experiment import Sleepers, reference, root, sleepers, until
from slurm_node import missing, slurm_node

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.getuid() != 0, reason="a SLURM of one's own needs root"),
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())} (apt: slurm-wlm munge)"),
]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which commands find the node."""
    with slurm_node(tmp_path_factory.mktemp("slurm")) as env:
        yield env


@pytest.fixture
def sleepy(tmp_path: Path) -> Sleepers:
    return sleepers(tmp_path / "experiment", seconds=0.3)


def launched(sleepy: Sleepers, slurm: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return sleepy.start(*arguments, env={name: slurm[name] for name in ("PATH", "SLURM_CONF")})


def call(sleepy: Sleepers, slurm: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and output of ``tda-latent`` on the cluster."""
    with launched(sleepy, slurm, *arguments) as process:
        text, _ = process.communicate(timeout=240)
    return process.returncode, text


def queue(slurm: dict[str, str]) -> list[str]:
    """Numbers of the jobs in the queue."""
    call = ["squeue", "--noheader", "--format=%i", "--array"]
    return subprocess.run(call, env=slurm, capture_output=True, text=True, timeout=30, check=True).stdout.split()


JOBS = "slurm://main?jobs=2&memory=1GB&walltime=10min&interface=lo&start=90s"


def test_an_array_of_shards_and_jobs_of_workers_give_the_same_root_digest(sleepy, slurm) -> None:
    file = str(sleepy.file)
    code, text = call(
        sleepy, slurm, "submit", file, "--array", "3", "--store", "array", "--partition", "main",
        "--memory", "1GB", "--walltime", "10min",
    )  # fmt: skip
    assert code == 0, text
    assert "Submitted as job" in text
    until(lambda: not queue(slurm), "the array does not end")
    assert max(Counter(sleepy.started()).values()) == 1
    logs = sorted((sleepy.folder / "runs" / "sleepy").glob("slurm-*_*.log"))
    assert len(logs) == 3
    roots = {root(log.read_text(encoding="utf-8")) for log in logs}

    code, collected = call(sleepy, slurm, "run", file, "--store", "array", "--workers", "1")
    assert code == 0, collected
    assert "Nothing was recomputed." in collected
    code, jobs = call(sleepy, slurm, "run", file, "--store", "jobs", "--executor", JOBS)
    assert code == 0, jobs
    until(lambda: not queue(slurm), "jobs remain", 30)
    assert roots == {root(collected)} == {root(jobs)} == {reference()}


def test_a_job_that_the_node_cannot_hold_is_refused_in_the_words_of_sbatch(sleepy, slurm) -> None:
    for arguments in (
        ("run", str(sleepy.file), "--store", "st", "--executor", "slurm://main?jobs=2&memory=900GB&interface=lo"),
        ("submit", str(sleepy.file), "--store", "st", "--array", "2", "--memory", "900GB"),
    ):
        code, text = call(sleepy, slurm, *arguments)
        assert code == 2, text
        assert "Requested node configuration is not available" in text
        assert "Traceback" not in text
    assert not queue(slurm)
    assert not sleepy.started()


def test_a_partition_that_does_not_exist_is_refused_in_the_words_of_sbatch(sleepy, slurm) -> None:
    code, text = call(sleepy, slurm, "run", str(sleepy.file), "--executor", "slurm://nowhere?interface=lo")
    assert code == 2, text
    assert "invalid partition" in text


def test_jobs_that_do_not_start_in_time_are_named_with_their_state_and_cancelled(sleepy, slurm) -> None:
    place = "slurm://main?memory=1GB&interface=lo&start=3s&directive=--begin=now%2B1hour"
    code, text = call(sleepy, slurm, "run", str(sleepy.file), "--executor", place)
    assert code == 2, text
    assert "came within 3 s" in text
    assert "PENDING BeginTime" in text
    until(lambda: not queue(slurm), "the job was not cancelled", 15)


def test_a_cancelled_worker_job_loses_nothing(tmp_path, slurm) -> None:
    sleepy = sleepers(tmp_path / "experiment", seconds=1.0)
    with launched(sleepy, slurm, "run", str(sleepy.file), "--store", "st", "--executor", JOBS) as runner:
        until(lambda: sleepy.started() and len(queue(slurm)) == 2, "the jobs do not start")
        subprocess.run(["scancel", queue(slurm)[0]], env=slurm, check=True, timeout=30)
        text, _ = runner.communicate(timeout=240)
    assert runner.returncode == 0, text
    until(lambda: not queue(slurm), "jobs remain", 30)
    assert root(text) == reference()


def test_a_cancelled_array_is_finished_by_the_next_run(tmp_path, slurm) -> None:
    sleepy = sleepers(tmp_path / "experiment", seconds=1.0)
    code, text = call(sleepy, slurm, "submit", str(sleepy.file), "--array", "2", "--store", "st", "--memory", "1GB")
    assert code == 0, text
    until(lambda: len(sleepy.started()) > 3, "no task was finished")
    subprocess.run(["scancel", "--user=root"], env=slurm, check=True, timeout=30)
    until(lambda: not queue(slurm), "the array does not end")
    assert not sleepy.record()["complete"]
    code, rest = call(sleepy, slurm, "run", str(sleepy.file), "--store", "st", "--workers", "2")
    assert code == 0, rest
    assert root(rest) == reference()


def test_one_job_can_carry_the_whole_run(sleepy, slurm) -> None:
    code, text = call(sleepy, slurm, "submit", str(sleepy.file), "--executor", "processes:2")
    assert code == 0, text
    until(lambda: not queue(slurm), "the job does not end")
    (log,) = (sleepy.folder / "runs" / "sleepy").glob("slurm-*.log")
    assert root(log.read_text(encoding="utf-8")) == reference()


def test_a_killed_runner_leaves_no_job_and_no_process_behind(tmp_path, slurm) -> None:
    sleepy = sleepers(tmp_path / "experiment", seconds=1.0)
    with launched(sleepy, slurm, "run", str(sleepy.file), "--store", "st", "--executor", JOBS) as runner:
        until(lambda: len(workers(sleepy)) == 2 and sleepy.started(), "the jobs do not start")
        runner.kill()
    until(lambda: not queue(slurm) and not workers(sleepy), "jobs go on without their runner")


def workers(sleepy: Sleepers) -> list[psutil.Process]:
    """The dask workers of the experiment, in whichever job."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            mine = process.environ().get("SLEEPY_LOG") == str(sleepy.folder / "log")
            if mine and "distributed.cli.dask_worker" in process.cmdline():
                found.append(process)
    return found
