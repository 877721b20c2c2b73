"""Distances that are equal but for rounding: levels, continua, and what float32 far from the origin can still tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import rankdata

from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.ties import (
    LEVEL,
    comparison_rounding,
    distance_rounding,
    first_beyond,
    level_bounds,
    level_ranks,
    singular_rounding,
    stored_epsilon,
    within_reach,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rounding", [0.0, 1e-13])
def test_ranks_of_numbers_that_are_equal_or_far_apart_are_the_plain_ones(rounding):
    values = np.concatenate([RNG.integers(0, 9, 60), RNG.normal(size=40), [7.5]]).astype(float)
    np.testing.assert_array_equal(level_ranks(values, rounding), rankdata(values))
    assert level_ranks(np.array([3.0]), rounding).tolist() == [1.0]
    below, upto = level_bounds(values, rounding)
    np.testing.assert_array_equal(below, [(values < value).sum() for value in values])
    np.testing.assert_array_equal(upto, [(values <= value).sum() for value in values])


def test_levels_blurred_by_rounding_have_the_ranks_of_the_levels():
    levels = RNG.integers(0, 5, 200).astype(float)
    np.testing.assert_array_equal(level_ranks(levels + RNG.uniform(0, 1e-12, 200), 1e-12), rankdata(levels))


def test_a_run_of_near_values_that_goes_on_is_a_continuum_and_keeps_its_order():
    values = np.arange(50) * 1e-9
    np.testing.assert_array_equal(level_ranks(values, 2e-9), np.arange(1, 51))
    assert len(set(level_ranks(values[: LEVEL + 1], 1.001e-9))) == 1
    assert level_ranks(np.array([0.0, 0.0, 1, 1, 2, 2, 3, 3, 4, 4]), 1.0).tolist() == [
        1.5, 1.5, 3.5, 3.5, 5.5, 5.5, 7.5, 7.5, 9.5, 9.5,
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_the_rounding_covers_what_a_turn_of_stored_codes_does_to_equal_distances(dtype, shift):
    codes = RNG.integers(0, 2, (80, 12)).astype(dtype)
    turn = np.linalg.qr(RNG.normal(size=(12, 12)))[0].astype(dtype)
    plain, turned = pdist(codes), pdist((codes + dtype(shift)) @ turn)
    bound = distance_rounding((codes + dtype(shift)) @ turn, float(plain.max()))
    assert np.abs(plain - turned).max() < bound < 1e-3


def test_storage_far_away_does_not_make_all_distances_equal():
    far = (RNG.normal(size=(50, 4)) + 1e6).astype(np.float32)
    lengths = pdist(far.astype(float))
    assert distance_rounding(far, float(lengths.max())) <= 1e-4 * lengths.max()
    long = np.linalg.norm(far.astype(float), axis=1)
    assert (comparison_rounding(np.full(50, 0.5), long, long, stored_epsilon(far)) <= 0.5e-4).all()
    assert (comparison_rounding(np.full(50, 0.5), long, long, stored_epsilon(far.astype(float))) < 1e-7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_far_point_does_not_make_the_distances_of_the_others_equal(dtype):
    """But its pull on the mean rounds them in float64, for distances are taken after centring."""
    points = RNG.normal(size=(50, 4)).astype(dtype)
    together = np.concatenate([points, np.full((1, 4), 1e9, dtype)])
    plain, slack = distance_rounding(points, 5.0), distance_rounding(together, 2e9)
    moved = pairwise_distances(together)[:-1, :-1] - pairwise_distances(points)
    assert np.abs(moved).max() <= slack <= max(2 * plain, 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 30.0, 1e4])
def test_turned_lattices_have_the_neighbours_of_the_lattice_seen_from_near_and_from_far(dtype, shift):
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    seen = np.concatenate([lattice + 0.5, [[300, 300, 1.5], [0, 0, 500]]])
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    plain = ((seen[:, None] - lattice) ** 2).sum(axis=2)  # halves and whole numbers: exact
    points, targets = (((part + shift) @ turn).astype(dtype) for part in (seen, lattice))
    block = cdist(points.astype(float), targets.astype(float))
    long = np.linalg.norm(targets.astype(float), axis=1)
    found = within_reach(block, block.min(axis=1), long, stored_epsilon(points, targets))
    if shift < 1e4 or dtype == np.float64:  # else storage counts up to a ten-thousandth, and rounding is more
        np.testing.assert_array_equal(found, plain == plain.min(axis=1)[:, None])


def test_the_coarsest_storage_decides():
    single, double = np.zeros(2, np.float32), np.zeros(2)
    assert stored_epsilon(double, np.zeros(2, np.int64)) == np.finfo(np.float64).eps
    assert stored_epsilon(double, single) == np.finfo(np.float32).eps
    assert stored_epsilon(np.zeros(2, np.float16), single) == np.finfo(np.float16).eps


def _singular(points):
    wide = points.astype(float)
    for _ in range(2):  # the first mean is rounded
        wide = wide - wide.mean(axis=0)
    return np.linalg.svd(wide, compute_uv=False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 1e3])
@pytest.mark.parametrize("repeats", [1, 20])
def test_singular_values_of_rounding_are_told_from_those_of_a_plane(dtype, shift, repeats):
    flat = RNG.normal(size=(30, 2)) @ RNG.normal(size=(2, 40)) + shift
    points = np.repeat(flat, repeats, axis=0).astype(dtype)
    values = _singular(points)
    rounding = singular_rounding(points, values)
    assert values[2] < rounding < values[1]
    assert rounding < 300 * values[2]
    far = np.concatenate([points, 1e6 * points[:1]])  # one far point hides no direction longer than its own rounding
    if dtype == np.float32:  # in float64 the decomposition itself rounds more
        longest = np.linalg.norm(far[-1].astype(float))
        assert singular_rounding(far, _singular(far)) <= 4.1 * longest * stored_epsilon(far)


def test_among_copies_the_first_distance_that_is_no_rounding_says_how_much_rounding_counts():
    block = np.array([[0.0, 1e-7, 0.5, 2.0], [0.3, 0.4, 0.5, 0.6], [0.0, 0.0, 1e-7, 1e-7]])
    reach, epsilon = np.array([1e-7, 0.4, 0.0]), 1.2e-7
    np.testing.assert_array_equal(first_beyond(block, reach, np.ones(3), epsilon), [0.5, 0.4, 0.0])
    # stored in float64 a tenth of a millionth is a distance
    np.testing.assert_array_equal(first_beyond(block, reach, np.ones(3), 2.2e-16), [1e-7, 0.4, 1e-7])


def test_copies_that_were_turned_in_float32_stay_neighbours_of_each_other_alone():
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    grid = np.repeat(np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3), 6, axis=0)
    noise = RNG.choice([-1, 0, 1], size=grid.shape)  # the last digit
    cloud = (grid @ turn).astype(np.float32)
    cloud = cloud + (noise * np.spacing(cloud)).astype(np.float32)
    block = cdist(cloud.astype(float), cloud.astype(float))
    np.fill_diagonal(block, np.inf)
    found = within_reach(block, np.sort(block, axis=1)[:, 2], np.linalg.norm(cloud, axis=1), stored_epsilon(cloud))
    copies = (grid[:, None] == grid[None]).all(axis=2)
    np.fill_diagonal(copies, False)
    np.testing.assert_array_equal(found[6:], copies[6:])  # at the origin nothing is rounded
