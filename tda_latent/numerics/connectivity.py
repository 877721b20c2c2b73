"""How a cloud hangs together: merge scales, the longest gap, the neighbour graph, and where classes touch.

Single linkage at scale s joins all points at distance <= s. Its components change exactly at the lengths of the
edges of a minimum spanning tree, so that everything here is exact, without a grid of scales.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigvalsh
from scipy.sparse import coo_matrix, csr_matrix, diags_array, identity
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from tda_latent.numerics.distance_blocks import BLOCK_ENTRIES
from tda_latent.numerics.spanning_tree import SpanningTree
from tda_latent.numerics.ties import rounded_reach

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_DENSE = 200  # up to this size the dense eigensolver is as fast as the sparse one
_SHIFT = -1e-6  # just below the spectrum of a Laplacian


class Gap(NamedTuple):
    """A half-open range [start, stop) of scales with a constant number of components."""

    start: float
    stop: float
    components: int

    @property
    def length(self) -> float:
        """stop - start."""
        return self.stop - self.start

    @property
    def ratio(self) -> float:
        """stop / start: how many times the scale may grow; inf when the range starts at 0, 1 when it is empty."""
        if self.stop == self.start:
            return 1.0
        return self.stop / self.start if self.start > 0 else float("inf")


def component_counts(lengths: Floats) -> tuple[Floats, Floats]:
    """The number of components as a step function of the scale.

    Parameters
    ----------
    lengths : (n-1,) ascending merge scales

    Returns
    -------
    scales : (k,) 0 and every different merge scale, ascending
    counts : (k,) components from that scale (included) to the next (excluded); the last is 1
    """
    scales = np.unique(np.concatenate([[0.0], lengths]))
    merged = np.searchsorted(lengths, scales, side="right")
    return scales, (len(lengths) + 1 - merged).astype(np.float64)


def longest_gap(lengths: Floats, rounding: float = 0.0) -> Gap:
    """The longest range of scales that starts at a merge and over which the number of components is constant.

    Parameters
    ----------
    lengths : (n-1,) ascending merge scales
    rounding : by how much equal ones may differ, see `ties.distance_rounding`; 1e-12 to 1e-4 of the largest

    Returns
    -------
    Gap
        The range before the first merge, in which every point is alone, does not count: in a high-dimensional
        cloud it is always the longest and says nothing. When all merges happen at one scale (or at none) the
        gap is empty, starts and stops there, and has 1 component. Among equals the one at the smallest scale.
    """
    if not len(lengths):
        return Gap(0.0, 0.0, 1)
    jumps = np.diff(lengths)
    rounding = float(rounded_reach(lengths[-1:], rounding)[0] - lengths[-1])
    if jumps.max(initial=0.0) <= rounding:
        return Gap(float(lengths[-1]), float(lengths[-1]), 1)
    place = int(np.argmax(jumps >= jumps.max() - rounding))
    return Gap(float(lengths[place]), float(lengths[place + 1]), len(lengths) - place)


def components_at(tree: SpanningTree, scale: float) -> Integers:
    """(n,) component of each point when all points at distance <= scale are joined, numbered by first appearance."""
    size = len(tree.lengths) + 1
    kept = tree.lengths <= scale
    edges = (np.ones(int(kept.sum())), (tree.tails[kept], tree.heads[kept]))
    labels = connected_components(coo_matrix(edges, shape=(size, size)), directed=False)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.int64)


def nearest_neighbour_graph(distances: Floats, neighbours: int, rounding: float = 0.0) -> csr_matrix:
    """Symmetric (n, n) graph of ones that joins each point to its k nearest others; either direction is enough.

    Every other point that is at most as far as the k-th nearest counts, up to the rounding of the distances
    (`ties.distance_rounding`), so that ties and duplicates are treated alike and the graph depends on neither the order
    nor the axes of the points. k is cut at n - 1. O(n^2) time; memory for the edges and a few rows.
    """
    size = len(distances)
    count = min(neighbours, size - 1)
    if count < 1:
        return csr_matrix((size, size))
    tails, heads = [], []
    step = max(1, BLOCK_ENTRIES // size)
    for start in range(0, size, step):
        others = distances[start : start + step].copy()
        rows = np.arange(len(others))
        others[rows, start + rows] = np.inf
        reach = np.partition(others, count - 1, axis=1)[:, count - 1]
        near = np.nonzero(others <= rounded_reach(reach, rounding)[:, None])
        tails.append(start + near[0])
        heads.append(near[1])
    ends = np.concatenate(tails), np.concatenate(heads)
    graph = csr_matrix((np.ones(len(ends[0])), ends), shape=(size, size))
    return csr_matrix(graph.maximum(graph.T))


def algebraic_connectivity(graph: csr_matrix) -> float:
    """Second smallest eigenvalue of the symmetric normalised Laplacian I - D^(-1/2) A D^(-1/2).

    Parameters
    ----------
    graph : (n, n) symmetric graph of ones, zero diagonal

    Returns
    -------
    float
        Between 0 and n / (n - 1) (reached by the complete graph); 0.0 exactly when the graph is disconnected, and
        small when few edges hold it together. NaN for a single vertex, which has no second eigenvalue.

    Notes
    -----
    [chung1997]. Dense up to 200 vertices. Above, Lanczos on the adjacency, which is quick where the value is large;
    where it does not converge the value is small, the graph is stringy, and Lanczos on the inverse of the sparse
    Laplacian is quick. Both start from a fixed vector, so that the result is deterministic.
    """
    size = graph.shape[0]
    if size < 2:
        return float("nan")
    if connected_components(graph, directed=False)[0] > 1:
        return 0.0
    if graph.nnz == size * (size - 1):  # complete and even, where Lanczos has no second direction to find
        return float(size / (size - 1))
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    half = diags_array(1.0 / np.sqrt(degrees))
    adjacency = (half @ graph @ half).tocsc()
    if size <= _DENSE:
        value = 1.0 - eigvalsh(adjacency.toarray(), subset_by_index=[size - 2, size - 2])[0]
    else:
        value = 1.0 - _second_eigenvalue(adjacency, np.sqrt(degrees / degrees.sum()))
    return float(max(value, 0.0))


def _second_eigenvalue(adjacency: csr_matrix, leading: Floats) -> float:
    """Second largest eigenvalue of a normalised adjacency whose largest, 1, has this eigenvector of length one."""
    size = len(leading)
    start = np.cos(np.arange(size, dtype=np.float64))
    start -= leading * (leading @ start)

    def deflated(vector: Floats) -> Floats:
        flat = np.ravel(vector)
        return np.asarray(adjacency @ flat - 2.0 * leading * (leading @ flat))  # moves the 1 to -1

    operator = LinearOperator((size, size), matvec=deflated, dtype=np.float64)
    try:
        values = eigsh(operator, k=1, which="LA", v0=start, ncv=40, maxiter=50, return_eigenvectors=False)
        return float(values[0])
    except ArpackNoConvergence:
        laplacian = (identity(size, format="csc") - adjacency).tocsc()
        values = eigsh(laplacian, k=2, sigma=_SHIFT, v0=start + leading, return_eigenvectors=False)
        return 1.0 - float(values.max())


def class_edges(graph: csr_matrix, classes: Integers, count: int) -> Floats:
    """(c, c) symmetric number of edges between two classes; the diagonal counts edges inside a class once.

    Parameters
    ----------
    graph : (n, n) symmetric graph of ones
    classes : (n,) class number of each point, 0 to count - 1; edges to points without a class (-1) are not counted
    """
    known = np.flatnonzero(classes >= 0)
    member = csr_matrix((np.ones(len(known)), (known, classes[known])), shape=(len(classes), count))
    ends = np.asarray((member.T @ graph @ member).toarray(), dtype=np.float64)
    ends[np.diag_indices(count)] /= 2
    return ends


def boundary_shares(edges: Floats) -> Floats:
    """(c, c) share of the edge ends of the row's class whose other end lies in the column's class.

    Rows sum to 1; a class without any edge has NaN. Not symmetric: a small class inside a large one touches it
    with most of its edges, and not the other way round. An edge inside a class has two ends there.
    """
    ends = edges + np.diag(np.diag(edges))
    totals = ends.sum(axis=1, keepdims=True)
    shares = np.full_like(ends, np.nan)
    np.divide(ends, totals, out=shares, where=totals > 0)
    return shares


def boundary_fraction(edges: Floats) -> float:
    """Share of all edges that join two different classes; NaN without edges."""
    inside = float(np.trace(edges))
    total = inside + float(np.triu(edges, 1).sum())
    return 1.0 - inside / total if total else float("nan")


def chance_boundary_fraction(classes: Integers, count: int) -> float:
    """Expected `boundary_fraction` when the labels are permuted at random; NaN for one point with a class.

    Any edge then joins two points drawn without replacement: 1 - sum n_c (n_c - 1) / (n (n - 1)). Points without a
    class (-1) keep none.
    """
    sizes = np.bincount(classes[classes >= 0], minlength=count).astype(np.float64)
    size = sizes.sum()
    if size < 2:
        return float("nan")
    return float(1.0 - (sizes * (sizes - 1)).sum() / (size * (size - 1)))


def class_merge_scales(tree: SpanningTree, classes: Integers, count: int) -> Floats:
    """(c, c) smallest scale at which some point of one class and some point of the other lie in one component.

    Symmetric with a zero diagonal. This is single linkage of the points, so two classes may also meet through
    points of a third, or of none (-1). Not an ultrametric: A may touch B, and B touch C elsewhere, long before A and C
    meet.

    Notes
    -----
    Kruskal's algorithm with the set of classes of each component; O(n c).
    """
    size = len(classes)
    scales = np.full((count, count), np.inf)
    np.fill_diagonal(scales, 0.0)
    root = list(range(size))
    present = np.zeros((size, count), dtype=bool)
    known = np.flatnonzero(classes >= 0)
    present[known, classes[known]] = True

    def find(vertex: int) -> int:
        while root[vertex] != vertex:
            root[vertex] = root[root[vertex]]
            vertex = root[vertex]
        return vertex

    for tail, head, length in zip(tree.tails.tolist(), tree.heads.tolist(), tree.lengths.tolist(), strict=True):
        one, other = find(tail), find(head)
        left, right = np.flatnonzero(present[one]), np.flatnonzero(present[other])
        for rows, columns in ((left, right), (right, left)):
            block = np.ix_(rows, columns)
            scales[block] = np.minimum(scales[block], length)
        root[one] = other
        present[other] |= present[one]
    return scales
