"""Distances between points, a block of rows at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
BLOCK_ENTRIES = 1 << 22  # 32 MiB of float64
CEILING = 16 * 2**30
"""Bytes that distances of all pairs may take."""


def require_memory(size: int, bytes_per_pair: int) -> None:
    """Refuse what needs the distances of all pairs at once, before the memory is asked for.

    Parameters
    ----------
    size : n points
    bytes_per_pair : peak, over n^2

    Raises
    ------
    InvalidInput
        When it would take more than 16 GiB.
    """
    needed = bytes_per_pair * size**2
    if needed > CEILING:
        raise InvalidInput(
            f"{size} points need about {needed / 2**30:.0f} GiB for the distances of all pairs, and the ceiling is "
            f"{CEILING // 2**30} GiB. Take a subsample (sample: in an experiment)."
        )


def distance_blocks(points: NDArray[Any], targets: NDArray[Any] | None = None) -> Iterator[tuple[slice, Floats]]:
    """Euclidean distances from consecutive rows of the points to all targets.

    Parameters
    ----------
    points : (n, d) finite
    targets : (m, d) finite, m >= 1; the points themselves when None

    Yields
    ------
    (slice, (rows, m) float64)
        The rows and their distances, in the unit of the points.

    Notes
    -----
    O(n m d) time, 32 MiB at a time. Differences are taken between the coordinates as they are: subtracting a
    mean first would round every coordinate once more and make the last digit depend on the order of the points.
    """
    rows = np.asarray(points, dtype=np.float64)
    columns = rows if targets is None else np.asarray(targets, dtype=np.float64)
    step = max(1, BLOCK_ENTRIES // len(columns))
    for start in range(0, len(rows), step):
        chosen = slice(start, min(start + step, len(rows)))
        yield chosen, np.asarray(cdist(rows[chosen], columns), dtype=np.float64)


def neighbour_distances(points: NDArray[Any], neighbours: int) -> Floats:
    """(n,) distance from each point to its k-th nearest other point, k at most n - 1; 0 for a single point.

    Duplicates are other points at distance 0. O(n^2 d).
    """
    found = np.zeros(len(points))
    k = min(neighbours, len(points) - 1)
    if k > 0:
        for rows, block in distance_blocks(points):
            found[rows] = np.partition(block, k, axis=1)[:, k]  # entry 0 is the point itself
    return found


def root_mean_square_distance(points: NDArray[Any]) -> float:
    """Root mean square of the distances between two different points; 0 for a single point.

    Exact in O(n d): the mean of |x_i - x_j|^2 over i < j is twice the unbiased total variance.
    """
    wide = np.asarray(points, dtype=np.float64)
    if len(wide) < 2:
        return 0.0
    return float(np.sqrt(2.0 * wide.var(axis=0, ddof=1).sum()))
