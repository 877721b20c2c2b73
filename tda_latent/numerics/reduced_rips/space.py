"""Where the lengths of edges come from: a stored matrix, or points whose squared lengths are computed when needed.

Persistence compares lengths and does nothing else to them, so squared lengths serve as well as lengths; the square
root is taken of the few numbers that come out. Edges are ordered by length, then by smaller, then by larger vertex.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, compiled_without_nan, inlined, leaf
from tda_latent.numerics.euclidean import squared_lengths

Floats = NDArray[np.float64]
TILE = 64
FIRST: Any = np.int64(0)
"""The first row. Compiled functions are compiled once more for a literal 0, but not for this."""


class Space(NamedTuple):
    """The n vertices and the lengths of the edges between them.

    matrix : (n, n) lengths, symmetric with a zero diagonal, +inf = never an edge; (0, 0) when not stored
    points : (n, d) coordinates whose squared distances are the lengths; (0, 0) when the matrix was given
    cloud : (d, n) their transpose
    """

    matrix: Floats
    points: Floats
    cloud: Floats


@leaf
def vertices(space: Space) -> int:
    """Number of vertices."""
    return max(len(space.matrix), len(space.points))


@leaf
def length(space: Space, a: int, b: int) -> float:
    """Length of the edge between two vertices."""
    if len(space.matrix):
        return float(space.matrix[a, b])
    total = 0.0
    for q in range(space.points.shape[1]):
        step = space.points[a, q] - space.points[b, q]
        total += step * step
    return total


@inlined
def lengths_from(space: Space, a: int, start: int, buffer: Floats) -> Floats:
    """Lengths from vertex a to the vertices start, ..., n - 1: a view of the matrix, or computed into the buffer."""
    if len(space.matrix):
        return space.matrix[a][start:]
    size = len(space.points)
    squared_lengths(space.cloud, a, start, size, buffer)
    return buffer[: size - start]


@compiled
def fill_matrix(space: Space, first: int, last: int) -> None:
    """Write the squared lengths of rows first, ..., last - 1 into the matrix, and by symmetry their columns."""
    matrix = space.matrix
    for a in range(first, last):
        squared_lengths(space.cloud, a, FIRST, a + 1, matrix[a])
    for top in range(first, last, TILE):
        for left in range(0, min(top + TILE, last), TILE):
            for a in range(top, min(top + TILE, last)):
                for b in range(left, min(left + TILE, a)):
                    matrix[b, a] = matrix[a, b]


@compiled_without_nan
def eccentricities(space: Space, first: int, last: int, found: Floats) -> None:
    """Longest edge at each of the vertices first, ..., last - 1."""
    buffer = np.empty(vertices(space))
    for a in range(first, last):
        row = lengths_from(space, a, FIRST, buffer)
        longest = 0.0
        for k in range(len(row)):
            longest = max(longest, row[k])
        found[a] = longest


@compiled
def longest_edge(space: Space) -> float:
    """The longest edge that ever enters; 0 when there is none."""
    longest = 0.0
    buffer = np.empty(vertices(space))
    for a in range(vertices(space)):
        row = lengths_from(space, a, FIRST, buffer)
        for k in range(len(row)):
            if row[k] < np.inf:
                longest = max(longest, row[k])
    return longest


@leaf
def is_earlier(first: float, a: int, b: int, second: float, c: int, d: int) -> bool:
    """Whether the edge ab of the first length enters before the edge cd of the second; c < d."""
    if first != second:
        return first < second
    low, high = min(a, b), max(a, b)
    return low < c or (low == c and high < d)


@leaf
def is_inside(space: Space, v: int, a: int, b: int, reach: float) -> bool:
    """Whether vertex v is in the lune of the edge ab, a < b, of length reach: both edges to v enter before ab."""
    return is_earlier(length(space, a, v), a, v, reach, a, b) and is_earlier(length(space, b, v), b, v, reach, a, b)
