"""Hand an experiment to the queue of a cluster."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tda_latent.api.experiments import RUNS, STORE
from tda_latent.experiment.executors import sbatch
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.outputs import make_folder, write_file
from tda_latent.experiment.quantities import bytes_of, seconds_of
from tda_latent.experiment.submission import Resources, Submission


@dataclass(frozen=True)
class Submitted:
    """A job script that was written; ``command`` submits it, ``job`` is its number or empty when nobody did."""

    script: Path
    text: str
    command: str
    job: str = ""


def resources(
    partition: str | None = None,
    memory: str | None = None,
    walltime: str | None = None,
    workers: int = 1,
    directives: Sequence[str] = (),
) -> Resources:
    """What a job asks for, from amounts as people write them (``"8GB"``, ``"2h"``).

    Raises
    ------
    InvalidInput, InvalidParameter
        Naming the value that cannot be used.
    """
    size = None if memory is None else bytes_of(memory)
    time = None if walltime is None else seconds_of(walltime)
    return Resources(partition, size, time, workers, tuple(directives))


def submission(
    path: str | Path,
    settings: Sequence[str] = (),
    *,
    store: str | Path = STORE,
    output: str | Path | None = None,
    array: int | None = None,
    executor: str | None = None,
) -> Submission:
    """An experiment for the queue: ``array`` runners that share the work, or one that runs tasks on ``executor``.

    Raises
    ------
    ConfigError
        With every problem of the file, before anything is written.
    """
    planned = load_plan(path, settings)
    folder = Path(output) if output is not None else RUNS / planned.experiment.name
    places = (Path(path).absolute(), Path(store).absolute(), folder.absolute())
    return Submission(*places, tuple(settings), array, executor)


def submit(what: Submission, asked: Resources | None = None, *, dry_run: bool = False) -> Submitted:
    """Write the job script and submit it, unless ``dry_run`` or there is no sbatch on this machine.

    Raises
    ------
    InvalidInput
        With what sbatch says when it refuses.
    """
    make_folder(what.output)
    text = what.script(asked or Resources(), Path.cwd())
    script = what.output / "submit.sh"
    write_file(script, text.encode())
    command = f"sbatch {shlex.quote(str(script))}"
    if dry_run or not sbatch.is_here():
        return Submitted(script, text, command)
    return Submitted(script, text, command, sbatch.submit(script))
