"""A planar layout of a cloud in which components merge at exactly the scales at which they merge in the cloud.

Edges of the minimum spanning tree are taken in ascending length. Each joins two finished components, which are moved
as rigid bodies: an edge of one hull faces an edge of the other across an empty strip as wide as the length, with one
vertex right above another [doraiswamy2021]. So the nearest points of the two are that length apart, and the minimum
spanning tree of the plane has the lengths of the tree of the cloud: the same diagram in degree 0.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.projection import principal_view
from tda_latent.numerics.spanning_tree import SpanningTree, tree_of
from tda_latent.numerics.trees import leaf_order

Floats = NDArray[np.float64]
_SAME = 1e-9  # of the size of a hull: distances that differ by less are equal
_STRAIGHT = 1e-12  # sine below which three places are collinear: right angles make many that are, up to rounding


class _Part(NamedTuple):
    """A finished component: its places first to last - 1 of the leaf order, and those of its hull, counterclockwise."""

    first: int
    last: int
    hull: list[int]


class _Facing(NamedTuple):
    """A vertex of a hull, and the direction of the hull's edge at it; no direction for a single place."""

    vertex: complex
    along: complex


def merge_layout(points: NDArray[Any]) -> Floats:
    """Planar layout with the merge scales of a cloud.

    Parameters
    ----------
    points : (n, d) finite, n >= 1

    Returns
    -------
    (n, 2) float64
        In the unit of the points, centred, along its own principal axes. The ascending lengths of its minimum
        spanning tree are those of the points', up to rounding at the size of the layout.

    Notes
    -----
    Beside the tree, O(n log n): of two components the smaller one moves. Only merges are kept: where in the plane a
    component lies, and how far apart points of different components are beyond their merge, has no meaning.
    """
    near, exponent = near_one(points)
    tree = tree_of(near)
    order, parts = _schedule(tree, len(near))
    place = np.empty(len(near), dtype=np.int64)
    place[order] = np.arange(len(near))
    plane = np.zeros(len(near), dtype=np.complex128)
    rows = zip(parts, place[tree.tails].tolist(), place[tree.heads].tolist(), tree.lengths.tolist(), strict=True)
    done: dict[int, _Part] = {k: _Part(int(place[k]), int(place[k]) + 1, [int(place[k])]) for k in range(len(near))}
    for row, ((one, other), tail, head, length) in enumerate(rows):
        done[len(near) + row] = _joined(plane, done.pop(one), done.pop(other), (tail, head), length)
    laid = plane[place]
    return np.ldexp(principal_view(np.stack([laid.real, laid.imag], axis=1), 2)[0], exponent)


def _schedule(tree: SpanningTree, size: int) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """A leaf order in which every component is contiguous, and the two components that each edge joins.

    Component k < size is point k, component size + r is what edge r makes; the tail lies in the first of its two.
    """
    owner = list(range(2 * size - 1))
    linkage, parts = np.zeros((size - 1, 4)), []
    for row, ends in enumerate(zip(tree.tails.tolist(), tree.heads.tolist(), strict=True)):
        one, other = (_root(owner, end) for end in ends)
        owner[one] = owner[other] = size + row
        linkage[row, :2] = one, other
        parts.append((one, other))
    return leaf_order(linkage), parts


def _root(owner: list[int], node: int) -> int:
    while owner[node] != node:
        owner[node] = owner[owner[node]]
        node = owner[node]
    return node


def _joined(plane: NDArray[np.complex128], one: _Part, other: _Part, ends: tuple[int, int], length: float) -> _Part:
    """Move the smaller of two components to face the larger one across a strip; the hull of both."""
    if other.last - other.first > one.last - one.first:
        one, other, ends = other, one, ends[::-1]
    still, moved = (_facing(plane, part.hull, end) for part, end in zip((one, other), ends, strict=True))
    turn = -still.along / moved.along if still.along and moved.along else 1.0
    away = -1j * (still.along or 1j)  # the outside of a counterclockwise edge lies right of it
    if not still.along and moved.along:
        turn = -1j / moved.along
    rows = slice(other.first, other.last)
    plane[rows] = (plane[rows] - moved.vertex) * turn + (still.vertex + length * away)
    first, last = min(one.first, other.first), max(one.last, other.last)
    return _Part(first, last, _hull(plane, one.hull + other.hull))


def _facing(plane: NDArray[np.complex128], hull: list[int], end: int) -> _Facing:
    """The vertex and the edge of a hull that are nearest to a place; of edges equally near, the longest."""
    corners = plane[hull]
    point = plane[end]
    nearest = int(np.argmin(np.abs(corners - point)))
    if len(hull) == 1:
        return _Facing(complex(corners[0]), 0j)
    if len(hull) == 2:
        step = corners[1 - nearest] - corners[nearest]
        return _Facing(complex(corners[nearest]), complex(step / abs(step)))
    steps = np.roll(corners, -1) - corners
    lengths = np.abs(steps)
    along = ((point - corners) * np.conj(steps)).real / lengths**2
    gaps = np.abs(corners + np.clip(along, 0.0, 1.0) * steps - point)
    near = np.flatnonzero(gaps <= gaps.min() + _SAME * lengths.max())
    edge = int(near[np.argmax(lengths[near])])
    start, stop = corners[edge], corners[(edge + 1) % len(hull)]
    vertex = start if abs(start - point) <= abs(stop - point) else stop
    return _Facing(complex(vertex), complex(steps[edge] / lengths[edge]))


def _hull(plane: NDArray[np.complex128], rows: list[int]) -> list[int]:
    """Rows of the convex hull, counterclockwise, without repeated or collinear places (monotone chains)."""
    places = sorted(zip(plane[rows].real.tolist(), plane[rows].imag.tolist(), rows, strict=True))
    lower, upper = _chain(places), _chain(places[::-1])
    if lower[0][:2] == lower[-1][:2]:
        return [lower[0][2]]
    return [row for _, _, row in lower[:-1] + upper[:-1]]


def _chain(places: list[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    kept: list[tuple[float, float, int]] = []
    for x, y, row in places:
        while len(kept) > 1:
            (ax, ay, _), (bx, by, _) = kept[-2], kept[-1]
            turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if turn > _STRAIGHT * math.hypot(bx - ax, by - ay) * math.hypot(x - ax, y - ay):
                break
            kept.pop()
        if not kept or kept[-1][:2] != (x, y):
            kept.append((x, y, row))
    return kept
