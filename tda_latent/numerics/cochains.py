"""Cochains of a Vietoris-Rips complex: the simplex at which a cocycle begins, and the one at which it ends."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Cochain(NamedTuple):
    """Values on simplices of one dimension d; all others have the value zero.

    simplices : (k, d + 1) vertices, ascending in each row
    values : (k,) in 1..p-1
    """

    simplices: Integers
    values: Integers


def diameters(simplices: NDArray[Any], distances: Floats) -> Floats:
    """(k,) longest edge of each simplex of (k, d + 1); 0.0 for vertices."""
    rows = np.asarray(simplices)
    longest = np.zeros(len(rows))
    for first, second in combinations(range(rows.shape[1]), 2):
        np.maximum(longest, distances[rows[:, first], rows[:, second]], out=longest)
    return longest


def latest_in_colex(simplices: Integers) -> Integers:
    """The row whose vertices are largest, compared from the last vertex on."""
    row: Integers = simplices[np.lexsort(simplices.T)[-1]]
    return row


def birth_of(cochain: Cochain, distances: Floats) -> Integers:
    """(d + 1,) vertices of the oldest simplex of a cocycle: smallest diameter, and last in colex among those."""
    lengths = diameters(cochain.simplices, distances)
    return latest_in_colex(cochain.simplices[lengths == lengths.min()])


def killing_of(cochain: Cochain, distances: Floats, death: float, field: int) -> Integers | None:
    """The first simplex on which the coboundary of a cochain is not zero, among those of one diameter.

    Parameters
    ----------
    cochain : closed on all simplices of smaller diameter
    distances : (n, n)
    death : the diameter
    field : prime

    Returns
    -------
    (d + 2,) int64 or None
        Ascending vertices; last in colex where there are several. None when the coboundary is zero at the diameter.

    Notes
    -----
    A simplex of this diameter has an edge of this length, and each of its facets a vertex of that edge; only such
    simplices of the cochain are looked at, each with all n points.
    """
    ends = np.unique(np.argwhere(distances == death))
    touching = cochain.simplices[np.isin(cochain.simplices, ends).any(axis=1)]
    found = _cofacets(touching[diameters(touching, distances) <= death], distances, death)
    value = {tuple(row): entry for row, entry in zip(cochain.simplices.tolist(), cochain.values.tolist(), strict=True)}
    for row in found[np.lexsort(found.T)[::-1]].tolist():
        facets = [tuple(row[:left_out] + row[left_out + 1 :]) for left_out in range(len(row))]
        if sum((-1) ** place * value.get(facet, 0) for place, facet in enumerate(facets)) % field:
            return np.array(row, dtype=np.int64)
    return None


def before(cochain: Cochain, distances: Floats, death: float) -> Cochain:
    """The cochain on simplices of smaller diameter only, sorted by their vertices."""
    kept = np.flatnonzero(diameters(cochain.simplices, distances) < death)
    kept = kept[np.lexsort(cochain.simplices[kept].T[::-1])]
    return Cochain(cochain.simplices[kept], cochain.values[kept])


def _cofacets(simplices: Integers, distances: Floats, diameter: float) -> Integers:
    """(c, d + 2) ascending: the simplices with one more vertex that have exactly this diameter."""
    found = [np.empty((0, simplices.shape[1] + 1), dtype=np.int64)]
    step = max(1, 2**20 // len(distances))
    for start in range(0, len(simplices), step):
        rows = simplices[start : start + step]
        reach = distances[rows].max(axis=1)  # of each row to each point
        longest = np.maximum(reach, diameters(rows, distances)[:, None])
        np.put_along_axis(longest, rows, -1.0, axis=1)  # a vertex is no new one
        place, point = np.nonzero(longest == diameter)
        found.append(np.sort(np.concatenate([rows[place], point[:, None]], axis=1), axis=1))
    return np.concatenate(found)
