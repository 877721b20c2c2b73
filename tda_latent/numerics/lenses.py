"""Lens functions: one number per point that says where on the shape it lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.distance_blocks import distance_blocks, neighbour_distances, root_mean_square_distance

Floats = NDArray[np.float64]
BANDWIDTH_SHARE = 0.25  # automatic bandwidth of the Gaussian kernel, in root-mean-square distances
_SYMMETRIC = 1e-9  # third moments below this share of the largest possible are rounding


def principal_scores(points: NDArray[Any], components: int) -> Floats:
    """(n, components) coordinates of the points along their principal axes, in the unit of the points.

    Parameters
    ----------
    points : (n, d) finite
    components : 1 <= components <= d

    Returns
    -------
    (n, components) float64
        Mean 0, falling variance. Axes beyond the rank of the cloud give exact zeros. The sign of an axis makes
        the third moment of its scores positive, which a rotation of the cloud leaves alone; for scores without
        skew the largest loading is made positive.

    Raises
    ------
    InvalidInput
        When more components are asked for than the points have coordinates.

    Notes
    -----
    Singular values of the centred cloud: O(n d min(n, d)).
    """
    wide = np.asarray(points, dtype=np.float64)
    if components > wide.shape[1]:
        raise InvalidInput(
            f"{components} principal components were asked for, but the points have {wide.shape[1]} coordinate(s); "
            "lower components, or use the coordinates lens."
        )
    wide = wide - wide.mean(axis=0)
    left, sizes, axes = np.linalg.svd(wide, full_matrices=False)
    scores = np.zeros((len(wide), components))
    rank = int((sizes > np.finfo(np.float64).eps * max(wide.shape) * sizes[0]).sum())
    for axis in range(min(rank, components)):
        column = left[:, axis] * sizes[axis]
        scores[:, axis] = column * _sign(column, axes[axis])
    return scores


def eccentricity(points: NDArray[Any], exponent: float) -> Floats:
    """(n,) mean distance to all points as a power mean: (mean_j |x_i - x_j|^p)^(1/p); p = inf: the largest.

    Notes
    -----
    O(n^2 d) time, bounded memory. The point itself counts with distance 0 [singh2007].
    """
    values = np.zeros(len(points))
    for rows, block in distance_blocks(points):
        if np.isinf(exponent):
            values[rows] = block.max(axis=1)
        else:
            values[rows] = (block**exponent).mean(axis=1) ** (1 / exponent)
    return values


def gaussian_density(points: NDArray[Any], bandwidth: float | None = None) -> Floats:
    """(n,) mean of exp(-|x_i - x_j|^2 / (2 h^2)) over all j: a kernel density without its constant, in (0, 1].

    Parameters
    ----------
    points : (n, d) finite
    bandwidth : h > 0 in the unit of the points; None = a quarter of the root-mean-square distance between points

    Notes
    -----
    O(n^2 d) time, bounded memory. 1 when all points coincide; 1/n for a point with no other in reach.
    """
    width = BANDWIDTH_SHARE * root_mean_square_distance(points) if bandwidth is None else bandwidth
    values = np.ones(len(points))
    if width > 0:
        for rows, block in distance_blocks(points):
            values[rows] = np.exp(-0.5 * (block / width) ** 2).mean(axis=1)
    return values


def neighbour_density(points: NDArray[Any], neighbours: int) -> Floats:
    """(n,) minus the distance to the k-th nearest other point: rises with density, 0 among duplicates."""
    return -neighbour_distances(points, neighbours) + 0.0


def distance_to_rows(points: NDArray[Any], rows: NDArray[np.integer[Any]]) -> Floats:
    """(n,) Euclidean distance from each point to the nearest of the given rows; 0 on those rows. O(n m d)."""
    wide = np.asarray(points, dtype=np.float64)
    values = np.zeros(len(wide))
    for chosen, block in distance_blocks(wide, wide[rows]):
        values[chosen] = block.min(axis=1)
    return values


def _sign(scores: Floats, loadings: Floats) -> float:
    skew = float((scores**3).sum())
    if abs(skew) > _SYMMETRIC * float((np.abs(scores) ** 3).sum()):
        return float(np.sign(skew))
    return float(np.sign(loadings[np.argmax(np.abs(loadings))]))
