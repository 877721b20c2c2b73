"""Laws of covers: nothing falls out, lengths and counts are what the formulas say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tda_latent.errors import InvalidInput
from tda_latent.numerics.covers import balanced_intervals, grouped, patch_members, uniform_intervals

quick = settings(max_examples=60, deadline=None, derandomize=True)
gains = st.floats(0, 0.95)
resolutions = st.integers(1, 30)
numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
columns = arrays(np.float64, st.integers(1, 40), elements=numbers)
ties = arrays(np.float64, st.integers(1, 40), elements=st.integers(-3, 3).map(float))
lenses = arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 3)), elements=numbers)


def members_by_brute_force(lens, intervals):
    """Every product of intervals looked at; the rows of those that hold a point, in lexicographic order."""
    found = []
    for choice in np.ndindex(*(len(ends) for ends in intervals)):
        ends = np.array([intervals[axis][k] for axis, k in enumerate(choice)])
        rows = np.flatnonzero(((lens >= ends[:, 0]) & (lens <= ends[:, 1])).all(axis=1))
        if len(rows):
            found.append(rows.tolist())
    return found


def as_lists(members, offsets):
    return [members[a:b].tolist() for a, b in itertools.pairwise(offsets)]


@quick
@given(columns | ties, resolutions, gains, st.sampled_from([uniform_intervals, balanced_intervals]))
def test_every_value_lies_in_an_interval_and_both_ends_ascend(values, resolution, gain, intervals):
    ends = intervals(values, resolution, gain)
    inside = (values[:, None] >= ends[:, 0]) & (values[:, None] <= ends[:, 1])
    assert inside.any(axis=1).all()
    assert (np.diff(ends, axis=0) >= 0).all()
    assert len(ends) <= resolution


@quick
@given(lenses, st.integers(1, 5), gains, st.sampled_from([uniform_intervals, balanced_intervals]))
def test_patches_hold_exactly_the_points_that_brute_force_finds(lens, resolution, gain, intervals):
    ends = [intervals(axis, resolution, gain) for axis in lens.T]
    members, offsets = patch_members(lens, ends)
    assert as_lists(members, offsets) == members_by_brute_force(lens, ends)
    assert set(members.tolist()) == set(range(len(lens)))


@quick
@given(resolutions, gains, numbers, st.floats(1e-3, 1e6))
def test_uniform_intervals_have_the_stated_length_and_share_the_stated_fraction(resolution, gain, low, span):
    ends = uniform_intervals(np.array([low, low + span]), resolution, gain)
    lengths = np.diff(ends, axis=1).ravel()
    tolerance = 1e-9 * (abs(low) + span) / (1 - gain)
    stated = (low + span - low) / (resolution * (1 - gain))
    np.testing.assert_allclose(lengths, stated, rtol=1e-9, atol=tolerance)
    np.testing.assert_allclose(ends[:-1, 1] - ends[1:, 0], gain * stated, rtol=1e-9, atol=tolerance)
    np.testing.assert_allclose(ends[0, 0] - low, -gain * stated / 2, rtol=1e-9, atol=tolerance)


@quick
@given(columns, resolutions, gains)
def test_a_point_lies_in_at_most_one_interval_more_than_the_lengths_allow(values, resolution, gain):
    ends = uniform_intervals(values, resolution, gain)
    held = ((values[:, None] >= ends[:, 0]) & (values[:, None] <= ends[:, 1])).sum(axis=1)
    assert held.max() <= np.floor(1 / (1 - gain) + 1e-9) + 1


@quick
@given(st.integers(1, 300), st.integers(1, 12), gains, st.randoms(use_true_random=False))
def test_balanced_intervals_hold_equal_counts_without_ties(size, resolution, gain, random):
    values = np.array(random.sample(range(10 * size), size), dtype=float)
    ends = balanced_intervals(values, resolution, gain)
    held = ((values[:, None] >= ends[:, 0]) & (values[:, None] <= ends[:, 1])).sum(axis=0)
    assert len(ends) == resolution or size < 3 * resolution
    if len(ends) == resolution:
        assert np.ptp(held) <= 1
        stated = size / (resolution - (resolution - 1) * gain)
        assert (np.abs(held - stated) < 2).all()


def test_balanced_neighbours_share_the_stated_fraction_of_their_points():
    values = np.arange(1001.0) ** 3
    ends = balanced_intervals(values, 8, 0.4)
    inside = (values[:, None] >= ends[:, 0]) & (values[:, None] <= ends[:, 1])
    shared = (inside[:, :-1] & inside[:, 1:]).sum(axis=0)
    np.testing.assert_allclose(shared / inside.sum(axis=0)[:-1], 0.4, atol=0.01)


def test_without_gain_balanced_intervals_split_the_points_evenly():
    ends = balanced_intervals(np.array([5.0, 1, 9, 2, 7, 3]), 3, 0.0)
    np.testing.assert_array_equal(ends, [[1, 2], [3, 5], [7, 9]])


def test_tied_values_stay_together_and_repeated_intervals_are_dropped():
    ends = balanced_intervals(np.array([0.0] * 50 + [1.0] * 50), 10, 0.0)
    assert len(ends) <= 3
    members, offsets = patch_members(np.array([[0.0]] * 50 + [[1.0]] * 50), [ends])
    assert {len(rows) for rows in as_lists(members, offsets)} <= {50, 100}


@pytest.mark.parametrize("intervals", [uniform_intervals, balanced_intervals])
def test_a_constant_lens_gets_one_interval_even_when_rounding_makes_it_vary(intervals):
    assert intervals(np.full(7, 3.2), 10, 0.3).tolist() == [[3.2, 3.2]]
    assert len(intervals(3.2 * (1 + 1e-15 * np.arange(7)), 10, 0.3)) == 1
    assert intervals(np.zeros(1), 10, 0.3).tolist() == [[0.0, 0.0]]


def test_ten_intervals_with_gain_one_half_are_a_fifth_of_the_range_as_in_keplermapper_and_gudhi():
    ends = uniform_intervals(np.array([0.0, 1.0]), 10, 0.5)
    np.testing.assert_allclose(np.diff(ends, axis=1), 0.2)


def test_a_point_on_a_shared_end_lies_in_both_intervals_even_without_gain():
    lens = np.array([[0.0], [1.0], [2.0]])
    members, offsets = patch_members(lens, [uniform_intervals(lens[:, 0], 2, 0.0)])
    assert as_lists(members, offsets) == [[0, 1], [1, 2]]


@quick
@given(arrays(np.int64, st.integers(0, 50), elements=st.integers(0, 9)))
def test_grouping_is_a_stable_sort_by_key(keys):
    order, offsets = grouped(keys, 10)
    np.testing.assert_array_equal(order, np.argsort(keys, kind="stable"))
    np.testing.assert_array_equal(np.diff(offsets), np.bincount(keys, minlength=10))


def test_empty_patches_are_never_enumerated():
    lens = np.repeat(np.linspace(0, 1, 50)[:, None], 8, axis=1)  # 1000^8 patches, 50 points
    members, _ = patch_members(lens, [uniform_intervals(axis, 1000, 0.1) for axis in lens.T])
    assert set(members.tolist()) == set(range(50))


def test_a_cover_that_would_explode_is_refused_with_a_remedy():
    lens = np.random.default_rng(0).random((50, 8))
    with pytest.raises(InvalidInput, match="Lower the gain or use fewer lens axes"):
        patch_members(lens, [uniform_intervals(axis, 100, 0.95) for axis in lens.T])


@pytest.mark.parametrize(("resolution", "gain"), [(0, 0.3), (3, 1.0), (3, -0.1), (3, np.nan)])
def test_a_cover_outside_its_range_is_refused(resolution, gain):
    with pytest.raises(InvalidInput, match="the rule is"):
        uniform_intervals(np.arange(3.0), resolution, gain)
