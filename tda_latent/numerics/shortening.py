"""Closed walks made shorter without leaving their homology class: the compiled part of `tda_latent.numerics.chains`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, inlined

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_MARGIN = 1.0 - 1e-12  # a detour must be shorter by more than rounding, so that no sequence of moves returns


def shorten(walk: NDArray[Any], lengths: Floats, first: int, second: int) -> Integers:
    """The closed walk after all moves that apply to it; see `tda_latent.numerics.chains.shortened`.

    Parameters
    ----------
    walk : (l,) points in walking order
    lengths : (n, n) float64 symmetric matrix of edge lengths
    first, second : the edge that stays and that no new edge may be younger than, first < second

    Returns
    -------
    (k,) int64
        Fewer than three points: the walk is a boundary at the birth. A point may occur twice.
    """
    points = np.array(walk, dtype=np.int64)
    return points[: _shorten(points, np.ascontiguousarray(lengths), first, second)]


@inlined
def _older(lengths: Any, u: int, v: int, first: int, second: int) -> bool:
    """Whether the edge u-v enters before the edge first-second, in the order by length, smaller, larger vertex."""
    length, limit = lengths[u, v], lengths[first, second]
    if length != limit:
        return bool(length < limit)
    low, high = min(u, v), max(u, v)
    return low < first or (low == first and high < second)


@inlined
def _is_edge(u: int, v: int, first: int, second: int) -> bool:
    return (u == first and v == second) or (u == second and v == first)


@compiled
def _without(walk: Any, count: int, place: int) -> int:
    for later in range(place, count - 1):
        walk[later] = walk[later + 1]
    return count - 1


@compiled
def _shorten(walk: Any, lengths: Any, first: int, second: int) -> int:
    """Shorten in place until a whole round moves nothing; the number of points that are left."""
    count = len(walk)
    moved = True
    while moved and count > 2:
        moved = False
        place = 0
        while place < count and count > 2:
            u, v, w = walk[place - 1 if place else count - 1], walk[place], walk[(place + 1) % count]
            if _is_edge(u, v, first, second) or _is_edge(v, w, first, second):
                place += 1
            elif u == w or _older(lengths, u, w, first, second):
                count = _without(walk, count, place)
                if u == w:  # there and back again: both edges cancel
                    count = _without(walk, count, place % count)
                moved = True
            else:
                better = _detour(lengths, u, v, w, first, second)
                if better != v:
                    walk[place] = better
                    moved = True
                place += 1
    return count


@compiled
def _detour(lengths: Any, u: int, v: int, w: int, first: int, second: int) -> int:
    """The point that makes u-v-w shortest, over triangles that have entered; v itself when none is better."""
    best, least = v, (lengths[u, v] + lengths[v, w]) * _MARGIN
    for other in range(len(lengths)):
        total = lengths[u, other] + lengths[other, w]
        if (
            total < least
            and other != u
            and other != w
            and _older(lengths, u, other, first, second)
            and _older(lengths, other, w, first, second)
            and _older(lengths, v, other, first, second)
        ):
            best, least = other, total
    return best
