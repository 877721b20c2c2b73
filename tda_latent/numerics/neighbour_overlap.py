"""Whether the same inputs have the same nearest neighbours in two clouds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.distance_blocks import distance_blocks

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def neighbour_overlaps(first: NDArray[Any], second: NDArray[Any], neighbours: int) -> Floats:
    """Jaccard index of the k nearest neighbours of each input in two clouds.

    Parameters
    ----------
    first, second : (n, d), (n, e) finite, rows paired
    neighbours : k, 1 <= k < n

    Returns
    -------
    (n,) float64
        From 0 (no common neighbour) to 1 (the same). Of neighbours at one distance those of the smaller rows are taken.

    Notes
    -----
    O(n^2 (d + e)) time, memory for a block of rows.
    """
    size = len(first)
    if not 1 <= neighbours < size:
        raise InvalidInput(
            f"neighbours is {neighbours} and {size} inputs are shared; the rule is 1 <= neighbours < {size}. Use fewer "
            "neighbours or share more inputs."
        )
    common = np.empty(size)
    for (rows, near), (_, other) in zip(distance_blocks(first), distance_blocks(second), strict=True):
        both = _nearest(near, rows, neighbours) & _nearest(other, rows, neighbours)
        common[rows] = both.sum(axis=1)
    return np.asarray(common / (2 * neighbours - common), dtype=np.float64)


def unrelated_overlap(size: int, neighbours: int) -> float:
    """Mean Jaccard index when the neighbours in one cloud are drawn at random: hypergeometric, about k / (2 n)."""
    from scipy.stats import hypergeom

    common = np.arange(neighbours + 1)
    chances = hypergeom.pmf(common, size - 1, neighbours, neighbours)
    return float(chances @ (common / (2 * neighbours - common)))


def _nearest(block: Floats, rows: slice, neighbours: int) -> Flags:
    """(rows, n) whether a point is among the k nearest others."""
    places = np.arange(rows.start, rows.stop)
    block[places - rows.start, places] = np.inf
    reach = np.partition(block, neighbours - 1, axis=1)[:, neighbours - 1, None]
    closer, tied = block < reach, block == reach
    room = neighbours - closer.sum(axis=1, keepdims=True)
    return closer | (tied & (np.cumsum(tied, axis=1) <= room))
