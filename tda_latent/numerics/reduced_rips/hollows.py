"""Which lunes are hollow: the loops in the lune of an edge that the triangles inside it do not fill.

The lune of an edge is read as a complex: its vertices, and every clique of edges that entered before. It is built up
vertex by vertex, from a vertex and all that are joined to it, a cone. A new vertex brings a cone over its *link*, the
vertices taken before it that it is joined to. So it opens no loop if its link is connected, and otherwise one loop
through itself and each further component of the link. Vertices with connected links are therefore taken first, and
nearly always that takes them all. The loops found generate the homology of the lune in degree 1; later vertices may
fill some of them, and those that are superfluous reduce to nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.bits import ONE, U, bit, lowest, ones
from tda_latent.numerics.reduced_rips.growth import longer_table

Words = NDArray[np.uint64]
Vertices = NDArray[np.int32]


class Complex(NamedTuple):
    """Room for the lune of one edge, as far as it has been built up.

    left, taken : (words,) vertices that are not in the complex yet, and those that are
    link, rest : (words,) link of a new vertex, and what of it has not been reached
    starts : (n,) one vertex of each component of that link
    parents, depths : (n,) a spanning forest of what is taken; a root is its own parent
    """

    left: Words
    taken: Words
    link: Words
    rest: Words
    starts: Vertices
    parents: Vertices
    depths: Vertices


@compiled
def no_complex(size: int, words: int) -> Complex:
    """Room for lunes among so many vertices."""
    rows, table = np.zeros((4, words), np.uint64), np.zeros((3, size), np.int32)
    return Complex(rows[0], rows[1], rows[2], rows[3], table[0], table[1], table[2])


@compiled
def loops_of_lune(bits: Any, a: int, b: int, lune: Complex, loops: Vertices) -> tuple[Vertices, int]:
    """Loops that generate the homology of the lune of ab in degree 1, and how many.

    Parameters
    ----------
    bits : (n, words) row r holds the neighbours of vertex r by the edges that have entered, and r itself
    loops : (k, 3) room for the answer, replaced when too small

    Returns
    -------
    (k, 3) int32
        Vertices u, x, y: the loop from x to u, to y, and back to x in the forest of ``lune``.
    """
    count = 0
    for w in range(len(lune.left)):
        lune.left[w] = bits[a, w] & bits[b, w]
        lune.taken[w] = U(0)
    while not (_take_star(bits, lune) or _take_connected(bits, lune)):
        u = _joined(bits, lune)
        while u >= 0:
            components = _link_components(bits, lune, u)
            while count + components > len(loops):
                loops = longer_table(loops)
            for c in range(1, components):
                loops[count, 0], loops[count, 1], loops[count, 2] = u, lune.starts[0], lune.starts[c]
                count += 1
            _take(lune, u)
            u = -1 if _take_connected(bits, lune) else _joined(bits, lune)
    return loops, count


@leaf
def _take_star(bits: Any, lune: Complex) -> bool:
    """Start a component with the vertex joined to most of those left, and with these; whether nothing else is left."""
    centre, fewest = -1, len(bits) + 1
    for w in range(len(lune.left)):
        word = lune.left[w]
        while word and fewest:
            v = w * 64 + lowest(word)
            word &= word - ONE
            row, missed = bits[v], 0
            for q in range(len(row)):
                missed += ones(lune.left[q] & ~row[q])
            if missed < fewest:
                centre, fewest = v, missed
    if centre < 0 or fewest == 0:
        return True
    row = bits[centre]
    for w in range(len(row)):
        star = lune.left[w] & row[w]
        lune.taken[w] |= star
        lune.left[w] &= ~star
        while star:
            v = w * 64 + lowest(star)
            star &= star - ONE
            lune.parents[v], lune.depths[v] = centre, 1
    lune.parents[centre], lune.depths[centre] = centre, 0
    return False


@leaf
def _take_connected(bits: Any, lune: Complex) -> bool:
    """Take vertices whose links are connected, until there are none; whether no vertex is left at all."""
    progress, skipped = True, True
    while progress and skipped:
        progress, skipped = False, False
        for w in range(len(lune.left)):
            word = lune.left[w]
            while word:
                u = w * 64 + lowest(word)
                word &= word - ONE
                if _link_components(bits, lune, u) == 1:
                    _take(lune, u)
                    progress = True
                else:
                    skipped = True
    return not skipped


@leaf
def _take(lune: Complex, u: int) -> None:
    """Take a vertex, whose link has just been looked at."""
    lune.taken[u >> 6] |= bit(u)
    lune.left[u >> 6] &= ~bit(u)
    lune.parents[u] = lune.starts[0]
    lune.depths[u] = lune.depths[lune.starts[0]] + 1


@leaf
def _joined(bits: Any, lune: Complex) -> int:
    """A vertex left that is joined to one that is taken; -1 when there is none."""
    for w in range(len(lune.left)):
        word = lune.left[w]
        while word:
            u = w * 64 + lowest(word)
            word &= word - ONE
            for q in range(len(lune.taken)):
                if bits[u, q] & lune.taken[q]:
                    return u
    return -1


@leaf
def _link_components(bits: Any, lune: Complex, u: int) -> int:
    """Number of components of the link of u; one vertex of each in ``lune.starts``."""
    row, link, rest, words = bits[u], lune.link, lune.rest, len(lune.link)
    for w in range(words):
        link[w] = rest[w] = row[w] & lune.taken[w]
    count, low = 0, 0
    while True:
        while low < words and rest[low] == 0:
            low += 1
        if low == words:
            return count
        v = low * 64 + lowest(rest[low])
        lune.starts[count] = v
        count += 1
        row = bits[v]
        left = U(0)
        for w in range(low, words):
            rest[w] &= ~row[w]
            left |= rest[w]
        while left and _spread(bits, lune, low):
            pass


@leaf
def _spread(bits: Any, lune: Complex, low: int) -> bool:
    """Reach every vertex of the link that is joined to a reached one, and its neighbours; whether to go on.

    A reached vertex of a finished component does no harm: it has no edge to the rest.
    """
    link, rest, words = lune.link, lune.rest, len(lune.rest)
    progress, skipped = False, False
    for w in range(low, words):
        word = rest[w]
        while word:
            v = w * 64 + lowest(word)
            word &= word - ONE
            row = bits[v]
            is_reached = False
            for q in range(words):
                if row[q] & link[q] & ~rest[q]:
                    is_reached = True
                    break
            if is_reached:
                for q in range(low, words):
                    rest[q] &= ~row[q]
                word &= rest[w]
                progress = True
            else:
                skipped = True
    return progress and skipped
