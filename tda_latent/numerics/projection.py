"""Linear views of a cloud, and how far to believe a view of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.pairwise import near_one, near_one_together
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import singular_rounding

Floats = NDArray[np.float64]
_SKEW = 1e-6  # below this skewness a direction counts as symmetric


def principal_view(points: NDArray[Any], directions: int) -> tuple[Floats, Floats]:
    """Coordinates along the leading principal directions.

    Parameters
    ----------
    points : (n, d) finite
    directions : number of columns wanted

    Returns
    -------
    coordinates : (n, directions) centred, in the unit of the points; zeros where the cloud has no more directions,
        up to the rounding of its own dtype
    shares : (directions,) share of the total variance in each

    Notes
    -----
    Signs are fixed by the cloud: each column is positively skewed; where it is symmetric, the largest entry of the
    direction (the first of equals) is positive. The order of the points changes nothing, and rotating the cloud
    changes nothing unless a column is symmetric or two variances are equal.
    """
    wide, exponent = near_one(points)
    wide -= wide.mean(axis=0)  # far from the origin the first mean is rounded as well
    left, values, right = np.linalg.svd(wide, full_matrices=False)
    values = np.where(values > singular_rounding(over_power_of_two(points)[0], values), values, 0.0)
    kept = min(directions, int(np.count_nonzero(values)))
    signs = np.array([_sign(left[:, k] * values[k], right[k]) for k in range(kept)])
    coordinates = np.zeros((len(wide), directions))
    coordinates[:, :kept] = np.ldexp(left[:, :kept] * (values[:kept] * signs), exponent)
    shares = np.zeros(directions)
    total = float((values**2).sum())
    if total > 0:
        shares[:kept] = values[:kept] ** 2 / total
    return coordinates, shares


def principal_places(points: NDArray[Any], coordinates: Floats, new: NDArray[Any]) -> Floats:
    """Places of new points in a principal view, exact up to rounding.

    Parameters
    ----------
    points : (n, d), the cloud; coordinates : (n, k), its `principal_view`; new : (m, d)

    Returns
    -------
    (m, k) float64
        The new points on the axes of the old ones; 0 along an axis that the old cloud does not have.
    """
    wide, wanted = near_one_together(points, new)
    exponent = over_power_of_two(points)[1]
    near = np.ldexp(coordinates, -exponent)
    spread = (near**2).sum(axis=0)
    axes = np.divide(wide.T @ near, spread, out=np.zeros((wide.shape[1], near.shape[1])),
                     where=spread > np.finfo(np.float64).eps * spread.max(initial=0.0))  # fmt: skip
    return np.asarray(np.ldexp(wanted @ axes, exponent), dtype=np.float64)


def interpolated_places(points: NDArray[Any], coordinates: Floats, new: NDArray[Any], neighbours: int = 5) -> Floats:
    """Places of new points in any map: the mean place of their nearest old points, weighted by 1 / distance.

    Parameters
    ----------
    points : (n, d), the cloud; coordinates : (n, k), its map; new : (m, d)
    neighbours : of each new point, >= 1

    Returns
    -------
    (m, k) float64
        Inside the hull of the map, whatever the new point; the place of an old point for a point that equals it.

    Notes
    -----
    An interpolation [shepard1968], not what the method of the map would do. O((n + m) log n) in few dimensions.
    """
    wide, wanted = near_one_together(points, new)
    gaps, rows = cKDTree(wide).query(wanted, k=np.arange(1, min(neighbours, len(wide)) + 1))
    touching = gaps[:, :1] == 0
    nearest = np.where(touching, 1.0, gaps[:, :1])  # ratios to the nearest gap, since 1 / gap may leave float64
    weights = np.where(touching, gaps == 0, nearest / np.where(gaps > 0, gaps, 1.0))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("ij,ijk->ik", weights, coordinates[rows]), dtype=np.float64)


def trustworthiness(
    source: Floats, view: Floats, neighbours: int, roundings: tuple[float, float] = (0.0, 0.0)
) -> float:
    """How far neighbours in the view are neighbours in the source [venna2001]; swap the arguments for continuity.

    Parameters
    ----------
    source, view : (n, n) distances in the two spaces
    neighbours : k < n / 2
    roundings : by how much equal distances may differ in either space, see `ties.distance_rounding`

    Returns
    -------
    float
        Between 0 and 1: 1 minus the normalised excess of source ranks over k among the k nearest in the view.
        Of points that are equally far in the source each has the best of their ranks; of those in the view each is as
        likely a neighbour, so that the order of the rows decides nothing. A view on one place has the value of chance,
        about 1/2, and as the source it keeps everything. O(n^2 log n).
    """
    size = len(source)
    if not 1 <= neighbours < size / 2:
        raise InvalidParameter(f"neighbours is {neighbours} for {size} points; the rule is 1 <= k < n / 2.")
    excess = 0.0
    for far, near in zip(_without_self(source), _without_self(view), strict=True):
        reach = np.partition(near, neighbours - 1)[neighbours - 1]
        nearer = near < reach - roundings[1]
        tied = (near <= reach + roundings[1]) & ~nearer
        shares = nearer + tied * ((neighbours - nearer.sum()) / tied.sum())
        chosen = np.flatnonzero(shares)
        ranks = np.searchsorted(np.sort(far), far[chosen] - roundings[0]) + 1
        excess += float(shares[chosen] @ np.maximum(ranks - neighbours, 0))
    return float(1.0 - 2.0 * excess / (size * neighbours * (2 * size - 3 * neighbours - 1)))


def _without_self(distances: Floats) -> Floats:
    others = distances.copy()
    np.fill_diagonal(others, np.inf)
    return others


def _sign(column: Floats, direction: Floats) -> float:
    deviation = float(np.sqrt(np.mean(column**2)))
    if deviation > 0:
        skew = float(np.mean((column / deviation) ** 3))
        if abs(skew) > _SKEW:
            return float(np.sign(skew))
    sizes = np.abs(direction)
    largest = int(np.argmax(sizes >= sizes.max() * (1 - 1e-9)))
    return 1.0 if direction[largest] >= 0 else -1.0
