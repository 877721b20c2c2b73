"""Lazy and strong witness complexes: a few landmarks, joined as the whole cloud bears witness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from tda_latent.numerics.pairwise import near_one

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
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


def strong_witness_simplices(distances: Floats, cut: float, dimension: int) -> Iterator[tuple[Integers, Floats]]:
    """Simplices of the relaxed strong witness complex [desilva2004], for each dimension in turn.

    Parameters
    ----------
    distances : (n, l) from every witness to every landmark
    cut : relaxations up to and including this enter
    dimension : of the largest simplices

    Yields
    ------
    (m, k + 1) landmarks of every simplex of dimension k = 0..dimension, ascending, and (m,) the smallest relaxation a
    at which some witness has all of them at most a farther than its nearest landmark; no face enters later

    Notes
    -----
    O(n m k) for m simplices whose edges enter; blocks of 128 MiB.
    """
    late = np.ascontiguousarray((distances - distances.min(axis=1, keepdims=True)).T)
    simplices = np.arange(len(late))[:, None]
    values = late.min(axis=1)
    joined = np.triu(np.stack([np.maximum(late, row).min(axis=1) for row in late]) <= cut, 1)
    for _ in range(dimension):
        entered = values <= cut
        yield simplices[entered], values[entered]
        simplices = _extended(simplices[entered], joined)
        values = _common_values(late, simplices)
    yield simplices[values <= cut], values[values <= cut]


def _extended(simplices: Integers, joined: NDArray[np.bool_]) -> Integers:
    """Every simplex with each later landmark that is joined to all of its own."""
    every = np.ones((len(simplices), len(joined)), dtype=bool)
    for column in simplices.T:
        every &= joined[column]
    rows, last = np.nonzero(every)
    return np.column_stack([simplices[rows], last])


def _common_values(late: Floats, simplices: Integers) -> Floats:
    """(m,) smallest over witnesses of the largest value among the landmarks of a simplex, from (l, n) values."""
    found = np.empty(len(simplices))
    step = max(1, _ENTRIES // late.shape[1])
    for start in range(0, len(simplices), step):
        part = simplices[start : start + step]
        largest = late[part[:, 0]]
        for column in part.T[1:]:
            np.maximum(largest, late[column], out=largest)
        found[start : start + step] = largest.min(axis=1)
    return found
