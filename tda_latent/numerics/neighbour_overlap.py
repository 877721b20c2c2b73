"""Whether the same inputs have the same nearest neighbours in two clouds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.distance_blocks import distance_blocks
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import lengths, stored_epsilon, within_reach

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Overlaps(NamedTuple):
    """How far the neighbours of each input agree.

    values : (n,) Jaccard indices, from 0 (no common neighbour) to 1 (the same)
    sizes : (n, 2) numbers of neighbours in either cloud: k, or more where others are as far as the k-th
    """

    values: Floats
    sizes: NDArray[np.int64]


def neighbour_overlaps(first: NDArray[Any], second: NDArray[Any], neighbours: int) -> Overlaps:
    """Jaccard index of the k nearest neighbours of each input in two clouds, ties with the k-th included.

    Parameters
    ----------
    first, second : (n, d), (n, e) finite, rows paired
    neighbours : k, 1 <= k < n

    Raises
    ------
    InvalidInput
        When k is out of range, or a coordinate is infinite.

    Notes
    -----
    A choice among neighbours at one distance would have to follow an order that both clouds share, such as that of the
    rows, and would make unrelated clouds of few distinct points agree. O(n^2 (d + e)) time, memory for a block of rows.
    """
    size = len(first)
    if not 1 <= neighbours < size:
        raise InvalidInput(
            f"neighbours is {neighbours} and {size} inputs are shared; the rule is 1 <= neighbours < {size}. Use fewer "
            "neighbours or share more inputs."
        )
    common, sizes = np.empty(size), np.empty((size, 2), dtype=np.int64)
    clouds = over_power_of_two(first)[0], over_power_of_two(second)[0]
    far = [lengths(cloud) for cloud in clouds]
    epsilons = [stored_epsilon(cloud) for cloud in clouds]
    for (rows, block), (_, beside) in zip(*map(distance_blocks, clouds), strict=True):
        near, other = (
            _nearest(part, rows, long, epsilon, neighbours)
            for part, long, epsilon in zip((block, beside), far, epsilons, strict=True)
        )
        common[rows] = (near & other).sum(axis=1)
        sizes[rows, 0], sizes[rows, 1] = near.sum(axis=1), other.sum(axis=1)
    return Overlaps(np.asarray(common / (sizes.sum(axis=1) - common), dtype=np.float64), sizes)


def unrelated_overlap(sizes: NDArray[np.int64]) -> float:
    """Mean Jaccard index when as many neighbours are drawn at random: hypergeometric, about k / (2 n) without ties.

    Parameters
    ----------
    sizes : (n, 2) numbers of neighbours of n inputs
    """
    from scipy.stats import hypergeom

    pairs, counts = np.unique(np.sort(sizes, axis=1), axis=0, return_counts=True)
    means = []
    for fewer, more in pairs.tolist():
        common = np.arange(fewer + 1)
        chances = hypergeom.pmf(common, len(sizes) - 1, more, fewer)
        means.append(float(chances @ (common / (fewer + more - common))))
    return float(np.average(means, weights=counts))


def _nearest(block: Floats, rows: slice, far: Floats, epsilon: float, neighbours: int) -> Flags:
    """(rows, n) whether a point is as near as the k-th nearest other, up to rounding."""
    places = np.arange(rows.start, rows.stop)
    block[places - rows.start, places] = np.inf
    reach = np.partition(block, neighbours - 1, axis=1)[:, neighbours - 1]
    return within_reach(block, reach, far, epsilon)
