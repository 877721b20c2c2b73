"""The median distance of a cloud without its matrix: exact up to tens of thousands of points, estimated beyond."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

Floats = NDArray[np.float64]
DENSE = 3000
"""Points up to which all distances are simply sorted out in memory."""
EXACT = 65_536
"""Points up to which the median is exact; it takes a look at every pair."""
PAIRS = 1 << 20
"""Pairs that are drawn to bracket or to estimate the median."""
_ROWS = 64  # rows that a thread takes at a time


class Median(NamedTuple):
    """The median distance of two different points.

    value : exact, or the median of the pairs drawn
    low, high : the exact one lies between; equal to the value when that is exact. For an estimate an interval of
        99.9 percent confidence
    """

    value: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        """Whether every pair was looked at."""
        return self.low == self.high


def median_length(points: NDArray[Any], threads: int = 1) -> Median:
    """Median Euclidean distance over all pairs i < j.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
        Near one and centred, see `pairwise.near_one`.
    threads : cores to work on; the answer does not depend on it

    Notes
    -----
    O(n^2 d) time and O(n) memory up to 65,536 points: pairs drawn at random bracket the median closely, one look at
    all pairs counts those below the bracket and keeps those inside [floyd1975]. Beyond, the median of 2^20 pairs,
    drawn always alike, with its order-statistic interval.
    """
    wide = np.asarray(points, dtype=np.float64)
    if len(wide) <= DENSE:
        value = float(np.median(pdist(wide)))
        return Median(value, value, value)
    drawn = _drawn(wide)
    if len(wide) > EXACT:
        spread = math.ceil(1.645 * math.sqrt(PAIRS))  # 3.29 standard deviations of a count of halves
        low, high = drawn[PAIRS // 2 - spread], drawn[PAIRS // 2 + spread]
        return Median(math.sqrt(float(drawn[PAIRS // 2])), math.sqrt(float(low)), math.sqrt(float(high)))
    value = _exact(wide, drawn, threads)
    return Median(value, value, value)


def _drawn(wide: Floats) -> Floats:
    """Sorted squared lengths of `PAIRS` random pairs of different points, the same ones for every cloud of a size."""
    rng = np.random.default_rng(len(wide))
    first = rng.integers(len(wide), size=PAIRS)
    second = (first + rng.integers(1, len(wide), size=PAIRS)) % len(wide)
    squares = np.empty(PAIRS)
    for start in range(0, PAIRS, 1 << 14):
        part = slice(start, start + (1 << 14))
        steps = wide[first[part]] - wide[second[part]]
        squares[part] = np.einsum("ij,ij->i", steps, steps)
    squares.sort()
    return squares


def _exact(wide: Floats, drawn: Floats, threads: int) -> float:
    pairs = len(wide) * (len(wide) - 1) // 2
    ranks = np.array([(pairs - 1) // 2, pairs // 2])
    spread = 4 * math.ceil(math.sqrt(PAIRS))
    while True:
        low = float(drawn[max(0, PAIRS // 2 - spread)]) if spread < PAIRS // 2 else -1.0
        high = float(drawn[min(PAIRS - 1, PAIRS // 2 + spread)]) if spread < PAIRS // 2 else math.inf
        below, inside = _between(wide, low, high, threads)
        if below <= ranks[0] and ranks[1] < below + len(inside):
            middle = np.sqrt(np.partition(inside, ranks - below)[ranks - below])
            return float(np.mean(middle))
        spread *= 8


def _between(wide: Floats, low: float, high: float, threads: int) -> tuple[int, Floats]:
    """Number of squared lengths below ``low``, and all those from ``low`` to ``high``."""
    from tda_latent.numerics.euclidean import transposed
    from tda_latent.numerics.median_pass import select_pairs

    cloud = transposed(wide)

    def work(start: int) -> tuple[int, Floats]:
        stop = min(start + _ROWS, len(wide))
        kept = np.empty((stop - start) * len(wide))
        below, inside = select_pairs(cloud, start, stop, low, high, kept)
        return int(below), kept[:inside].copy()

    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = list(pool.map(work, range(0, len(wide), _ROWS)))
    return sum(below for below, _ in found), np.concatenate([inside for _, inside in found])
