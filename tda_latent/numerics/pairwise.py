"""Distances between points: difference form, float64, centred first.

The expanded form |x|^2 - 2xy + |y|^2 loses every digit for clouds far from the origin; it is never used here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.distance_blocks import distance_blocks
from tda_latent.numerics.powers import infinite_coordinate, over_power_of_two
from tda_latent.numerics.ties import comparison_rounding, lengths, stored_epsilon, within_reach

Floats = NDArray[np.float64]


def centred(points: NDArray[Any]) -> Floats:
    """(n, d) float64 points minus their mean, so that distances keep their digits.

    Raises
    ------
    InvalidInput
        When a coordinate is infinite, as in a matrix of distances that was taken for points.
    """
    wide = np.asarray(points, dtype=np.float64)
    if not np.isfinite(wide).all():
        raise infinite_coordinate()
    return np.asarray(wide - wide.mean(axis=0), dtype=np.float64)


def unit_directions(points: NDArray[Any]) -> Floats:
    """(n, d) points scaled to length one.

    Raises
    ------
    InvalidInput
        When a point is the origin, which has no direction.
    """
    wide = np.asarray(points, dtype=np.float64)
    peaks = np.abs(wide).max(axis=1)
    if not (peaks > 0).all():
        row = int(np.argmin(peaks))
        raise InvalidInput(f"row {row} is the origin, which has no angle; drop it or use the euclidean metric.")
    near_one = np.ldexp(wide, -np.frexp(peaks)[1][:, None])  # squares of tiny or huge rows leave the range of float64
    return np.asarray(near_one / np.linalg.norm(near_one, axis=1)[:, None], dtype=np.float64)


def pairwise_distances(points: NDArray[Any], metric: str = "euclidean", neighbours: int = 15) -> Floats:
    """(n, n) symmetric distances with a zero diagonal.

    Parameters
    ----------
    points : (n, d) finite
    metric : "euclidean"; "cosine": the angle between the points in radians, a true metric on directions;
        "geodesic": shortest path in the symmetric k-nearest-neighbour graph joined with the Euclidean minimum
        spanning tree, so that it is always finite; of equally short bridges between parts that the graph leaves apart
        that of the smallest rows
    neighbours : k of the geodesic metric, >= 1

    Notes
    -----
    O(n^2 d) time, O(n^2) memory; the geodesic metric O(n^2 log n + n^2 k).
    """
    if metric == "euclidean":
        near, exponent = near_one(points)
        return np.asarray(squareform(np.ldexp(pdist(near), exponent), checks=False), dtype=np.float64)
    if metric == "cosine":
        return _angles(unit_directions(points))
    if metric == "geodesic":
        return geodesic_distances(points, neighbours)
    raise InvalidInput(f"unknown metric {metric!r}; known: euclidean, cosine, geodesic.")


def cross_distances(first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """(n, m) Euclidean distances between two clouds, both shifted by the mean of the first."""
    shift = np.asarray(first, dtype=np.float64).mean(axis=0)
    return np.asarray(cdist(first - shift, second - shift), dtype=np.float64)


def geodesic_distances(points: NDArray[Any], neighbours: int) -> Floats:
    """(n, n) shortest paths in the k-nearest-neighbour graph united with the minimum spanning tree [tenenbaum2000]."""
    plain = pairwise_distances(points)
    if len(plain) == 1:
        return plain
    graph = neighbour_graph(points, neighbours)
    rows, columns = graph.nonzero()
    first, second, _ = minimum_spanning_edges(plain)
    tails, heads = np.concatenate([rows, first]), np.concatenate([columns, second])
    # a stored zero would mean "no edge" to csgraph: duplicates get the smallest positive length instead
    lengths = np.maximum(plain[tails, heads], np.finfo(np.float64).tiny)
    # both directions are stored; entries that repeat must not be added up
    pairs = np.unique(np.sort(np.stack([tails, heads]), axis=0), axis=1, return_index=True)[1]
    united = csr_matrix((lengths[pairs], (tails[pairs], heads[pairs])), shape=plain.shape)
    paths = np.asarray(shortest_path(united, directed=False), dtype=np.float64)
    paths[paths < np.finfo(np.float64).tiny * len(plain) * 2] = 0.0
    return np.asarray((paths + paths.T) / 2, dtype=np.float64)


def neighbour_graph(points: NDArray[Any], neighbours: int) -> csr_matrix:
    """Symmetric graph (n, n) of ones that joins each point to its k nearest others (union of both directions).

    Whoever is as far as the k-th nearest, up to the rounding of stored numbers, is joined as well, so that neither the
    order nor the axes of the points decide; of copies of such a point one is enough, for paths run through copies.
    """
    wide, _ = over_power_of_two(np.asarray(points, dtype=np.float64))  # a mean far away would round what is near
    size = len(wide)
    count = min(neighbours, size - 1)
    if count < 1:
        return csr_matrix((size, size))
    far, epsilon = lengths(wide), stored_epsilon(points)
    # the point itself, its neighbours, and who may be tied
    gaps, nearest = cKDTree(wide).query(wide, k=min(count + 2, size))
    reach = gaps[:, count]
    most = reach + comparison_rounding(reach, far + reach, far + reach, epsilon)
    tied = np.flatnonzero(gaps[:, -1] <= most) if size > count + 1 else np.empty(0, dtype=np.int64)
    others = _as_far(wide, tied, reach[tied], epsilon)
    rows = np.concatenate([np.repeat(np.arange(size), count + 1), others[0]])
    columns = np.concatenate([nearest[:, : count + 1].ravel(), others[1]])
    keep = rows != columns
    graph = coo_matrix((np.ones(int(keep.sum())), (rows[keep], columns[keep])), shape=(size, size)).tocsr()
    united = graph + graph.T
    united.data[:] = 1.0
    return csr_matrix(united)


def _as_far(
    wide: Floats, rows: NDArray[np.int64], reach: Floats, epsilon: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of some rows of a cloud and who is at most so far from each, but for rounding; of copies the first.

    Parameters
    ----------
    wide : (n, d); rows : (m,); reach : (m,) distances; epsilon : see `ties.stored_epsilon`
    """
    different, first, own = np.unique(wide, axis=0, return_index=True, return_inverse=True)
    far = lengths(wide)[first]
    tails, heads = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for chosen, block in distance_blocks(wide[rows], different):
        here = np.arange(len(block)), own.reshape(-1)[rows[chosen]]
        block[here] = np.inf  # its own length says nothing about those of its neighbours
        joined = within_reach(block, reach[chosen], far, epsilon)
        joined[here] = True
        near, places = np.nonzero(joined)
        tails.append(rows[chosen][near])
        heads.append(first[places])
    return np.concatenate(tails), np.concatenate(heads)


def minimum_spanning_edges(distances: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Edges of a minimum spanning tree of a dense matrix, by length: (n-1,) tails, heads, lengths.

    Prim's algorithm in O(n^2); zero distances between duplicates are proper edges, and +inf is a length like others.
    Edges of equal length are taken in the order of their smaller, then of their larger vertex. Points need no matrix:
    `spanning_tree.spanning_tree`.
    """
    from tda_latent.numerics.spanning_matrix import prim_of_matrix

    size = len(distances)
    tree, lengths = np.empty((size - 1, 2), dtype=np.int64), np.empty(size - 1)
    prim_of_matrix(np.ascontiguousarray(distances, dtype=np.float64), tree, lengths)
    order = np.lexsort((tree[:, 1], tree[:, 0], lengths))
    return tree[order, 0], tree[order, 1], lengths[order]


def median_distance(distances: Floats) -> float:
    """Median of the distances between different points (i < j); the scale used to compare models.

    Raises
    ------
    InvalidInput
        When more than half of the pairs coincide, so that the median is zero.
    """
    values = squareform(distances, checks=False)
    values = values[np.isfinite(values)]
    middle = float(np.median(values)) if len(values) else 0.0
    if middle <= 0:
        raise InvalidInput("the median pairwise distance is zero: most points coincide. Use scale: given instead.")
    return middle


def component_labels(graph: csr_matrix) -> NDArray[np.int64]:
    """(n,) component number of each vertex of a graph."""
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def near_one(points: NDArray[Any]) -> tuple[Floats, int]:
    """The cloud divided by a power of two and centred, and the exponent: no square leaves the range of float64."""
    wide = np.ascontiguousarray(points, dtype=np.float64)  # the last bit of a mean depends on the layout
    near, exponent = over_power_of_two(wide)
    return centred(near), exponent


def near_one_together(points: NDArray[Any], new: NDArray[Any]) -> tuple[Floats, Floats]:
    """Both clouds shifted and scaled alike, the first to mean zero and entries below one."""
    near, exponent = near_one(points)
    shift = np.ldexp(np.asarray(points, dtype=np.float64), -exponent).mean(axis=0)
    return near, np.asarray(np.ldexp(np.asarray(new, dtype=np.float64), -exponent) - shift, dtype=np.float64)


def _angles(directions: Floats) -> Floats:
    """Angles in [0, pi] by Kahan's formula, which keeps its digits near 0 and near pi."""
    chords = squareform(pdist(directions), checks=False)
    return np.asarray(2 * np.arctan2(chords, cdist(directions, -directions)), dtype=np.float64)
