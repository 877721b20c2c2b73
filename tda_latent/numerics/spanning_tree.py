"""Minimum spanning trees of points, exact and without a matrix of distances: degree 0 of persistence, single linkage.

Edges are ordered by (squared length of the points near one, smaller vertex, larger vertex). The order is strict, so
that there is one tree, whichever algorithm finds it: Prim's with blocks (`spanning_prim`) or, for many points in few
dimensions, Boruvka's over a tree of boxes (`spanning_boruvka`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import near_one, unit_directions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
BOXES_FROM = {1: 0, 2: 0, 3: 2_000, 4: 12_000, 5: 30_000}
"""By dimension, the number of points from which the tree of boxes is quicker (measured on Gaussians); never above."""
_FAR = 3.0  # squared chord of 120 degrees: two sets of directions can be that far apart, three cannot
_PRIME, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_PAIRS = 1 << 20  # pairs that are compared at once


class SpanningTree(NamedTuple):
    """Edges of a minimum spanning tree in ascending length: (n-1,) tails, heads, lengths."""

    tails: Integers
    heads: Integers
    lengths: Floats


def spanning_tree(points: NDArray[Any], metric: str = "euclidean") -> SpanningTree:
    """Exact minimum spanning tree of a cloud.

    Parameters
    ----------
    points : (n, d) finite, n >= 1
    metric : "euclidean", or "cosine": the angle in radians

    Returns
    -------
    SpanningTree
        tails < heads. Each length has the bits of the entry of `pairwise.pairwise_distances` for that pair; edges of
        length zero join duplicates. Sorted by length, then by tail and head.

    Raises
    ------
    InvalidInput
        For an infinite coordinate, a direction of length zero, or an unknown metric.

    Notes
    -----
    O(n^2 d) time at worst, O(n d) memory; the tree does not depend on the order of computation [march2010].
    """
    if metric == "euclidean":
        near, exponent = near_one(points)
        tree = tree_of(near)
        return tree._replace(lengths=np.asarray(np.ldexp(tree.lengths, exponent), dtype=np.float64))
    if metric == "cosine":
        return angular_tree(unit_directions(points))
    raise InvalidInput(f"metric {metric!r} has no spanning tree without a matrix; known: euclidean, cosine.")


def component_deaths(points: NDArray[Any], metric: str = "euclidean") -> Floats:
    """(n-1,) ascending scales at which components of a cloud merge: the finite deaths of degree 0, zeros included."""
    return spanning_tree(points, metric).lengths


def tree_of(near: Floats) -> SpanningTree:
    """The tree of (n, d) float64 points as they are; their squares must stay in the range of float64 (`near_one`)."""
    near = np.ascontiguousarray(near, dtype=np.float64)
    first = _first_of_each(near)
    rows = np.arange(len(near))
    kept, copies = rows[first == rows], rows[first != rows]
    tree, squares = _grown(near if len(kept) == len(near) else near[kept])
    # of all edges among equal points, those to the smallest of them come first
    tree = np.concatenate([np.stack([first[copies], copies], axis=1), kept[tree]])
    squares = np.concatenate([np.zeros(len(copies)), squares])
    return _sorted(tree[:, 0], tree[:, 1], squares, np.sqrt(squares))


def angular_tree(directions: Floats) -> SpanningTree:
    """The tree of (n, d) directions of length one by their angles, in radians.

    Notes
    -----
    Angles rise with chords, so that the tree of the chords serves, but for a last edge near pi, where chords hardly
    differ any more: that one is looked for by |u + v|, in O(n^2 d) and only if it is longer than 120 degrees.
    """
    tree = tree_of(directions)
    tails, heads = tree.tails.copy(), tree.heads.copy()
    if len(tails) and tree.lengths[-1] ** 2 > _FAR:
        tails[-1], heads[-1] = _nearly_opposite(directions, tails[:-1], heads[:-1])
    one, other = directions[tails].T, directions[heads].T
    angles = 2 * np.arctan2(_norms(one - other), _norms(one + other))
    return _sorted(tails, heads, angles, angles)


def _grown(near: Floats) -> tuple[Integers, Floats]:
    """(n-1, 2) edges, smaller vertex first, and (n-1,) squared lengths of the tree of different points."""
    size, dim = near.shape
    tree, squares = np.empty((size - 1, 2), dtype=np.int64), np.empty(size - 1)
    if size < 2:
        return tree, squares
    if size >= BOXES_FROM.get(dim, size + 1):
        from tda_latent.numerics.spanning_boruvka import LEAF, boruvka, forest_of

        boruvka(forest_of(near, _nearby(near, LEAF)), tree, squares)
    else:
        from tda_latent.numerics.spanning_prim import WIDTH, blocks_for, prim, work_for

        prim(near, blocks_for(size, dim), work_for(_nearby(near, WIDTH), dim), tree, squares)
    return tree, squares


def _nearby(near: Floats, together: int) -> Integers:
    """The rows in an order in which so many consecutive ones lie close together."""
    return np.array(cKDTree(near, leafsize=together).indices, dtype=np.int64)


def _first_of_each(near: Floats) -> Integers:
    """(n,) for each row the first row that equals it.

    Rows are compared with the first of those that share a 64-bit mark. Should different rows ever share one, copies
    may go unseen, which costs time and nothing else.
    """
    marks = np.zeros(len(near), dtype=np.uint64)
    for column in near.T:
        marks = (marks ^ (column + 0.0).view(np.uint64)) * _PRIME  # + 0.0: minus zero equals zero
        marks ^= marks >> _HALF
    _, place, group = np.unique(marks, return_index=True, return_inverse=True)
    first = np.asarray(place, dtype=np.int64)[group.reshape(-1)]
    rows = np.arange(len(near))
    later = rows[first != rows]
    differ = later[(near[later] != near[first[later]]).any(axis=1)]
    first[differ] = differ
    return first


def _nearly_opposite(directions: Floats, tails: Integers, heads: Integers) -> tuple[int, int]:
    """The pair of least angle between the two parts that these edges leave, by the largest |u + v|."""
    size = len(directions)
    part = connected_components(coo_matrix((np.ones(len(tails)), (tails, heads)), shape=(size, size)), directed=False)[
        1
    ]
    fewer, more = sorted((np.flatnonzero(part == 0), np.flatnonzero(part == 1)), key=len)
    found = (np.inf, 0, 0)
    for rows in np.array_split(fewer, min(len(fewer), -(-len(fewer) * len(more) // _PAIRS))):
        sums = cdist(directions[rows], -directions[more])
        place, column = np.nonzero(sums == sums.max())
        pairs = np.sort(np.stack([rows[place], more[column]], axis=1), axis=1)
        found = min(found, (-float(sums.max()), *min(map(tuple, pairs.tolist()))))
    return found[1], found[2]


def _norms(columns: Floats) -> Floats:
    """(m,) lengths of the columns of a (d, m) array, squares summed from the first row to the last."""
    total = np.zeros(columns.shape[1])
    for row in columns:
        total += row * row
    return np.asarray(np.sqrt(total), dtype=np.float64)


def _sorted(tails: Integers, heads: Integers, keys: Floats, lengths: Floats) -> SpanningTree:
    """Edges in ascending order of (key, tail, head), tails below heads."""
    low, high = np.minimum(tails, heads), np.maximum(tails, heads)
    order = np.lexsort((high, low, keys))
    return SpanningTree(low[order], high[order], lengths[order])
