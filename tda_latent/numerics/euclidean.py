"""Squared Euclidean lengths, compiled: one definition, to the bit, for every kernel that looks at pairs of points.

The squared length of a pair is the sum over the coordinates, first to last, of (x - y) * (x - y): the difference form
in float64, nothing reordered, no fused multiply-add. One pair or a row of pairs, one thread or two, any machine: the
same bits, and those of `scipy.spatial.distance.pdist` after the square root.

Rows of pairs are computed on the transposed cloud, coordinates first, so that the processor works on many pairs at
once. Points are expected near one and centred (`pairwise.near_one`), so that no square leaves the range of float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, inlined

Floats = NDArray[np.float64]
BLOCK = 512
"""Points that are worked on at once: a block of every coordinate stays in the fastest cache."""


def transposed(points: NDArray[Any]) -> Floats:
    """(d, n) contiguous float64 copy of (n, d) points, as the functions of this module take it."""
    return np.ascontiguousarray(np.asarray(points, dtype=np.float64).T)


@inlined
def squared_length(cloud: Floats, i: int, j: int) -> float:
    """Squared length of the pair of columns i and j of a (d, n) cloud."""
    total = 0.0
    for q in range(cloud.shape[0]):
        step = cloud[q, i] - cloud[q, j]
        total += step * step
    return total


@inlined
def squared_length_of_rows(points: Floats, i: int, j: int) -> float:
    """Squared length of the pair of rows i and j of (n, d) points: the same bits, for kernels that jump about."""
    total = 0.0
    for q in range(points.shape[1]):
        step = points[i, q] - points[j, q]
        total += step * step
    return total


@compiled
def squared_lengths(cloud: Floats, i: int, start: int, stop: int, out: Floats) -> None:
    """Squared lengths from point i to the points start, ..., stop - 1, written to the front of a buffer.

    Parameters
    ----------
    cloud : (d, n) float64, contiguous
    i : column of one end
    start, stop : columns of the other ends, 0 <= start <= stop <= n
    out : (>= stop - start,) float64, contiguous; the rest of it is left alone
    """
    for left in range(start, stop, BLOCK):
        right = min(left + BLOCK, stop)
        _squared_block(cloud, i, left, right, out[left - start : right - start])


@compiled
def _squared_block(cloud: Floats, i: int, left: int, right: int, out: Floats) -> None:
    """Four coordinates in one go, so that the sums are loaded and stored four times less; the order stays."""
    dim, size = cloud.shape[0], right - left
    for k in range(size):
        out[k] = 0.0
    q = 0
    while q + 4 <= dim:
        a, b, c, d = cloud[q, i], cloud[q + 1, i], cloud[q + 2, i], cloud[q + 3, i]
        row_a, row_b = cloud[q, left:right], cloud[q + 1, left:right]
        row_c, row_d = cloud[q + 2, left:right], cloud[q + 3, left:right]
        for k in range(size):
            s, t, u, v = a - row_a[k], b - row_b[k], c - row_c[k], d - row_d[k]
            out[k] = out[k] + s * s + t * t + u * u + v * v
        q += 4
    while q < dim:
        a, row_a = cloud[q, i], cloud[q, left:right]
        for k in range(size):
            s = a - row_a[k]
            out[k] += s * s
        q += 1
