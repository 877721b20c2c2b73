"""Which points of a large base cloud decide the bars of degree one of a Cross-Barcode: few of them, found compiled.

In the filtration of (P u Q) / Q all distances within Q are 0. An edge from p to any q but the nearest is filled in the
moment it enters, by the triangle with the nearest one. What remains in degree one are the edges within P, those from
each p to its nearest q, and the triangles; of all triangles over one edge (p, p') with a third point in Q only the
first can end a class, at the larger of the edge and ``min over q of max(d(p, q), d(p', q))``. A part of Q that holds
the nearest point of every p, and for every pair a q that attains this value or stays below the edge, gives the same
bars, value for value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def filling_columns(within: NDArray[Any], across: NDArray[Any]) -> Integers:
    """Columns of the base points that decide the bars of degree one.

    Parameters
    ----------
    within : (p, p) distances within P
    across : (p, q) distances from P to Q, q >= 1

    Returns
    -------
    (m,) int64, ascending, 1 <= m <= q
        A few times p of them for clouds that lie among each other.

    Notes
    -----
    O(p q log q + p^2 m) typically.
    """
    near, far = np.ascontiguousarray(within, dtype=np.float64), np.ascontiguousarray(across, dtype=np.float64)
    kept = np.zeros(far.shape[1], dtype=np.bool_)
    kept[far.argmin(axis=1)] = True
    _keep_first_triangles(near, far, np.argsort(far, axis=1, kind="stable"), kept)
    return np.flatnonzero(kept)


@compiled
def _keep_first_triangles(within: Floats, across: Floats, order: Integers, kept: NDArray[np.bool_]) -> None:
    """Marks, for every pair whose first triangle none of the kept columns gives, one that does."""
    size, columns = across.shape
    listed, count = np.empty(columns, np.int64), 0
    for column in range(columns):
        if kept[column]:
            listed[count] = column
            count += 1
    for i in range(size):
        for j in range(i):
            best = np.inf
            for place in range(count):
                column = listed[place]
                best = min(best, max(across[i, column], across[j, column]))
                if best <= within[i, j]:
                    break
            if best > within[i, j]:
                found = _earlier(across, order, within[i, j], best, i, j)
                if found >= 0:
                    kept[found], listed[count] = True, found
                    count += 1


@compiled
def _earlier(across: Floats, order: Integers, edge: float, best: float, i: int, j: int) -> int:
    """The column whose triangle over the pair comes first, or one below the edge; -1 when none is before ``best``."""
    found = -1
    for column in order[i]:
        if across[i, column] >= best or best <= edge:
            break
        value = max(across[i, column], across[j, column])
        if value < best:
            best, found = value, column
    return found
