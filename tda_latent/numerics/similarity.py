"""Dissimilarities of paired clouds: row i of both is the same input, the coordinates need not correspond.

All of them shift each cloud to its mean and divide it by its size first, and give the same bits when the two clouds
change places.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.distance_blocks import BLOCK_ENTRIES
from tda_latent.numerics.pairwise import centred, near_one, unit_directions
from tda_latent.numerics.ties import LEVEL, distance_rounding, level_ranks

Array = NDArray[Any]
Floats = NDArray[np.float64]
_CANCELLED = 1e-6  # of its terms, below which a sum has lost too many digits


def cka_dissimilarity(first: Array, second: Array, debiased: bool = False) -> float:
    """One minus linear centred kernel alignment.

    Parameters
    ----------
    first, second : (n, d), (n, e) finite, rows paired
    debiased : use the unbiased estimator of the Hilbert-Schmidt independence criterion [song2012], which removes
        the similarity that any two clouds show when n is not much larger than d; needs n >= 4

    Returns
    -------
    float
        ``1 - |Y'X|^2 / (|X'X| |Y'Y|)`` [kornblith2019], from 0 to 1; debiased from 0 to 2, near 1 for unrelated
        clouds. 0.0 exactly for equal clouds.

    Raises
    ------
    InvalidInput
        When all points of a cloud coincide, or debiased with fewer than 4 points.

    Notes
    -----
    O(n d e), or O(n^2 (d + e)) when there are more coordinates than points.
    """
    if debiased and len(first) < 4:
        raise InvalidInput(f"{len(first)} paired points; the debiased estimator needs at least 4.")
    one, other = _paired(first, second)
    if np.array_equal(one, other):
        return 0.0
    inner = _debiased_inner if debiased else _inner
    sizes = inner(one, one), inner(other, other)
    if min(sizes) <= 0.0:
        raise InvalidInput("a cloud has no structure beyond that of independent points, so debiased CKA is undefined.")
    similarity = inner(one, other) / np.sqrt(sizes[0] * sizes[1])
    return float(np.clip(1.0 - similarity, 0.0, 2.0 if debiased else 1.0))


def procrustes_chord(first: Array, second: Array) -> float:
    """Distance between two clouds of unit size after the best rotation or reflection of one onto the other.

    Parameters
    ----------
    first, second : (n, d), (n, e) finite, rows paired; the narrower cloud is padded with zero coordinates

    Returns
    -------
    float
        ``sqrt(2 - 2 s)`` with s the sum of singular values of X'Y, from 0 to sqrt(2); the length of the residual,
        so that small distances keep their digits. 0.0 exactly for equal clouds.

    Raises
    ------
    InvalidInput
        When all points of a cloud coincide.

    Notes
    -----
    O(n d^2 + d^3) for the larger d; coordinates beyond n are rotated away first.
    """
    one, other = _paired(first, second)
    if np.array_equal(one, other):
        return 0.0
    one, other = _narrow(one), _narrow(other)
    width = max(one.shape[1], other.shape[1])
    one, other = (np.pad(cloud, ((0, 0), (0, width - cloud.shape[1]))) for cloud in (one, other))
    left, _, right = np.linalg.svd(one.T @ other)
    return float(min(np.linalg.norm(one @ left - other @ right.T), np.sqrt(2.0)))


def rsa_dissimilarity(first: Array, second: Array, metric: str = "euclidean", correlation: str = "spearman") -> float:
    """One minus the correlation between the pairwise distances of two clouds [kriegeskorte2008].

    Parameters
    ----------
    first, second : (n, d), (n, e) finite, rows paired, n >= 3
    metric : "euclidean", or "cosine" for the angle between points as seen from the origin
    correlation : "spearman" of the ranks of the distances, or "pearson" of the distances

    Returns
    -------
    float
        From 0 (same order of distances) to 2 (reversed order). Ties, up to rounding, share their mean rank. 0.0
        exactly for equal clouds.

    Raises
    ------
    InvalidInput
        When all distances of a cloud are equal up to rounding, so that they have no order.

    Notes
    -----
    O(n^2 (d + e) + n^2 log n) time, O(n^2) memory.
    """
    if _same(first, second):
        return 0.0
    one, other = (_distance_scores(cloud, metric, correlation) for cloud in (first, second))
    return float(np.clip(1.0 - one @ other, 0.0, 2.0))


def _paired(first: Array, second: Array) -> tuple[Floats, Floats]:
    """Both clouds centred and of Frobenius norm one, in an order that does not depend on which came first."""
    one, other = _unit_cloud(first), _unit_cloud(second)
    swap = (one.shape[1], one.tobytes()) > (other.shape[1], other.tobytes())
    return (other, one) if swap else (one, other)


def _unit_cloud(points: Array) -> Floats:
    wide = centred(points)
    largest = float(np.abs(wide).max())
    scale = float(np.abs(np.asarray(points, dtype=np.float64)).max())
    if largest <= 8 * len(wide) * np.finfo(np.float64).eps * scale:
        raise InvalidInput("all points of a cloud coincide up to rounding, so it has no shape to compare; drop it.")
    wide = wide / largest
    return np.asarray(wide / np.linalg.norm(wide), dtype=np.float64)


def _same(first: Array, second: Array) -> bool:
    return first.shape == second.shape and np.array_equal(first, second)


def _inner(one: Floats, other: Floats) -> float:
    """Squared Frobenius norm of X'Y, by features or by points, whichever is fewer."""
    if one.shape[1] * other.shape[1] <= len(one) ** 2:
        return float(np.sum((one.T @ other) ** 2))
    return float(np.sum((one @ one.T) * (other @ other.T)))


def _debiased_inner(one: Floats, other: Floats) -> float:
    """The unbiased estimator times n (n - 3), written for centred clouds: their kernel rows sum to zero.

    Under a point far from all others its terms cancel, and it is added up entry by entry instead.
    """
    size = len(one)
    k, m = np.sum(one**2, axis=1), np.sum(other**2, axis=1)
    terms = _inner(one, other), float(k.sum() * m.sum()) / ((size - 1) * (size - 2)), float(k @ m) * size / (size - 2)
    found = terms[0] + terms[1] - terms[2]
    return found if abs(found) > _CANCELLED * max(terms) else _debiased_by_entries(one, other)


def _debiased_by_entries(one: Floats, other: Floats) -> float:
    """Sum of the products of the entries of both U-centred kernels [song2012], a block of rows at a time."""
    step = max(1, BLOCK_ENTRIES // len(one))
    blocks = [slice(start, start + step) for start in range(0, len(one), step)]
    return float(sum(np.sum(_u_centred(one, rows) * _u_centred(other, rows)) for rows in blocks))


def _u_centred(cloud: Floats, rows: slice) -> Floats:
    """(rows, n) entries of the kernel of a centred cloud whose rows without the diagonal are made to sum to zero."""
    size, own = len(cloud), np.sum(cloud**2, axis=1)
    kernel = cloud[rows] @ cloud.T + (own[rows, None] + own) / (size - 2) - own.sum() / ((size - 1) * (size - 2))
    places = np.arange(size)[rows]
    kernel[places - rows.start, places] = 0.0
    return np.asarray(kernel, dtype=np.float64)


def _narrow(cloud: Floats) -> Floats:
    """The same cloud, up to rotation, in at most n coordinates."""
    if cloud.shape[1] <= len(cloud):
        return cloud
    return np.asarray(np.linalg.qr(cloud.T, mode="r"), dtype=np.float64).T


def _distance_scores(points: Array, metric: str, correlation: str) -> Floats:
    """The n (n - 1) / 2 distances or their ranks, centred and of length one."""
    near = unit_directions(points) if metric == "cosine" else near_one(points)[0]
    distances = pdist(near)
    rounding = distance_rounding(_as_stored(points, metric), float(distances.max()))
    if np.ptp(distances) <= LEVEL * rounding:
        raise InvalidInput("all pairwise distances of a cloud are equal, so they have no order to correlate.")
    scores = level_ranks(distances, rounding) if correlation == "spearman" else distances
    scores -= scores.mean()
    scores /= np.linalg.norm(scores)
    return scores


def _as_stored(points: Array, metric: str) -> Array:
    """The coordinates in the unit of the distances, and in the float type that they came in."""
    if metric == "cosine":
        return unit_directions(points).astype(points.dtype)
    return np.ldexp(points, -int(np.frexp(np.abs(points).max())[1]))
