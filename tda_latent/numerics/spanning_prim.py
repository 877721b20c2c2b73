"""Prim's algorithm on points or on a matrix of distances, compiled; exact, with ties broken by vertex numbers.

Edges are ordered by (squared length, smaller vertex, larger vertex). That order is strict, so the minimum spanning tree
is one and the same whatever the algorithm, the order of the points in memory or the machine.

Points. The vertices outside the tree are held in blocks of points that lie close together. A vertex that joins the tree
is compared with a block in three sieves, each of which lets through every pair that could shorten a link:

1. the box of the block: a squared distance summed as in `euclidean` is never below that to the box, since rounding is
   monotone; a block whose box is farther than its longest link is left out, to the bit;
2. lengths in float32 from the centre of the block, half the memory and twice the speed, against the link plus a bound
   on their error (`_ceiling`);
3. what is left, a few pairs for each vertex, is decided by the float64 length.

Vertices that joined are taken out of their block; once half of the points are gone the blocks are packed anew. O(n^2 d)
time at worst, little memory beyond the points: the distances are never stored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.euclidean import squared_length_of_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
WIDTH = 512
"""Points in a block, a multiple of `_VECTOR`."""
_VECTOR = 16  # float32 lanes that are computed together
_STEP = float(np.finfo(np.float32).eps)  # twice the unit roundoff of float32
_FLOOR = 1e-30  # added to squares near one: whatever float32 loses to underflow


class Blocks(NamedTuple):
    """The vertices outside the tree, in blocks; lane k of block b is in use for k < sizes[b]."""

    sizes: Integers  # (blocks,)
    vertices: Integers  # (blocks, width)
    links: Floats  # (blocks, width) squared length of the shortest edge to the tree
    parents: Integers  # (blocks, width) its end in the tree; n before there is one
    ceilings: NDArray[np.float32]  # (blocks, width) a float32 length above it cannot shorten the link; -1 when unused
    nearby: NDArray[np.float32]  # (blocks, d, width) coordinates from the centre of the block
    centres: Floats  # (blocks, d)
    radii: Floats  # (blocks,) largest distance from the centre
    lower: Floats  # (d, blocks) box
    upper: Floats  # (d, blocks)
    shortest: Floats  # (blocks,) shortest link; inf for an empty block
    longest: Floats  # (blocks,) longest link; -1 for an empty block


def blocks_for(size: int, dim: int, width: int = WIDTH) -> Blocks:
    """Room for `size` points of `dim` coordinates."""
    count = -(-size // width)
    return Blocks(
        sizes=np.zeros(count, dtype=np.int64),
        vertices=np.zeros((count, width), dtype=np.int64),
        links=np.zeros((count, width)),
        parents=np.zeros((count, width), dtype=np.int64),
        ceilings=np.full((count, width), -1.0, dtype=np.float32),
        nearby=np.zeros((count, dim, width), dtype=np.float32),
        centres=np.zeros((count, dim)),
        radii=np.zeros(count),
        lower=np.zeros((dim, count)),
        upper=np.zeros((dim, count)),
        shortest=np.full(count, np.inf),
        longest=np.full(count, -1.0),
    )


class Work(NamedTuple):
    """Where packing takes vertices from, and room for what a step computes."""

    order: Integers  # (n,) vertices, such that neighbours in the list lie close together
    links: Floats  # (n,)
    parents: Integers  # (n,)
    away: Floats  # (blocks,) squared distances to boxes
    local: NDArray[np.float32]  # (d,) the new vertex from the centre of a block
    screened: NDArray[np.float32]  # (width,) float32 squared lengths


def work_for(order: Integers, dim: int, width: int = WIDTH) -> Work:
    """Room for one tree; the list of vertices is overwritten."""
    size = len(order)
    return Work(
        order=order,
        links=np.full(size, np.inf),
        parents=np.full(size, size, dtype=np.int64),
        away=np.zeros(-(-size // width)),
        local=np.zeros(dim, dtype=np.float32),
        screened=np.zeros(width, dtype=np.float32),
    )


@compiled
def prim(points: Floats, blocks: Blocks, work: Work, tree: Integers, squares: Floats) -> None:
    """Minimum spanning tree of (n, d) points, edge by edge as it grows.

    Parameters
    ----------
    points : (n, d) float64, contiguous, near one
    blocks : room made by `blocks_for(n, d)`
    work : room made by `work_for(order, d)`
    tree : (n-1, 2) written: smaller and larger vertex of every edge
    squares : (n-1,) written: squared lengths
    """
    size, packed, left = len(points), len(points), len(points)
    used = _pack(points, blocks, work, size)
    block, lane = 0, 0
    for edge in range(size - 1):
        vertex = blocks.vertices[block, lane]
        _take_out(blocks, block, lane)
        left -= 1
        if 2 * left < packed and left > blocks.links.shape[1]:
            _gather(blocks, work, used)
            used, packed = _pack(points, blocks, work, left), left
        _distances_to_boxes(points, vertex, blocks, used, work.away)
        for b in range(used):
            if work.away[b] <= blocks.longest[b] and _screen(points, vertex, blocks, b, work):
                _shorten(points, vertex, blocks, b, work)
        block, lane = _next(blocks, used)
        head, tail = blocks.vertices[block, lane], blocks.parents[block, lane]
        tree[edge, 0], tree[edge, 1] = min(head, tail), max(head, tail)
        squares[edge] = blocks.links[block, lane]


@leaf
def _pack(points: Floats, blocks: Blocks, work: Work, size: int) -> int:
    """Fill blocks with the first vertices of the list; the number of blocks."""
    width = blocks.links.shape[1]
    used: int = (size + width - 1) // width
    for b in range(used):
        blocks.sizes[b] = min(width, size - b * width)
        for k in range(width):
            blocks.ceilings[b, k] = -1.0
        for k in range(blocks.sizes[b]):
            blocks.vertices[b, k] = work.order[b * width + k]
            blocks.links[b, k] = work.links[b * width + k]
            blocks.parents[b, k] = work.parents[b * width + k]
        _place(points, blocks, b)
        for k in range(blocks.sizes[b]):
            blocks.ceilings[b, k] = _ceiling(blocks.links[b, k], blocks.radii[b], points.shape[1])
        _note_extremes(blocks, b)
    return used


@leaf
def _gather(blocks: Blocks, work: Work, used: int) -> None:
    """List the vertices that are left, in the order in which they stand."""
    done = 0
    for b in range(used):
        for k in range(blocks.sizes[b]):
            work.order[done] = blocks.vertices[b, k]
            work.links[done], work.parents[done] = blocks.links[b, k], blocks.parents[b, k]
            done += 1


@leaf
def _place(points: Floats, blocks: Blocks, b: int) -> None:
    """Box, centre and float32 coordinates of a block."""
    count = blocks.sizes[b]
    for q in range(points.shape[1]):
        low, high = np.inf, -np.inf
        for k in range(count):
            value = points[blocks.vertices[b, k], q]
            low, high = min(low, value), max(high, value)
        blocks.lower[q, b], blocks.upper[q, b] = low, high
        blocks.centres[b, q] = low / 2 + high / 2
    radius = 0.0
    for k in range(count):
        total = 0.0
        for q in range(points.shape[1]):
            step = points[blocks.vertices[b, k], q] - blocks.centres[b, q]
            blocks.nearby[b, q, k] = step
            total += step * step
        radius = max(radius, total)
    blocks.radii[b] = np.sqrt(radius)


@leaf
def _take_out(blocks: Blocks, b: int, lane: int) -> None:
    """Remove a vertex; the last one of its block takes its place."""
    last = blocks.sizes[b] - 1
    blocks.sizes[b] = last
    blocks.vertices[b, lane] = blocks.vertices[b, last]
    blocks.links[b, lane] = blocks.links[b, last]
    blocks.parents[b, lane] = blocks.parents[b, last]
    blocks.ceilings[b, lane] = blocks.ceilings[b, last]
    for q in range(len(blocks.lower)):
        blocks.nearby[b, q, lane] = blocks.nearby[b, q, last]
    blocks.ceilings[b, last] = -1.0
    _note_extremes(blocks, b)


@leaf
def _note_extremes(blocks: Blocks, b: int) -> None:
    """Shortest and longest link of a block."""
    low, high = np.inf, -1.0
    for k in range(blocks.sizes[b]):
        low, high = min(low, blocks.links[b, k]), max(high, blocks.links[b, k])
    blocks.shortest[b], blocks.longest[b] = low, high


@leaf
def _distances_to_boxes(points: Floats, vertex: int, blocks: Blocks, used: int, away: Floats) -> None:
    """Squared distances from a vertex to the boxes, summed in the order in which those to points are summed."""
    for b in range(used):
        away[b] = 0.0
    for q in range(points.shape[1]):
        value = points[vertex, q]
        for b in range(used):
            below, above = blocks.lower[q, b] - value, value - blocks.upper[q, b]
            step = below if below > 0 else (above if above > 0 else 0.0)
            away[b] += step * step


@leaf
def _ceiling(link: float, radius: float, dim: int) -> float:
    """Largest float32 squared length of a pair whose float64 one is at most `link`.

    Both ends are rounded relative to the centre of the block, by at most half a step of the radius and of the radius
    plus the length; the float32 sum of d squares is off by at most (d + 3) / 2 steps, and twice that is granted.
    """
    length = (np.sqrt(link) * (1 + _STEP) + 2 * _STEP * radius) * (1 + (dim + 4) * _STEP)
    return float(length * length * (1 + 2 * _STEP) + _FLOOR)


@leaf
def _screen(points: Floats, vertex: int, blocks: Blocks, b: int, work: Work) -> bool:
    """Float32 squared lengths from a vertex to a block; whether one of them stays below its ceiling."""
    near, local, out, dim = blocks.nearby, work.local, work.screened, points.shape[1]
    width = -(-blocks.sizes[b] // _VECTOR) * _VECTOR  # whole vectors; unused lanes lie above their ceiling
    for q in range(dim):
        local[q] = points[vertex, q] - blocks.centres[b, q]
    for k in range(width):
        out[k] = 0.0
    q = 0
    while q + 4 <= dim:
        first, second, third, fourth = local[q], local[q + 1], local[q + 2], local[q + 3]
        for k in range(width):
            s, t = first - near[b, q, k], second - near[b, q + 1, k]
            u, v = third - near[b, q + 2, k], fourth - near[b, q + 3, k]
            out[k] = out[k] + s * s + t * t + u * u + v * v
        q += 4
    while q < dim:
        first = local[q]
        for k in range(width):
            s = first - near[b, q, k]
            out[k] += s * s
        q += 1
    hits = 0
    for k in range(width):
        hits += out[k] <= blocks.ceilings[b, k]
    return hits > 0


@leaf
def _shorten(points: Floats, vertex: int, blocks: Blocks, b: int, work: Work) -> None:
    """Give the links of a block the exact lengths to a new vertex where these come first.

    Of two edges of the same length to one vertex, that with the smaller other end comes first in the order of edges.
    """
    shorter = False
    for k in range(blocks.sizes[b]):
        if work.screened[k] <= blocks.ceilings[b, k]:
            square = squared_length_of_rows(points, vertex, blocks.vertices[b, k])
            link = blocks.links[b, k]
            if square < link or (square == link and vertex < blocks.parents[b, k]):
                blocks.links[b, k], blocks.parents[b, k] = square, vertex
                blocks.ceilings[b, k] = _ceiling(square, blocks.radii[b], points.shape[1])
                shorter = True
    if shorter:
        _note_extremes(blocks, b)


@leaf
def _next(blocks: Blocks, used: int) -> tuple[int, int]:
    """Block and lane of the vertex whose link comes first in the order of edges."""
    least = np.inf
    for b in range(used):
        least = min(least, blocks.shortest[b])
    block, lane, first, second = -1, -1, 0, 0
    for b in range(used):
        if blocks.shortest[b] != least:
            continue
        for k in range(blocks.sizes[b]):
            if blocks.links[b, k] == least:
                vertex, parent = blocks.vertices[b, k], blocks.parents[b, k]
                low, high = min(vertex, parent), max(vertex, parent)
                if block < 0 or low < first or (low == first and high < second):
                    block, lane, first, second = b, k, low, high
    return block, lane
