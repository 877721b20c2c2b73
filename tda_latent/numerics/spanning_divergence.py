"""The connected part of the divergence of two distances on the same objects: minimum spanning trees instead of loops.

The graph of the smaller of two distances joins clusters no later than either of them does. How much later one of them
joins, added up over all clusters, is a difference of lengths of minimum spanning trees [tulchinskii2025].
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import minimum_spanning_edges

Floats = NDArray[np.float64]


class Directed(NamedTuple):
    """What is joined later in one of two distances than in the smaller of both, in their unit.

    forward : in the first distance
    backward : in the second distance
    """

    forward: float
    backward: float


def spanning_divergence(first: NDArray[Any], second: NDArray[Any]) -> Directed:
    """Total lengths of the two directed barcodes of RTD-Lite.

    Parameters
    ----------
    first, second : (n, n) symmetric, zero diagonal, in comparable units, n >= 2

    Returns
    -------
    Directed
        Length of the minimum spanning tree of either distance less that of their minimum, never negative. Their mean
        is the published scalar; each is the sum of the lengths of its `merge_bars`.

    Raises
    ------
    InvalidInput
        When the matrices are not of the same objects.

    Notes
    -----
    O(n^2). The lengths are added up in the order of their size, so that equal trees give exactly 0.
    """
    w, other = _of_the_same(first, second)
    lengths = [minimum_spanning_edges(matrix)[2].sum() for matrix in (w, other, np.minimum(w, other))]
    return Directed(*(max(float(length - lengths[2]), 0.0) for length in lengths[:2]))


def merge_bars(first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """Bars of the directed barcode: clusters that the smaller distance joins and the first joins later.

    Parameters
    ----------
    first, second : (n, n) symmetric, zero diagonal, in comparable units, n >= 2

    Returns
    -------
    (m, 2) float64, m < n
        By birth: the length of an edge of the minimum spanning tree of ``min(first, second)``, and the scale at which
        the first distance joins the two clusters that the edge joins, with everything that shorter edges of that tree
        join held together. Bars without length are left out.

    Notes
    -----
    [tulchinskii2025]. Each edge of the one tree takes the longest edge on its way through the other, so all edges are
    taken once, and the lengths of the bars add up to the difference of the two trees. O(n^2) and O(n times the depth
    of the tree).
    """
    w, other = _of_the_same(first, second)
    tails, heads, births = minimum_spanning_edges(np.minimum(w, other))
    tree = _Tree(len(w), *minimum_spanning_edges(w))
    deaths = np.array([tree.joined_at(u, v) for u, v in zip(tails.tolist(), heads.tolist(), strict=True)])
    bars = np.column_stack([births, deaths])[deaths > births]
    return np.asarray(bars[np.lexsort((bars[:, 1], bars[:, 0]))], dtype=np.float64)


class _Tree:
    """A spanning tree whose vertices are held together one pair after the other, as parents and lengths to them."""

    def __init__(self, size: int, tails: NDArray[np.int64], heads: NDArray[np.int64], lengths: Floats) -> None:
        near: list[list[tuple[int, float]]] = [[] for _ in range(size)]
        for u, v, length in zip(tails.tolist(), heads.tolist(), lengths.tolist(), strict=True):
            near[u].append((v, length))
            near[v].append((u, length))
        self._parent, self._length = [-1] * size, [0.0] * size
        pending = [0]
        while pending:
            vertex = pending.pop()
            for other, length in near[vertex]:
                if other != self._parent[vertex]:
                    self._parent[other], self._length[other] = vertex, length
                    pending.append(other)

    def joined_at(self, u: int, v: int) -> float:
        """Longest edge between two vertices; it gives way to an edge of no length between them."""
        self._hang_from(u)
        vertex, longest = v, v
        while vertex != u:
            if self._length[vertex] > self._length[longest]:
                longest = vertex
            vertex = self._parent[vertex]
        death = self._length[longest]
        self._parent[longest] = -1
        self._hang_from(v)
        self._parent[v], self._length[v] = u, -np.inf  # held together: never the longest again
        return death

    def _hang_from(self, root: int) -> None:
        """Make a vertex the root of its part."""
        vertex, parent, length = root, -1, 0.0
        while vertex >= 0:
            above, step = self._parent[vertex], self._length[vertex]
            self._parent[vertex], self._length[vertex] = parent, length
            vertex, parent, length = above, vertex, step


def _of_the_same(first: NDArray[Any], second: NDArray[Any]) -> tuple[Floats, Floats]:
    w, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if w.shape != other.shape or w.ndim != 2 or w.shape[0] != w.shape[1] or len(w) < 2:
        raise InvalidInput(
            f"matrices of shape {w.shape} and {other.shape}; the rule is (n, n) matrices of the same n >= 2 objects."
        )
    return w, other
