"""Clouds carried into a space of more dimensions without changing a distance, and noise added there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidParameter

Floats = NDArray[np.float64]


def random_isometry(dimension: int, ambient: int, rng: np.random.Generator) -> Floats:
    """(dimension, ambient) matrix with orthonormal rows, uniform among all of them (Haar).

    Notes
    -----
    QR of a Gaussian matrix, the signs of the diagonal of R moved into Q [mezzadri2007]; without that step the
    result would follow the sign convention of LAPACK. O(ambient dimension^2).
    """
    columns, triangle = np.linalg.qr(rng.standard_normal((ambient, dimension)))
    return np.asarray((columns * np.where(np.diag(triangle) < 0, -1.0, 1.0)).T, dtype=np.float64)


def placed(points: Floats, ambient: int | None, noise: float, rng: np.random.Generator) -> Floats:
    """The points carried by a random isometry into ``ambient`` dimensions, then blurred by Gaussian noise.

    Parameters
    ----------
    points : (n, d)
    ambient : at least d; None keeps the points in their own coordinates, without any rotation
    noise : standard deviation in each of the ambient coordinates, in the unit of the points; >= 0
    rng : decides the isometry, then the noise

    Returns
    -------
    (n, ambient) or (n, d)
    """
    if ambient is not None:
        points = points @ random_isometry(points.shape[1], ambient, rng)
    if noise > 0:
        points = points + noise * rng.standard_normal(points.shape)
    return points


def require_room(ambient: int | None, dimension: int) -> None:
    """Refuse an ambient space in which the shape has no room.

    Raises
    ------
    InvalidParameter
        When it has fewer dimensions than the shape needs.
    """
    if ambient is not None and ambient < dimension:
        raise InvalidParameter(
            f"ambient_dimension is {ambient}, but the shape needs {dimension} coordinates. "
            f"Give at least {dimension}, or leave it out."
        )
