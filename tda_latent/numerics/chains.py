"""Chains of edges in a Vietoris-Rips complex: cycles, closed walks, and the scale at which a cycle is filled.

Edges are ordered by length, then smaller, then larger vertex; a triangle enters with its youngest edge. What is here
is written from the definitions, one edge at a time, so that every engine can be checked against it: it shares no
step with any of them. Local shortening is compiled and lives in `tda_latent.numerics.shortening`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def edge_order(edges: NDArray[Any], distances: Floats) -> Integers:
    """(k,) row numbers of the edges (k, 2) from the oldest to the youngest: by length, smaller, larger vertex."""
    ends = np.sort(np.asarray(edges, dtype=np.int64).reshape(-1, 2), axis=1)
    return np.asarray(np.lexsort((ends[:, 1], ends[:, 0], distances[ends[:, 0], ends[:, 1]])), dtype=np.int64)


def youngest_edge(edges: NDArray[Any], distances: Floats) -> tuple[int, int]:
    """The edge of (k, 2), k >= 1, that enters last, smaller vertex first."""
    last = np.sort(np.asarray(edges).reshape(-1, 2)[edge_order(edges, distances)[-1]])
    return int(last[0]), int(last[1])


def edge_boundary(edges: NDArray[Any], coefficients: NDArray[Any], field: int = 2) -> dict[int, int]:
    """Coefficients in Z/field of the points in the boundary of a chain of oriented edges; empty for a cycle.

    Parameters
    ----------
    edges : (k, 2) tail, head; the boundary of an edge is its head minus its tail
    coefficients : (k,) integers
    field : prime
    """
    total: dict[int, int] = {}
    for (tail, head), coefficient in zip(np.asarray(edges).tolist(), np.asarray(coefficients).tolist(), strict=True):
        total[head] = total.get(head, 0) + coefficient
        total[tail] = total.get(tail, 0) - coefficient
    return {point: value % field for point, value in total.items() if value % field}


def closed_walks(edges: NDArray[Any]) -> list[Integers]:
    """The set of edges as closed walks in which every point occurs once.

    Parameters
    ----------
    edges : (k, 2) vertices, in any order; an edge that is there twice cancels, as in Z/2

    Returns
    -------
    list of (l,) int64, l >= 3
        Points in walking order, the first one not repeated; each edge is walked exactly once. Every walk starts at
        its smallest point and goes to the smaller of its two neighbours; walks are sorted.

    Raises
    ------
    InvalidInput
        When a point has an odd number of edges, so that the set is no cycle.

    Notes
    -----
    Hierholzer's algorithm, cutting a loop off whenever the walk meets itself. O(k log k).
    """
    free = _neighbours(edges)
    walks = []
    for start in sorted(free):
        path, place = [start], {start: 0}
        while free[path[-1]]:
            here = path[-1]
            there = min(free[here])
            free[here].remove(there)
            free[there].remove(here)
            if there in place:
                walks.append(_from_the_smallest(path[place[there] :]))
                for point in path[place[there] + 1 :]:
                    del place[point]
                del path[place[there] + 1 :]
            else:
                place[there] = len(path)
                path.append(there)
    return [np.array(walk, dtype=np.int64) for walk in sorted(walks)]


def walk_edges(walks: Sequence[NDArray[Any]]) -> Integers:
    """(k, 2) edges of closed walks, in walking order; tail, then head."""
    rows = [np.stack([walk, np.roll(walk, -1)], axis=1) for walk in walks]
    return np.concatenate([np.empty((0, 2), dtype=np.int64), *rows]).astype(np.int64)


def shortened(walks: Sequence[NDArray[Any]], lengths: Floats, birth: tuple[int, int]) -> list[Integers]:
    """A cycle of the same class, made shorter locally; not the shortest one in general.

    Parameters
    ----------
    walks : closed walks of edges that have entered with the edge ``birth``, as `closed_walks` gives them
    lengths : (n, n) symmetric matrix of edge lengths
    birth : the youngest edge of the cycle, which stays in it

    Returns
    -------
    list of (l,) int64
        Walks as from `closed_walks`. They differ from the given ones by the boundary of triangles that have entered
        with ``birth``, so the classes are equal from the birth on; ``birth`` is still the youngest edge.

    Notes
    -----
    Two moves, repeated until neither applies: u-v-w becomes u-w when that edge is older than ``birth``; and u-v-w
    becomes u-v'-w when all edges among the four points are, and the two are together shorter (by more than rounding).
    Each round costs O(points of the walks x n).
    """
    from tda_latent.numerics.shortening import shorten

    first, second = sorted(birth)
    current = closed_walks(walk_edges(walks))
    while True:
        moved = [shorten(walk, lengths, first, second) for walk in current]
        after = closed_walks(walk_edges([walk for walk in moved if len(walk) > 2]))
        if [walk.tolist() for walk in after] == [walk.tolist() for walk in current]:
            return after
        current = after


def bounding_scales(
    distances: Floats, chains: Sequence[tuple[NDArray[Any], NDArray[Any]]], field: int = 2, until: float = np.inf
) -> Floats:
    """For each cycle the smallest scale t at which it is a boundary in the Vietoris-Rips complex of diameter t.

    Parameters
    ----------
    distances : (n, n) symmetric edge lengths; inf = never enters
    chains : edges (k, 2), tail and head, and coefficients (k,) of each cycle
    field : prime p of the coefficients Z/p
    until : largest scale to look at

    Returns
    -------
    (m,) float64
        An entry of ``distances`` not below the youngest edge of the cycle; inf when it bounds at no scale up to
        ``until``; 0.0 for the zero chain. At scale t it bounds iff the value is <= t, and below t iff it is < t.

    Raises
    ------
    InvalidInput
        When a chain is no cycle.

    Notes
    -----
    Every edge carries an annotation, its values under a basis of the first cohomology [busaryev2012]. An edge that
    closes a loop opens a coordinate, and a triangle whose three annotations do not sum to zero closes the youngest of
    them. A cycle bounds iff its annotations sum to zero. All triangles are looked at; about a second for 150 points.
    """
    for edges, coefficients in chains:
        if edge_boundary(edges, coefficients, field):
            raise InvalidInput("a chain has a boundary, so it is no cycle and never bounds; give cycles.")
    every = np.stack(np.triu_indices(len(distances), 1), axis=1)
    every = every[edge_order(every, distances)]
    lengths = distances[every[:, 0], every[:, 1]]
    every, lengths = every[lengths <= until], lengths[lengths <= until]
    every, lengths = every[np.isfinite(lengths)], lengths[np.isfinite(lengths)]
    youngest = np.array([distances[tuple(np.asarray(edges).T)].max(initial=0.0) for edges, _ in chains])
    found = np.where([len(edges) == 0 for edges, _ in chains], 0.0, np.inf)
    notes = _Annotations(len(distances), field)
    for place, ((tail, head), length) in enumerate(zip(every.tolist(), lengths.tolist(), strict=True)):
        notes.enter(tail, head)
        if place + 1 == len(lengths) or lengths[place + 1] > length:
            for chain in np.flatnonzero(np.isinf(found) & (youngest <= length)).tolist():
                if not notes.of(*chains[chain]).any():
                    found[chain] = length
    return found


class _Annotations:
    """Values of all edges that have entered under a basis of H^1 of the complex so far."""

    def __init__(self, size: int, field: int) -> None:
        self._field = field
        self._values = np.zeros((size, size, 8), dtype=np.int64)  # antisymmetric: [u, v] = -[v, u]
        self._entered = np.zeros((size, size), dtype=bool)
        self._component = np.arange(size)
        self._live: list[int] = []  # coordinates in use, oldest first

    def of(self, edges: NDArray[Any], coefficients: NDArray[Any]) -> Integers:
        """The class of a cycle: one number for each coordinate, all zero for a boundary."""
        tails, heads = np.asarray(edges).T
        values = self._values[tails, heads]
        return np.asarray((np.asarray(coefficients)[:, None] * values).sum(axis=0) % self._field)

    def enter(self, tail: int, head: int) -> None:
        """Add an edge, and all triangles that it closes."""
        if self._component[tail] != self._component[head]:
            self._component[self._component == self._component[head]] = self._component[tail]
        else:
            coordinate = self._open()
            self._values[tail, head, coordinate] = 1
            self._values[head, tail, coordinate] = self._field - 1
        self._entered[tail, head] = self._entered[head, tail] = True
        third = np.flatnonzero(self._entered[tail] & self._entered[head])
        while True:
            around = (self._values[tail, head] + self._values[head, third] + self._values[third, tail]) % self._field
            open_triangles = np.flatnonzero(around.any(axis=1))
            if not len(open_triangles):
                return
            self._close(around[open_triangles[0]])

    def _open(self) -> int:
        """A coordinate that is not in use, and from now on the youngest."""
        free = next((k for k in range(self._values.shape[2]) if k not in self._live), None)
        if free is None:
            free = self._values.shape[2]
            self._values = np.concatenate([self._values, np.zeros_like(self._values)], axis=2)
        self._live.append(free)
        return free

    def _close(self, relation: Integers) -> None:
        """Make this combination of coordinates zero by giving up the youngest one in it."""
        youngest = next(coordinate for coordinate in reversed(self._live) if relation[coordinate])
        inverse = pow(int(relation[youngest]), -1, self._field)
        tails, heads = np.nonzero(self._values[:, :, youngest])
        factors = self._values[tails, heads, youngest] * inverse % self._field
        self._values[tails, heads] = (self._values[tails, heads] - factors[:, None] * relation) % self._field
        self._live.remove(youngest)


def _neighbours(edges: NDArray[Any]) -> dict[int, set[int]]:
    """The points that each point is joined to by an odd number of the edges."""
    free: dict[int, set[int]] = {}
    for tail, head in np.asarray(edges, dtype=np.int64).reshape(-1, 2).tolist():
        for here, there in ((tail, head), (head, tail)):
            free.setdefault(here, set()).symmetric_difference_update({there})
    odd = sorted(point for point, others in free.items() if len(others) % 2)
    if odd:
        raise InvalidInput(f"point {odd[0]} has an odd number of edges, so they are no cycle over Z/2.")
    return free


def _from_the_smallest(loop: list[int]) -> list[int]:
    """The loop from its smallest point on, towards the smaller neighbour."""
    start = loop.index(min(loop))
    turned = loop[start:] + loop[:start]
    return turned if turned[1] <= turned[-1] else [turned[0], *reversed(turned[1:])]
