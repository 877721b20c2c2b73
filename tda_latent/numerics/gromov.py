"""Finite metric spaces with weights, set beside each other without any pairing: profiles of distances, and distortion.

What Gromov-Wasserstein distances are made of, but for the search of the best coupling, which is in
`tda_latent.engines.optimal_transport`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
LEVELS = 256
"""Levels at which profiles of unequal weights are compared."""
_ANCHORS = 16  # points that are matched one by one
_ALIKE = 1e-9  # squared differences below this share of the mean squared distance are rounding
_ROWS = 1024  # of couples that are looked at together
_SPREAD = 4  # positive entries for each point beyond which a coupling spreads its mass; a vertex has at most one


class Space(NamedTuple):
    """Points by their distances and weights.

    lengths : (n, n) symmetric, zero diagonal
    weights : (n,) positive, of sum one
    """

    lengths: Floats
    weights: Floats


def uniform_space(lengths: NDArray[Any]) -> Space:
    """The space with equal weights."""
    matrix = np.asarray(lengths, dtype=np.float64)
    return Space(matrix, np.full(len(matrix), 1.0 / len(matrix)))


def canonical_order(space: Space) -> NDArray[np.intp]:
    """Points by their mean distance, then weight: the same order for every numbering of a space without symmetries.

    Terms are added up in the order of their size, so that the numbering does not change a bit.
    """
    means = np.sort(space.lengths * space.weights, axis=1).sum(axis=1)
    return np.lexsort((space.weights, means))


def reordered(space: Space, order: NDArray[Any]) -> Space:
    """The space with its points in another order."""
    return Space(space.lengths[np.ix_(order, order)], space.weights[order])


def profile_costs(first: Space, second: Space) -> Floats:
    """(n, m) squared 2-Wasserstein distances between the distributions of distances from one point each.

    Notes
    -----
    The cost of the third lower bound of the Gromov-Wasserstein distance [memoli2011]: the best transport at these
    costs is no more than the squared distance. Exact for equal weights, else on 256 levels. O((n + m)^3) at most.
    """
    if np.ptp(first.weights) == 0.0 and np.ptp(second.weights) == 0.0:
        sizes = len(first.weights), len(second.weights)
        edges = np.unique(np.concatenate([np.arange(size + 1) / size for size in sizes]))
    else:
        edges = np.arange(LEVELS + 1) / LEVELS
    middles, roots = (edges[1:] + edges[:-1]) / 2, np.sqrt(np.diff(edges))
    profiles = [_quantiles(space, middles) * roots for space in (first, second)]
    return np.asarray(cdist(*profiles, metric="sqeuclidean"), dtype=np.float64)


def anchored_costs(first: Space, second: Space, like: NDArray[Any], rng: np.random.Generator) -> Floats:
    """(n, m) squared differences between distances to a few points of either space that were matched before.

    In a space where all points are alike, such as the corners of a cube, profiles of distances tell nothing; once a
    few points are matched, the distances to them tell the others apart.

    Parameters
    ----------
    like : (n, m) cost of the first match, such as `profile_costs`
    rng : decides which points are matched, and with which of those that agree equally well

    Notes
    -----
    Each point in turn is matched with the one whose distances to the partners before agree best. O(n m) for each of
    at most 16 matches.
    """
    close = _ALIKE * float((first.lengths**2).mean() + (second.lengths**2).mean())
    costs, wanted = np.zeros(np.shape(like)), np.asarray(like, dtype=np.float64)
    for point in rng.permutation(len(first.weights))[:_ANCHORS]:
        alike = np.flatnonzero(wanted[point] <= wanted[point].min() + close)
        costs += (first.lengths[:, point, None] - second.lengths[rng.choice(alike)]) ** 2
        wanted = costs
    return costs


def squared_distortion(first: Space, second: Space, plan: NDArray[Any]) -> float:
    """Mean over independent pairs of couples of the squared difference of their two distances.

    Parameters
    ----------
    plan : (n, m) coupling of the weights

    Notes
    -----
    In the difference form for s positive entries, O(s^2), so that a coupling that keeps all distances gives 0 and not
    the rounding of a difference of large numbers; couplings that spread their mass in the expanded form, as
    O(n m (n + m)).
    """
    i, j = np.nonzero(plan)
    if len(i) > _SPREAD * sum(plan.shape):
        squares = [space.weights @ space.lengths**2 @ space.weights for space in (first, second)]
        return float(max(sum(squares) - 2.0 * (first.lengths @ plan @ second.lengths * plan).sum(), 0.0))
    mass = plan[i, j]
    total = 0.0
    for start in range(0, len(mass), _ROWS):
        part = slice(start, start + _ROWS)
        apart = first.lengths[np.ix_(i[part], i)] - second.lengths[np.ix_(j[part], j)]
        total += float(mass[part] @ (apart**2 @ mass))
    return total


def _quantiles(space: Space, levels: Floats) -> Floats:
    """(n, levels) quantiles of the distances from every point, weighted."""
    order = np.argsort(space.lengths, axis=1, kind="stable")
    lengths = np.take_along_axis(space.lengths, order, axis=1)
    shares = np.cumsum(space.weights[order], axis=1)
    places = [np.minimum(np.searchsorted(row, levels), len(row) - 1) for row in shares]
    return np.take_along_axis(lengths, np.array(places), axis=1)
