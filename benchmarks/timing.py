"""How time is taken: calls that are compared take turns, so that a busy machine slows them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Table(NamedTuple):
    """What a benchmark found: a title, headings, rows of text."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Timed(NamedTuple, Generic[T]):
    """Median seconds of a call over the rounds, and its last result."""

    seconds: float
    result: T


def interleaved(calls: Mapping[str, Callable[[], T]], rounds: int = 5) -> dict[str, Timed[T]]:
    """Time the calls in turns, ``rounds`` times each after one uncounted round; seconds of wall clock."""
    results = {name: call() for name, call in calls.items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            results[name] = call()
            seconds[name].append(time.perf_counter() - started)
    return {name: Timed(statistics.median(seconds[name]), results[name]) for name in calls}


def milliseconds(seconds: float) -> str:
    """A time as text."""
    return f"{1000 * seconds:.3g} ms"


def ratio(seconds: float, reference: float) -> str:
    """How many times as long as the reference, as text."""
    return f"{seconds / reference:.2f}x"
