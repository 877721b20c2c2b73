"""Linear views of a cloud, and how far to believe a view of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.pairwise import centred

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
    coordinates : (n, directions) centred, in the unit of the points; zeros where the cloud has no more directions
    shares : (directions,) share of the total variance in each

    Notes
    -----
    Signs are fixed by the cloud: each column is positively skewed; where it is symmetric, the largest entry of the
    direction (the first of equals) is positive. The order of the points changes nothing, and rotating the cloud
    changes nothing unless a column is symmetric or two variances are equal.
    """
    wide = centred(points)
    left, values, right = np.linalg.svd(wide, full_matrices=False)
    kept = min(directions, len(values))
    signs = np.array([_sign(left[:, k] * values[k], right[k]) for k in range(kept)])
    coordinates = np.zeros((len(wide), directions))
    coordinates[:, :kept] = left[:, :kept] * (values[:kept] * signs)
    shares = np.zeros(directions)
    total = float((values**2).sum())
    if total > 0:
        shares[:kept] = values[:kept] ** 2 / total
    return coordinates, shares


def trustworthiness(source: Floats, view: Floats, neighbours: int) -> float:
    """How far neighbours in the view are neighbours in the source [venna2001]; swap the arguments for continuity.

    Parameters
    ----------
    source, view : (n, n) distances in the two spaces
    neighbours : k < n / 2

    Returns
    -------
    float
        Between 0 and 1: 1 minus the normalised excess of source ranks over k among the k nearest in the view.
        Among equally far points each has the best of their ranks. O(n^2 log n).
    """
    size = len(source)
    if not 1 <= neighbours < size / 2:
        raise InvalidParameter(f"neighbours is {neighbours} for {size} points; the rule is 1 <= k < n / 2.")
    nearest = np.argpartition(_without_self(view), neighbours - 1, axis=1)[:, :neighbours]
    ordered = np.sort(_without_self(source), axis=1)
    wanted = np.take_along_axis(source, nearest, axis=1)
    ranks = np.stack([np.searchsorted(row, values) for row, values in zip(ordered, wanted, strict=True)]) + 1
    excess = np.maximum(ranks - neighbours, 0).sum()
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
