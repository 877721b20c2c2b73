"""Which edges have entered, as bits, and whether the lune of the next one is connected.

Vertices are numbered here by their distance from the centre of the cloud ("rank"), so that after a while a whole range
of them, 0 to prefix - 1, is joined to rank 0. The lune of an edge ab is the set of common neighbours of a and b at the
moment when it enters; two of them are connected when a path of entered edges inside the lune joins them. If the lune
has c components, ab kills c - 1 classes of loops.

A lune is nearly always connected, and a single vertex often proves it by being joined to all others: rank 0, which
covers everything up to the prefix, or a vertex that has served before. Otherwise the lune is searched.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.bits import ALL, ONE, U, bit, lowest

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]


class Adjacency(NamedTuple):
    """What one thread knows of the graph of the edges that have entered.

    bits : (n, words) row r holds the neighbours of rank r, and r itself
    lune, rest : (words,) the lune that is searched, and what of it has not been reached
    centres : (n,) the vertex that last covered a lune at each vertex; -1 = none
    components : (n,) one vertex of each component of the lune searched last
    cursor : prefix; edges of the relative-neighbourhood graph passed; births passed; lunes tested; lunes searched
    """

    bits: NDArray[np.uint64]
    lune: Words
    rest: Words
    centres: Integers
    components: Integers
    cursor: Integers


PREFIX, PASSED, BORN, TESTED, SEARCHED = range(5)


@compiled
def no_edges(size: int) -> Adjacency:
    """The graph of so many vertices without edges."""
    words = (size + 511) // 512 * 8  # whole lines of the cache
    bits, lune, rest = np.zeros((size, words), np.uint64), np.empty(words, np.uint64), np.empty(words, np.uint64)
    for r in range(size):
        bits[r, r >> 6] = bit(r)
    centres, components = np.full(size, -1, np.int64), np.empty(size, np.int64)
    return Adjacency(bits, lune, rest, centres, components, np.zeros(5, np.int64))


@leaf
def are_joined(adjacency: Adjacency, a: int, b: int) -> bool:
    """Whether the edge ab has entered."""
    return adjacency.bits[a, b >> 6] & bit(b) != 0


@leaf
def join(adjacency: Adjacency, a: int, b: int) -> None:
    """Let the edge ab enter."""
    adjacency.bits[a, b >> 6] |= bit(b)
    adjacency.bits[b, a >> 6] |= bit(a)


@leaf
def advance_prefix(adjacency: Adjacency) -> None:
    """Move the prefix past the vertices that are joined to rank 0."""
    prefix, size = adjacency.cursor[PREFIX], len(adjacency.centres)
    while prefix < size and are_joined(adjacency, 0, prefix):
        prefix += 1
    adjacency.cursor[PREFIX] = prefix


@leaf
def lune_components(adjacency: Adjacency, a: int, b: int) -> int:
    """Number of components of the lune of ab, which is not empty; one vertex of each in ``adjacency.components``.

    The lowest vertex of each component, in increasing order, when there are several. a < b.
    """
    prefix = adjacency.cursor[PREFIX]
    adjacency.cursor[TESTED] += 1
    if a > 0 and b < prefix:
        centre, first = 0, prefix >> 6
        if _lies_before(adjacency, a, b, prefix):
            return 1
        _covers(adjacency, (a, b), centre, first)
    else:
        centre, first = _likely_centre(adjacency, a, b), 0
        if _covers(adjacency, (a, b), centre, first):
            adjacency.centres[a] = adjacency.centres[b] = centre
            return 1
    adjacency.cursor[SEARCHED] += 1
    count = _search(adjacency, (a, b), centre, first)
    if count > 1:
        lowest_one = _first_common(adjacency, a, b)
        if lowest_one != centre:
            _covers(adjacency, (a, b), lowest_one, 0)
            count = _search(adjacency, (a, b), lowest_one, 0)
    return count


@leaf
def _lies_before(adjacency: Adjacency, a: int, b: int, prefix: int) -> bool:
    """Whether no vertex of the lune lies beyond the prefix: rank 0 is joined to all others."""
    first = prefix >> 6
    row_a, row_b = adjacency.bits[a], adjacency.bits[b]
    if first == len(row_a):
        return True
    beyond = row_a[first] & row_b[first] & (ALL << U(prefix & 63))
    for w in range(first + 1, len(row_a)):
        beyond |= row_a[w] & row_b[w]
    return beyond == 0


@leaf
def _first_common(adjacency: Adjacency, a: int, b: int) -> int:
    """The lowest vertex of the lune; -1 when it is empty."""
    row_a, row_b = adjacency.bits[a], adjacency.bits[b]
    for w in range(len(row_a)):
        common = row_a[w] & row_b[w]
        if common:
            return w * 64 + lowest(common)
    return -1


@leaf
def _likely_centre(adjacency: Adjacency, a: int, b: int) -> int:
    """A vertex of the lune: the one that last covered a lune at a, or at b, or the lowest."""
    centre = adjacency.centres[a]
    if centre >= 0 and are_joined(adjacency, b, centre):
        return centre
    centre = adjacency.centres[b]
    if centre >= 0 and are_joined(adjacency, a, centre):
        return centre
    return _first_common(adjacency, a, b)


@leaf
def _covers(adjacency: Adjacency, edge: tuple[int, int], v: int, first: int) -> bool:
    """Whether v is joined to all other vertices of the lune; leaves the lune, and those that v is not joined to.

    v is known to be joined to all in words before the first, which are not looked at.
    """
    row_a, row_b, row_v = adjacency.bits[edge[0]], adjacency.bits[edge[1]], adjacency.bits[v]
    lune, rest = adjacency.lune, adjacency.rest
    left = U(0)
    for w in range(first, len(lune)):
        common = row_a[w] & row_b[w]
        beyond = common & ~row_v[w]
        lune[w] = common
        rest[w] = beyond
        left |= beyond
    return left == 0


@leaf
def _search(adjacency: Adjacency, edge: tuple[int, int], centre: int, first: int) -> int:
    """Components of the lune that `_covers` has left, by search from the vertex that it tried."""
    rest = adjacency.rest
    words, count, low = len(rest), 1, first
    adjacency.components[0] = centre
    while True:
        while _grow(adjacency, edge, first, low):
            pass
        while low < words and rest[low] == 0:
            low += 1
        if low == words:
            return count
        v = low * 64 + lowest(rest[low])
        adjacency.components[count] = v
        count += 1
        row = adjacency.bits[v]
        for w in range(low, words):
            rest[w] &= ~row[w]


@leaf
def _grow(adjacency: Adjacency, edge: tuple[int, int], first: int, low: int) -> bool:
    """Absorb every vertex that is joined to an absorbed one, with what the latter is joined to; whether to go on.

    An absorbed vertex of a finished component does no harm: it has no edge to the rest.
    """
    rest = adjacency.rest
    progress, skipped = False, False
    for w in range(low, len(rest)):
        left = rest[w]
        while left:
            v = w * 64 + lowest(left)
            left &= left - ONE
            via = _absorbed_neighbour(adjacency, edge, first, v)
            if via >= 0:
                row, other = adjacency.bits[v], adjacency.bits[via]
                for q in range(low, len(rest)):
                    rest[q] &= ~(row[q] | other[q])
                left &= rest[w]
                progress = True
            else:
                skipped = True
    return progress and skipped


@leaf
def _absorbed_neighbour(adjacency: Adjacency, edge: tuple[int, int], first: int, v: int) -> int:
    """A vertex of the lune joined to v that is absorbed already, as all before the first word are; -1 without one."""
    row, row_a, row_b = adjacency.bits[v], adjacency.bits[edge[0]], adjacency.bits[edge[1]]
    for w in range(first):
        found = row[w] & row_a[w] & row_b[w]
        if found:
            return w * 64 + lowest(found)
    lune, rest = adjacency.lune, adjacency.rest
    for w in range(first, len(row)):
        found = row[w] & lune[w] & ~rest[w]
        if found:
            return w * 64 + lowest(found)
    return -1
