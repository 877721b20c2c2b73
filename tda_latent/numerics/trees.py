"""Dendrograms as arrays: from a table of merge scales, their leaf order, and the lines that draw them.

A tree is a linkage as SciPy writes it: row r of the (k - 1, 4) array joins clusters ``tree[r, 0]`` and
``tree[r, 1]`` at height ``tree[r, 2]`` into cluster k + r of ``tree[r, 3]`` leaves. Heights may be infinite
(two parts that never merge), which SciPy itself refuses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import minimum_spanning_edges

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def ultrametric_tree(table: NDArray[Any]) -> Floats:
    """Single-linkage tree of a symmetric table of scales at which two of k things merge.

    Parameters
    ----------
    table : (k, k) symmetric, >= 0 off the diagonal; inf = never merges. The diagonal is not read.

    Returns
    -------
    (k - 1, 4) float64
        Heights rise from row to row. For an ultrametric table the height at which i and j join is ``table[i, j]``;
        for any other it is the smallest over paths of the largest step, which is ultrametric.

    Raises
    ------
    InvalidInput
        For a table that is not square, not symmetric, empty, or holds NaN or negative values off the diagonal.

    Notes
    -----
    O(k^2): Prim's minimum spanning tree, then Kruskal's merges in its order [carlsson2010].
    """
    scales = np.array(table, dtype=np.float64)
    if scales.ndim != 2 or scales.shape[0] != scales.shape[1] or not len(scales):
        raise InvalidInput(f"the table has shape {scales.shape}; merge scales are a square table of at least one row.")
    np.fill_diagonal(scales, 0.0)
    if np.isnan(scales).any() or (scales < 0).any() or not np.array_equal(scales, scales.T):
        raise InvalidInput("merge scales must be symmetric and not negative, without NaN; drop undefined rows first.")
    size = len(scales)
    cluster, count = np.arange(size), np.ones(2 * size - 1, dtype=np.int64)
    tree = np.zeros((size - 1, 4))
    for row, (tail, head, height) in enumerate(zip(*minimum_spanning_edges(scales), strict=True)):
        first, second = sorted((cluster[tail], cluster[head]))
        joined = size + row
        count[joined] = count[first] + count[second]
        tree[row] = first, second, height, count[joined]
        cluster[(cluster == first) | (cluster == second)] = joined
    return tree


def leaf_order(tree: NDArray[Any]) -> Integers:
    """(k,) leaves from one end of the drawn tree to the other, so that no two branches cross; O(k)."""
    size = len(tree) + 1
    leaves: list[int] = []
    waiting = [2 * size - 2]
    while waiting:
        node = waiting.pop()
        if node < size:
            leaves.append(node)
        else:
            waiting += [int(tree[node - size, 1]), int(tree[node - size, 0])]
    return np.array(leaves, dtype=np.int64)


def brackets(tree: NDArray[Any], order: NDArray[Any], ceiling: float) -> Floats:
    """Lines of a dendrogram: (k - 1, 4, 2) corners of the bracket that each merge draws.

    Parameters
    ----------
    tree : (k - 1, 4) linkage
    order : (k,) the leaf at each position 0, 1, ..., k - 1
    ceiling : height drawn for merges at infinity

    Returns
    -------
    (k - 1, 4, 2) float64
        Corners (position, height): foot of the first branch, its top, top of the second branch, its foot.
    """
    size = len(tree) + 1
    positions, heights = np.zeros(2 * size - 1), np.zeros(2 * size - 1)
    positions[np.asarray(order, dtype=np.int64)] = np.arange(size)
    lines = np.zeros((size - 1, 4, 2))
    for row, (first, second, height, _) in enumerate(np.asarray(tree, dtype=np.float64).tolist()):
        a, b, node = int(first), int(second), size + row
        heights[node] = min(height, ceiling)
        positions[node] = (positions[a] + positions[b]) / 2
        top = heights[node]
        lines[row] = [(positions[a], heights[a]), (positions[a], top), (positions[b], top), (positions[b], heights[b])]
    return lines
