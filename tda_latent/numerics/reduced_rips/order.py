"""All edges in the order in which they enter, and the place of each pair of vertices in it.

Degree one needs only stretches of that order (`edges`); degree two asks of any three vertices which edge is the last.
Vertices are numbered by their distance from the centre ("rank") as in `lunes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.edges import FETCHED, fetch, head, sort_keys, tail
from tda_latent.numerics.reduced_rips.space import FIRST, vertices
from tda_latent.numerics.reduced_rips.sweep import State, places

Vertices = NDArray[np.int32]


class Order(NamedTuple):
    """The m edges up to reach, by length, ties by vertices.

    tails, heads : (m,) ends of each edge, tail < head
    places : (n, n) place of each edge among them; m = it never enters
    """

    tails: Vertices
    heads: Vertices
    places: Vertices


@compiled
def ordered_edges(state: State) -> Order:
    """All edges of the buckets of a sweep, sorted. O(n^2) time, 6 n^2 bytes."""
    space, buckets, ranks = state.space, state.buckets, state.ranks
    size, edges = vertices(space), buckets.sizes.sum()
    tails, heads = np.empty(edges, np.int32), np.empty(edges, np.int32)
    table = np.full((size, size), edges, np.int32)
    done = 0
    for first in range(0, len(buckets.sizes), FETCHED):
        last = min(first + FETCHED, len(buckets.sizes))
        fetch(space, buckets, (first, last), (FIRST, size), (state.keys, places(state, first, last)))
        start = 0
        for bucket in range(first, last):
            keys = sort_keys(space, state.keys[start : start + buckets.sizes[bucket]], state.spare)
            start += buckets.sizes[bucket]
            for key in keys:
                one, other = state.ranks[tail(key)], ranks[head(key)]
                tails[done], heads[done] = min(one, other), max(one, other)
                table[one, other] = table[other, one] = done
                done += 1
    return Order(tails, heads, table)


@leaf
def triangle(order: Order, a: int, b: int, c: int) -> int:
    """One number for a triangle: the place of its last edge, times n, plus the vertex opposite to that."""
    ab, ac, bc = order.places[a, b], order.places[a, c], order.places[b, c]
    size = np.int64(len(order.places))
    if ab > ac and ab > bc:
        return ab * size + c
    if ac > bc:
        return ac * size + b
    return bc * size + a
