"""Intrinsic dimension from the distances to nearest neighbours, and how it depends on the density of the sample.

Both estimators assume that the density is constant over each neighbourhood, so they measure the dimension at the
scale of the neighbour distance: noise raises it where the sample is dense, curvature and edges lower or raise it
where it is sparse. The decimation curve shows which; one number without it says little.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tda_latent.numerics.distance_blocks import distance_blocks
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.ties import distance_rounding, rounded_reach

Floats = NDArray[np.float64]
_TREE = 16  # above this dimension a tree visits every point anyway


class Decimation(NamedTuple):
    """Estimates over subsample sizes, ascending: sizes (k,), two_nn (k, 2), mle (k, 2).

    The columns are the estimate and the standard deviation over disjoint subsamples of the size; NaN where there
    is only one subsample or an estimate is infinite.
    """

    sizes: Floats
    two_nn: Floats
    mle: Floats


def distinct_rows(points: NDArray[Any]) -> NDArray[Any]:
    """The points without repetitions, in order of first appearance."""
    _, first = np.unique(points, axis=0, return_index=True)
    return np.asarray(points[np.sort(first)])


def nearest_distances(points: NDArray[Any], neighbours: int) -> Floats:
    """(n, k) ascending Euclidean distances of each point to its k nearest others; k is cut at n - 1.

    A tree up to 16 dimensions, above O(n^2 d) in chunks of bounded memory.
    """
    wide, exponent = near_one(points)
    count = min(neighbours, len(wide) - 1)
    if count < 1:
        return np.empty((len(wide), 0))
    if wide.shape[1] <= _TREE:
        return np.ldexp(np.asarray(cKDTree(wide).query(wide, k=count + 1)[0], dtype=np.float64)[:, 1:], exponent)
    found = np.empty((len(wide), count))
    for rows, block in distance_blocks(wide):
        # each row holds the point itself at distance 0, which sorts first
        found[rows] = np.sort(np.partition(block, count, axis=1)[:, : count + 1], axis=1)[:, 1:]
    return np.ldexp(found, exponent)


def stored_rounding(points: NDArray[Any]) -> float:
    """By how much equal distances between neighbours among (n, d) points as they were stored may differ."""
    return distance_rounding(points, np.inf) if len(points) else 0.0


def two_nn(distances: Floats, rounding: float = 0.0) -> float:
    """TwoNN: (n - 1) / sum log(r2 / r1), from the distances to the two nearest neighbours.

    Parameters
    ----------
    distances : (n, k >= 2) ascending; a point with a neighbour at distance 0 is left out
    rounding : by how much equal distances may differ, see `stored_rounding`

    Returns
    -------
    float
        Unit-free. inf when both neighbours of every point are equally far (a lattice); NaN for fewer than 3 points.

    Notes
    -----
    [facco2017] with the maximum-likelihood estimator of the Pareto exponent, made unbiased [denti2022], instead
    of a line fitted to the smaller ratios.
    """
    ratios = _log_ratios(distances[:, :2], rounding)
    return _quotient(len(ratios) - 1, ratios)


def maximum_likelihood(distances: Floats, rounding: float = 0.0) -> float:
    """Maximum-likelihood dimension from k neighbours [levina2005], averaged over points as inverses [mackay2005].

    n (k - 1) / sum over points and j < k of log(r_k / r_j); with k = 2 it is n / (n - 1) times `two_nn`.

    Parameters
    ----------
    distances : (n, k >= 2) ascending; zeros, inf and NaN as in `two_nn`
    rounding : as in `two_nn`
    """
    ratios = _log_ratios(distances, rounding)
    return _quotient(ratios.size, ratios)


def decimation(points: NDArray[Any], neighbours: int, smallest: int, rng: np.random.Generator) -> Decimation:
    """Both estimates for the cloud, its halves, quarters, ... while the parts have at least ``smallest`` points.

    Parameters
    ----------
    points : (n, d) distinct
    neighbours : k of the maximum-likelihood estimator
    smallest : least size of a part, > neighbours; the whole cloud is always used
    rng : draws the order in which points are dealt into parts

    Notes
    -----
    Parts of one size are disjoint and use every point, which costs less than twice the estimate of the whole
    [facco2017]. The estimate of a size averages its parts as inverses, like the estimators average points.
    """
    order, rounding = rng.permutation(len(points)), stored_rounding(points)
    sizes, estimates = [], []
    parts = 1
    while parts == 1 or len(points) // parts >= smallest:
        distances = [nearest_distances(points[rows], neighbours) for rows in np.array_split(order, parts)]
        sizes.append(len(points) / parts)
        found = [[estimate(part, rounding) for part in distances] for estimate in (two_nn, maximum_likelihood)]
        estimates.append([_averaged(values) for values in found])
        parts *= 2
    table = np.asarray(estimates[::-1], dtype=np.float64)
    return Decimation(np.asarray(sizes[::-1]), table[:, 0], table[:, 1])


def _log_ratios(distances: Floats, rounding: float) -> Floats:
    """(rows, k - 1) log(r_k / r_j), 0 of equal ones, without points whose nearest neighbour coincides with them."""
    if distances.shape[1] < 2:
        return np.empty((0, 1))
    away = distances[distances[:, 0] > 0]
    logs = np.log(away)
    is_equal = away[:, -1:] <= rounded_reach(away[:, :-1], rounding)
    return np.where(is_equal, 0.0, logs[:, -1:] - logs[:, :-1])


def _quotient(numerator: int, ratios: Floats) -> float:
    if numerator < 1:
        return float("nan")
    total = float(ratios.sum())
    return numerator / total if total > 0 else float("inf")


def _averaged(estimates: list[float]) -> tuple[float, float]:
    """Harmonic mean and standard deviation (divisor parts - 1)."""
    values = np.asarray(estimates, dtype=np.float64)
    inverse = float(np.mean(1.0 / values))
    spread = float(np.std(values, ddof=1)) if len(values) > 1 and np.isfinite(values).all() else float("nan")
    return (1.0 / inverse if inverse != 0 else float("inf")), spread
