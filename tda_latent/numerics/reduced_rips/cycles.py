"""Representative cycles of the bars of degree 1, read off the reduced columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order

from tda_latent.numerics.reduced_rips.interface import Basis, DegreeOne, degree_one_of_matrix

Integers = NDArray[np.int64]


def loops_of_matrix(matrix: NDArray[Any], cut: float | None = None) -> Iterator[tuple[Integers, Integers | None]]:
    """For each bar of `degree_one_of_matrix`, in its order, a cycle as edges (k, 2), and the triangle that closes it.

    The triangle (3,) is None for a bar that never dies.
    """
    found = degree_one_of_matrix(matrix, cut)
    for edges, killer in zip(cycle_edges(found), found.killers, strict=True):
        yield edges, (None if killer[0] < 0 else killer)


def cycle_edges(found: DegreeOne) -> Iterator[Integers]:
    """For each bar a cycle over Z/2 as a set of edges (k, 2), each once, tail < head.

    Its youngest edge is the one that opens the bar. It bounds when the bar dies and not before: it is the sum of the
    fundamental cycles, in the minimum spanning tree, of the loops in the column under which the bar died, and that
    column is homologous to the 4-cycle that killed it. A bar that never dies is shown by its own fundamental cycle.
    Others would do as well: representatives are not unique.
    """
    basis = found.basis
    opened = basis.edges[basis.births >= 0]
    path = partial(_tree_path, *_rooted_trees(basis, int(basis.edges.max(initial=0)) + 1))
    for loop in basis.loops.tolist():
        column = basis.pool[basis.starts[loop] : basis.stops[loop]].tolist() or [loop]
        edges: set[tuple[int, int]] = set()
        for member in column:
            tail, head = opened[member].tolist()
            edges ^= {(tail, head), *path(tail, head)}
        yield np.array(sorted(edges), dtype=np.int64)


def _rooted_trees(basis: Basis, size: int) -> tuple[list[int], list[int]]:
    """Parent and depth of every vertex in the minimum spanning forest; a root is its own parent."""
    tails, heads = basis.edges[basis.births < 0].T
    graph = coo_matrix((np.ones(len(tails)), (tails, heads)), shape=(size, size)).tocsr()
    parents, depths = np.full(size, -1), np.zeros(size, dtype=np.int64)
    for root in range(size):
        if parents[root] < 0:
            order, before = breadth_first_order(graph, root, directed=False)
            parents[root] = root
            for vertex in order[1:].tolist():
                parents[vertex] = before[vertex]
                depths[vertex] = depths[before[vertex]] + 1
    return parents.tolist(), depths.tolist()


def _tree_path(parents: list[int], depths: list[int], a: int, b: int) -> Iterator[tuple[int, int]]:
    """Edges of the path between two vertices of one tree, smaller vertex first."""
    while a != b:
        if depths[a] < depths[b]:
            a, b = b, a
        yield min(a, parents[a]), max(a, parents[a])
        a = parents[a]
