"""Measures of copying against SciPy, loops, and their own null."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.stats import kstest, mannwhitneyu, norm

from tda_latent.numerics.memorisation import (
    Nearest,
    authenticity,
    cell_deviate,
    neighbour_ratios,
    rank_deviate,
    training_cells,
    two_nearest,
)


def stream(seed=0):
    return np.random.default_rng(seed)


def judged(points, training):
    return authenticity(points, training, two_nearest(points, training))


@pytest.mark.parametrize("digits", [8, 1, 0])
def test_the_rank_deviate_is_that_of_scipy_with_and_without_ties(digits):
    first, second = np.round(stream(1).normal(0.3, 1, 40), digits), np.round(stream(2).normal(size=70), digits)
    expected = mannwhitneyu(first, second, alternative="greater", method="asymptotic", use_continuity=False).pvalue
    assert norm.sf(rank_deviate(first, second)) == pytest.approx(expected, rel=1e-9)


def test_values_that_differ_by_rounding_share_their_ranks():
    first, second = stream(1).integers(0, 6, 40) / 1.0, stream(2).integers(0, 6, 70) / 1.0
    blurred = [values + stream(3).uniform(-1e-9, 1e-9, len(values)) for values in (first, second)]
    assert rank_deviate(*blurred, 2e-9) == pytest.approx(rank_deviate(first, second), rel=1e-12)
    assert rank_deviate(*blurred) != pytest.approx(rank_deviate(first, second), rel=1e-3)


def test_complete_separation_reaches_the_least_possible_value():
    m, n = 30, 50
    assert rank_deviate(np.arange(m), np.arange(n) + 100.0) == pytest.approx(-np.sqrt(3 * m * n / (m + n + 1)))


def test_without_any_difference_there_is_no_deviate():
    assert np.isnan(rank_deviate(np.ones(5), np.ones(7)))


def test_without_copying_the_deviates_are_standard_normal_and_the_cell_mean_has_its_stated_deviation():
    single, means, deviations = [], [], []
    for seed in range(300):
        rng = stream(seed)
        cells = rng.integers(3, size=200), rng.integers(3, size=200)
        values = rng.normal(size=(2, 200)) + np.array(cells)  # cells differ, the two kinds do not
        single.append(rank_deviate(values[0], values[1]))
        found = cell_deviate((values[0], cells[0]), (values[1], cells[1]), 5)
        means.append(found.value)
        deviations.append(found.null_deviation)
    assert kstest(single, "norm").pvalue > 0.001
    assert kstest(np.array(means) / deviations, "norm").pvalue > 0.001


def test_copying_in_one_cell_that_the_whole_does_not_show_is_seen_in_the_cells():
    rng = stream(3)
    cells = np.repeat([0, 1], 100)
    real = rng.normal(5, 1, 200)
    generated = np.concatenate([rng.normal(0, 1, 100), rng.normal(10, 1, 100)])  # too near here, too far there
    assert abs(rank_deviate(generated, real)) < 1
    lonely = cell_deviate((generated[:100], cells[:100]), (real, cells), 20)
    assert lonely.cells == 1
    assert lonely.value < -10


def test_cells_with_too_few_points_are_left_out():
    few = np.arange(4.0), np.zeros(4, dtype=int)
    found = cell_deviate(few, few, 5)
    assert np.isnan(found.value)
    assert found.cells == 0


def test_nearest_points_and_authenticity_are_their_definitions_in_loops():
    points, training = stream(1).normal(size=(30, 3)), stream(2).normal(size=(20, 3))
    apart = np.linalg.norm(points[:, None] - training[None], axis=2)
    inside = np.linalg.norm(training[:, None] - training[None], axis=2) + np.diag(np.full(20, np.inf))
    found = two_nearest(points, training)
    np.testing.assert_array_equal(np.unpackbits(found.ties, axis=1, count=20), apart == apart.min(axis=1)[:, None])
    np.testing.assert_allclose(found.first, np.sort(apart, axis=1)[:, 0])
    np.testing.assert_allclose(found.second, np.sort(apart, axis=1)[:, 1])
    expected = np.mean([row.min() > inside[row.argmin()].min() for row in apart])
    assert authenticity(points, training, found) == pytest.approx(expected)


def test_where_several_training_points_are_nearest_each_has_its_share():
    # 1 is nearest to 0 and to 2; 0 has its nearest other at distance 2, 2 has it at distance 1/2
    training = np.array([[0.0], [2.0], [2.5]])
    assert judged(np.array([[1.0]]), training) == 0.5
    # on a grid of step one every point between two has both at 1/2, and both have others at 1
    grid = np.arange(6.0)[:, None]
    assert judged(grid[:-1] + 0.5, grid) == 0


@pytest.mark.parametrize("unit", [1.0, 0.1, 1 / 3])
def test_neither_the_order_of_binary_training_data_nor_rounding_decides_what_is_authentic(unit):
    """Bits: most points have several nearest training points, and many are as far from these as these from others."""
    points, training = stream(1).integers(0, 2, (60, 14)), np.unique(stream(2).integers(0, 2, (80, 14)), axis=0)
    apart = (points[:, None] != training[None]).sum(axis=2)
    inside = (training[:, None] != training[None]).sum(axis=2) + 99 * np.eye(len(training), dtype=int)
    expected = np.mean([np.mean(row.min() > inside[row == row.min()].min(axis=1)) for row in apart])
    for seed in range(3):
        mixed = (unit * training[stream(seed).permutation(len(training))]).astype(np.float32)
        found = judged((unit * points).astype(np.float32), mixed)
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [1e3, 1e7, 1e12])
def test_a_point_that_flies_off_has_one_nearest_point_and_changes_nothing_for_the_others(dtype, far):
    points, training = stream(1).normal(size=(40, 3)).astype(dtype), stream(2).normal(size=(300, 3)).astype(dtype)
    moved = points.copy()
    moved[0] = np.array([far, 0, 0], dtype=dtype)
    before, after = two_nearest(points, training), two_nearest(moved, training)
    np.testing.assert_array_equal(after.ties[1:], before.ties[1:])
    if far < 1e12:  # there even the arithmetic of float64 knows no order
        assert np.unpackbits(after.ties[0], count=300).sum() == 1
    near = judged(points[1:], training) * 39
    assert judged(moved, training) == pytest.approx((near + 1) / 40, abs=1e-12)  # far off is authentic


def test_points_that_have_every_training_point_for_their_nearest_take_a_bit_for_each():
    training, points = np.eye(1500), np.zeros((900, 1500))
    tracemalloc.start()
    nearest = two_nearest(points, training)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 900 * 1500 / 4
    assert authenticity(points, training, nearest) == 0  # at distance 1; training points are sqrt 2 from each other


def test_how_authentic_fresh_points_are_depends_on_the_dimension_a_third_on_the_line():
    def fresh(dimension):
        clouds = [stream(seed).normal(size=(1200, dimension)) for seed in range(8)]
        return np.mean([judged(cloud[:600], cloud[600:]) for cloud in clouds])

    # on the line: the chance that the far neighbour's gap is the smallest of three independent, equal ones
    assert fresh(1) == pytest.approx(1 / 3, abs=0.04)
    assert fresh(20) > 0.6


def test_a_training_point_has_ratio_zero_and_a_point_halfway_has_one():
    training = np.array([[0.0], [2.0]])
    np.testing.assert_allclose(neighbour_ratios(two_nearest(np.array([[0.0], [1.0], [0.5]]), training)), [0, 1, 1 / 3])
    assert neighbour_ratios(Nearest(np.zeros(1), np.zeros(1), np.zeros((1, 1), np.uint8))).tolist() == [0]


def test_far_groups_become_cells():
    groups = np.repeat([[0.0, 0], [50, 0]], 30, axis=0) + stream(1).normal(size=(60, 2))
    centres = training_cells(groups, 2, stream(4))
    np.testing.assert_allclose(centres[np.argsort(centres[:, 0])], [groups[:30].mean(0), groups[30:].mean(0)])


def test_more_cells_than_different_points_lose_the_empty_ones():
    centres = training_cells(np.repeat([[0.0], [1.0]], 5, axis=0), 8, stream())
    assert sorted(set(centres.ravel().tolist())) == [0.0, 1.0]
