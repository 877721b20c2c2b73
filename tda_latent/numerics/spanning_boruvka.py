"""Boruvka's algorithm over a tree of boxes, compiled; exact, with ties broken by vertex numbers.

In every round each component of the forest looks for the first edge, in the order (squared length, smaller vertex,
larger vertex), that leaves it; these edges all belong to the minimum spanning tree, and the components at least halve
in number. A point searches the boxes from the root down, nearer half first, and leaves out

- boxes farther than the best edge that its component has found so far (squared distances to boxes are summed as those
  to points, so that rounding never puts a point nearer than its box), and
- boxes all of whose points lie in its own component [march2010].

A point remembers how far the nearest foreign point is at least, and rests while its component knows a shorter edge.
Quick when boxes say something, that is for few dimensions: O(n log n) then, and O(n^2 log n) at worst.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.euclidean import squared_length_of_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAF = 8
"""Most points in a leaf."""


class Forest(NamedTuple):
    """Points in the order of the boxes, and what a round knows; node k has the children 2 k and 2 k + 1."""

    points: Floats  # (n, d)
    vertices: Integers  # (n,) the caller's number of each point
    lower: Floats  # (nodes, d) boxes
    upper: Floats  # (nodes, d)
    owner: Integers  # (nodes,) component that all points of the box belong to; -1 for several; the root is node 1
    component: Integers  # (n,) of each point: the place of one of its points
    floor: Floats  # (n,) lower bound on the squared distance to the nearest point outside the component
    friend: Integers  # (n,) an end of the first edge that a point found last; -1 before
    squares: Floats  # (n,) of the best edge of each component, at the place that names it
    ends: Integers  # (n, 2) places of its ends


def forest_of(points: Floats, order: Integers) -> Forest:
    """A forest of single points, boxes still to be measured, for vertices listed so that neighbours lie together."""
    size, dim = points.shape
    leaves = 1
    while size > leaves * LEAF:
        leaves *= 2
    return Forest(
        points=np.ascontiguousarray(points[order]),
        vertices=order,
        lower=np.full((2 * leaves, dim), np.inf),
        upper=np.full((2 * leaves, dim), -np.inf),
        owner=np.full(2 * leaves, -1, dtype=np.int64),
        component=np.arange(size),
        floor=np.zeros(size),
        friend=np.full(size, -1, dtype=np.int64),
        squares=np.zeros(size),
        ends=np.zeros((size, 2), dtype=np.int64),
    )


@compiled
def boruvka(forest: Forest, tree: Integers, squares: Floats) -> None:
    """Minimum spanning tree, round by round.

    Parameters
    ----------
    forest : of n points, made by `forest_of`
    tree : (n-1, 2) written: smaller and larger vertex of every edge
    squares : (n-1,) written: squared lengths
    """
    _measure_boxes(forest)
    edges, size = 0, len(forest.points)
    stack, away = np.empty(128, np.int64), np.empty(128)
    while edges < size - 1:
        _name_owners(forest)
        forest.squares[:] = np.inf
        for place in range(size):
            if forest.friend[place] >= 0 and forest.component[forest.friend[place]] != forest.component[place]:
                square = squared_length_of_rows(forest.points, place, forest.friend[place])
                _offer(forest, square, place, forest.friend[place])
        for place in range(size):
            if forest.floor[place] <= forest.squares[forest.component[place]]:
                _search(forest, place, stack, away)
        edges = _join(forest, tree, squares, edges)


@leaf
def _first_place(size: int, leaves: int, k: int) -> int:
    """Place of the first point of a leaf."""
    return size * k // leaves


@compiled
def _measure_boxes(forest: Forest) -> None:
    size, leaves = len(forest.points), len(forest.owner) // 2
    for k in range(leaves):
        for place in range(_first_place(size, leaves, k), _first_place(size, leaves, k + 1)):
            for q in range(forest.points.shape[1]):
                value = forest.points[place, q]
                forest.lower[leaves + k, q] = min(forest.lower[leaves + k, q], value)
                forest.upper[leaves + k, q] = max(forest.upper[leaves + k, q], value)
    for node in range(leaves - 1, 0, -1):
        for q in range(forest.points.shape[1]):
            forest.lower[node, q] = min(forest.lower[2 * node, q], forest.lower[2 * node + 1, q])
            forest.upper[node, q] = max(forest.upper[2 * node, q], forest.upper[2 * node + 1, q])


@compiled
def _name_owners(forest: Forest) -> None:
    size, leaves = len(forest.points), len(forest.owner) // 2
    for k in range(leaves):
        start = _first_place(size, leaves, k)
        owner = forest.component[start]
        for place in range(start + 1, _first_place(size, leaves, k + 1)):
            if forest.component[place] != owner:
                owner = -1
        forest.owner[leaves + k] = owner
    for node in range(leaves - 1, 0, -1):
        left, right = forest.owner[2 * node], forest.owner[2 * node + 1]
        forest.owner[node] = left if left == right else -1


@leaf
def _search(forest: Forest, place: int, stack: Integers, away: Floats) -> None:
    """Offer the component of a point every edge from there that could come first."""
    points, component, squares = forest.points, forest.component, forest.squares
    size, leaves, own = len(points), len(forest.owner) // 2, component[place]
    stack[0], away[0], depth = 1, 0.0, 1
    while depth > 0:
        depth -= 1
        node = stack[depth]
        if away[depth] > squares[own] or forest.owner[node] == own:
            continue
        if node >= leaves:
            for other in range(
                _first_place(size, leaves, node - leaves), _first_place(size, leaves, node - leaves + 1)
            ):
                square = squared_length_of_rows(points, place, other)
                foreign = component[other]
                if foreign != own and (square <= squares[own] or square <= squares[foreign]):
                    _offer(forest, square, place, other)
            continue
        left = _squared_to_box(points, place, forest.lower, forest.upper, 2 * node)
        right = _squared_to_box(points, place, forest.lower, forest.upper, 2 * node + 1)
        nearer = 2 * node + (right < left)
        stack[depth], away[depth] = 4 * node + 1 - nearer, max(left, right)
        stack[depth + 1], away[depth + 1] = nearer, min(left, right)
        depth += 2
    forest.floor[place] = squares[own]


@leaf
def _offer(forest: Forest, square: float, place: int, other: int) -> None:
    """Note the edge between two points of different components where it comes first."""
    own, foreign = forest.component[place], forest.component[other]
    if _comes_first(forest, square, place, other, own):
        forest.squares[own], forest.ends[own, 0], forest.ends[own, 1] = square, place, other
        forest.friend[place] = other
    if _comes_first(forest, square, place, other, foreign):
        forest.squares[foreign], forest.ends[foreign, 0], forest.ends[foreign, 1] = square, place, other


@leaf
def _comes_first(forest: Forest, square: float, place: int, other: int, component: int) -> bool:
    """Whether an edge precedes the best one of a component."""
    best = forest.squares[component]
    if square != best:
        return bool(square < best)
    a, b = forest.vertices[place], forest.vertices[other]
    c, d = forest.vertices[forest.ends[component, 0]], forest.vertices[forest.ends[component, 1]]
    return bool(min(a, b) < min(c, d) or (min(a, b) == min(c, d) and max(a, b) < max(c, d)))


@leaf
def _squared_to_box(points: Floats, place: int, lower: Floats, upper: Floats, node: int) -> float:
    """Squared distance from a point to a box, summed as squared lengths are."""
    total = 0.0
    for q in range(points.shape[1]):
        below, above = lower[node, q] - points[place, q], points[place, q] - upper[node, q]
        step = below if below > 0 else (above if above > 0 else 0.0)
        total += step * step
    return total


@compiled
def _join(forest: Forest, tree: Integers, squares: Floats, edges: int) -> int:
    """Add the best edge of every component and name the components anew; the number of edges so far."""
    size = len(forest.points)
    root = np.arange(size)
    for own in range(size):
        if forest.component[own] != own:
            continue
        place, other = forest.ends[own, 0], forest.ends[own, 1]
        first, second = _root(root, forest.component[place]), _root(root, forest.component[other])
        if first != second:  # the same edge may be the first of both its components
            root[max(first, second)] = min(first, second)
            a, b = forest.vertices[place], forest.vertices[other]
            tree[edges, 0], tree[edges, 1], squares[edges] = min(a, b), max(a, b), forest.squares[own]
            edges += 1
    for place in range(size):
        forest.component[place] = _root(root, forest.component[place])
    return edges


@leaf
def _root(root: Integers, place: int) -> int:
    while root[place] != place:
        root[place] = root[root[place]]
        place = root[place]
    return place
