"""How time grows with size: the slope of log time over log size, by least squares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from benchmarks.cells import Row

SMALLEST = 300
"""Sizes below say more about the cost of a call than about growth."""


class Exponent(NamedTuple):
    """time ~ size ** slope for one contestant on one cloud, from ``smallest`` to ``largest`` points."""

    suite: str
    cloud: str
    name: str
    slope: float
    smallest: int
    largest: int


def exponents(rows: Iterable[Row]) -> list[Exponent]:
    """One for every suite, cloud and contestant with one thread and measured times at two sizes or more."""
    series: dict[tuple[str, str, str, str], dict[int, float]] = {}
    for row in rows:
        if row.seconds and not row.bound and row.threads == 1 and row.size >= SMALLEST:
            series.setdefault((row.suite, row.task, row.cloud, row.name), {})[row.size] = row.seconds
    found = []
    for (suite, _, cloud, name), times in series.items():
        if len(times) > 1:
            sizes = sorted(times)
            slope = np.polyfit(np.log(sizes), np.log([times[size] for size in sizes]), 1)[0]
            found.append(Exponent(suite, cloud, name, float(slope), sizes[0], sizes[-1]))
    return found
