"""Two-sample statistics: values against loops, permutation tests against their promise."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.numerics.two_sample import (
    energy_distances,
    neighbours_of_own_side,
    permutation_test,
    shuffled_sides,
    uncovered_fraction,
)


def stream(seed=0):
    return np.random.default_rng(seed)


def mean_distance(first, second):
    return np.mean([[np.linalg.norm(a - b) for b in second] for a in first])


def test_the_energy_distance_is_its_definition_in_loops():
    first, second = stream(1).normal(size=(7, 3)), stream(2).normal(1, 2, size=(5, 3))
    sides = shuffled_sides(7, 5, 3, stream())
    pooled = np.concatenate([first, second])
    for side, found in zip(sides, energy_distances(first, second, sides), strict=True):
        a, b = pooled[side], pooled[~side]
        expected = 2 * mean_distance(a, b) - mean_distance(a, a) - mean_distance(b, b)
        assert found == pytest.approx(expected)


def test_the_energy_distance_survives_a_cloud_far_from_the_origin():
    first, second = stream(1).normal(size=(20, 2)), stream(2).normal(size=(20, 2))
    sides = shuffled_sides(20, 20, 2, stream())
    moved = energy_distances(first + 1e9, second + 1e9, sides)
    np.testing.assert_allclose(moved, energy_distances(first, second, sides), atol=1e-6)


def test_two_equal_clouds_are_at_energy_distance_zero():
    cloud = stream().normal(size=(9, 2))
    assert energy_distances(cloud, cloud, shuffled_sides(9, 9, 1, stream()))[0] == pytest.approx(0, abs=1e-12)


def test_separate_clouds_have_all_neighbours_on_their_own_side():
    first, second = stream(1).normal(size=(20, 2)), stream(2).normal(100, 1, size=(20, 2))
    shares = neighbours_of_own_side(first, second, shuffled_sides(20, 20, 200, stream()), 3)
    assert shares[0] == 1
    assert shares[1:].mean() == pytest.approx(19 / 39, abs=0.02)


def test_more_neighbours_than_points_are_cut():
    sides = shuffled_sides(2, 2, 1, stream())
    shares = neighbours_of_own_side(np.zeros((2, 1)), np.ones((2, 1)), sides, 50)
    assert shares[0] == pytest.approx(1 / 3)


def test_a_p_value_counts_itself_and_ties_among_the_large():
    assert permutation_test(3.0, np.array([1.0, 2.0, 4.0])).p_value == 0.5
    assert permutation_test(1.0, np.ones(9)).p_value == 1
    assert permutation_test(1.0, np.full(9, 1 - 1e-15)).p_value == 1
    assert permutation_test(9.0, np.ones(19)).p_value == 1 / 20


def test_p_values_of_equal_distributions_are_no_smaller_than_they_say():
    hits = np.zeros(2)
    for seed in range(200):
        rng = stream(seed)
        first, second = rng.normal(size=(20, 2)), rng.normal(size=(15, 2))
        sides = shuffled_sides(20, 15, 19, rng)
        for k, values in enumerate(
            (energy_distances(first, second, sides), neighbours_of_own_side(first, second, sides, 3))
        ):
            hits[k] += permutation_test(values[0], values[1:]).p_value <= 0.1
    assert (hits < 36).all()  # 20 expected of a fair test, 36 is 3.8 deviations more


def test_the_uncovered_share_of_another_draw_is_one_minus_the_quantile():
    rng = stream(3)
    cloud, other = rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3))
    assert uncovered_fraction(other, cloud, 0.9) == pytest.approx(0.1, abs=0.03)
    assert uncovered_fraction(other + 100, cloud, 0.9) == 1
    assert uncovered_fraction(cloud, cloud, 0.9) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_grid_leaves_nothing_of_itself_uncovered_whatever_its_axes(dtype):
    """The holes of a grid are as far from it as its points are from each other."""
    grid = np.stack(np.meshgrid(np.arange(6), np.arange(6)), axis=-1).reshape(-1, 2)
    is_even = grid.sum(axis=1) % 2 == 0
    turn = np.linalg.qr(stream().normal(size=(2, 2)))[0]
    for far in (0, 11.3):
        holes, rest = ((grid[side] / 3 @ turn + far).astype(dtype) for side in (~is_even, is_even))
        assert uncovered_fraction(holes, rest) == 0
        assert uncovered_fraction((grid[~is_even][:1] / 3 @ turn + far - 9).astype(dtype), rest) == 1
