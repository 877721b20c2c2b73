"""Dask workers as jobs of SLURM: asked for politely, waited for with a limit, cancelled in every case."""

from __future__ import annotations

import contextlib
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.experiment.executors import sbatch
from tda_latent.experiment.executors.address import Address
from tda_latent.experiment.executors.protocol import Job

PAUSE = 60  # seconds that a worker looks for its scheduler before its job ends
SHARE = 0.9  # of a job's memory for the tasks in it


@contextlib.contextmanager
def jobs(address: Address, job: Job) -> Iterator[Any]:
    """A dask cluster of jobs in the partition; the scheduler lives in this process.

    Raises
    ------
    InvalidInput
        When SLURM is not here, rejects the job (in its own words), or no job starts in time.
    """
    if not sbatch.is_here():
        raise InvalidInput("sbatch is not on this machine; start this on a login node of the cluster.")
    from dask_jobqueue import SLURMCluster

    logs = job.log.absolute().parent / "slurm"
    logs.mkdir(parents=True, exist_ok=True)
    try:
        cluster = SLURMCluster(**_settings(address, logs))
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidInput(f"the dask scheduler for SLURM cannot start here: {error}") from error
    submitted: list[str] = []
    try:
        _preflight(cluster.job_script(), logs)
        cluster.scale(jobs=address.options.get("jobs", 1))
        yield cluster
    except InvalidInput as error:
        submitted += _numbers(cluster)
        raise InvalidInput(f"{error} SLURM: {sbatch.states(submitted)}." if submitted else str(error)) from error
    finally:
        submitted += _numbers(cluster)
        try:
            with contextlib.suppress(Exception):
                cluster.close(timeout=10)
        finally:  # also when somebody presses Ctrl-C again
            sbatch.cancel(dict.fromkeys(submitted))


def task_memory(address: Address) -> int | None:
    """Bytes that one task may take so that SLURM does not end the whole job, or None."""
    memory = address.options.get("memory")
    return None if memory is None else int(SHARE * memory / address.options.get("workers", 1))


def _settings(address: Address, logs: Path) -> dict[str, Any]:
    options: Mapping[str, Any] = address.options
    memory = options.get("memory")
    directives = [f"--mem={sbatch.mebibytes(memory)}"] if memory else []
    if "walltime" in options:
        directives.append(f"--time={sbatch.clock(options['walltime'])}")
    return {
        "queue": address.place or None,
        "account": options.get("account"),
        "cores": options.get("workers", 1),
        "processes": 1,
        "nanny": False,
        "memory": f"{memory or 10**9}B",  # of the dask worker, which holds no data; tasks have their own limit
        "job_directives_skip": ["--mem=", "-t "],
        "job_extra_directives": [*directives, *options.get("directive", ())],
        "interface": options.get("interface"),
        "death_timeout": PAUSE,
        "local_directory": tempfile.gettempdir(),
        "log_directory": str(logs),
        "job_name": "tda-latent",
        "job_script_prologue": ["set -eu"],
        "python": f"exec {shlex.quote(sys.executable)}",  # so that what SLURM ends is the worker, not its shell
        "walltime": "00:00:00",  # skipped above: ours is among the directives
        "scheduler_options": {"dashboard": False, "dashboard_address": ":0"},
    }


def _preflight(script: str, logs: Path) -> None:
    path = logs / "worker.sh"
    path.write_text(script, encoding="utf-8")
    sbatch.check(path)


def _numbers(cluster: Any) -> list[str]:
    """Numbers of the jobs that were submitted."""
    return [str(worker.job_id) for worker in cluster.workers.values() if getattr(worker, "job_id", None)]
