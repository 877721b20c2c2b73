"""Farthest-point landmarks: few points of a cloud to which every other point is near, and how near exactly.

Each landmark is the point farthest from those before it [gonzalez1985]. Done plainly that is one pass over the cloud
for each landmark. Here the cloud lies in blocks of nearby points, and each block remembers an upper bound of the
distance from its points to the landmarks. A bound never rises when landmarks are added, so a block whose bound lies
below the farthest point of another block need not be looked at. Only the block with the highest bound is brought up
to date, until the highest bound is true; landmarks that come too late for a whole block, by the triangle inequality,
are not even compared with its points. The answer is that of the plain algorithm, to the bit.

Squared lengths are sums over the coordinates, first to last, of (x - y) * (x - y) in float64, as everywhere.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.compilation import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
WIDTH = 256
"""Points in a block: with 64 coordinates it fits the second cache of a core."""
GROUPS = 64
_SAMPLE = 8192  # points that the groups are found from
_SLACK = 1e-9  # far above the rounding of a length, far below what would make pruning weaker


class Landmarks(NamedTuple):
    """Rows of a cloud, in the order chosen.

    rows : (k,) different row numbers
    insertion : (k,) distance from each landmark to those before it, falling; inf for the first
    radius : largest distance from a point of the cloud to its nearest landmark: the covering radius, and the
        Hausdorff distance between the landmarks and the cloud
    """

    rows: Integers
    insertion: Floats
    radius: float


class Blocks(NamedTuple):
    """A cloud in blocks of `WIDTH` neighbours.

    tiles : (b, d, WIDTH) coordinates; rows : (b, WIDTH) row numbers; sizes : (b,) points in each block
    centres : (g, d) centres of groups of blocks; group : (b,) group of each block; radii : (b,) largest distance
        from the centre of the group to a point of the block
    """

    tiles: Floats
    rows: Integers
    sizes: Integers
    centres: Floats
    group: Integers
    radii: Floats


class Progress(NamedTuple):
    """How far the choice has come; filled in place.

    nearest : (b, WIDTH) squared distance to the landmarks that the block has seen
    bounds : (b,) largest of them, so an upper bound of the true ones; seen : (b,) number of landmarks seen
    chosen : (k, d) coordinates of the landmarks; apart : (k, g) their distances to the centres
    """

    nearest: Floats
    bounds: Floats
    seen: Integers
    chosen: Floats
    apart: Floats


def farthest_points(points: NDArray[Any], count: int, threads: int = 1) -> Landmarks:
    """Greedy farthest points of a cloud under the Euclidean distance, from the point nearest to the origin on.

    Parameters
    ----------
    points : (n, d) finite, n >= 1
        Near one and centred, see `pairwise.near_one`, so that no square leaves the range of float64.
    count : landmarks wanted, >= 1; fewer are given when fewer points are different
    threads : cores to work on; the answer does not depend on it

    Returns
    -------
    Landmarks
        Ties go to the smallest row number. ``radius`` is the exact covering radius, up to the rounding of a length:
        (d + 4) / 2 units of the last place.

    Notes
    -----
    At most O(n k d), less where the cloud has structure or few dimensions; 8 n (d + 2) bytes.
    """
    if count < 1:
        raise InvalidInput(f"{count} landmarks were asked for; the rule is at least 1.")
    wide = np.asarray(points, dtype=np.float64)
    wanted = min(count, len(wide))
    blocks = _blocks(wide, threads)
    progress = Progress(
        nearest=np.full(blocks.rows.shape, np.inf),
        bounds=np.full(len(blocks.sizes), np.inf),
        seen=np.zeros(len(blocks.sizes), dtype=np.int64),
        chosen=np.zeros((wanted, wide.shape[1])),
        apart=np.zeros((wanted, len(blocks.centres))),
    )
    return _chosen(wide, blocks, progress, wanted, threads)


def _chosen(wide: Floats, blocks: Blocks, progress: Progress, wanted: int, threads: int) -> Landmarks:
    shares = np.linspace(0, len(blocks.sizes), max(1, min(threads, len(blocks.sizes))) + 1).astype(np.int64)
    spans = list(zip(shares[:-1].tolist(), shares[1:].tolist(), strict=True))
    rows, heights = [_nearest_to_origin(wide)], [np.inf]
    with ThreadPoolExecutor(len(spans)) as pool:
        while True:
            place(blocks, progress, len(rows) - 1, wide[rows[-1]])
            count = len(rows)
            work = [pool.submit(farthest, blocks, progress, count, *span) for span in spans[1:]]
            tops = [farthest(blocks, progress, count, *spans[0]), *(task.result() for task in work)]
            height, negative = max((height, -row) for height, row in tops)
            if count == wanted or height == 0.0:
                break
            rows.append(-int(negative))
            heights.append(math.sqrt(height))
    return Landmarks(np.array(rows, dtype=np.int64), np.array(heights), math.sqrt(height))


def farthest_of_matrix(distances: Floats, count: int) -> Landmarks:
    """Greedy farthest points of a symmetric (n, n) matrix with zero diagonal, from its centre on.

    The first landmark is the point whose farthest other point is nearest. +inf is farther than everything. O(n k).
    """
    if count < 1:
        raise InvalidInput(f"{count} landmarks were asked for; the rule is at least 1.")
    rows, heights = [int(np.argmin(distances.max(axis=1)))], [np.inf]
    nearest = distances[rows[0]].copy()
    while len(rows) < min(count, len(distances)) and nearest.max() > 0:
        farthest_row = int(np.argmax(nearest))
        rows.append(farthest_row)
        heights.append(float(nearest[farthest_row]))
        np.minimum(nearest, distances[farthest_row], out=nearest)
    return Landmarks(np.array(rows, dtype=np.int64), np.array(heights), float(nearest.max()))


def distortion(distances: Floats, rows: Integers) -> float:
    """Largest change of a distance when both its ends move to their nearest landmarks; O(n^2).

    Twice the Gromov-Hausdorff distance between the cloud and its landmarks is at most this, whether the distances are
    a metric or not, and in a metric this is at most twice the covering radius. Two infinite lengths differ by 0.
    """
    owner = rows[np.argmin(distances[:, rows], axis=1)]
    worst = 0.0
    for point, landmark in enumerate(owner.tolist()):
        there, here = distances[landmark][owner], distances[point]
        different = there != here  # also where both are infinite
        worst = max(worst, float(np.abs(there[different] - here[different]).max(initial=0.0)))
    return worst


def _nearest_to_origin(wide: Floats) -> int:
    best, found = np.inf, 0
    for start in range(0, len(wide), _SAMPLE):
        squares = np.einsum("ij,ij->i", wide[start : start + _SAMPLE], wide[start : start + _SAMPLE])
        place_in = int(np.argmin(squares))
        if squares[place_in] < best:
            best, found = float(squares[place_in]), start + place_in
    return found


def _blocks(wide: Floats, threads: int) -> Blocks:
    """The cloud sorted into groups around coarse landmarks, and by distance from the centre inside a group."""
    size, dimension = wide.shape
    centres, group, apart = wide[:1], np.zeros(size, dtype=np.int64), np.zeros(size)
    if size > _SAMPLE:
        sample = wide[:: -(-size // _SAMPLE)]
        centres = sample[farthest_points(sample, GROUPS, threads).rows]
    spans = np.linspace(0, size, max(1, threads) + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(lambda first, last: assign(wide, centres, group, apart, first, last), spans[:-1], spans[1:]))
    order = np.lexsort((-apart, group))
    counts = np.bincount(group, minlength=len(centres))
    pieces = -(-counts // WIDTH)
    owners = np.repeat(np.arange(len(centres)), pieces)
    starts = np.concatenate([start + WIDTH * np.arange(k) for start, k in zip(_starts(counts), pieces, strict=True)])
    sizes = np.minimum(starts + WIDTH, (_starts(counts) + counts)[owners]) - starts
    tiles = np.empty((len(starts), dimension, WIDTH))
    rows = np.full((len(starts), WIDTH), -1, dtype=np.int64)
    fill_tiles(wide, order, starts, sizes, tiles, rows)
    return Blocks(tiles, rows, sizes, np.ascontiguousarray(centres), owners, apart[order[starts]])


def _starts(counts: Integers) -> Integers:
    return np.asarray(np.cumsum(counts) - counts, dtype=np.int64)


@compiled
def assign(points: Floats, centres: Floats, group: Integers, apart: Floats, first: int, last: int) -> None:
    """Nearest centre of the points first, ..., last - 1, and the distance to it."""
    for i in range(first, last):
        best, owner = np.inf, 0
        for g in range(len(centres)):
            total = 0.0
            for q in range(points.shape[1]):
                step = points[i, q] - centres[g, q]
                total += step * step
                if total >= best:
                    break
            if total < best:
                best, owner = total, g
        group[i], apart[i] = owner, math.sqrt(best)


@compiled
def fill_tiles(
    points: Floats, order: Integers, starts: Integers, sizes: Integers, tiles: Floats, rows: Integers
) -> None:
    """Copy the points of every block, coordinates first; what is left of a tile repeats its last point."""
    for b in range(len(starts)):
        for k in range(tiles.shape[2]):
            row = order[starts[b] + min(k, sizes[b] - 1)]
            if k < sizes[b]:
                rows[b, k] = row
            for q in range(points.shape[1]):
                tiles[b, q, k] = points[row, q]


@compiled
def place(blocks: Blocks, progress: Progress, number: int, point: Floats) -> None:
    """Note the coordinates of a landmark and its distances to the centres."""
    progress.chosen[number, :] = point
    for g in range(len(blocks.centres)):
        total = 0.0
        for q in range(len(point)):
            step = point[q] - blocks.centres[g, q]
            total += step * step
        progress.apart[number, g] = math.sqrt(total)


@compiled
def farthest(blocks: Blocks, progress: Progress, count: int, first: int, last: int) -> tuple[Any, Any]:
    """Squared distance to the landmarks, and row, of the farthest point in the blocks first, ..., last - 1."""
    bounds, seen = progress.bounds, progress.seen
    while True:
        top = first
        for b in range(first, last):
            if bounds[b] > bounds[top] or (bounds[b] == bounds[top] and seen[b] < seen[top]):
                top = b
        if seen[top] == count:
            break
        refresh(blocks, progress, top, count)
    height, found = bounds[top], np.int64(2**62)
    for b in range(first, last):
        if bounds[b] == height:
            for k in range(blocks.sizes[b]):
                if progress.nearest[b, k] == height:
                    found = min(found, blocks.rows[b, k])
    return height, found


@compiled
def refresh(blocks: Blocks, progress: Progress, b: int, count: int) -> None:
    """Compare the points of a block with the landmarks that it has not seen."""
    nearest = progress.nearest[b]
    bound = math.sqrt(progress.bounds[b])
    for number in range(progress.seen[b], count):
        apart, radius = progress.apart[number, blocks.group[b]], blocks.radii[b]
        if apart - radius < bound + _SLACK * (apart + radius):
            compare(blocks.tiles[b], progress.chosen[number], nearest)
    progress.seen[b] = count
    progress.bounds[b] = nearest.max()


@compiled
def compare(tile: Floats, point: Floats, nearest: Floats) -> None:
    """Lower the squared distances of a tile (d, w) to those to one more point, four coordinates in one go."""
    dim, width = tile.shape
    sums = np.zeros(width)
    q = 0
    while q + 4 <= dim:
        a, b, c, d = point[q], point[q + 1], point[q + 2], point[q + 3]
        row_a, row_b, row_c, row_d = tile[q], tile[q + 1], tile[q + 2], tile[q + 3]
        for k in range(width):
            s, t, u, v = a - row_a[k], b - row_b[k], c - row_c[k], d - row_d[k]
            sums[k] = sums[k] + s * s + t * t + u * u + v * v
        q += 4
    while q < dim:
        for k in range(width):
            s = point[q] - tile[q, k]
            sums[k] += s * s
        q += 1
    for k in range(width):
        nearest[k] = min(nearest[k], sums[k])
