"""Covers of lens values by overlapping intervals, and the points that each patch holds.

A cover is one list of closed intervals per lens axis; a patch is a product of intervals, one per axis. Every
lens value lies in at least one interval of each axis, so every point lies in at least one patch.

Two covers, both with ``resolution`` = n intervals per axis and ``gain`` = g, the share of one interval that it
has in common with each of its two neighbours, 0 <= g < 1:

uniform
    On the range [a, b], R = b - a: interval i = 0 .. n-1 is ::

        [a + i R/n - s/2,  a + (i + 1) R/n + s/2]      with s = g L,  L = R / (n (1 - g))

    All lengths are L, neighbours share g L, and the outer two overhang [a, b] by s/2.
balanced
    The same intervals over ranks: interval i spans the ranks from t_i = i (1 - g) W to t_i + W of the sorted
    values, ranks 0 .. N-1, with W = (N - 1) / (n - (n - 1) g). All hold the same number of points (up to one,
    without ties), neighbours share the fraction g of it, and none overhangs.

Translation. KeplerMapper ``perc_overlap`` and gudhi ``gain`` are our gain of the uniform cover: the same
intervals. giotto-tda ``overlap_frac`` f (also zen-mapper, and TDAmapper with 100 f) is the same shared fraction,
but its intervals stay inside [a, b] with length R / (n - (n - 1) f), shorter than ours by the factor
n (1 - f) / (n - (n - 1) f): for n = 10, f = 0.5 it is 0.182 R and not 0.2 R, so equal numbers do not mean equal
graphs. giotto's ends are open and its outer intervals infinite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
MAX_MEMBERSHIPS = 20_000_000  # pairs (point, patch): about 1 GB while they are sorted
_CONSTANT = 1e-12  # a range below this share of the largest value is rounding, not variation
_RANK_SLACK = 1e-9  # rounding of a rank that is a whole number in exact arithmetic


def is_constant(values: Floats) -> bool:
    """Whether values differ by no more than rounding (1e-12 of the largest absolute value)."""
    return bool(np.ptp(values) <= _CONSTANT * np.abs(values).max())


def uniform_intervals(values: Floats, resolution: int, gain: float) -> Floats:
    """(k, 2) closed intervals of equal length over the range of the values; see the module for the formula.

    Parameters
    ----------
    values : (n,) finite, n >= 1
    resolution : number of intervals, >= 1
    gain : fraction of an interval shared with each neighbour, 0 <= gain < 1

    Returns
    -------
    (resolution, 2) float64
        Ends of the intervals, ascending. Constant values get one interval that holds them all.
    """
    _require_cover(resolution, gain)
    if is_constant(values):
        return np.array([[values.min(), values.max()]])
    edges = np.linspace(values.min(), values.max(), resolution + 1)
    shared = gain / (1 - gain) * np.ptp(values) / resolution
    return np.stack([edges[:-1] - shared / 2, edges[1:] + shared / 2], axis=1)


def balanced_intervals(values: Floats, resolution: int, gain: float) -> Floats:
    """(k, 2) closed intervals that hold equally many of the values; see the module for the formula.

    Parameters
    ----------
    values : (n,) finite, n >= 1
    resolution : number of intervals, >= 1
    gain : fraction of an interval's points shared with each neighbour, 0 <= gain < 1

    Returns
    -------
    (k, 2) float64
        Smallest and largest value of each interval, ascending. k = resolution unless values are few or tied:
        intervals that hold no value, or the same values as another, are left out. Tied values stay together.
    """
    _require_cover(resolution, gain)
    ordered = np.sort(values)
    if is_constant(values):
        return ordered[[0, -1]][None, :]
    width = (len(ordered) - 1) / (resolution - (resolution - 1) * gain)
    starts = np.arange(resolution) * (1 - gain) * width
    first = np.ceil(starts - _RANK_SLACK).astype(np.int64)
    last = np.floor(starts + width + _RANK_SLACK).astype(np.int64)
    last[-1] = len(ordered) - 1
    filled = first <= last
    return np.unique(np.stack([ordered[first[filled]], ordered[last[filled]]], axis=1), axis=0)


def patch_members(lens: Floats, intervals: Sequence[Floats]) -> tuple[Integers, Integers]:
    """The points of every patch that is not empty.

    Parameters
    ----------
    lens : (n, q) finite lens values
    intervals : q arrays (k, 2), both columns ascending, that together contain every value of their axis

    Returns
    -------
    members, offsets
        Patch p owns the rows ``members[offsets[p]:offsets[p + 1]]``, ascending. Patches are numbered in
        lexicographic order of their interval numbers; empty ones get no number.

    Raises
    ------
    InvalidInput
        When points and patches make more than 20 million pairs: a gain near 1 on many axes.

    Notes
    -----
    O(s) for s pairs (point, patch), O(s log s) for more patches than pairs; the k^q patches are never enumerated.
    """
    spans = [_containing(lens[:, axis], ends) for axis, ends in enumerate(intervals)]
    total = np.prod([last - first + 1.0 for first, last in spans], axis=0).sum()
    if total > MAX_MEMBERSHIPS:
        raise InvalidInput(
            f"the cover puts {len(lens)} points into {total:.3g} places; the rule is at most {MAX_MEMBERSHIPS:.3g}. "
            "Lower the gain or use fewer lens axes."
        )
    rows, keys = _memberships(spans, len(lens))
    order, offsets = grouped(*_patch_numbers(keys, [len(ends) for ends in intervals]))
    return rows[order], np.append(0, offsets[1:][np.diff(offsets) > 0])


def grouped(keys: Integers, count: int) -> tuple[Integers, Integers]:
    """Positions of each key: key k occurs at ``order[offsets[k]:offsets[k + 1]]``, ascending.

    Parameters
    ----------
    keys : (s,) from 0 to count - 1
    count : number of keys

    Returns
    -------
    order, offsets
        (s,) and (count + 1,) int64.

    Notes
    -----
    A counting sort, O(s + count): the transposition of a sparse matrix with one entry a row.
    """
    size = len(keys)
    table = csr_matrix((np.ones(size, dtype=np.int8), keys, np.arange(size + 1)), shape=(size, count)).tocsc()
    return table.indices.astype(np.int64), table.indptr.astype(np.int64)


def _patch_numbers(keys: list[Integers], counts: list[int]) -> tuple[Integers, int]:
    """(s,) one number for each pair, in lexicographic order of its interval numbers, and a bound of the numbers."""
    numbers, bound = np.zeros(len(keys[0]), dtype=np.int64), 1
    for key, count in zip(keys, counts, strict=True):
        numbers, bound = numbers * count + key, bound * count
        if bound > 4 * len(numbers):
            used, numbers = np.unique(numbers, return_inverse=True)
            bound = len(used)
    return numbers, bound


def _memberships(spans: list[tuple[Integers, Integers]], size: int) -> tuple[Integers, list[Integers]]:
    """Every pair (point, patch): rows, and for each axis the interval number, all (s,)."""
    rows = np.arange(size)
    keys: list[Integers] = []
    for first, last in spans:
        counts = (last - first + 1)[rows]
        begins = np.repeat(np.cumsum(counts) - counts, counts)
        keys = [np.repeat(key, counts) for key in keys]
        rows = np.repeat(rows, counts)
        keys.append(first[rows] + np.arange(len(rows)) - begins)
    return rows, keys


def _containing(values: Floats, intervals: Floats) -> tuple[Integers, Integers]:
    """(n,) first and last interval that contains each value; those between contain it too."""
    first = np.searchsorted(intervals[:, 1], values, side="left")
    last = np.searchsorted(intervals[:, 0], values, side="right") - 1
    return np.asarray(first, dtype=np.int64), np.asarray(last, dtype=np.int64)


def _require_cover(resolution: int, gain: float) -> None:
    if resolution < 1:
        raise InvalidInput(f"resolution is {resolution}; the rule is at least one interval.")
    if not 0 <= gain < 1:
        raise InvalidInput(f"gain is {gain}; the rule is 0 <= gain < 1, the fraction of an interval that is shared.")
