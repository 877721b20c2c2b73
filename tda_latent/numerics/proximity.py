"""Clusters by short steps, compiled: which points hang together when every pair within a radius is joined.

The graph of all pairs within the radius is never held. Its components are flooded: points that were reached are taken
in batches, and the points within the radius that no flood has reached yet are looked up. Three things keep this short.

*Blocks.* `tda_latent.numerics.blocks` rules out most pairs.

*The middle first.* Of the points that were reached, those close to the mean of their block are taken first. In many
dimensions they have by far the most neighbours: ten points of the middle of a cluster reach what takes hundreds of its
rim, and what is left for the rim is little.

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
    close_order,
    flagged,
    measure,
    outlyingness,
    patch_of,
    span,
    true_flags,
)
from tda_latent.numerics.compilation import compiled

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
BATCH = 64
"""Points that are taken at once: each block of waiting points is read once for all of them."""


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
    patch = patch_of(points, radius, sketch)
    blocks = blocks_of(patch, close_order(patch.sketches))
    order = np.argsort(outlyingness(patch, blocks), kind="stable")
    return np.asarray(_components(patch, blocks, order), dtype=np.int64)


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
def _components(patch: Patch, blocks: Blocks, order: Integers) -> Integers:
    """Floods one component after the other; ``order`` says which rows that were reached are taken first."""
    size = len(order)
    labels, rank = np.empty(size, np.int64), np.empty(size, np.int64)
    for place in range(size):
        rank[order[place]] = place
    is_reached, waiting = np.zeros(size, np.bool_), np.ones(size, np.bool_)
    found, batch = np.empty(size, np.int64), np.empty(BATCH, np.int64)
    left, cluster, seed, first = size, -1, 0, size
    while left > 0:
        taken, first = _take(is_reached, first, order, batch)
        if taken == 0:
            while not waiting[seed]:
                seed += 1
            cluster, taken, batch[0] = cluster + 1, 1, blocks.rows[seed]
            waiting[seed], labels[batch[0]] = False, cluster
            left -= 1
        reached = _absorb(patch, batch[:taken], blocks, waiting, found)
        for row in found[:reached]:
            labels[row] = cluster
            is_reached[rank[row]] = True
            first = min(first, rank[row])
        left -= reached
        if 0 < left <= len(waiting) // 2:
            blocks = blocks_of(patch, flagged(blocks.rows, waiting))
            waiting = np.ones(left, np.bool_)
            seed = 0
    return labels


@compiled
def _take(is_reached: Flags, first: int, order: Integers, batch: Integers) -> tuple[int, int]:
    """Writes the first rows that were reached to a batch: how many, and the place after the last of them."""
    taken, place = 0, first
    while taken < len(batch) and place < len(is_reached):
        if is_reached[place]:
            is_reached[place] = False
            batch[taken] = order[place]
            taken += 1
        place += 1
    return taken, place


@compiled
def _absorb(patch: Patch, batch: Integers, blocks: Blocks, waiting: Flags, found: Integers) -> int:
    """Number of waiting rows near a batch of rows; they wait no more, and are written to ``found``."""
    squares = np.empty(len(blocks.rows))
    total = 0
    for block in range(len(blocks.bounds)):
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
    for own in range(len(blocks.bounds)):
        first, last = span(blocks, own)
        for step in range(len(blocks.bounds)):
            other = (own + step) % len(blocks.bounds)
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
        best = np.inf
        for block in range(0 if targets[row] else len(blocks.bounds)):
            if not measure(patch, row, blocks, block, all_of_them, squares):
                continue
            start, stop = span(blocks, block)
            for k in range(start, stop):
                if squares[k] <= patch.reach:
                    length = np.sqrt(squares[k])
                    if length < best or (length == best and blocks.rows[k] < nearest[row]):
                        best, nearest[row] = length, blocks.rows[k]
    return nearest
