"""Trustworthiness and continuity for many sizes of the neighbourhood at once, where points may be equally far."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.ties import level_bounds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Neighbourhoods(NamedTuple):
    """(k,) trustworthiness and continuity of a view, for every size of the neighbourhood."""

    trustworthiness: Floats
    continuity: Floats


def kept_neighbourhoods(
    source: Floats, view: Floats, sizes: Integers, roundings: tuple[float, float] = (0.0, 0.0)
) -> Neighbourhoods:
    """How far neighbours in the view are neighbours in the source, and the reverse [venna2001].

    Parameters
    ----------
    source, view : (n, n) distances in the two spaces
    sizes : (k,) of the neighbourhood, each from 1 to below n / 2
    roundings : by how much equal distances may differ in either space, see `ties.distance_rounding`

    Returns
    -------
    Neighbourhoods
        1 minus the normalised excess of ranks over k among the k nearest, from 0 to 1. Without ties these are the
        published numbers. Points that are equally far, see `ties.level_bounds`, take each of their ranks equally
        often, independently in the two spaces, so that the order of the rows decides nothing and unrelated spaces give
        about 1/2, also when the codes of each class coincide. A space with ties therefore does not reach 1 against
        itself; no view that keeps its levels has more or less than that.

    Notes
    -----
    O(n^2 (log n + k)) time, O(n k) memory beside the distances.
    """
    size = len(source)
    if not ((sizes >= 1) & (sizes < size / 2)).all():
        raise InvalidParameter(f"neighbourhoods are {sizes.tolist()} for {size} points; the rule is 1 <= k < n / 2.")
    excess = np.zeros((2, len(sizes)))
    for row in range(size):
        ranks = [
            level_bounds(np.delete(part[row], row), rounding)
            for part, rounding in zip((source, view), roundings, strict=True)
        ]
        for place, (far, near) in enumerate((ranks, ranks[::-1])):
            excess[place] += (_beyond(*far, sizes) * _within(*near, sizes)).sum(axis=1)
    worst = size * sizes * (2 * size - 3 * sizes - 1) / 2
    return Neighbourhoods(*(1.0 - excess / worst))


def _within(below: Integers, upto: Integers, sizes: Integers) -> Floats:
    """(k, m) share of the ranks above the one and up to the other that are at most k."""
    return np.asarray(np.clip((sizes[:, None] - below) / (upto - below), 0.0, 1.0))


def _beyond(below: Integers, upto: Integers, sizes: Integers) -> Floats:
    """(k, m) mean excess over k of the same ranks; those up to k have none."""
    first, last = (np.maximum(part - sizes[:, None], 0) for part in (below, upto))
    return np.asarray((last * (last + 1) - first * (first + 1)) / (2.0 * (upto - below)))
