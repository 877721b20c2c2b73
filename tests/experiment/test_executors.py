"""Where tasks run: what can be asked for, who may help, and what a job script says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tda_latent.api import experiments, submissions
from tda_latent.errors import InvalidInput, InvalidParameter, MissingLibrary
from tda_latent.experiment.executors import Address, Executor, Job, open_executor, parse_address
from tda_latent.experiment.executors.handshake import answer, difference, facts, fingerprint, greeting
from tda_latent.experiment.executors.sbatch import clock, mebibytes
from tda_latent.experiment.shards import Shard, parse_shard
from tda_latent.experiment.store import Store
from tda_latent.experiment.workers.pool import Pool


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("serial", Address("serial", 1)),
        ("processes", Address("processes")),
        ("processes:8", Address("processes", 8)),
        ("dask-local:2", Address("dask-local", 2)),
        ("dask://node7:8786", Address("dask", None, "node7:8786")),
        ("dask://[::1]:8786?start=2min", Address("dask", None, "[::1]:8786", {"start": 120.0})),
        ("slurm://", Address("slurm")),
        (
            "slurm://gpu?jobs=4&memory=4GB&walltime=1h&directive=--nice&directive=--qos=low",
            Address(
                "slurm", None, "gpu",
                {"jobs": 4, "memory": 4 * 10**9, "walltime": 3600.0, "directive": ("--nice", "--qos=low")},
            ),
        ),
    ],
)  # fmt: skip
def test_an_executor_is_read_from_its_text(text, address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "unknown executor"),
        ("proceses", "Did you mean 'processes'"),
        ("processes:0", "whole number of at least 1"),
        ("processes:two", "whole number of at least 1"),
        ("processes:-1", "whole number of at least 1"),
        ("processes://4", "takes no address"),
        ("serial:2", "has too much"),
        ("dask", "dask://HOST:PORT"),
        ("dask://", "names no scheduler"),
        ("dask://host", "names no scheduler"),
        ("dask://host:1?jobs=2", "unknown option of dask 'jobs'"),
        ("slurm", "slurm://PARTITION"),
        ("slurm://a b", "is no partition"),
        ("slurm://x?memroy=4GB", "Did you mean 'memory'"),
        ("slurm://x?memory=lots", "is no quantity"),
        ("slurm://x?jobs=0", "whole number of at least 1"),
        ("slurm://x?jobs=1&jobs=2", "given twice"),
        ("slurm://x?directive=--a%0Arm", "control character"),
        ("pbs://x", "unknown executor 'pbs'"),
    ],
)
def test_an_executor_that_cannot_be_is_refused_with_the_way_to_write_it(text, said) -> None:
    with pytest.raises(InvalidParameter, match=said.replace("?", r"\?")):
        parse_address(text)


def test_the_number_of_workers_is_said_once() -> None:
    assert experiments.limits(3, executor="processes").workers == 3
    assert experiments.limits(3, executor="processes:3").workers == 3
    for executor in ("processes:2", "serial", "dask://host:1", "slurm://?jobs=2", "slurm://"):
        with pytest.raises(InvalidInput, match="both say how many"):
            experiments.limits(3, executor=executor)


def test_every_task_begins_with_exactly_one_of_the_shards() -> None:
    for count in (1, 2, 3, 7):
        shards = [Shard(i + 1, count) for i in range(count)]
        for label in map(str, range(200)):
            assert sorted(shard.distance(label) for shard in shards) == list(range(count))
        assert all(any(shard.distance(str(label)) == 0 for label in range(200)) for shard in shards)


@pytest.mark.parametrize(
    ("text", "said"),
    [("0/4", "1/4 to 4/4"), ("5/4", "1/4 to 4/4"), ("1/0", "1/2 and 2/2"), ("a/b", "no i/n"), ("1", "no i/n"),
     ("", "no i/n"), ("-1/4", "no i/n"), ("1/4/2", "no i/n")],
)  # fmt: skip
def test_a_shard_that_does_not_exist_is_refused(text, said) -> None:
    with pytest.raises(InvalidParameter, match=said):
        parse_shard(text)


def test_processes_are_a_pool_and_a_pool_is_an_executor(tmp_path) -> None:
    job = Job(tmp_path, tmp_path / "log", 5.0)
    opened: Executor
    for text, size in (("serial", 1), ("processes", 3), ("processes:2", 2)):
        with open_executor(parse_address(text), 3, job) as opened:
            assert isinstance(opened, Pool)
            assert opened.idle == size
            assert opened.running == ()
            assert opened.wait(0) == []


@pytest.mark.parametrize("text", ["dask-local:1", "dask://127.0.0.1:9", "slurm://"])
def test_a_cluster_without_its_libraries_names_the_extra(tmp_path, monkeypatch, text) -> None:
    for name in ("distributed", "dask_jobqueue"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingLibrary, match=r"tda-latent\[cluster\]"):
        open_executor(parse_address(text), 1, Job(tmp_path, tmp_path / "log"))


COMPONENTS = ("analyzer:spectrum", "source:circle", "step:subsample")


def test_a_worker_of_the_same_kind_gives_the_same_facts(tmp_path) -> None:
    job = Job(tmp_path / "st", tmp_path / "log", None, COMPONENTS)
    with greeting(job) as asked:
        reply = answer(asked)
    assert reply["ok"], reply
    here = facts(COMPONENTS, job.store)
    assert fingerprint(reply["facts"]) == fingerprint(here)
    assert difference(here, reply["facts"]) == ""
    assert {"tda-latent", "Python", "numpy", "code of analyzer:spectrum", "code of streams"} <= set(here)
    assert not list((tmp_path / "st" / "tmp").iterdir())


def test_what_differs_on_a_worker_is_named(tmp_path) -> None:
    Store(tmp_path / "st")
    here = facts(COMPONENTS, tmp_path / "st")
    there = {**here, "numpy": "1.0", "code of source:circle": "0" * 64, "code of analyzer:spectrum": "absent"}
    said = difference(here, there)
    assert f"numpy is 1.0, here {here['numpy']}" in said
    assert "code of source:circle is different" in said
    assert "code of analyzer:spectrum is absent" in said
    assert facts(("analyzer:nowhere",), tmp_path / "st")["code of analyzer:nowhere"] == "absent"


def test_a_worker_that_sees_another_store_says_so(tmp_path) -> None:
    Store(tmp_path / "other")
    with greeting(Job(tmp_path / "st", tmp_path / "log")) as asked:
        assert "cannot be reached" in answer({**asked, "store": str(tmp_path / "other")})["reason"]
        assert "is another folder" in answer({**asked, "word": [asked["word"][0], "else"]})["reason"]
        assert not answer({})["ok"]


def test_amounts_are_rounded_up_to_what_slurm_counts_in() -> None:
    assert [clock(seconds) for seconds in (1, 60, 61, 3600, 93784)] == [
        "00:01:00", "00:01:00", "00:02:00", "01:00:00", "1-02:04:00",
    ]  # fmt: skip
    assert [mebibytes(size) for size in (1, 2**20, 2**20 + 1, 4 * 10**9)] == ["1M", "1M", "2M", "3815M"]


@pytest.fixture
def no_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


def test_without_slurm_a_submission_is_written_and_its_command_said(small, tmp_path, no_slurm) -> None:
    what = submissions.submission(small, ["seed=8"], store=tmp_path / "my store", output=tmp_path / "out", array=4)
    done = submissions.submit(what, submissions.resources("long", "2GB", "90min", 2, ["--account=me"]))
    assert done.job == ""
    assert done.command == f"sbatch {tmp_path}/out/submit.sh"
    text = done.script.read_text(encoding="utf-8")
    assert text == done.text
    lines = text.splitlines()
    for line in (
        "--array=1-4",
        "--partition=long",
        "--mem=1908M",
        "--time=01:30:00",
        "--cpus-per-task=2",
        "--account=me",
    ):
        assert f"#SBATCH {line}" in lines
    assert "set -eu" in lines
    assert lines[-1].startswith(
        f"exec {sys.executable} -m tda_latent.cli.main run {small} --store '{tmp_path}/my store'"
    )
    assert lines[-1].endswith('--set seed=8 --workers 2 --memory 900000000B --shard "$SLURM_ARRAY_TASK_ID/4"')
    subprocess.run(["/bin/sh", "-n", str(done.script)], check=True)


def test_a_submission_is_an_array_or_one_job(small, no_slurm) -> None:
    for array, executor in ((None, None), (2, "serial")):
        with pytest.raises(InvalidParameter, match="either an array"):
            submissions.submission(small, array=array, executor=executor)
    with pytest.raises(InvalidParameter, match="at least 1 runner"):
        submissions.submission(small, array=0)
    with pytest.raises(InvalidParameter, match="Did you mean 'processes'"):
        submissions.submission(small, executor="process:2")
    with pytest.raises(InvalidInput, match="sbatch is not on this machine"):
        open_executor(parse_address("slurm://"), 1, Job(small.parent / "st", small.parent / "log"))


@pytest.mark.parametrize(
    ("executor", "processors", "ending"),
    [
        ("processes:3", 3, "--executor processes:3 --memory 300000000B"),
        ("processes", 2, "--executor processes --workers 2 --memory 450000000B"),
        ("serial", 1, "--executor serial --memory 900000000B"),
        ("slurm://gpu?jobs=4", 1, "--executor 'slurm://gpu?jobs=4'"),
    ],
)
def test_one_job_gets_the_processors_that_its_executor_uses(small, tmp_path, executor, processors, ending) -> None:
    what = submissions.submission(small, output=tmp_path / "out", executor=executor)
    lines = what.script(submissions.resources(memory="1GB", workers=2), tmp_path).splitlines()
    assert f"#SBATCH --cpus-per-task={processors}" in lines
    assert lines[-1].endswith(f"--output {tmp_path}/out {ending}")
    assert not any("--array" in line for line in lines)
