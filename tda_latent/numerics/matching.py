"""Exact bottleneck and Wasserstein distances between persistence diagrams.

A bar is matched to a bar of the other diagram or to the diagonal; essential classes are matched to each other.
Nothing here approximates, waits or iterates to a tolerance: sizes beyond what is exact in bounded time are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.bars import (
    EXPONENTS,
    Floats,
    Ground,
    bars_of,
    canonical,
    diagonal_distances,
    essential_distance,
    power_sum,
)
from tda_latent.numerics.covering import covers_rows

THRESHOLD_PAIRS = 36_000_000  # most distances held by the bottleneck search: 288 MB
ASSIGNMENT_PAIRS = 12_250_000  # 3500 bars against 3500; beyond, the worst case takes minutes
LINE_PAIRS = 900_000_000  # 30 000 bars against 30 000 that are all born together
_FIRST_CEILING, _GROWTH, _TOO_FAR = 4.0, 8.0, 4.0


def bottleneck_distance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Bottleneck distance between two diagrams, in the unit of the bars.

    Parameters
    ----------
    first, second : (m, 2), (n, 2) births and deaths; death = inf is an essential class, birth = death is ignored

    Returns
    -------
    float
        A difference of two given coordinates, or half of one, exact to its rounding. 0.0 exactly if and only if
        the diagrams are equal as multisets; inf when the numbers of essential classes differ.

    Raises
    ------
    InvalidInput
        For NaN, a death before its birth, or more than 36 million pairs of bars that could decide the answer.

    Notes
    -----
    Bisection over candidate radii [efrat2001] with augmenting-path matching [kuhn1955]. At radius r only bars
    longer than 2r must be matched, and by [mendelsohn1958] one matching covers those of both diagrams as soon as
    each side alone can be covered; so the graph shrinks as r grows and has no diagonal vertices. Memory O(m n).
    """
    left, right = bars_of(first), bars_of(second)
    if left.equals(right):
        return 0.0
    forever = essential_distance(left.essential, right.essential, np.inf)
    if np.isinf(forever):
        return forever
    return max(forever, _bottleneck_of_finite(left.finite, right.finite))


def wasserstein_distance(first: NDArray[Any], second: NDArray[Any], order: float, ground: Ground) -> float:
    """Wasserstein distance W_q with the l_p norm between points of the plane, in the unit of the bars.

    Parameters
    ----------
    first, second : (m, 2), (n, 2) births and deaths; death = inf is an essential class, birth = death is ignored
    order : q >= 1, finite: the q-th root of the least sum of q-th powers of lengths
    ground : p, one of 1, 2, "inf": how long a move in the plane is

    Returns
    -------
    float
        Optimal up to rounding. 0.0 exactly if and only if the diagrams are equal as multisets; inf when the
        numbers of essential classes differ.

    Raises
    ------
    InvalidInput
        For NaN, a death before its birth, or more pairs of bars than can be matched exactly in bounded time.

    Notes
    -----
    Assignment by shortest augmenting paths [crouse2016] on an (m, n) matrix of savings, O(min(m, n)^2 max(m, n));
    diagrams whose bars are all born together (degree 0) by dynamic programming, O(m n).
    """
    left, right = canonical(bars_of(first), bars_of(second))
    if left.equals(right):
        return 0.0
    forever = essential_distance(left.essential, right.essential, order)
    if np.isinf(forever):
        return forever
    exponent = EXPONENTS[ground]
    births = np.concatenate([left.finite[:, 0], right.finite[:, 0]])
    if np.array_equal(left.finite, right.finite):
        finite = 0.0
    elif (births == births[0]).all():
        finite = _wasserstein_on_a_line(left.finite, right.finite, order, exponent)
    else:
        finite = _wasserstein_of_finite(left.finite, right.finite, order, exponent)
    return power_sum(np.array([forever, finite]), order)


def _bottleneck_of_finite(first: Floats, second: Floats) -> float:
    if np.array_equal(first, second):
        return 0.0
    tall, wide = diagonal_distances(first, np.inf), diagonal_distances(second, np.inf)
    lower = _unavoidable_radius(first, second, tall, wide)
    rows, columns = np.flatnonzero(tall > lower), np.flatnonzero(wide > lower)
    _refuse_beyond(THRESHOLD_PAIRS, len(rows) * len(second) + len(columns) * len(first), len(first), len(second))
    sides = [
        (tall[rows], cdist(first[rows], second, "chebyshev")),
        (wide[columns], cdist(second[columns], first, "chebyshev")),
    ]
    heights = np.unique(np.concatenate([[lower], tall[rows], wide[columns]]))
    # two searches: among the heights alone, then among the distances between two neighbouring heights
    place = _first_feasible(heights, sides)
    if place == 0:
        return float(heights[0])
    low, high = heights[place - 1], heights[place]
    between = [distances[(distances > low) & (distances < high)] for _, distances in sides]
    radii = np.unique(np.concatenate([*between, [high]]))
    return float(radii[_first_feasible(radii, sides)])


def _unavoidable_radius(first: Floats, second: Floats, tall: Floats, wide: Floats) -> float:
    """A lower bound: every bar moves at least to the diagonal or to its nearest bar."""
    if not len(first) or not len(second):
        return max(float(tall.max(initial=0.0)), float(wide.max(initial=0.0)))
    to_second = cKDTree(second).query(first, p=np.inf)[0]
    to_first = cKDTree(first).query(second, p=np.inf)[0]
    return max(float(np.minimum(tall, to_second).max()), float(np.minimum(wide, to_first).max()))


def _first_feasible(radii: Floats, sides: list[tuple[Floats, Floats]]) -> int:
    """Position of the smallest of the ascending radii at which a matching exists; the last one always works."""
    low, high = 0, len(radii) - 1
    while low < high:
        middle = (low + high) // 2
        if all(_covers(heights, distances, radii[middle]) for heights, distances in sides):
            high = middle
        else:
            low = middle + 1
    return low


def _covers(heights: Floats, distances: Floats, radius: float) -> bool:
    """Whether all bars too long for the diagonal find different partners within the radius."""
    return covers_rows(distances[heights > radius] <= radius)


def _wasserstein_of_finite(first: Floats, second: Floats, order: float, exponent: float) -> float:
    """Least cost by assignment under a ceiling on the price of the diagonal.

    Pairs are worth matching when that saves against sending both to the diagonal. With prices cut off at a ceiling
    the savings are few, small and precise. The answer is exact as soon as no bar that stays unmatched was priced
    below its true cost; otherwise the ceiling rises.
    """
    tall, wide = diagonal_distances(first, exponent), diagonal_distances(second, exponent)
    if not len(first) or not len(second):
        return power_sum(np.concatenate([tall, wide]), order)
    _refuse_beyond(ASSIGNMENT_PAIRS, len(first) * len(second), len(first), len(second))
    scale = max(tall.max(), wide.max())
    distances = (
        cdist(first, second, "minkowski", p=exponent) if np.isfinite(exponent) else cdist(first, second, "chebyshev")
    )
    costs = (np.minimum(distances, _TOO_FAR * scale) / scale) ** order  # the diagonal is never that far
    rises, falls = (tall / scale) ** order, (wide / scale) ** order
    ceiling, growth = _first_ceiling(costs, rises, falls), _GROWTH
    while True:
        rows, columns = _best_savings(costs, np.minimum(rises, ceiling), np.minimum(falls, ceiling))
        alone, lonely = np.delete(np.arange(len(first)), rows), np.delete(np.arange(len(second)), columns)
        if max(rises[alone].max(initial=0.0), falls[lonely].max(initial=0.0)) <= ceiling:
            return power_sum(np.concatenate([distances[rows, columns], tall[alone], wide[lonely]]), order)
        ceiling, growth = ceiling * growth, growth * _GROWTH


def _first_ceiling(costs: Floats, rises: Floats, falls: Floats) -> float:
    """A few times the largest cost that no matching avoids; positive."""
    needed = max(np.minimum(rises, costs.min(axis=1)).max(), np.minimum(falls, costs.min(axis=0)).max())
    if needed == 0.0:  # every bar has a twin, but not as often on both sides
        needed = min(costs[costs > 0].min(initial=1.0), rises.min(), falls.min())
    return float(max(_FIRST_CEILING * needed, np.finfo(np.float64).tiny))


def _best_savings(costs: Floats, rises: Floats, falls: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs (rows, columns) of an assignment with the largest total saving against the diagonal."""
    savings = np.minimum(costs - rises[:, None] - falls[None, :], 0.0)
    useful, worth = np.flatnonzero(savings.any(axis=1)), np.flatnonzero(savings.any(axis=0))
    rows, columns = linear_sum_assignment(savings[np.ix_(useful, worth)])
    rows, columns = useful[rows], worth[columns]
    real = savings[rows, columns] < 0
    return rows[real], columns[real]


def _wasserstein_on_a_line(first: Floats, second: Floats, order: float, exponent: float) -> float:
    """Bars born together differ by their death alone: an optimal matching keeps the order of deaths.

    Dynamic programming over prefixes of both sorted diagrams, a whole antidiagonal at a time.
    """
    _refuse_beyond(LINE_PAIRS, len(first) * len(second), len(first), len(second))
    tall, wide = diagonal_distances(first, exponent), diagonal_distances(second, exponent)
    scale = max(float(tall.max(initial=0.0)), float(wide.max(initial=0.0)))
    rises, falls = (tall / scale) ** order, (wide / scale) ** order
    x, y = first[:, 1], second[:, 1]
    size, other = len(x), len(y)
    # row i of an antidiagonal holds the least cost of the first i bars against the first total - i bars
    before, last = np.full(size + 1, np.inf), np.full(size + 1, np.inf)
    last[0] = 0.0
    for total in range(1, size + other + 1):
        low, high = max(0, total - other), min(total, size)
        here = np.full(size + 1, np.inf)
        i = np.arange(low, high + 1)
        down, across = i[i > 0], i[i < total]
        here[across] = last[across] + falls[total - across - 1]
        here[down] = np.minimum(here[down], last[down - 1] + rises[down - 1])
        both = down[down < total]
        moves = (np.abs(x[both - 1] - y[total - both - 1]) / scale) ** order
        here[both] = np.minimum(here[both], before[both - 1] + moves)
        before, last = last, here
    return float(scale * last[size] ** (1.0 / order))


def _refuse_beyond(limit: int, pairs: int, first: int, second: int) -> None:
    if pairs > limit:
        raise InvalidInput(
            f"{first} bars against {second} are {pairs:,} pairs to weigh; an exact matching is limited to {limit:,}. "
            "Analyse fewer points or use sliced-wasserstein; wasserstein also offers engine: hera, with a stated error."
        )
