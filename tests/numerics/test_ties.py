"""Distances that are equal but for rounding: levels, continua, and what float32 far from the origin can still tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import rankdata

from tda_latent.numerics.ties import LEVEL, distance_rounding, level_ranks, reach_rounding

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rounding", [0.0, 1e-13])
def test_ranks_of_numbers_that_are_equal_or_far_apart_are_the_plain_ones(rounding):
    values = np.concatenate([RNG.integers(0, 9, 60), RNG.normal(size=40), [7.5]]).astype(float)
    np.testing.assert_array_equal(level_ranks(values, rounding), rankdata(values))
    assert level_ranks(np.array([3.0]), rounding).tolist() == [1.0]


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
    assert (reach_rounding(far, np.full(50, 0.5)) <= 0.5e-4).all()
    assert (reach_rounding(far.astype(float), np.full(50, 0.5)) < 1e-7).all()
