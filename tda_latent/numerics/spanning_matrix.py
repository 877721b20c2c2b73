"""Prim's algorithm on a matrix of distances, compiled; ties are broken as for points, see `spanning_prim`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def prim_of_matrix(distances: Floats, tree: Integers, lengths: Floats) -> None:
    """Minimum spanning tree of a symmetric (n, n) matrix >= 0, in which +inf is longer than every other length.

    ``tree`` (n-1, 2) and ``lengths`` (n-1,) are written: smaller vertex, larger vertex and length of every edge.
    """
    size, vertex = len(distances), 0
    links, parents = np.full(size, np.inf), np.full(size, size)
    outside = np.full(size, True)
    for edge in range(size - 1):
        outside[vertex] = False
        for other in range(size):
            length, link = distances[vertex, other], links[other]
            first = (length < link) | ((length == link) & (vertex < parents[other]))
            links[other] = length if first else link
            parents[other] = vertex if first else parents[other]
        vertex = _next(links, parents, outside)
        tree[edge, 0], tree[edge, 1] = min(vertex, parents[vertex]), max(vertex, parents[vertex])
        lengths[edge] = links[vertex]


@leaf
def _next(links: Floats, parents: Integers, outside: NDArray[np.bool_]) -> int:
    """The vertex outside the tree whose link comes first in the order (length, smaller vertex, larger vertex)."""
    least = np.inf
    for k in range(len(links)):
        least = min(least, links[k] if outside[k] else np.inf)
    vertex = -1
    for k in range(len(links)):
        if outside[k] and links[k] == least:
            low, high = min(k, parents[k]), max(k, parents[k])
            best_low, best_high = min(vertex, parents[vertex]), max(vertex, parents[vertex])
            if vertex < 0 or low < best_low or (low == best_low and high < best_high):
                vertex = k
    return vertex
