"""One cell: everybody takes turns, memory is taken in processes of their own, whoever is too slow is stopped.

Contestants of one environment share one live process; round k of all of them comes before round k + 1, so that a busy
machine slows them all. A peer that takes much longer than the fastest one is stopped early: its row is a lower bound.
Memory is measured in a fresh process for each contestant, which also gives the answer and a first time.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells import NOT_STARTED, Agreement, Cell, Contestant, Row
from benchmarks.channel import LEAST, MEGABYTE, PATIENCE, Limits, Stopped, Worker
from benchmarks.contestants.run import Arrays
from benchmarks.environments import CACHE, missing, python_of, version_of

READY = 900.0
"""Seconds to import, read and compile."""
HOPELESS = 1.5
"""Peers that were this many times slower than one that reached the limit are not started."""
ONCE = 8.0
"""Calls longer than this are not repeated."""
SHORTEST = 0.02
"""Calls shorter than this are measured in a loop."""


@dataclass
class Entry:
    """How a contestant fares in a cell."""

    contestant: Contestant
    first: float | None = None
    times: list[float] = field(default_factory=list)
    peak: int | None = None
    stopped: Stopped | None = None
    absent: str = ""
    agreement: Agreement = field(default_factory=Agreement)

    @property
    def seconds(self) -> float | None:
        """Median over the rounds; the first call where it was too long for more."""
        return statistics.median(self.times) if self.times else self.first


class Arena:
    """Runs one cell after the other.

    Parameters
    ----------
    limits : what the fastest peer may take
    code : digest of our code, for the rows
    tell : called with a line about what is being done
    """

    def __init__(self, limits: Limits, code: str, tell: Callable[[str], None]) -> None:
        self._limits, self._code, self._tell = limits, code, tell
        self._workers: dict[tuple[str, int], Worker] = {}
        self._ready: dict[tuple[str, int], set[str]] = {}

    def run(self, cell: Cell, expected: dict[str, float], skipped: dict[str, str]) -> list[Row]:
        """The rows of a cell.

        Parameters
        ----------
        cell : Cell
        expected : seconds that contestants should take; the fastest goes first and sets the measure for the others
        skipped : contestants that are not run, and why
        """
        ours, *peers = [Entry(contestant) for contestant in cell.contestants]
        peers.sort(key=lambda entry: expected.get(entry.contestant.name, np.inf))
        answers = CACHE / "answers"
        answers.mkdir(parents=True, exist_ok=True)
        reference = self._first(cell, ours, cell.limit or self._limits.seconds, answers / "ours.npz")
        if reference is not None and not peers:
            ours.agreement = compared(cell, reference, reference)  # nobody to compare with: what it found
        for entry in peers:
            entry.absent = skipped.get(entry.contestant.name, "") or self._hopeless(entry, peers, expected)
            found = self._first(cell, entry, self._ceiling(cell, peers), answers / "theirs.npz")
            if found is not None and reference is not None:
                entry.agreement = compared(cell, reference, found)
        self._rounds(cell, [ours, *peers])
        self._forget(cell)
        return [self._row(cell, entry, ours) for entry in (ours, *peers)]

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()
        self._ready.clear()

    def _ceiling(self, cell: Cell, peers: list[Entry]) -> float:
        limit = self._limits.seconds if cell.limit is None else min(cell.limit, self._limits.seconds)
        done = [peer.seconds for peer in peers if peer.seconds is not None and not peer.contestant.information]
        return min([limit, *(max(LEAST, PATIENCE * seconds) for seconds in done)])

    def _hopeless(self, entry: Entry, peers: list[Entry], expected: dict[str, float]) -> str:
        """Why a peer need not be started when the one that should be fastest was stopped at the limit."""
        first = peers[0]
        should, fastest = expected.get(entry.contestant.name), expected.get(first.contestant.name)
        if first.stopped is None or not first.stopped.late or not should or not fastest or should < HOPELESS * fastest:
            return ""
        return (
            f"{NOT_STARTED}: {should / fastest:.1f} times slower before than {first.contestant.name}, which was stopped"
        )

    def _first(self, cell: Cell, entry: Entry, ceiling: float, answer: Path) -> Arrays | None:
        """The first call, which gives the answer: in a process of its own where memory is wanted."""
        contestant = entry.contestant
        entry.absent = entry.absent or missing(contestant.environment, contestant.distribution)
        if entry.absent:
            return None
        self._tell(f"{cell.suite}: {cell.task}, {cell.cloud} {cell.size}, {cell.threads} thr: {contestant.name}")
        worker = Worker(python_of(contestant.environment), cell.threads) if cell.memory else self._worker(cell, entry)
        limits = Limits(ceiling, self._limits.memory)
        try:
            self._prepare(cell, entry, worker, known=not cell.memory)
            reply = worker.ask(limits, task="measure", name=contestant.name, answer=str(answer), memory=cell.memory)
        except Stopped as stopped:
            entry.stopped = stopped
            return None
        finally:
            if cell.memory:
                worker.close()
        entry.first, entry.peak = reply["seconds"], reply["peak"]
        with np.load(answer) as held:
            return {name: held[name] for name in held.files}

    def _rounds(self, cell: Cell, entries: list[Entry]) -> None:
        """Measurements in turns; the first call told how many are worth while."""
        racing = [entry for entry in entries if entry.first is not None and (entry.first < ONCE or entry is entries[0])]
        most = max((rounds(entry.first or 0.0) for entry in racing), default=0)
        if len(entries) > 1:
            most = max(most, 1)  # ours is measured warm, however long the first call was
        for number in range(most):
            for position, entry in enumerate(racing):
                if entry.stopped is None and (position == 0 or number < rounds(entry.first or 0.0)):
                    self._again(cell, entry)

    def _again(self, cell: Cell, entry: Entry) -> None:
        worker, first = self._worker(cell, entry), entry.first or 0.0
        loops = max(1, int(SHORTEST / max(first, 1e-7)))
        try:
            self._prepare(cell, entry, worker)
            limits = Limits(max(cell.limit or 0.0, self._limits.seconds), self._limits.memory)
            reply = worker.ask(limits, task="again", name=entry.contestant.name, loops=min(loops, 1000))
            entry.times.append(reply["seconds"])
        except Stopped as stopped:
            entry.stopped = stopped

    def _worker(self, cell: Cell, entry: Entry) -> Worker:
        """The live process of the contestant's environment; a new one when the last one is gone."""
        key = entry.contestant.environment, cell.threads
        if key not in self._workers or not self._workers[key].alive:
            if key in self._workers:
                self._workers[key].close()
            self._workers[key] = Worker(python_of(entry.contestant.environment), cell.threads)
            self._ready[key] = set()
        return self._workers[key]

    def _prepare(self, cell: Cell, entry: Entry, worker: Worker, known: bool = True) -> None:
        """Import, read and compile, once in a live process; ``known`` says that it is one of those kept."""
        contestant = entry.contestant
        ready = self._ready[(contestant.environment, cell.threads)] if known else set()
        if contestant.name in ready:
            return
        try:
            worker.ask(Limits(READY, self._limits.memory), **_preparation(cell, contestant))
        except Stopped as stopped:
            raise Stopped(stopped.reason, stopped.seconds, stopped.peak) from None  # its time says nothing of the task
        ready.add(contestant.name)

    def _forget(self, cell: Cell) -> None:
        for key, ready in self._ready.items():
            for name in ready:
                if self._workers[key].alive:
                    self._workers[key].ask(self._limits, task="drop", name=name)
            ready.clear()

    def _row(self, cell: Cell, entry: Entry, ours: Entry) -> Row:
        contestant, agreement = entry.contestant, entry.agreement
        bound = entry.stopped is not None and entry.stopped.late
        seconds = entry.seconds if entry.stopped is None else entry.stopped.seconds if bound else None
        peak = entry.peak if entry.stopped is None else entry.stopped.peak
        return Row(
            *(cell.suite, cell.task, cell.cloud, cell.size, cell.dimension, cell.threads, contestant.name),
            version=version_of(contestant.environment, contestant.distribution) if contestant.distribution else "",
            seconds=seconds,
            rounds=max(len(entry.times), int(seconds is not None)),
            ratio=seconds / ours.seconds if seconds and ours.seconds else None,
            bound=bound,
            memory=peak / MEGABYTE if peak and cell.memory else None,
            memory_ratio=max(peak, MEGABYTE) / max(ours.peak, MEGABYTE) if peak and ours.peak and cell.memory else None,
            h0=agreement.h0,
            h1=agreement.h1,
            difference=agreement.difference,
            note=agreement.note,
            reason=entry.absent or (entry.stopped.reason if entry.stopped else ""),
            information=contestant.information,
            code=self._code,
        )


def rounds(seconds: float) -> int:
    """How often a call of this length is measured."""
    return 5 if seconds < 0.5 else 3 if seconds < 3 else 1 if seconds < ONCE else 0


def compared(cell: Cell, ours: Arrays, theirs: Arrays) -> Agreement:
    """How far the answers are apart; an answer that cannot be compared is said to be so."""
    try:
        return cell.compare(ours, theirs)
    except Exception as error:  # a broken answer of a peer is a finding, not the end of the benchmark
        return Agreement(note=f"not comparable: {type(error).__name__}: {error}"[:90])


def _preparation(cell: Cell, contestant: Contestant) -> dict[str, Any]:
    return {
        "task": "prepare",
        "name": contestant.name,
        "where": contestant.where,
        "given": str(cell.given()),
        "warm": str(cell.warm()),
        "threads": cell.threads,
        "options": dict(contestant.options),
    }


def to_terminal(line: str) -> None:
    """Progress on standard error: one line that is overwritten on a terminal."""
    end = "\r" if sys.stderr.isatty() else "\n"
    print(f"{line:<100}"[:118], end=end, file=sys.stderr, flush=True)
