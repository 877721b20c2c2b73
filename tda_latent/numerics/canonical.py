"""Canonical correlations of paired clouds, and two dissimilarities that are read off them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import level_bounds, singular_rounding

Floats = NDArray[np.float64]
_TIED = 1e-9  # relative: directions so nearly equal in length or correlation are equal, however well they are stored
_MOST = 1e-4  # of a correlation, that storage in few digits counts for


class Canonical(NamedTuple):
    """How two subspaces of directions over the same inputs lie to each other.

    correlations : (r,) canonical correlations, descending, in [0, 1]
    variates : (n, r) those of the first cloud, orthonormal columns
    others : (n, r) those of the second cloud
    ranks : numbers of directions kept of either cloud, r the smaller
    rounding : by how much equal correlations may differ
    """

    correlations: Floats
    variates: Floats
    others: Floats
    ranks: tuple[int, int]
    rounding: float


def canonical_correlations(first: NDArray[Any], second: NDArray[Any], variance: float = 1.0) -> Canonical:
    """Canonical correlations of the principal directions of two clouds [hotelling1936].

    Parameters
    ----------
    first, second : (n, d), (n, e) finite, rows paired
    variance : of each cloud, the fewest principal directions that hold this share of its variance, in (0, 1], and those
        that are as long as the last of them; 1 = all that are not rounding

    Raises
    ------
    InvalidInput
        When all points of a cloud coincide, or the directions kept are too many for the points: with more than n - 1
        of both together some direction is common to any two clouds, and correlations say nothing.

    Notes
    -----
    The cosines of the principal angles between the column spaces, from the singular values of a product of
    orthonormal bases. O(n (d + e)^2).
    """
    bases, roundings = zip(*(_principal_basis(points, variance) for points in (first, second)), strict=True)
    ranks = bases[0].shape[1], bases[1].shape[1]
    if sum(ranks) > len(first) - 1:
        raise InvalidInput(
            f"{ranks[0]} and {ranks[1]} directions of {len(first)} shared points; the rule is at most {len(first) - 1} "
            "together, because more have a common direction in any two clouds. Share more inputs, or keep a smaller "
            "share of the variance."
        )
    left, values, right = np.linalg.svd(bases[0].T @ bases[1], full_matrices=False)
    rounding = max(_TIED, min(sum(roundings), _MOST))
    return Canonical(np.clip(values, 0.0, 1.0), bases[0] @ left, bases[1] @ right.T, ranks, rounding)


def svcca_dissimilarity(first: NDArray[Any], second: NDArray[Any], variance: float = 0.99) -> float:
    """One minus the mean canonical correlation of the principal directions [raghu2017], from 0 to 1."""
    return float(1.0 - canonical_correlations(first, second, variance).correlations.mean())


def pwcca_dissimilarity(first: NDArray[Any], second: NDArray[Any], variance: float = 1.0) -> float:
    """One minus the mean canonical correlation, each weighted by what it explains of the narrower cloud [morcos2018].

    The weight of a canonical variate is the sum over the coordinates of that cloud of the absolute value of their
    inner product; the narrower cloud has fewer directions, the first when they are equally many. The wider one has
    directions without a partner, so that weights of its own would leave out what it alone holds. Variates of equal
    correlation may be turned among each other; their weights are the mean over all turns. From 0 to 1.
    """
    found = canonical_correlations(first, second, variance)
    is_first = found.ranks[0] <= found.ranks[1]
    variates, weighed = (found.variates, first) if is_first else (found.others, second)
    weights = _turned_weights(variates.T @ near_one(weighed)[0], level_bounds(found.correlations, found.rounding)[0])
    return float(np.clip(1.0 - weights @ found.correlations / weights.sum(), 0.0, 1.0))


def _turned_weights(products: Floats, levels: NDArray[np.int64]) -> Floats:
    """(r,) row sums of absolute (r, d) products, averaged over all rotations of rows of one level.

    A coordinate of a random unit vector of g dimensions has the mean size Gamma(g / 2) / (sqrt(pi) Gamma((g + 1) / 2)).
    """
    groups = np.unique(levels, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(groups)
    lengths = np.sqrt(np.array([np.bincount(groups, weights=column) for column in products.T**2]))
    shares = np.exp(gammaln(sizes / 2) - gammaln((sizes + 1) / 2)) / np.sqrt(np.pi)
    return np.asarray((lengths.sum(axis=0) * shares)[groups], dtype=np.float64)


def unrelated_square_correlation(ranks: tuple[int, int], size: int) -> float:
    """Mean squared canonical correlation of independent Gaussian clouds: max(r, s) / (n - 1).

    The sum of squares is the trace of a product of two independent random projections of the n - 1 dimensions that
    centring leaves, r s / (n - 1), and there are min(r, s) of them.
    """
    return max(ranks) / (size - 1)


def _principal_basis(points: NDArray[Any], variance: float) -> tuple[Floats, float]:
    """(n, r) orthonormal basis of the leading principal directions, as columns over the points, and its rounding.

    Directions no longer than the rounding of the coordinates, as they are stored, are none: a cloud of rank 10 in 50
    coordinates of float32, or far from the origin, has 10.
    """
    wide, _ = near_one(points)
    if not wide.any():
        raise InvalidInput("all points of a cloud coincide, so it has no directions to compare; drop it.")
    wide = wide - wide.mean(axis=0)  # far from the origin the first mean is rounded, which would be a direction
    left, values, _ = np.linalg.svd(wide, full_matrices=False)
    rounding = singular_rounding(over_power_of_two(points)[0], values)
    real = int((values > rounding).sum())
    if real == 0:
        raise InvalidInput(
            "no direction of a cloud is longer than the rounding of its coordinates; subtract the mean before it is "
            "stored in fewer digits, or drop it."
        )
    if variance < 1.0:
        shares = np.cumsum(values**2) / (values**2).sum()
        last = values[min(real, int(np.searchsorted(shares, variance * (1 - 1e-12))) + 1) - 1]
        # none of equally long ones is before another
        real = min(real, int((values >= last - max(_TIED * last, rounding)).sum()))
    return np.asarray(left[:, :real], dtype=np.float64), rounding / float(values[real - 1])
