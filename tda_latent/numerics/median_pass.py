"""One look at all pairs of a cloud, compiled: how many are shorter than a bracket, and which lie inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled
from tda_latent.numerics.euclidean import squared_lengths

Floats = NDArray[np.float64]


@compiled
def select_pairs(cloud: Floats, start: int, stop: int, low: float, high: float, kept: Floats) -> tuple[int, int]:
    """Squared lengths of the pairs i < j with i in start, ..., stop - 1.

    Parameters
    ----------
    cloud : (d, n), see `euclidean.transposed`
    low, high : the bracket, both ends inside
    kept : (>= (stop - start) * n,) the lengths inside are written to its front

    Returns
    -------
    number below, number inside
    """
    size = cloud.shape[1]
    row = np.empty(size)
    below, inside = 0, 0
    for i in range(start, stop):
        squared_lengths(cloud, i, i + 1, size, row)
        for k in range(size - i - 1):
            below += row[k] < low
            if low <= row[k] <= high:
                kept[inside] = row[k]
                inside += 1
    return below, inside
