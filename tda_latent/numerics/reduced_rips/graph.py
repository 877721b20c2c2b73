"""The relative-neighbourhood graph in order: which of its edges merge components and which open loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.bits import ALL, ONE, U
from tda_latent.numerics.reduced_rips.space import Space, length

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Vertices = NDArray[np.int32]
ABSENT, MERGES = -2, -1


class Graph(NamedTuple):
    """Edges with empty lunes, by length, smaller vertex, larger vertex.

    tails, heads, lengths : (m,) the edges, tail < head
    births : (m,) number of the loop that the edge opens, 0, 1, ...; -1 = it merges two components
    opened : (k,) position of the edge that opens each loop
    slots, numbers : hash table from an edge to its entry of ``births``
    """

    tails: Vertices
    heads: Vertices
    lengths: Floats
    births: Vertices
    opened: Integers
    slots: NDArray[np.uint64]
    numbers: Vertices


@compiled
def ordered_graph(space: Space, tails: Vertices, heads: Vertices) -> Graph:
    """Sort the edges, given in the order of their vertices, and let each merge components or open a loop [kruskal1956].

    A minimum spanning tree has empty lunes, so the merging edges are one.
    """
    lengths = np.empty(len(tails))
    for k in range(len(tails)):
        lengths[k] = length(space, tails[k], heads[k])
    order = np.argsort(lengths, kind="mergesort")
    tails, heads, lengths = tails[order], heads[order], lengths[order]
    births, opened = np.full(len(tails), MERGES, np.int32), np.empty(len(tails), np.int64)
    loops = 0
    size = max(len(space.matrix), len(space.points))
    parents = np.arange(size)
    for k in range(len(tails)):
        one, other = _root(parents, tails[k]), _root(parents, heads[k])
        if one == other:
            births[k], opened[loops] = loops, k
            loops += 1
        else:
            parents[one] = other
    slots, numbers = _hashed(tails, heads, births)
    return Graph(tails, heads, lengths, births, opened[:loops].copy(), slots, numbers)


@leaf
def _root(parents: Integers, vertex: int) -> int:
    """Representative of the component of a vertex; paths are halved on the way."""
    while parents[vertex] != vertex:
        parents[vertex] = parents[parents[vertex]]
        vertex = parents[vertex]
    return vertex


@leaf
def _slot(a: int, b: int, mask: Any) -> Any:
    """Where the search for the edge ab starts."""
    return (((U(a) << U(16)) | U(b)) * U(0x9E3779B97F4A7C15)) >> U(20) & mask


@compiled
def _hashed(tails: Vertices, heads: Vertices, births: Vertices) -> tuple[NDArray[np.uint64], Vertices]:
    """A table of edges with open addressing, at most half full."""
    size = 1
    while size < 2 * len(tails) + 8:
        size *= 2
    slots, numbers = np.full(size, ALL, np.uint64), np.empty(size, np.int32)
    mask = U(size - 1)
    for k in range(len(tails)):
        place = _slot(tails[k], heads[k], mask)
        while slots[place] != ALL:
            place = (place + ONE) & mask
        slots[place] = (U(tails[k]) << U(16)) | U(heads[k])
        numbers[place] = births[k]
    return slots, numbers


@leaf
def birth_of(graph: Graph, a: int, b: int) -> int:
    """Number of the loop that the edge ab opens; MERGES for one that merges, ABSENT for one not in the graph; a < b."""
    mask = U(len(graph.slots) - 1)
    key = (U(a) << U(16)) | U(b)
    place = _slot(a, b, mask)
    while graph.slots[place] != key:
        if graph.slots[place] == ALL:
            return ABSENT
        place = (place + ONE) & mask
    return graph.numbers[place]
