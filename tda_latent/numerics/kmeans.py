"""k-means: regions of a cloud around centres, found from several careful starts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from tda_latent.numerics.pairwise import near_one

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_STEPS = 300


def kmeans_regions(points: NDArray[Any], count: int, rng: Generator, starts: int = 5) -> Integers:
    """(n,) region of each point, numbered by falling size; fewer than ``count`` where fewer points are different.

    Parameters
    ----------
    points : (n, d) finite
    count : centres, >= 1
    starts : runs of Lloyd's algorithm from centres that k-means++ draws [lloyd1982; arthur2007]; the one with the
        smallest sum of squares is taken

    Notes
    -----
    A centre that loses all its points moves to the point that is farthest from its own. O(starts n k d) per step.
    """
    wide, _ = near_one(points)
    best, least = np.zeros(len(wide), dtype=np.int64), np.inf
    for _ in range(starts):
        regions, cost = _settled(wide, _seeds(wide, count, rng))
        if cost < least:
            best, least = regions, cost
    sizes = np.bincount(best)
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[best]


def _seeds(points: Floats, count: int, rng: Generator) -> Floats:
    """Centres drawn one after another with probability in proportion to the squared distance to those drawn."""
    chosen = [int(rng.integers(len(points)))]
    squares = cdist(points, points[chosen], "sqeuclidean")[:, 0]
    while len(chosen) < min(count, len(points)) and squares.sum() > 0:
        chosen.append(int(rng.choice(len(points), p=squares / squares.sum())))
        squares = np.minimum(squares, cdist(points, points[chosen[-1:]], "sqeuclidean")[:, 0])
    return points[chosen]


def _settled(points: Floats, centres: Floats) -> tuple[Integers, float]:
    """Regions that are nearest to their own means, and the sum of squared distances to these."""
    regions = np.full(len(points), -1, dtype=np.int64)
    for _ in range(_STEPS):
        squares = cdist(points, centres, "sqeuclidean")
        nearest = squares.argmin(axis=1)
        if np.array_equal(nearest, regions):
            break
        regions = np.asarray(nearest, dtype=np.int64)
        sizes = np.bincount(regions, minlength=len(centres))
        sums = np.stack([np.bincount(regions, weights=c, minlength=len(centres)) for c in points.T], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
        for empty in np.flatnonzero(sizes == 0):
            centres[empty] = points[squares[np.arange(len(points)), regions].argmax()]
    return regions, float(cdist(points, centres, "sqeuclidean")[np.arange(len(points)), regions].sum())
