"""Lazy witness complexes: a few landmarks, joined as the whole cloud bears witness."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from tda_latent.numerics.pairwise import near_one

Floats = NDArray[np.float64]
_ENTRIES = 1 << 24  # of the (block, l, l) array of both ends of every edge


def witness_distances(points: NDArray[Any], rows: NDArray[np.int64]) -> Floats:
    """(n, l) Euclidean distances from all points to the landmarks in these rows."""
    near, exponent = near_one(points)
    return np.asarray(np.ldexp(cdist(near, near[rows]), exponent), dtype=np.float64)


def lazy_witness_edges(distances: Floats, nu: Literal[0, 1, 2]) -> Floats:
    """(l, l) diameters at which two landmarks are joined; zero diagonal.

    Parameters
    ----------
    distances : (n, l) from every witness to every landmark
    nu : 0, 1 or 2: how near a witness has to be is measured from its nu-th nearest landmark, from 0 for nu = 0

    Returns
    -------
    (l, l)
        Twice the smallest over witnesses z of max(d(a, z), d(b, z)) - m(z), at least 0, with m(z) the distance to the
        nu-th nearest landmark [desilva2004]. For nu = 0 and a witness half-way it is the distance; nu = 2 joins at 0
        whatever two landmarks some witness has for its nearest.

    Notes
    -----
    O(n l^2) time, blocks of 128 MiB.
    """
    size = distances.shape[1]
    nearest = np.zeros(len(distances))
    if nu > 0:
        place = min(nu, size) - 1
        nearest = np.partition(distances, place, axis=1)[:, place]
    edges = np.full((size, size), np.inf)
    step = max(1, _ENTRIES // size**2)
    for start in range(0, len(distances), step):
        part, near = distances[start : start + step], nearest[start : start + step]
        both = np.maximum(part[:, :, None], part[:, None, :]) - near[:, None, None]
        np.minimum(edges, both.min(axis=0), out=edges)
    edges = 2 * np.maximum(edges, 0.0)
    np.fill_diagonal(edges, 0.0)
    return edges
