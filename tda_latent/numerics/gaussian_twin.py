"""A normal cloud as large and as wide as another: what a cloud without any shape of its own would give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.numerics.pairwise import near_one

Floats = NDArray[np.float64]


def gaussian_twin(points: NDArray[Any], rng: Generator) -> Floats:
    """(n, d) draws from the normal distribution with the mean and the covariance of (n, d) points.

    Notes
    -----
    Drawn along the principal axes, so that with one stream the distances between the draws are the same for a cloud
    that was turned, mirrored, moved, put into another order or into a larger space. O(n d min(n, d)).
    """
    near, exponent = near_one(points)
    mean = near.mean(axis=0)
    _, deviations, axes = np.linalg.svd(near - mean, full_matrices=False)
    drawn = rng.standard_normal((len(deviations), len(near))).T * (deviations / np.sqrt(len(near)))
    centre = np.asarray(points, dtype=np.float64).mean(axis=0)
    return np.asarray(np.ldexp(drawn @ axes, exponent) + centre, dtype=np.float64)
