"""Job scripts: an experiment handed to SLURM as an array of shards, or as one job that runs it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tda_latent.errors import InvalidParameter
from tda_latent.experiment.executors import Address, parse_address
from tda_latent.experiment.executors.sbatch import clock, mebibytes

SHARE = 0.9  # of a job's memory for its tasks


@dataclass(frozen=True)
class Resources:
    """What a job asks for; None leaves it to the cluster.

    partition : name; memory : bytes; walltime : seconds; workers : tasks at once in one job
    directives : further lines for sbatch, such as ``--account=me``
    """

    partition: str | None = None
    memory: int | None = None
    walltime: float | None = None
    workers: int = 1
    directives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InvalidParameter(f"workers is {self.workers}; the rule is at least 1.")
        for text in (self.partition or "", *self.directives):
            if any(character < " " for character in text):
                raise InvalidParameter(f"{text!r} holds a control character; write one line of plain text.")

    def lines(self, processors: int) -> list[str]:
        """The directives of a job script for a job that uses so many processors."""
        wanted = {
            "partition": self.partition,
            "mem": mebibytes(self.memory) if self.memory else None,
            "time": clock(self.walltime) if self.walltime else None,
            "cpus-per-task": str(processors),
        }
        given = [f"--{name}={shlex.quote(value)}" for name, value in wanted.items() if value]
        return [f"#SBATCH {line}" for line in (*given, *self.directives)]


_OPEN = (Address("processes"), Address("dask-local"))  # executors that leave the number of workers open


@dataclass(frozen=True)
class Submission:
    """An experiment for the queue.

    file, store, output : absolute paths; settings : as of ``--set``; array : runners that share the work, or None
    executor : where the one runner of a job without array runs its tasks, or None
    """

    file: Path
    store: Path
    output: Path
    settings: tuple[str, ...] = ()
    array: int | None = None
    executor: str | None = None

    def __post_init__(self) -> None:
        if (self.array is None) == (self.executor is None):
            raise InvalidParameter("a submission is either an array (--array 4) or one job (--executor slurm://...).")
        if self.array is not None and self.array < 1:
            raise InvalidParameter(f"array is {self.array}; the rule is at least 1 runner.")
        if self.executor is not None:
            parse_address(self.executor)

    def script(self, resources: Resources, folder: Path) -> str:
        """The text of the job script; ``folder`` is where the job runs, as this process does now."""
        log = "slurm-%A_%a.log" if self.array else "slurm-%j.log"
        head = ["#!/bin/sh", "#SBATCH --job-name=tda-latent", f"#SBATCH --output={shlex.quote(str(self.output / log))}"]
        if self.array:
            head.append(f"#SBATCH --array=1-{self.array}")
        body = ["set -eu", f"cd {shlex.quote(str(folder))}", f"exec {self.command(resources)}"]
        return "\n".join([*head, *resources.lines(self._processors(resources)), *body]) + "\n"

    def command(self, resources: Resources) -> str:
        """What each job runs, with this environment's Python."""
        call: list[str | Path] = [sys.executable, "-m", "tda_latent.cli.main", "run", self.file]
        call += ["--store", self.store, "--output", self.output]
        for setting in self.settings:
            call += ["--set", setting]
        if self.executor is not None:
            call += ["--executor", self.executor]
        if self.array or parse_address(self.executor or "serial") in _OPEN:
            call += ["--workers", str(resources.workers)]
        if resources.memory and self._is_local:
            call += ["--memory", f"{int(SHARE * resources.memory / self._processors(resources))}B"]
        return _quoted(call) + (f' --shard "$SLURM_ARRAY_TASK_ID/{self.array}"' if self.array else "")

    @property
    def _is_local(self) -> bool:
        """Whether tasks run in the job itself."""
        return self.array is not None or parse_address(self.executor or "").kind not in ("dask", "slurm")

    def _processors(self, resources: Resources) -> int:
        """Processors of a job: one for each task at once, one where tasks run elsewhere."""
        if self.array is not None:
            return resources.workers
        address = parse_address(self.executor or "")
        return address.size or (resources.workers if self._is_local else 1)


def _quoted(call: Sequence[str | Path]) -> str:
    return " ".join(shlex.quote(str(part)) for part in call)
