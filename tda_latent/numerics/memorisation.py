"""Are generated points copies? Their distances to the training data against those of held-out data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.distance_blocks import BLOCK_ENTRIES, distance_blocks
from tda_latent.numerics.ties import (
    comparison_rounding,
    distance_rounding,
    lengths,
    level_bounds,
    stored_epsilon,
    within_reach,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
COPY_RATIO = 1 / 3
"""Nearest over second nearest distance below which a point is called a copy [yoon2023]."""
_ROUNDS = 50  # of Lloyd's algorithm at most


class Nearest(NamedTuple):
    """How far the two nearest training points of n points are, and which are nearest.

    first, second : (n,) distances to the nearest and the second nearest training point
    ties : (n, ceil(t / 8)) bits of the t training points that are nearest, several where they are equally far
    """

    first: Floats
    second: Floats
    ties: NDArray[np.uint8]


def two_nearest(points: NDArray[Any], training: NDArray[Any]) -> Nearest:
    """Of (n, d) points among (t, d) different training points, t >= 2. O(n t d) time, n t / 8 bytes."""
    first, second = np.empty(len(points)), np.empty(len(points))
    far, epsilon = lengths(training), stored_epsilon(points, training)
    ties = []
    for chosen, block in distance_blocks(points, training):
        first[chosen], second[chosen] = np.partition(block, 1, axis=1)[:, :2].T
        ties.append(np.packbits(within_reach(block, first[chosen], far, epsilon), axis=1))
    return Nearest(first, second, np.concatenate(ties))


class Rounding(NamedTuple):
    """By how much equal distances to the nearest training point may differ, and equal `neighbour_ratios`."""

    distance: float
    ratio: float


def nearest_rounding(clouds: Iterable[NDArray[Any]], nearest: Iterable[Nearest]) -> Rounding:
    """What rounding does to distances to the nearest training point, see `ties.distance_rounding`.

    Parameters
    ----------
    clouds : the points and the training points, as they were stored
    nearest : as `two_nearest` gave them for these
    """
    typical = min(float(np.median(found.second)) for found in nearest)
    distance = max(distance_rounding(cloud, typical) for cloud in clouds)
    return Rounding(distance, 2 * distance / typical if typical > 0 else 0.0)


def rank_deviate(generated: Floats, real: Floats, rounding: float = 0.0) -> float:
    """Mann-Whitney U of (m,) generated over (n,) real values, standardised; ties share ranks [mann1947].

    Parameters
    ----------
    rounding : by how much equal values may differ, see `nearest_rounding` and `ties.level_bounds`

    Returns
    -------
    float
        About N(0, 1) when both come from one law; negative when generated values are smaller. Never beyond
        sqrt(3 m n / (m + n + 1)) without ties. NaN when all values are equal.
    """
    m, n = len(generated), len(real)
    below, upto = level_bounds(np.concatenate([generated, real]), rounding)
    larger = float((below[:m] + upto[:m] + 1).sum()) / 2 - m * (m + 1) / 2
    ties = float(((upto - below).astype(np.float64) ** 2 - 1).sum()) / ((m + n) * (m + n - 1))
    variance = m * n / 12 * (m + n + 1 - ties)
    return (larger - m * n / 2) / float(np.sqrt(variance)) if variance > 1e-9 * m * n else float("nan")


class CellDeviate(NamedTuple):
    """C_T: the mean of `rank_deviate` over cells of the training data, its deviation under no copying, and how many."""

    value: float
    null_deviation: float
    cells: int


def cell_deviate(
    generated: tuple[Floats, Integers], real: tuple[Floats, Integers], least: int, rounding: float = 0.0
) -> CellDeviate:
    """Copying that happens in parts of the space only [meehan2020].

    Parameters
    ----------
    generated, real : (distances to the training data, number of the cell) of each point
    least : points of both kinds that a cell must hold; others are left out
    rounding : as in `rank_deviate`

    Returns
    -------
    CellDeviate
        Weights are shares of the real points. NaN when no cell holds enough. Distances are those to all training data;
        the authors' code takes those to the training data of the same cell.
    """
    shares, deviates = [], []
    for cell in np.unique(real[1]):
        own = [distances[cells == cell] for distances, cells in (generated, real)]
        if min(len(own[0]), len(own[1])) < least:
            continue
        value = rank_deviate(own[0], own[1], rounding)
        if np.isfinite(value):
            shares.append(float(len(own[1])))
            deviates.append(value)
    if not shares:
        return CellDeviate(float("nan"), float("nan"), 0)
    weights = np.array(shares) / sum(shares)
    return CellDeviate(float(weights @ deviates), float(np.sqrt((weights**2).sum())), len(shares))


def authenticity(points: NDArray[Any], training: NDArray[Any], nearest: Nearest) -> float:
    """Share of points farther from their nearest training point than that one is from its own nearest [alaa2022].

    Parameters
    ----------
    points, training, nearest : as `two_nearest` took and gave them

    Returns
    -------
    float
        0 for copies. For fresh points of the law of the training data it is not 1 and not 1/2 but depends on the
        dimension: 1/3 on the line, 0.4 in the plane, 0.7 in 20 dimensions; read it beside that of held-out data.

    Notes
    -----
    A point with several nearest training points, as on lattices and in binary data, counts by the share of them that
    it is farther from; equally far, up to the rounding of stored numbers, is not farther. So neither the order of the
    training data nor rounding decides, nor does one point for another.
    """
    is_near = np.unpackbits(np.bitwise_or.reduce(nearest.ties, axis=0), count=len(training)).astype(bool)
    ends = training[is_near]
    own = two_nearest(ends, training).second  # the nearest is the point itself
    near, far, epsilon = lengths(ends) + own, lengths(points), stored_epsilon(points, training)
    shares = np.empty(len(points))
    step = max(1, BLOCK_ENTRIES // len(training))
    for start in range(0, len(points), step):
        rows = slice(start, start + step)
        tied = np.unpackbits(nearest.ties[rows], axis=1, count=len(training))[:, is_near].astype(bool)
        equal = comparison_rounding(own, near, far[rows, None], epsilon)
        is_farther = nearest.first[rows, None] > own + equal
        shares[rows] = (tied & is_farther).sum(axis=1) / tied.sum(axis=1)
    return float(shares.mean())


def neighbour_ratios(nearest: Nearest) -> Floats:
    """(n,) nearest over second nearest distance, 0 to 1; 0 for a training point. Blur does not change them much."""
    return np.divide(nearest.first, nearest.second, out=np.zeros_like(nearest.first), where=nearest.second > 0)


def training_cells(training: NDArray[Any], count: int, rng: np.random.Generator) -> Floats:
    """(c, d) centres of c <= count cells of the training data: Lloyd's algorithm from random training points.

    [lloyd1982]; cells that lose all their points are dropped.
    """
    wide = np.asarray(training, dtype=np.float64)
    centres, epsilon = wide[rng.choice(len(wide), min(count, len(wide)), replace=False)], stored_epsilon(training)
    for _ in range(_ROUNDS):
        cells = nearest_cells(wide, centres, epsilon)
        sizes = np.bincount(cells, minlength=len(centres))
        belongs = (cells == np.flatnonzero(sizes)[:, None]).astype(np.float64)
        moved = (belongs @ wide) / sizes[sizes > 0, None]
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres


def nearest_cells(points: NDArray[Any], centres: Floats, epsilon: float) -> Integers:
    """(n,) number of the nearest centre, the first of those that are equally far up to rounding.

    Parameters
    ----------
    points : (n, d); centres : (c, d); epsilon : see `ties.stored_epsilon`
    """
    found, far = np.empty(len(points), dtype=np.int64), lengths(centres)
    for rows, block in distance_blocks(points, centres):
        found[rows] = within_reach(block, block.min(axis=1), far, epsilon).argmax(axis=1)
    return found
