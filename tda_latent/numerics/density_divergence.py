"""Whether a map leaves dense what is dense: Gaussian densities of the same points in two spaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]


def gaussian_densities(distances: Floats, width: float) -> Floats:
    """(n,) densities that sum to one: sum over y of exp(-d(x, y)^2 / width), d as a share of the largest distance.

    Parameters
    ----------
    distances : (n, n), n >= 2
    width : > 0, in squared diameters of the cloud

    Raises
    ------
    InvalidInput
        When all points coincide, so that they have no unit of distance.
    """
    diameter = float(distances.max(initial=0.0))
    if not diameter > 0:
        raise InvalidInput("all points coincide, so that they have no densities; check the codes.")
    found = np.exp(-((distances / diameter) ** 2) / width).sum(axis=1)
    return np.asarray(found / found.sum(), dtype=np.float64)


def density_divergence(source: Floats, view: Floats, width: float) -> float:
    """Kullback-Leibler divergence of the densities in the view from those in the source [moor2020], in nats.

    Parameters
    ----------
    source, view : (n, n) distances of the same points in the two spaces
    width : > 0, in squared diameters of either space

    Returns
    -------
    float
        0 = every point is as dense, beside the others, in one space as in the other; which points are its neighbours
        does not matter. A single far outlier makes the densities of all others equal: diameters are the unit.

    Notes
    -----
    O(n^2). [moor2020] after the distance to a measure of [chazal2011].
    """
    first, second = gaussian_densities(source, width), gaussian_densities(view, width)
    return float(np.maximum(first @ np.log(first / second), 0.0))
