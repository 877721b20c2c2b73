"""Edges come bucket by bucket in the order of (length, smaller, larger vertex), whatever the lengths are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from rips_clouds import TIES, distances, latents, reals, whole_numbers
from scipy.spatial.distance import squareform
from slow_rips_steps import all_edges

from tda_latent.numerics.euclidean import transposed
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.reduced_rips.edges import FETCHED, bucket_at, count_lengths, cut_into_buckets, fetch, sort_keys
from tda_latent.numerics.reduced_rips.space import Space

NOTHING = np.empty((0, 0))


def in_buckets(space, reach, bounds, window=FETCHED):
    """Edges of each bucket, (k, 2) in the order found; rows are shared out at these bounds as threads do it."""
    rows = list(pairwise(bounds))
    counts = np.stack([count_lengths(space, reach, *part) for part in rows])
    buckets = cut_into_buckets(reach, counts.sum(axis=0))
    assert buckets.sizes.sum() == counts.sum()
    spare = np.empty(buckets.sizes.max(), np.uint64)
    found = []
    for first in range(0, len(buckets.sizes), window):
        last = min(first + window, len(buckets.sizes))
        sizes = buckets.sizes[first:last]
        keys = np.zeros(sizes.sum(), np.uint64)
        place = np.cumsum(sizes) - sizes
        for part, count in zip(rows, counts, strict=True):
            ours = place.copy()
            fetch(space, buckets, (first, last), part, (keys, ours))
            place += np.bincount(buckets.bucket_of, count, len(buckets.sizes))[first:last].astype(np.int64)
            assert np.array_equal(ours, place), "every thread fills its own stretch of every bucket"
        for ordered in np.split(keys, np.cumsum(sizes)[:-1]):
            ordered = sort_keys(space, ordered.copy(), spare) if len(ordered) else ordered
            found.append(np.stack([ordered >> np.uint64(16) & np.uint64(0xFFFF), ordered & np.uint64(0xFFFF)], axis=1))
    return buckets, found


def assert_ordered(space, lengths, reach):
    expected = all_edges(lengths, reach)
    size = len(lengths)
    for bounds, window in (([0, size], FETCHED), ([0, size // 3, size], 3)):
        buckets, found = in_buckets(space, reach, bounds, window)
        assert np.array_equal(np.concatenate(found).astype(np.int64), expected)
    return buckets


def stored(lengths):
    return Space(np.ascontiguousarray(lengths), NOTHING, NOTHING)


@pytest.mark.parametrize("name", [name for name in TIES if name != "no edge"])
def test_small_inputs_with_ties_come_in_order_up_to_any_reach(name):
    lengths = TIES[name]
    values = np.unique(lengths[np.isfinite(lengths)])
    for reach in {float(values[-1]), float(values[len(values) // 2]), float(np.nextafter(values[-1], 0))}:
        if len(all_edges(lengths, reach)):
            assert_ordered(stored(lengths), lengths, reach)


def jittered(size, seed):
    """Lengths 1, 2, 3 moved by a few units in the last place."""
    lengths = whole_numbers(size, 2, seed) + 1
    steps = np.random.default_rng(seed).integers(-3, 4, lengths.shape) * np.finfo(float).eps
    lengths = np.triu(lengths * (1 + steps), 1)
    return lengths + lengths.T


def with_outliers(size, seed, far):
    """A random matrix in which two vertices are far away from all others, so that one bin holds nearly everything."""
    lengths = reals(size, seed)
    lengths[:2] += far
    lengths[:, :2] += far
    lengths[:2, :2] = far * (1 - np.eye(2))
    return lengths


MANY = {
    "random": lambda: reals(220, 0),
    "many bins": lambda: reals(720, 1),
    "ties": lambda: whole_numbers(230, 5, 0),
    "all equal": lambda: 3.0 * (1 - np.eye(200)),
    "last bits": lambda: jittered(200, 0),
    "outliers": lambda: with_outliers(200, 0, 1e9),
    "outliers beyond all digits": lambda: with_outliers(200, 0, 1e30),
    "gaps": lambda: reals(260, 3, gaps=0.3),
    "all magnitudes": lambda: squareform(10.0 ** np.random.default_rng(0).uniform(-300, 300, 150 * 149 // 2)),
    "tiny": lambda: 1e-280 * reals(150, 4),
    "tinier than can be divided by": lambda: 2.0**-988 * reals(150, 5),
    "subnormal": lambda: 5e-324 * whole_numbers(150, 1000, 6),
    "huge": lambda: 1e308 * reals(150, 7),
}


@pytest.mark.parametrize("name", MANY)
def test_thousands_of_edges_come_in_order(name):
    lengths = MANY[name]()
    longest = float(lengths[np.isfinite(lengths)].max())
    buckets = assert_ordered(stored(lengths), lengths, longest)
    assert_ordered(stored(lengths), lengths, float(np.median(lengths[np.isfinite(lengths)])))
    if name == "many bins":
        assert len(buckets.sizes) > 2 * FETCHED
    if name in ("all equal", "outliers"):
        assert buckets.sizes.max() >= len(all_edges(lengths)) - 2 * len(lengths), "one bin holds nearly everything"


@pytest.mark.parametrize("kind", ["g16", "mix32", "whole numbers", "an outlier"])
def test_squared_lengths_computed_when_needed_come_in_the_same_order_as_stored_ones(kind):
    points = np.random.default_rng(0).integers(0, 9, (210, 3)).astype(float) if kind[0] in "wa" else latents(kind, 210)
    if kind == "an outlier":
        points = np.vstack([points, [1e9, 0, 0], [-1e9, 0, 0]])
    near, _ = near_one(points)
    lengths = distances(near, "sqeuclidean")
    for space in (Space(NOTHING, near, transposed(near)), stored(lengths)):
        assert_ordered(space, lengths, float(lengths.max(axis=1).min()))


def test_the_bucket_of_a_length_holds_it_and_its_bounds_enclose_it():
    lengths = reals(220, 9)
    reach = float(np.quantile(lengths, 0.8))
    buckets, found = in_buckets(stored(lengths), reach, [0, 220])
    for bucket, edges in enumerate(found):
        values = lengths[tuple(edges.astype(np.int64).T)]
        assert {bucket_at(buckets, float(value)) for value in values[[0, len(values) // 2, -1]]} == {bucket}
        assert buckets.low[bucket] <= values.min() <= values.max() <= buckets.high[bucket]
