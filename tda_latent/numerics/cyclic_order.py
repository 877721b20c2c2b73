"""Whether a family of places has the order it is given in, and whether that order closes into a loop."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_EXACT = 8  # places up to which every order is tried
_BLOCK = 4096
_TIE = 1e-12


class OrderTest(NamedTuple):
    """A permutation test of the order.

    p : share of orders whose mean step is at most that of the given one
    step : mean distance between neighbours in the given order; permuted : its mean over the other orders
    """

    p: float
    step: float
    permuted: float


def order_test(distances: Floats, draws: int, rng: Generator) -> OrderTest:
    """Whether neighbours in the given order are nearer than neighbours in any order.

    Parameters
    ----------
    distances : (n, n) between places, in their order, n >= 2
    draws : random orders, where n > 8; below, all n! are tried

    Notes
    -----
    A path and its reverse are as long, so p is at least 2 / n!; of evenly spaced places on a circle, which can be cut
    anywhere, at least 2 n / n!.
    """
    size = len(distances)
    given = path_step(distances, np.arange(size)[None])[0]
    if size <= _EXACT:
        orders = np.array(list(itertools.permutations(range(size))), dtype=np.int64)
        steps = path_step(distances, orders)
    else:
        blocks = [min(_BLOCK, draws - start) for start in range(0, draws, _BLOCK)]
        steps = np.concatenate(
            [[given], *(path_step(distances, rng.permuted(np.tile(np.arange(size), (b, 1)), axis=1)) for b in blocks)]
        )
    return OrderTest(float(np.mean(steps <= given * (1 + _TIE))), float(given), float(steps.mean()))


def phases(values: NDArray[Any], period: float) -> Floats:
    """(n,) share of a turn, in [0, 1); the same angle on another turn is the same phase, whatever the rounding."""
    turns = np.asarray(values, dtype=np.float64) / period % 1.0
    return np.asarray(turns.round(12) % 1.0, dtype=np.float64)


def sectors(turns: Floats, count: int) -> Integers:
    """(n,) equal sector, 0 to count - 1, of each phase; one on a border, up to rounding, is in the sector it begins."""
    return np.minimum((turns * count + 1e-9).astype(np.int64), count - 1)


def path_step(distances: Floats, orders: Integers) -> Floats:
    """(m,) mean distance between neighbours along each of (m, n) orders."""
    return np.asarray(distances[orders[:, :-1], orders[:, 1:]].mean(axis=1), dtype=np.float64)


def closure_index(distances: Floats) -> float:
    """How far the last place comes back to the first: 1 = as near as neighbours are, 0 = as far as far places.

    Returns
    -------
    float
        (far - d(last, first)) / (far - mean step), with far the mean distance of places at least n / 2 steps apart
        along the order. Exactly 1 for evenly spaced places on a circle; negative on a straight line, whose ends are
        its farthest places; about 0 where distances stop growing. NaN when far places are no farther than neighbours.
    """
    lags = np.abs(np.subtract.outer(np.arange(len(distances)), np.arange(len(distances))))
    far, step = float(distances[2 * lags >= len(distances)].mean()), float(distances[lags == 1].mean())
    return (far - float(distances[-1, 0])) / (far - step) if far > step * (1 + _TIE) else math.nan


def cut_at_widest(distances: Floats) -> Floats:
    """The same places, beginning after the widest step around the loop, so that this step is the last to the first."""
    size = len(distances)
    steps = distances[np.arange(size), (np.arange(size) + 1) % size]
    order = np.roll(np.arange(size), -int(steps.argmax()) - 1)
    return distances[np.ix_(order, order)]


def lag_correlations(distances: Floats) -> tuple[float, float]:
    """Spearman correlation of the distances with the lag around the loop and with the lag along the line."""
    from scipy.stats import rankdata

    first, second = np.triu_indices(len(distances), 1)
    line = second - first
    loop = np.minimum(line, len(distances) - line)
    ranks = rankdata(distances[first, second].round(_digits(distances)))
    return _correlation(ranks, rankdata(loop)), _correlation(ranks, rankdata(line))


def even_circle(size: int) -> Floats:
    """(n, n) distances of evenly spaced places on a circle of radius one."""
    lags = np.subtract.outer(np.arange(size), np.arange(size))
    return np.asarray(2 * np.abs(np.sin(np.pi * lags / size)), dtype=np.float64)


def even_line(size: int) -> Floats:
    """(n, n) distances of evenly spaced places on a line."""
    return np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(np.float64)


def _digits(distances: Floats) -> int:
    """Decimals at which distances that are equal but for rounding become ties."""
    largest = float(distances.max())
    return int(np.clip(10 - math.floor(math.log10(largest)), -300, 300)) if largest > 0 else 0


def _correlation(first: Floats, second: Floats) -> float:
    one, other = first - first.mean(), second - second.mean()
    sizes = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.clip(one @ other / sizes, -1.0, 1.0)) if sizes > 0 else math.nan
