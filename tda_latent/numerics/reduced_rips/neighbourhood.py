"""Nearest neighbours, and the relative-neighbourhood graph: the edges whose lune is empty [toussaint1980].

When an edge with an empty lune enters, it closes no triangle: it joins two components or opens a loop. Every other
edge closes triangles at once. So these few edges carry all births of degree 0's deaths and degree 1's births, and they
are found without sorting anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, compiled_without_nan, leaf
from tda_latent.numerics.reduced_rips.growth import longer
from tda_latent.numerics.reduced_rips.space import (
    FIRST,
    Space,
    is_earlier,
    length,
    lengths_from,
    vertices,
)

Floats = NDArray[np.float64]
Vertices = NDArray[np.int32]
FEWER, NEAREST, SMALL = 8, 12, 2000
"""Neighbours kept of every vertex, up to so many vertices and beyond: they witness most lunes."""
WITNESSES = 6
"""Vertices tried for all edges at a vertex at once: an even number."""

RUN = 32


@leaf
def neighbours_kept(size: int) -> int:
    """How many neighbours of each of so many vertices are kept."""
    return min(FEWER if size <= SMALL else NEAREST, size - 1)


@compiled_without_nan
def nearest_neighbours(space: Space, first: int, last: int, neighbours: Vertices) -> None:
    """Write the nearest vertices of the rows first, ..., last - 1, by length, into an (n, k) table, k <= n - 1.

    Runs of vertices are looked at in a strided order, so that a sorted cloud does not bring ever nearer ones.
    """
    size, wanted = neighbours.shape
    runs = (size + RUN - 1) // RUN
    stride = _coprime_stride(runs)
    buffer, nearest = np.empty(size), np.empty(wanted)
    for a in range(first, last):
        row = lengths_from(space, a, FIRST, buffer)
        count, limit, run = 0, np.inf, a // RUN
        for _ in range(runs):
            start = run * RUN
            run = (run + stride) % runs
            stop = min(start + RUN, size)
            piece = row[start:stop]
            shortest = np.inf
            for k in range(stop - start):
                shortest = min(shortest, piece[k])
            if shortest < limit or count < wanted:
                for v in range(start, stop):
                    if v != a and (row[v] < limit or count < wanted):
                        _insert(nearest, neighbours[a], count, v, row[v])
                        count = min(count + 1, wanted)
                        limit = nearest[wanted - 1] if count == wanted else np.inf


@leaf
def _insert(nearest: Floats, names: Vertices, count: int, v: int, far: float) -> None:
    """Insert a vertex into a sorted list; the last one falls out of a full list."""
    k = min(count, len(nearest) - 1)
    while k > 0 and nearest[k - 1] > far:
        nearest[k] = nearest[k - 1]
        names[k] = names[k - 1]
        k -= 1
    nearest[k] = far
    names[k] = v


@leaf
def _coprime_stride(runs: int) -> int:
    """About 0.6 times the number of runs, without a common divisor."""
    stride = max(1, int(runs * 0.618))
    while True:
        a, b = runs, stride
        while b:
            a, b = b, a % b
        if a == 1:
            return stride
        stride -= 1


@compiled
def relative_neighbourhood(
    space: Space, reach: float, neighbours: Vertices, centre: int, rows: tuple[int, int]
) -> tuple[Vertices, Vertices]:
    """Edges a < b, a in the range of rows, of length at most reach, whose lune is empty: tails, heads, sorted.

    First a few witnesses, the centre and the nearest neighbours of a, are tried for all b at once; what they leave is
    looked at one by one.
    """
    size = vertices(space)
    margins, buffers, left = np.full(size, np.inf), np.empty((3, size)), np.empty(size, np.int32)
    tails, heads = np.empty(16 * size + 64, np.int32), np.empty(16 * size + 64, np.int32)
    found = 0
    for a in range(rows[0], rows[1]):
        row = lengths_from(space, a, FIRST, buffers[0])
        margin = margins[: size - a - 1]
        for k in range(0, WITNESSES, 2):
            one, other = _witness(a, centre, neighbours, k), _witness(a, centre, neighbours, k + 1)
            left_row = lengths_from(space, one, a + 1, buffers[1])
            _detours(left_row, row[one], lengths_from(space, other, a + 1, buffers[2]), row[other], margin)
        count = _unwitnessed(row[a + 1 :], margin, reach, left)
        if found + count > len(tails):
            tails, heads = longer(tails, found + count), longer(heads, found + count)
        for k in range(count):
            b = a + 1 + left[k]
            verdict = lune_is_empty(space, neighbours, a, b)
            if verdict < 0:
                verdict = not any_inside(row, lengths_from(space, b, FIRST, buffers[2]), a, b)
            if verdict:
                tails[found], heads[found] = a, b
                found += 1
    return tails[:found], heads[:found]


@leaf
def _witness(a: int, centre: int, neighbours: Vertices, k: int) -> int:
    """The k-th vertex to try for all edges at a: the centre, then the nearest neighbours."""
    if k == 0 and a != centre:
        return centre
    return neighbours[a, min(k, neighbours.shape[1]) - 1] if k else neighbours[a, 0]


@leaf
def _detours(left: Floats, near_left: float, right: Floats, near_right: float, margin: Floats) -> None:
    """Lower the margins to the longer edge of a detour by either of two witnesses, by their lengths to a and to all."""
    for k in range(len(margin)):
        margin[k] = min(margin[k], min(max(left[k], near_left), max(right[k], near_right)))


@leaf
def _unwitnessed(row: Floats, margin: Floats, reach: float, left: Vertices) -> int:
    """Positions of the edges up to reach with no witness strictly inside their lune; how many."""
    count, size = 0, len(row)
    for start in range(0, size, 16):
        stop = min(start + 16, size)
        lengths, margins = row[start:stop], margin[start:stop]
        some = False
        for k in range(stop - start):
            some |= (margins[k] >= lengths[k]) & (lengths[k] <= reach)
        if some:
            for k in range(start, stop):
                left[count] = k
                count += (margin[k] >= row[k]) & (row[k] <= reach)
    for k in range(size):
        margin[k] = np.inf
    return count


@leaf
def lune_is_empty(space: Space, neighbours: Vertices, a: int, b: int) -> int:
    """Whether no neighbour of a or b has both its edges to them enter before ab: 1, 0, or -1 = they cannot tell; a < b.

    A list of neighbours that ends beyond the length of ab held every vertex of the lune.
    """
    reach = length(space, a, b)
    for end in range(2):
        here, there = (a, b) if end == 0 else (b, a)
        for k in range(neighbours.shape[1]):
            v = neighbours[here, k]
            near = length(space, here, v)
            if near > reach:
                return 1
            far = length(space, v, b) if end == 0 else length(space, a, v)  # rows that are in the cache
            if is_earlier(near, here, v, reach, a, b) and is_earlier(far, there, v, reach, a, b):
                return 0
    return -1


@leaf
def any_inside(left: Floats, right: Floats, a: int, b: int) -> bool:
    """Whether any vertex has both its edges enter before ab, by the lengths from a and from b to all; a < b."""
    size, reach = len(left), left[b]
    for start in range(0, size, 64):
        stop = min(start + 64, size)
        one, other = left[start:stop], right[start:stop]
        shortest = np.inf
        for k in range(stop - start):
            shortest = min(shortest, max(one[k], other[k]))
        if shortest < reach:
            return True
        if shortest == reach:
            for v in range(start, stop):
                if is_earlier(left[v], a, v, reach, a, b) and is_earlier(right[v], b, v, reach, a, b):
                    return True
    return False
