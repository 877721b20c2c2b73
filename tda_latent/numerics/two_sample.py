"""Do two clouds come from one distribution? Statistics with their permutation null, and who leaves whom uncovered."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.distance_blocks import distance_blocks, neighbour_distances
from tda_latent.numerics.ties import distance_rounding

Floats = NDArray[np.float64]


class Tested(NamedTuple):
    """A statistic, its mean when the clouds are mixed at random, and the share of mixtures that are as large."""

    value: float
    null_mean: float
    p_value: float


def permutation_test(value: float, null: Floats) -> Tested:
    """One-sided permutation test: large values speak against one distribution. p = (1 + #{null >= value}) / (1 + b).

    Values that tie up to rounding count as equal, so that a statistic without any variation gives p = 1.
    """
    slack = 1e-12 * max(abs(value), float(np.abs(null).max(initial=0.0)))
    as_large = int(np.count_nonzero(null >= value - slack))
    return Tested(value, float(null.mean()), (1 + as_large) / (1 + len(null)))


def shuffled_sides(first: int, second: int, permutations: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(1 + permutations, first + second): which rows of the pooled clouds are called first; row 0 is the truth."""
    sides = np.zeros((1 + permutations, first + second), dtype=bool)
    sides[0, :first] = True
    for row in sides[1:]:
        row[rng.permutation(first + second)[:first]] = True
    return sides


def energy_distances(first: NDArray[Any], second: NDArray[Any], sides: NDArray[np.bool_]) -> Floats:
    """(b,) energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| for every division of the pooled cloud.

    Parameters
    ----------
    first, second : (n, d), (m, d)
    sides : (b, n + m) as `shuffled_sides` gives them

    Returns
    -------
    (b,) float64 >= 0
        In the unit of the points; 0 exactly for equal distributions [szekely2013]. Means run over all pairs, those
        of a point with itself included.

    Notes
    -----
    O((n + m)^2 (d + b)) time, 32 MiB of distances at a time.
    """
    pooled = np.concatenate([first, second]).astype(np.float64)
    pooled -= pooled.mean(axis=0)
    shares = sides / sides.sum(axis=1, keepdims=True) - ~sides / (~sides).sum(axis=1, keepdims=True)
    found = np.zeros(len(sides))
    for rows, block in distance_blocks(pooled):
        found -= ((shares[:, rows] @ block) * shares).sum(axis=1)
    return np.asarray(np.maximum(found, 0.0), dtype=np.float64)


def neighbours_of_own_side(
    first: NDArray[Any], second: NDArray[Any], sides: NDArray[np.bool_], neighbours: int
) -> Floats:
    """(b,) share of the k nearest neighbours in the pooled cloud that are on a point's own side [schilling1986].

    Clouds of one distribution give (n - 1) / (2 n - 1) on average for equal sizes n; separate clouds give 1. k is
    cut at n + m - 1. O((n + m)^2 d) time, 32 MiB of distances at a time.
    """
    pooled = np.concatenate([first, second]).astype(np.float64)
    count = min(neighbours, len(pooled) - 1)
    nearest = np.empty((len(pooled), count), dtype=np.int64)
    for rows, block in distance_blocks(pooled):
        block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
        nearest[rows] = np.argpartition(block, count - 1, axis=1)[:, :count]
    return np.array([float((side[nearest] == side[:, None]).mean()) for side in sides])


def nearest_distances(points: NDArray[Any], targets: NDArray[Any]) -> Floats:
    """(n,) distance from every point to the nearest target. O(n m d)."""
    found = np.empty(len(points))
    for rows, block in distance_blocks(points, targets):
        found[rows] = block.min(axis=1)
    return found


def uncovered_fraction(points: NDArray[Any], cloud: NDArray[Any], quantile: float = 0.99) -> float:
    """Share of the points that are farther from the cloud than its own points are from each other.

    Farther than the given quantile of the distance from a point of the cloud to its nearest other, beyond the rounding
    of stored numbers: points of the same distribution give about 1 - quantile. The cloud needs two points.
    """
    reach = float(np.quantile(neighbour_distances(cloud, 1), quantile))
    rounding = max(distance_rounding(part, reach) for part in (points, cloud))
    return float((nearest_distances(points, cloud) > reach + rounding).mean())
