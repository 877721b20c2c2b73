"""Experiment files from Python: plan, run, look at the results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tda_latent.code.syntax import remembered
from tda_latent.errors import IncompleteResult, InvalidInput, StoreUnavailable, unknown_name
from tda_latent.experiment.circumstances.provenance import Beginning, beginning, closing, keep_patch
from tda_latent.experiment.executors import parse_address
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.outputs import make_folder, write_outputs
from tda_latent.experiment.plan import Plan
from tda_latent.experiment.quantities import bytes_of, seconds_of
from tda_latent.experiment.results import Contrast, claims, result_groups
from tda_latent.experiment.run import Limits, Listener, Run, carry_out, look_up
from tda_latent.experiment.shards import Shard, parse_shard
from tda_latent.experiment.store import Store
from tda_latent.records import Record
from tda_latent.report import page

STORE = Path(".tda-latent")
RUNS = Path("runs")
CODE_MEMORY = "code.json"  # digests of source files by content, so that a warm run need not parse them again


@dataclass(frozen=True)
class Finished:
    """A run, the experiment file it came from, and where its files are."""

    run: Run
    source: str
    folder: Path
    report: Path

    @property
    def complete(self) -> bool:
        """Whether every planned task has its result."""
        return self.run.complete

    @property
    def root(self) -> str:
        """Digest of all numeric results: equal runs have equal roots."""
        return self.run.root

    def __getitem__(self, label: str) -> Record:
        """The record of a task, ``finished["analysis/persistence/digits/vae/0"]``."""
        if label not in self.run.plan.tasks:
            raise unknown_name("task", label, self.run.plan.tasks)
        record = self.run.record(label)
        if record is None:
            reason = self.run.outcomes[label].reason or self.run.outcomes[label].state
            raise IncompleteResult(f"{label} has no result: {reason}.")
        return record

    def contrasts(self) -> list[Contrast]:
        """Distances between models beside the spread within them."""
        return [row for group in result_groups(self.run) for row in group.contrasts()]

    @property
    def exit_code(self) -> int:
        """0 complete and every claim holds, 1 incomplete or a claim fails, 130 interrupted."""
        if self.run.interrupted:
            return 130
        return 0 if self.complete and all(outcome.holds for _, outcome in claims(self.run)) else 1

    def _repr_html_(self) -> str:
        state = "complete" if self.complete else "INCOMPLETE"
        return f"<b>{self.run.experiment.name}</b>: {state}, root {self.root[:12]}, report {self.report}"


def plan(path: str | Path, settings: Sequence[str] = ()) -> Plan:
    """The tasks of an experiment file; every error of the file is raised at once as `ConfigError`."""
    return load_plan(path, settings)


def status(path: str | Path, settings: Sequence[str] = (), store: str | Path = STORE) -> Run:
    """What the store already holds for an experiment file; nothing is computed."""
    opened = Store(store, create=False)
    with remembered(opened.path / CODE_MEMORY):
        return look_up(load_plan(path, settings), opened)


def run(
    path: str | Path,
    settings: Sequence[str] = (),
    *,
    store: str | Path = STORE,
    output: str | Path | None = None,
    limits: Limits | None = None,
    listener: Listener | None = None,
) -> Finished:
    """Run an experiment file: compute what the store does not hold, write figures, numbers and the report.

    Parameters
    ----------
    path : experiment file (YAML)
    settings : changes such as ``"axes.replicates=5"``
    store : folder of the store; output : folder of the run's files, ``runs/NAME`` by default
    limits : workers, memory and time per task (part of no result)
    listener : called as (label, outcome, run) after each task

    Raises
    ------
    ConfigError
        With every problem of the file, before anything is computed.
    """
    begun = beginning(path)
    planned = load_plan(path, settings)
    folder = _folder(path, output, planned)
    opened = Store(store)
    with remembered(opened.path / CODE_MEMORY):
        done = carry_out(planned, opened, limits or Limits(), folder / "workers.log", listener)
    try:
        keep_patch(begun, opened, folder)
    except StoreUnavailable as error:  # the results are what they are; the record says what it lacks
        done.told.append(f"what differs from the git revision was not kept in the store: {error}")
    return _finish(done, begun, folder, settings, kept=True)


def cores() -> int:
    """How many processors this process may use; a queue often grants fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limits(
    workers: int | None = None,
    memory: str | None = None,
    seconds: str | None = None,
    *,
    executor: str | None = None,
    shard: str | None = None,
) -> Limits:
    """Where and how hard to work, from amounts as people write them.

    Parameters
    ----------
    workers : processes of one thread each; all cores by default
    memory : ``"8GB"`` and seconds : ``"10min"``, what one task may take
    executor : ``"serial"``, ``"processes:4"``, ``"dask-local:4"``, ``"dask://host:8786"`` or
        ``"slurm://partition?jobs=4&memory=4GB&walltime=1h"``
    shard : ``"2/4"`` for the second of four runners that share the work

    Raises
    ------
    InvalidInput, InvalidParameter
        Naming the value that cannot be used.
    """
    address = parse_address(executor or "processes")
    if workers is not None and workers < 1:
        raise InvalidInput(f"--workers is {workers}; the rule is at least 1.")
    if workers is not None and (address.kind in ("dask", "slurm") or address.size not in (None, workers)):
        raise InvalidInput(f"--workers {workers} and --executor {executor} both say how many; leave one out.")
    return Limits(
        workers or cores(),
        None if memory is None else bytes_of(memory),
        None if seconds is None else seconds_of(seconds),
        executor or "processes",
        Shard() if shard is None else parse_shard(shard),
    )


def _finish(done: Run, begun: Beginning, folder: Path, settings: Sequence[str], kept: bool) -> Finished:
    """Write the files of a run and its report; a run that is ``kept`` leaves a manifest in the store."""
    record = write_outputs(done, folder, closing(begun, done), settings, kept=kept)
    return Finished(done, str(begun.file), folder, page.write_report(done, record, folder))


def write_report(
    path: str | Path, settings: Sequence[str] = (), *, store: str | Path = STORE, output: str | Path | None = None
) -> Finished:
    """Write the report of what the store holds for an experiment file, without computing anything."""
    begun = beginning(path)
    done = status(path, settings, store)
    return _finish(done, begun, _folder(path, output, done.plan), settings, kept=False)


def _folder(path: str | Path, output: str | Path | None, planned: Plan) -> Path:
    """The folder of a run's files, made and found writable; never the one whose files would take each other's place."""
    folder = Path(output) if output is not None else RUNS / planned.experiment.name
    if (folder / "experiment.yaml").resolve() == Path(path).resolve():
        raise InvalidInput(f"--output {folder} would overwrite the experiment file {path}; choose another folder.")
    make_folder(folder)
    return folder
