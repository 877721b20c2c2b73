"""The nouns of a benchmark: a contestant, the cell in which contestants meet, and the row that is left of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from benchmarks.contestants.run import Arrays

OURS = "ours"
NOT_STARTED = "not started"
Comparison = Callable[[Arrays, Arrays], "Agreement"]


@dataclass(frozen=True)
class Contestant:
    """A library that is timed.

    Parameters
    ----------
    name : as the table shows it
    where : "module:function" in `benchmarks.contestants`
    options : further arguments of that function
    environment : name of its environment, see `environments`
    distribution : name on the package index, for its version
    information : shown, but no peer: it solves an easier task, or only approximates
    """

    name: str
    where: str
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: str = "shared"
    distribution: str = ""
    information: bool = False


@dataclass(frozen=True)
class Agreement:
    """How far two answers are apart.

    Parameters
    ----------
    h0, h1 : bottleneck distances between the diagrams of degree 0 and 1, in the unit of the points
    difference : largest difference of the numbers, for tasks whose answer is no pair of diagrams
    note : what is to be said about it
    """

    h0: float | None = None
    h1: float | None = None
    difference: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """One task on one input: everybody who takes part is timed in turns.

    Parameters
    ----------
    suite, task, cloud : where its rows stand
    size, dimension : of the input, as the suite counts it
    threads : allowed to every contestant
    given, warm : write and name files of arrays: the input, and a small one for the uncounted first call
    contestants : ours first
    compare : (our answer, theirs) -> how far they are apart
    memory : whether memory is measured, in a fresh process for each contestant
    limit : seconds after which the fastest peer is given up; None: that of the command
    """

    suite: str
    task: str
    cloud: str
    size: int
    dimension: int
    threads: int
    given: Callable[[], Path]
    warm: Callable[[], Path]
    contestants: tuple[Contestant, ...]
    compare: Comparison
    memory: bool = True
    limit: float | None = None

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """What identifies the cell."""
        return self.suite, self.task, self.cloud, self.size, self.threads


@dataclass(frozen=True)
class Row:
    """What is left of one contestant in one cell.

    Parameters
    ----------
    suite, task, cloud, size, dimension, threads : of the cell
    name, version : of the contestant
    seconds : median over the rounds; None when it failed
    rounds : measurements behind it
    ratio : its time over ours; a lower bound where ``bound`` says so
    bound : it was stopped, so that its time, memory and their ratios are at least what stands here
    memory, memory_ratio : peak in MB above what was held after import, and that over ours
    h0, h1, difference, note : of the `Agreement` with our answer
    reason : why there is no answer
    information : no peer, see `Contestant`
    code : digest of our code that was timed
    """

    suite: str
    task: str
    cloud: str
    size: int
    dimension: int
    threads: int
    name: str
    version: str = ""
    seconds: float | None = None
    rounds: int = 0
    ratio: float | None = None
    bound: bool = False
    memory: float | None = None
    memory_ratio: float | None = None
    h0: float | None = None
    h1: float | None = None
    difference: float | None = None
    note: str = ""
    reason: str = ""
    information: bool = False
    code: str = ""

    @property
    def cell(self) -> tuple[str, str, str, int, int]:
        """Key of its cell."""
        return self.suite, self.task, self.cloud, self.size, self.threads

    def to_json(self) -> dict[str, Any]:
        """Its fields that say something, numbers to four digits."""
        held = {
            name: value
            for name, value in asdict(self).items()
            if value is not None and value is not False and value != ""
        }
        return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in held.items()}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Row:
        """The row that was written."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in held.items() if name in known})
