"""Exact Wasserstein distances between persistence diagrams, and the matchings that attain them.

A bar is matched to a bar of the other diagram or to the diagonal; essential classes are matched to each other. Nothing
here approximates, waits or iterates to a tolerance, and no matrix of all pairs is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

Integers = NDArray[np.int64]
LINE_PAIRS = 900_000_000
"""Most pairs of bars that are all born together: 30 000 against 30 000, some seconds."""
_HUGE = 1e300


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
        For NaN, a death before its birth, or bars that cannot be matched exactly with bounded work.

    Notes
    -----
    See `wasserstein_matching`.
    """
    return wasserstein_matching(first, second, order, ground)[0]


def wasserstein_matching(
    first: NDArray[Any], second: NDArray[Any], order: float, ground: Ground
) -> tuple[float, Integers]:
    """The Wasserstein distance and a matching that attains it.

    Parameters
    ----------
    first, second, order, ground : as for `wasserstein_distance`

    Returns
    -------
    float
        The distance.
    (k, 2) integers
        Row in the first and row in the second diagram of each matched pair, -1 = the diagonal; every bar of positive
        length once, ascending. Essential classes are matched in the order of their births, which is optimal for
        every order [vallender1974]; when their numbers differ nothing matches them, the distance is inf, and they
        are left out. Among equally good matchings one is chosen.

    Raises
    ------
    InvalidInput
        As for `wasserstein_distance`.

    Notes
    -----
    Shortest augmenting paths [jonker1987] [crouse2016] on the pairs that prices do not rule out
    (`numerics.diagram_pairing`): for diagrams of n bars about n^1.7, and O(n) memory. At worst, when many bars are
    much longer than their distances to all others, O(n^3), refused beyond a fixed amount of work. Bars that are all
    born together (degree 0) by dynamic programming in O(m n) time.
    """
    left, right = bars_of(first), bars_of(second)
    is_swapped = canonical(left, right)[0] is not left
    places = [_places(first), _places(second)]
    if is_swapped:
        left, right, places = right, left, places[::-1]
    exponent = EXPONENTS[ground]
    partner = _partners(left.finite, right.finite, order, exponent)
    lengths = _lengths(left.finite, right.finite, partner, exponent)
    forever = essential_distance(left.essential, right.essential, order)
    (finite, essential), (other_finite, other_essential) = places
    is_alone = np.ones(len(right.finite) + 1, dtype=bool)
    is_alone[partner] = False
    alone = np.flatnonzero(is_alone[:-1])
    pairs = [
        np.column_stack([finite, np.append(other_finite, -1)[partner]]),
        np.column_stack([np.full(len(alone), -1), other_finite[alone]]),
    ]
    if len(essential) == len(other_essential):
        pairs.append(np.column_stack([essential, other_essential]))
    matched = np.concatenate(pairs)[:, ::-1] if is_swapped else np.concatenate(pairs)
    distance = power_sum(np.array([forever, power_sum(lengths, order)]), order)
    return distance, np.ascontiguousarray(matched[np.lexsort((matched[:, 1], matched[:, 0]))])


def _places(pairs: NDArray[Any]) -> tuple[Integers, Integers]:
    """Rows of the finite and of the essential bars, in the order in which `bars_of` returns them."""
    table = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    order = np.lexsort((table[:, 1], table[:, 0])).astype(np.int64)
    births, deaths = table[order, 0], table[order, 1]
    return order[(births < deaths) & np.isfinite(deaths)], order[np.isinf(deaths)]


def _partners(first: Floats, second: Floats, order: float, exponent: float) -> Integers:
    """(m,) bar of the second diagram for each of the first in a cheapest matching, -1 = the diagonal."""
    if np.array_equal(first, second):
        return np.arange(len(first))
    if not len(first) or not len(second):
        return np.full(len(first), -1, dtype=np.int64)
    if max(np.abs(first).max(), np.abs(second).max()) > _HUGE:  # lengths must stay finite
        first, second = first * 2.0**-10, second * 2.0**-10
    from tda_latent.numerics.diagram_pairing import COST_CEILING, nearest_pairs

    near, nearest = nearest_pairs(first, second, exponent)
    unit = _unavoidable_length(first, second, nearest, exponent)
    search = _search(first, second, order, exponent, near)
    while True:
        partner = search(unit)
        longest = _lengths(first, second, partner, exponent).max()
        if order * (math.log(longest) - math.log(unit)) < math.log(COST_CEILING):
            return partner
        unit *= (COST_CEILING / (len(first) + len(second))) ** (1.0 / order)  # a move as long as this is unavoidable


def _search(first: Floats, second: Floats, order: float, exponent: float, near: Any) -> Callable[[float], Integers]:
    """The search for a cheapest matching, as a function of the unit in which lengths are raised to the order."""
    from tda_latent.numerics.diagram_pairing import COST_CEILING, cheapest_pairing, costs_of
    from tda_latent.numerics.line_pairing import Line, line_partners
    from tda_latent.numerics.nearest_bars import Move

    diagonal = diagonal_distances(first, exponent), diagonal_distances(second, exponent)
    together = first[0, 0] == second[0, 0] == first[-1, 0] == second[-1, 0]  # bars are sorted by birth

    def along_the_line(unit: float) -> Integers:
        rises, falls = (costs_of(lengths, Move(exponent, order, unit, COST_CEILING)) for lengths in diagonal)
        return line_partners(Line(first[:, 1] / unit, second[:, 1] / unit, rises, falls, float(order), COST_CEILING))

    def in_the_plane(unit: float) -> Integers:
        move = Move(exponent, float(order), unit, COST_CEILING)
        return cheapest_pairing(first, diagonal, near, move).partner

    if together and len(first) * len(second) > LINE_PAIRS:
        raise InvalidInput(
            f"{len(first)} bars against {len(second)}, all born together, are {len(first) * len(second):,} pairs to "
            f"weigh; the limit is {LINE_PAIRS:,}. Analyse fewer points or use sliced-wasserstein."
        )
    return along_the_line if together else in_the_plane


def _unavoidable_length(first: Floats, second: Floats, nearest: Floats, exponent: float) -> float:
    """A length > 0 that the longest move of every matching reaches: the unit in which costs neither vanish nor
    overflow.
    """
    from tda_latent.numerics.nearest_bars import least_positive_length

    diagonal = np.concatenate([diagonal_distances(first, exponent), diagonal_distances(second, exponent)])
    needed = float(np.minimum(diagonal, nearest).max())
    if needed > 0:
        return needed
    return min(float(diagonal.min()), least_positive_length(first, second, exponent))  # all have twins, not as many


def _lengths(first: Floats, second: Floats, partner: Integers, exponent: float) -> Floats:
    """Lengths of all moves of a matching."""
    paired = partner >= 0
    moves = np.abs(first[paired] - second[partner[paired]])
    is_alone = np.ones(len(second), dtype=bool)
    is_alone[partner[paired]] = False
    to_diagonal = [diagonal_distances(bars, exponent) for bars in (first[~paired], second[is_alone])]
    if np.isinf(exponent):
        lengths = moves.max(axis=1, initial=0.0)
    else:
        lengths = moves.sum(axis=1) if exponent == 1.0 else np.hypot(moves[:, 0], moves[:, 1])
    return np.concatenate([lengths, *to_diagonal])
