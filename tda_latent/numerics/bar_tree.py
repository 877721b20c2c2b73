"""The bars of a diagram in a tree that finds the nearest bar still in stock.

A balanced binary tree over the plane of births and deaths [bentley1975], split at the median of the wider side. Node 1
is the root and node k has the children 2k and 2k + 1; all leaves lie on one level, and the nodes of a level cut the
bars into consecutive runs whose ends follow from their number, so only boxes and counts are stored. Distances are
l_inf. A difference of two floats never falls when its first term grows, so a box that is too far by its rounded
distance holds no bar that is near by its own: rounding never loses a bar.

Many bars in one place cost nothing: nodes of which nothing is left in stock are skipped whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, inlined

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAF_SIZE = 8
SCRATCH = 64  # nodes that wait in a search, at most two for each level


class BarTree(NamedTuple):
    """Finite bars in the order of the leaves.

    bars : (n, 3) birth, death, and height > 0: l_inf distance to the diagonal
    tallest : (n,) bars by falling height
    boxes : (2 leaves, 4) least and largest birth, least and largest death in each node; row 0 is unused
    stock : (2 leaves + n + SCRATCH,) everything in stock: how many bars are in each node, 1 for each bar, scratch
    """

    bars: Floats
    tallest: Integers
    boxes: Floats
    stock: Integers


def bar_tree(finite: Floats, heights: Floats) -> tuple[BarTree, Integers]:
    """The tree of (n, 2) finite bars, n >= 1, of (n,) positive heights, and for each of its bars the row that it was.

    O(n log n) time, O(n) memory.
    """
    size, leaves = len(finite), 1
    while leaves * LEAF_SIZE < size:
        leaves *= 2
    bars, rank = np.column_stack([finite, heights]), np.arange(size)
    boxes, stock = np.empty((2 * leaves, 4)), np.ones(2 * leaves + size + SCRATCH, dtype=np.int64)
    _plant(bars, rank, boxes, stock)
    return BarTree(bars, np.argsort(-bars[:, 2], kind="stable"), boxes, stock), rank


@compiled
def near(tree: BarTree, stock: Integers, birth: float, death: float, enough: float, limit: float) -> tuple[int, float]:
    """The nearest bar in stock and its l_inf distance to (birth, death).

    Parameters
    ----------
    tree, stock : where to look, and which of its bars count
    birth, death : the place to look from
    enough : finite; the search ends at the first bar that is no farther than this
    limit : bars farther than this do not count

    Returns
    -------
    int, float
        -1 and the next number above the limit when there is no such bar.
    """
    bars, boxes = tree.bars, tree.boxes
    size, nodes = len(bars), len(boxes)
    leaves, path = nodes // 2, nodes + len(bars)
    found, best = -1, np.nextafter(limit, np.inf)
    stock[path], depth = 1, 1
    while depth > 0 and best > enough:
        depth -= 1
        node = stock[path + depth]
        if stock[node] == 0 or _gap(boxes, node, birth, death) >= best:
            continue
        if node < leaves:
            far = 2 * node + (_gap(boxes, 2 * node, birth, death) <= _gap(boxes, 2 * node + 1, birth, death))
            stock[path + depth], stock[path + depth + 1] = far, 4 * node + 1 - far
            depth += 2
            continue
        for k in range((node - leaves) * size // leaves, (node - leaves + 1) * size // leaves):
            apart = max(abs(bars[k, 0] - birth), abs(bars[k, 1] - death))
            if stock[nodes + k] and apart < best:
                found, best = k, apart
    return found, best


@compiled
def move(tree: BarTree, stock: Integers, bar: int, change: int) -> None:
    """Take the bar, which is in stock, out of it (change = -1), or put it, which is not, back (1)."""
    nodes = len(tree.boxes)
    stock[nodes + bar] += change
    node = nodes // 2 + ((bar + 1) * (nodes // 2) - 1) // len(tree.bars)
    while node > 0:
        stock[node] += change
        node //= 2


@inlined
def _gap(boxes: Floats, node: int, birth: float, death: float) -> float:
    """How far a bar is at least from everything in a node; not positive inside."""
    sideways = max(boxes[node, 0] - birth, birth - boxes[node, 1])
    upwards = max(boxes[node, 2] - death, death - boxes[node, 3])
    return max(sideways, upwards)


@compiled
def _plant(bars: Floats, rank: Integers, boxes: Floats, stock: Integers) -> None:
    """Order the bars for the leaves, find the boxes and count, in place."""
    size, leaves = len(bars), len(boxes) // 2
    level = 1
    while level <= leaves:
        for node in range(level, 2 * level):
            start, stop = (node - level) * size // level, (node - level + 1) * size // level
            stock[node] = stop - start
            left, right, low, high = np.inf, -np.inf, np.inf, -np.inf
            for k in range(start, stop):
                left, right = min(left, bars[k, 0]), max(right, bars[k, 0])
                low, high = min(low, bars[k, 1]), max(high, bars[k, 1])
            boxes[node, 0], boxes[node, 1], boxes[node, 2], boxes[node, 3] = left, right, low, high
            if level < leaves:
                middle = (2 * (node - level) + 1) * size // (2 * level)
                _select(bars, rank, int(right - left <= high - low), start, middle, stop)
        level *= 2


@compiled
def _select(bars: Floats, rank: Integers, axis: int, start: int, middle: int, stop: int) -> None:
    """Order start:stop so that nothing before the middle is larger, and nothing after it smaller [hoare1961]."""
    low, high = start, stop - 1
    while low < high:
        pivot = bars[(low + high) // 2, axis]
        i, j = low, high
        while i <= j:
            while bars[i, axis] < pivot:
                i += 1
            while bars[j, axis] > pivot:
                j -= 1
            if i <= j:
                for column in range(3):
                    bars[i, column], bars[j, column] = bars[j, column], bars[i, column]
                rank[i], rank[j] = rank[j], rank[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return
