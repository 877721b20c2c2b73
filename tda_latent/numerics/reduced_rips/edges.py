"""The edges in the order in which they enter, a bucket at a time, without holding all of them.

A histogram of the lengths cuts the edges up to reach into buckets of about equal size. One scan over all pairs fetches
the next `FETCHED` buckets as 64-bit keys: the leading digits of the length, then the two vertices. A bucket is sorted
only when the order matters in it. Keys hold vertices in 16 bits, hence at most 65,536 points.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, inlined, leaf
from tda_latent.numerics.reduced_rips.bits import ONE, U, bit, lowest
from tda_latent.numerics.reduced_rips.space import Space, length, lengths_from, vertices

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Keys = NDArray[np.uint64]
LARGEST = 65536
"""Most vertices that a key can name."""

BUCKETS = 64
FETCHED = 16
SMALLEST_BUCKET = 4096
LOW, HALF = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
HALF_BITS, NAME_BITS = np.uint64(32), np.uint64(16)


class Buckets(NamedTuple):
    """How the edges of length at most reach are cut by length.

    reach : longest edge that counts
    scale : bins per unit of length; an edge of length x lies in bin min(int(x * scale), bins - 1)
    bucket_of : (bins,) bucket of each bin
    sizes : (buckets,) edges in each bucket
    low, high : (buckets,) lengths that enclose those of the bucket
    """

    reach: float
    scale: float
    bucket_of: Integers
    sizes: Integers
    low: Floats
    high: Floats


@leaf
def tail(key: Any) -> Any:
    """Smaller vertex of the edge of a key."""
    return np.int64((key >> NAME_BITS) & LOW)


@leaf
def head(key: Any) -> Any:
    """Larger vertex of the edge of a key."""
    return np.int64(key & LOW)


@leaf
def bin_scale(reach: float, bins: int) -> float:
    """Bins per unit of length; 0 where reach is too small to divide by, which puts all edges into one bin."""
    return bins / reach if reach > 1e-290 else 0.0


@compiled
def count_lengths(space: Space, reach: float, first: int, last: int) -> Integers:
    """Histogram of the lengths up to reach of the edges a < b, a = first, ..., last - 1."""
    counts = np.zeros(4096 if vertices(space) > 700 else 512, np.int64)
    bins = len(counts)
    scale = bin_scale(reach, bins)
    buffer = np.empty(vertices(space))
    for a in range(first, last):
        row = lengths_from(space, a, a + 1, buffer)
        for k in range(len(row)):
            if row[k] <= reach:
                counts[min(int(row[k] * scale), bins - 1)] += 1
    return counts


@compiled
def cut_into_buckets(reach: float, counts: Integers) -> Buckets:
    """Buckets of consecutive bins, each of about a 64th of the edges, or of one bin that holds more."""
    bins, target = len(counts), max(SMALLEST_BUCKET, counts.sum() // BUCKETS)
    bucket_of, sizes = np.empty(bins, np.int64), np.zeros(bins, np.int64)
    starts = np.zeros(bins + 1, np.int64)
    bucket = 0
    for k in range(bins):
        if counts[k] > 0 and sizes[bucket] > 0 and sizes[bucket] + counts[k] > target:
            bucket += 1
            starts[bucket] = k
        sizes[bucket] += counts[k]
        bucket_of[k] = bucket
    made = bucket + 1
    starts[made] = bins
    low, high = np.empty(made), np.empty(made)
    width = reach / bins
    for k in range(made):  # a bin more on either side covers the rounding of the bins
        low[k] = max(0.0, (starts[k] - 1) * width)
        high[k] = (starts[k + 1] + 1) * width if k + 1 < made else reach
    return Buckets(reach, bin_scale(reach, bins), bucket_of, sizes[:made].copy(), low, high)


@leaf
def bucket_at(buckets: Buckets, reach: float) -> int:
    """The bucket that holds edges of this length."""
    return int(buckets.bucket_of[min(int(reach * buckets.scale), len(buckets.bucket_of) - 1)])


@compiled
def fetch(
    space: Space, buckets: Buckets, bucket: tuple[int, int], rows: tuple[int, int], work: tuple[Keys, Integers]
) -> None:
    """Write the keys of the edges in the buckets first, ..., last - 1, whose tails are in the range of rows.

    ``work`` is the keys and, for each of the buckets, the position where its next key goes; within a bucket, keys come
    in the order of their vertices.
    """
    keys, place = work
    first, last = bucket
    low, high = buckets.low[first], buckets.high[last - 1]
    bins = len(buckets.bucket_of)
    bases, shifts = np.empty(last - first, np.uint64), np.empty(last - first, np.uint64)
    for k in range(last - first):
        bases[k], shifts[k] = _packing(buckets.low[first + k], buckets.high[first + k])
    buffer = np.empty(vertices(space))
    for a in range(rows[0], rows[1]):
        row = lengths_from(space, a, a + 1, buffer)
        pattern = row.view(np.uint64)
        name = U(a) << NAME_BITS
        for start in range(0, len(row), 64):
            word = _between(row[start : start + 64], low, high)
            while word:
                k = start + lowest(word)
                word &= word - ONE
                slot = buckets.bucket_of[min(int(row[k] * buckets.scale), bins - 1)] - first
                if 0 <= slot < last - first and row[k] <= buckets.reach:
                    digits = (pattern[k] - bases[slot]) >> shifts[slot]
                    keys[place[slot]] = (digits << HALF_BITS) | name | U(a + 1 + k)
                    place[slot] += 1


@inlined
def _between(lengths: Floats, low: float, high: float) -> Any:
    """One bit for each of up to 64 lengths: whether it is between these bounds."""
    word = U(0)
    for k in range(len(lengths)):
        word |= bit(k) if (lengths[k] >= low) & (lengths[k] <= high) else U(0)
    return word


@inlined
def _packing(low: float, high: float) -> tuple[Any, Any]:
    """Bit pattern of the lower bound, and by how much differences to it are shifted to fit 32 bits."""
    bounds = np.array([low, high]).view(np.uint64)
    width, shift = bounds[1] - bounds[0], U(0)
    while width >> shift > HALF:
        shift += ONE
    return bounds[0], shift


@compiled
def sort_keys(space: Space, keys: Keys, spare: Keys) -> Keys:
    """The keys of a bucket in the order in which their edges enter: in one of the two arrays."""
    ordered = _radix_sorted(keys, spare[: len(keys)])
    _settle_ties(space, ordered)
    return ordered


@compiled
def _radix_sorted(keys: Keys, spare: Keys) -> Keys:
    """Sorted by the upper 32 bits, three times 11; stable, so edges with equal digits stay sorted by vertices."""
    counts = np.zeros((3, 2048), np.int64)
    digit = U(2047)
    for key in keys:
        counts[0, (key >> U(32)) & digit] += 1
        counts[1, (key >> U(43)) & digit] += 1
        counts[2, key >> U(54)] += 1
    for turn in range(3):
        place, shift, total = counts[turn], U(32 + 11 * turn), 0
        for k in range(2048):
            place[k], total = total, total + place[k]
        for key in keys:
            where = (key >> shift) & digit
            spare[place[where]] = key
            place[where] += 1
        keys, spare = spare, keys
    return keys


@compiled
def _settle_ties(space: Space, keys: Keys) -> None:
    """Sort runs of equal digits by their exact lengths; equal lengths keep the order of their vertices."""
    start = 0
    while start < len(keys):
        stop = start + 1
        while stop < len(keys) and keys[stop] >> HALF_BITS == keys[start] >> HALF_BITS:
            stop += 1
        if stop - start > 1:
            exact = np.empty(stop - start)
            is_sorted = True
            for k in range(stop - start):
                exact[k] = length(space, tail(keys[start + k]), head(keys[start + k]))
                is_sorted &= k == 0 or exact[k - 1] <= exact[k]
            if not is_sorted:
                run = keys[start:stop].copy()
                order = np.argsort(exact, kind="mergesort")
                for k in range(stop - start):
                    keys[start + k] = run[order[k]]
        start = stop
