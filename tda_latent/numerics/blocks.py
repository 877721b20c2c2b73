"""Points sorted into blocks of close ones, with short sketches: what lets most pairs go unmeasured.

A sketch of a point is its coordinates along at most eight leading principal axes of the cloud. Distances between
sketches are never longer than between their points, so they rule out most pairs by eight numbers. The points are sorted
by repeated splits of their sketches, each between the two halves of the widest coordinate that differ most, so that
clusters end up in blocks of their own. Blocks hold about sqrt(m) points, and a ball around their sketches rules out a
whole block. (Balls and not boxes: boxes of clusters in many dimensions nearly touch long before their balls do.)

What decides is `measure`: the difference form in float64, summed over the coordinates first to last without fused
operations, as `scipy.spatial.distance.pdist` sums them, against `powers.largest_square`: near is a pair whose root
is at most the radius, to the last bit. Sketches carry a margin for their own rounding, balls one more, and they only
rule out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.powers import largest_square

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
SKETCH = 8
"""Coordinates of a sketch, at most."""
SAMPLE = 256
"""Points whose principal axes the sketches use; they decide about time and never about results."""
LONGEST = 1e150
"""Norm up to which squares stay in the range of float64; beyond it sketches rule nothing out."""
SMALLEST_BLOCK = 64
DEPTH = 40
"""Splits above a block, at most."""
STEPS = 4
"""Steps to the border of a split, at most."""
_BALL = 1e-9  # relative rounding of a ball, with a wide margin
_ROUNDING = 64 * np.finfo(np.float64).eps  # of a sketch, per coordinate of the points and length of the longest point


@dataclass(frozen=True)
class Sketcher:
    """Leading principal axes of a cloud.

    axes : (d, k) orthonormal columns, k <= 8
    longest : largest norm of a point of the cloud
    """

    axes: Floats
    longest: float

    def sketches(self, points: Floats) -> Floats:
        """(m, k) coordinates of the points along the axes."""
        return np.asarray(points @ self.axes, dtype=np.float64)

    def reach(self, radius: float) -> float:
        """Squared distance beyond which two sketches belong to points more than the radius apart, rounding included."""
        length = float(radius * (1 + 1e-9) + _ROUNDING * len(self.axes) * self.longest)
        return length * length


class Patch(NamedTuple):
    """Points, and what counts as near.

    points, sketches : (m, d) and (m, k)
    far : squared distance of two sketches above which their points are not near
    reach : largest squared distance of two points that are near
    """

    points: Floats
    sketches: Floats
    far: float
    reach: float


class Blocks(NamedTuple):
    """Rows of a patch in an order in which consecutive ones are close, cut into equal blocks.

    rows : (m,) row numbers
    columns, sketches : (d, m) and (k, m) points and sketches of these rows, coordinate by coordinate
    centres, bounds : (blocks, k) and (blocks,) means of the sketches, and the squared distance from the mean beyond
        which a sketch is far from all of the block
    """

    rows: Integers
    columns: Floats
    sketches: Floats
    centres: Floats
    bounds: Floats


def sketcher(cloud: Floats) -> Sketcher:
    """Axes for the sketches of every part of a cloud (n, d), n >= 1; O(n d), axes of a fixed sample of 256 points."""
    longest = float(np.sqrt(np.einsum("ij,ij->i", cloud, cloud).max()))
    if longest > LONGEST:
        return Sketcher(np.zeros((cloud.shape[1], 1)), 0.0)
    if cloud.shape[1] <= SKETCH:
        return Sketcher(np.eye(cloud.shape[1]), longest)
    sample = cloud[:: len(cloud) // SAMPLE + 1]
    axes = np.linalg.svd(sample - sample.mean(axis=0), full_matrices=False)[2]
    return Sketcher(np.ascontiguousarray(axes[:SKETCH].T), longest)


def patch_of(points: NDArray[Any], radius: float, sketch: Sketcher | None) -> Patch:
    """Points (m, d) with their sketches, and what a radius means for both."""
    wide = np.ascontiguousarray(points, dtype=np.float64)
    sketch = sketcher(wide) if sketch is None else sketch
    return Patch(wide, sketch.sketches(wide), sketch.reach(radius), largest_square(float(radius)))


@leaf
def measure(patch: Patch, row: int, blocks: Blocks, block: int, wanted: Flags, squares: Floats) -> bool:
    """Squared distances from a row to the wanted places of a block, inf for far ones; False when none is near.

    Sketches first. Where one place in sixteen is not far, the whole block is computed at once, else place by place.
    """
    if _square(patch.sketches[row], blocks.centres[block]) > blocks.bounds[block]:
        return False
    start, stop = span(blocks, block)
    found = squares[start:stop]
    _squares(patch.sketches[row], blocks.sketches, start, stop, found)
    close = _at_most(found, patch.far)
    if close == 0:
        return False
    if 16 * close >= len(found):
        _squares(patch.points[row], blocks.columns, start, stop, found)
    else:
        for k in range(len(found)):
            if wanted[start + k] and found[k] <= patch.far:
                found[k] = _square(patch.points[row], patch.points[blocks.rows[start + k]])
            else:
                found[k] = np.inf
    return _at_most(found, patch.reach) > 0


@leaf
def _at_most(values: Floats, bound: float) -> int:
    """How many values are at most the bound; from place 0 on, so that the processor compares several at once."""
    count = 0
    for k in range(len(values)):
        count += values[k] <= bound
    return count


@leaf
def _squares(point: Floats, columns: Floats, start: int, stop: int, found: Floats) -> None:
    """Squared distances from a point to the columns start, ..., stop - 1; four coordinates in one go."""
    for k in range(stop - start):
        found[k] = 0.0
    q = 0
    while q + 4 <= len(point):
        a, b, c, d = point[q], point[q + 1], point[q + 2], point[q + 3]
        row_a, row_b = columns[q, start:stop], columns[q + 1, start:stop]
        row_c, row_d = columns[q + 2, start:stop], columns[q + 3, start:stop]
        for k in range(stop - start):
            s, t, u, v = a - row_a[k], b - row_b[k], c - row_c[k], d - row_d[k]
            found[k] = found[k] + s * s + t * t + u * u + v * v
        q += 4
    while q < len(point):
        a, row_a = point[q], columns[q, start:stop]
        for k in range(stop - start):
            s = a - row_a[k]
            found[k] += s * s
        q += 1


@leaf
def _square(point: Floats, other: Floats) -> float:
    """Squared distance of two points."""
    total = 0.0
    for q in range(len(point)):
        step = point[q] - other[q]
        total += step * step
    return total


@leaf
def true_flags(flags: Flags, start: int, stop: int) -> int:
    """How many flags are set from start to stop - 1."""
    count = 0
    for k in range(start, stop):
        count += flags[k]
    return count


@compiled
def flagged(rows: Integers, flags: Flags) -> Integers:
    """The rows whose flag is set; written out, because indexing with flags takes a second to compile."""
    found = np.empty(true_flags(flags, 0, len(flags)), np.int64)
    place = 0
    for k in range(len(rows)):
        if flags[k]:
            found[place] = rows[k]
            place += 1
    return found


@compiled
def blocks_of(patch: Patch, rows: Integers) -> Blocks:
    """The rows, in the order given, as blocks."""
    size, width = len(rows), patch.sketches.shape[1]
    count = max(1, size // _block_size(size))
    columns, sketches = _columns(patch.points, rows), _columns(patch.sketches, rows)
    blocks = Blocks(rows, columns, sketches, np.empty((count, width)), np.empty(count))
    for block in range(count):
        start, stop = span(blocks, block)
        _mean(patch.sketches, rows[start:stop], blocks.centres[block])
        widest = 0.0
        for row in rows[start:stop]:
            widest = max(widest, _square(patch.sketches[row], blocks.centres[block]))
        length = (np.sqrt(widest) + np.sqrt(patch.far)) * (1 + _BALL)
        blocks.bounds[block] = length * length
    return blocks


@compiled
def outlyingness(patch: Patch, blocks: Blocks) -> Floats:
    """(m,) squared distance of every row from the mean of its block: small where most others are near."""
    values, centre = np.empty(len(patch.points)), np.empty(patch.points.shape[1])
    for block in range(len(blocks.bounds)):
        start, stop = span(blocks, block)
        _mean(patch.points, blocks.rows[start:stop], centre)
        for row in blocks.rows[start:stop]:
            values[row] = _square(patch.points[row], centre)
    return values


@compiled
def _mean(points: Floats, rows: Integers, centre: Floats) -> None:
    """Mean of some rows, written to a point."""
    for q in range(len(centre)):
        centre[q] = 0.0
    for row in rows:
        for q in range(len(centre)):
            centre[q] += points[row, q] / len(rows)


@compiled
def _block_size(size: int) -> int:
    return max(SMALLEST_BLOCK, int(np.sqrt(size)))


@compiled
def span(blocks: Blocks, block: int) -> tuple[int, int]:
    """First place of a block, and the one after its last."""
    count, size = len(blocks.bounds), len(blocks.rows)
    return block * size // count, (block + 1) * size // count


@compiled
def _columns(points: Floats, rows: Integers) -> Floats:
    columns = np.empty((points.shape[1], len(rows)))
    for k in range(len(rows)):
        for q in range(points.shape[1]):
            columns[q, k] = points[rows[k], q]
    return columns


@compiled
def close_order(points: Floats) -> Integers:
    """Rows in the order of the leaves of a tree that splits every part between its two most different halves.

    At most `DEPTH` splits deep, so O(m) whatever the points are.
    """
    size, order = len(points), np.arange(len(points))
    values = np.empty(size)
    parts = np.empty((DEPTH + 2, 3), np.int64)
    parts[0, 0], parts[0, 1], parts[0, 2] = 0, size, 0
    left = 1
    while left > 0:
        left -= 1
        start, stop, depth = parts[left, 0], parts[left, 1], parts[left, 2]
        if stop - start < 2 * _block_size(size) or depth == DEPTH:
            continue
        axis = _widest(points, order[start:stop])
        for k in range(start, stop):
            values[k] = points[order[k], axis]
        middle = start + _split(values[start:stop], order[start:stop])
        if start < middle < stop:
            parts[left, 0], parts[left, 1], parts[left, 2] = middle, stop, depth + 1
            parts[left + 1, 0], parts[left + 1, 1], parts[left + 1, 2] = start, middle, depth + 1
            left += 2
    return order


@compiled
def _widest(points: Floats, rows: Integers) -> int:
    """Coordinate in which the rows vary most."""
    centre, spread = np.empty(points.shape[1]), np.zeros(points.shape[1])
    _mean(points, rows, centre)
    for row in rows:
        for q in range(len(centre)):
            spread[q] += (points[row, q] - centre[q]) ** 2
    axis = 0
    for q in range(1, len(spread)):
        if spread[q] > spread[axis]:
            axis = q
    return axis


@compiled
def _split(values: Floats, rows: Integers) -> int:
    """Sorts the rows into those with values up to a border and the others; how many the first ones are.

    The border is the middle between the means of both halves, found from the mean by a few steps [lloyd1982].
    """
    border = 0.0
    for value in values:
        border += value / len(values)
    for _ in range(STEPS):
        below, lows, total = 0, 0.0, 0.0
        for value in values:
            total += value
            if value <= border:
                below += 1
                lows += value
        if 0 < below < len(values):
            border = (lows / below + (total - lows) / (len(values) - below)) / 2
    below = 0
    for k in range(len(values)):
        if values[k] <= border:
            values[below], values[k] = values[k], values[below]
            rows[below], rows[k] = rows[k], rows[below]
            below += 1
    return below
