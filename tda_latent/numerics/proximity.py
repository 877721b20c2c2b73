"""Clusters by short steps, compiled: which points hang together when every pair within a radius is joined.

The graph of all pairs within the radius is never held. Its components are flooded: points are taken off a queue, the
points within the radius that no flood has reached yet are looked up, and these join the queue. Two things keep the
look-up short.

*Blocks.* `tda_latent.numerics.blocks` rules out most pairs. The queue is worked off in batches, and points join it
block after block, so that a batch is close as well: a block out of reach of the batch's bounding box is passed over.

*Forgetting.* A point that was reached is never looked at again. As soon as half of the points in the blocks are
forgotten, the blocks are rebuilt from the rest. A patch that is one dense cluster costs little more than one look at
every point.

O(m^1.5) time for few coordinates and a radius that holds a fixed number of points, O(m^2 d) at worst; O(m d) memory
always. Results are exact, to the last bit of the radius, and do not depend on blocks, sketches or batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.blocks import (
    Blocks,
    Patch,
    Sketcher,
    blocks_of,
    bounding_box,
    close_order,
    flagged,
    gap,
    measure,
    patch_of,
    span,
    true_flags,
)
from tda_latent.numerics.compilation import compiled

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
BATCH = 64
"""Points that are taken off the queue at once."""


def component_labels(points: NDArray[Any], radius: float, sketch: Sketcher | None = None) -> Integers:
    """Components of the graph of pairs at most ``radius`` apart.

    Parameters
    ----------
    points : (m, d) finite, m >= 1
    radius : in the unit of the points, both ends of every pair included; inf joins everything
    sketch : axes of a cloud that the points belong to; None = their own. They change the time and nothing else

    Returns
    -------
    (m,) int64
        Numbers 0, 1, ... of the components, in an order without meaning.
    """
    return np.asarray(_components(patch_of(points, radius, sketch)), dtype=np.int64)


def have_neighbours(points: NDArray[Any], radius: float, count: int, sketch: Sketcher | None = None) -> Flags:
    """(m,) whether at least ``count`` points, the point itself included, are at most ``radius`` away from each point.

    Counting stops once it is known: much less than all pairs where points lie dense.
    """
    return np.asarray(_counts(patch_of(points, radius, sketch), count) >= count)


def nearest_within(points: NDArray[Any], radius: float, targets: Flags, sketch: Sketcher | None = None) -> Integers:
    """(m,) row of the nearest target at most ``radius`` away, -1 without one; targets themselves are not looked up.

    Of targets at equal distances the first row is taken.
    """
    return np.asarray(_nearest(patch_of(points, radius, sketch), targets), dtype=np.int64)


@compiled
def _components(patch: Patch) -> Integers:
    """Floods one component after the other; the queue ends up holding every row once."""
    size = len(patch.points)
    labels, queue = np.empty(size, np.int64), np.empty(size, np.int64)
    blocks = blocks_of(patch, close_order(patch.sketches))
    waiting = np.ones(size, np.bool_)
    head, tail, cluster, seed = 0, 0, -1, 0
    while head < size:
        if head == tail:
            while not waiting[seed]:
                seed += 1
            cluster += 1
            waiting[seed] = False
            queue[tail] = blocks.rows[seed]
            tail += 1
        stop = min(tail, head + BATCH)
        for k in range(head, stop):
            labels[queue[k]] = cluster
        tail += _absorb(patch, queue[head:stop], blocks, waiting, queue[tail:])
        head = stop
        left = size - tail
        if 0 < left <= len(waiting) // 2:
            blocks = blocks_of(patch, flagged(blocks.rows, waiting))
            waiting = np.ones(left, np.bool_)
            seed = 0
    return labels


@compiled
def _absorb(patch: Patch, batch: Integers, blocks: Blocks, waiting: Flags, found: Integers) -> int:
    """Number of waiting rows near a batch of rows; they wait no more, and are written to ``found``."""
    lower, upper = np.empty(patch.sketches.shape[1]), np.empty(patch.sketches.shape[1])
    bounding_box(patch.sketches, batch, lower, upper)
    squares = np.empty(len(blocks.rows))
    total = 0
    for block in range(len(blocks.lower)):
        if gap(lower, upper, blocks.lower[block], blocks.upper[block]) > patch.far:
            continue
        start, stop = span(blocks, block)
        left = true_flags(waiting, start, stop)
        for row in batch:
            if left == 0:
                break
            if not measure(patch, row, blocks, block, waiting, squares):
                continue
            for k in range(start, stop):
                if waiting[k] and squares[k] <= patch.reach:
                    waiting[k] = False
                    found[total] = blocks.rows[k]
                    total += 1
                    left -= 1
    return total


@compiled
def _counts(patch: Patch, enough: int) -> Integers:
    """(m,) near points of every row, counted until there are enough; the own block comes first."""
    size = len(patch.points)
    counts, all_of_them, squares = np.zeros(size, np.int64), np.ones(size, np.bool_), np.empty(size)
    blocks = blocks_of(patch, close_order(patch.sketches))
    for own in range(len(blocks.lower)):
        first, last = span(blocks, own)
        for step in range(len(blocks.lower)):
            other = (own + step) % len(blocks.lower)
            if gap(blocks.lower[own], blocks.upper[own], blocks.lower[other], blocks.upper[other]) > patch.far:
                continue
            start, stop = span(blocks, other)
            for row in blocks.rows[first:last]:
                if counts[row] < enough and measure(patch, row, blocks, other, all_of_them, squares):
                    for k in range(start, stop):
                        counts[row] += squares[k] <= patch.reach
    return counts


@compiled
def _nearest(patch: Patch, targets: Flags) -> Integers:
    """(m,) nearest target of every other row; lengths are compared after the root, as between pairs of points."""
    size = len(patch.points)
    nearest = np.full(size, -1)
    order = close_order(patch.sketches)
    blocks = blocks_of(patch, flagged(order, targets[order]))
    all_of_them, squares = np.ones(len(blocks.rows), np.bool_), np.empty(len(blocks.rows))
    for row in range(size):
        best, point = np.inf, patch.sketches[row]
        for block in range(0 if targets[row] else len(blocks.lower)):
            if gap(point, point, blocks.lower[block], blocks.upper[block]) > patch.far:
                continue
            if not measure(patch, row, blocks, block, all_of_them, squares):
                continue
            start, stop = span(blocks, block)
            for k in range(start, stop):
                if squares[k] <= patch.reach:
                    length = np.sqrt(squares[k])
                    if length < best or (length == best and blocks.rows[k] < nearest[row]):
                        best, nearest[row] = length, blocks.rows[k]
    return nearest
