"""Effective rank, participation ratio and intrinsic dimension: known answers, invariances, nasty clouds."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.numerics.entropy import shannon_entropy
from tda_latent.numerics.intrinsic_dimension import (
    decimation,
    distinct_rows,
    maximum_likelihood,
    nearest_distances,
    stored_rounding,
    two_nn,
)
from tda_latent.numerics.spectrum import (
    condition,
    directions_needed,
    effective_rank,
    participation_ratio,
    principal_deviations,
    variance_shares,
)


def cross(used, total):
    """The points +-e_i of ``used`` directions in ``total`` dimensions: equal variances."""
    axes = np.eye(total)[:used]
    return np.vstack([axes, -axes])


def test_four_unit_directions_of_eight_have_rank_four_by_every_measure():
    deviations = principal_deviations(cross(4, 8))
    assert effective_rank(deviations**2) == pytest.approx(4.0)
    assert effective_rank(deviations) == pytest.approx(4.0)
    assert participation_ratio(deviations**2) == pytest.approx(4.0)
    assert np.count_nonzero(deviations) == 4
    assert condition(deviations) == np.inf
    assert directions_needed(variance_shares(deviations), 1.0) == 4


def test_principal_deviations_are_the_roots_of_the_eigenvalues_of_the_covariance():
    points = np.random.default_rng(0).normal(size=(60, 5)) * [5, 3, 2, 1, 0.1] + 1e5
    expected = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1]
    np.testing.assert_allclose(principal_deviations(points) ** 2, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rotated_flat_cloud_keeps_its_rank_in_single_precision(dtype):
    rng = np.random.default_rng(1)
    points = (rng.normal(size=(500, 3)) @ np.linalg.qr(rng.normal(size=(16, 16)))[0][:3] + 7).astype(dtype)
    assert np.count_nonzero(principal_deviations(points)) == 3


def test_coinciding_points_have_rank_zero():
    deviations = principal_deviations(np.full((6, 3), 0.1))
    assert effective_rank(deviations) == participation_ratio(deviations**2) == 0.0
    assert directions_needed(variance_shares(deviations), 0.5) == 0
    assert condition(deviations) == np.inf


def test_effective_rank_of_known_amounts():
    shares = np.array([0.5, 0.25, 0.25])
    assert effective_rank(7 * shares) == pytest.approx(np.exp(1.5 * np.log(2)))
    assert directions_needed(shares, 0.75) == 2


def test_entropy_survives_extreme_amounts():
    assert shannon_entropy(np.array([1e308, 1e308])) == pytest.approx(np.log(2))
    assert shannon_entropy(np.array([1e308, 5e-324, 0.0])) == 0.0
    assert shannon_entropy(np.empty(0)) == 0.0


def test_nearest_distances_are_the_sorted_distances_to_the_others():
    rng = np.random.default_rng(2)
    for dimension in (3, 40):
        points = rng.normal(size=(50, dimension)) + 1e4
        points[7] = points[3]
        distances = np.sort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)
        np.testing.assert_allclose(nearest_distances(points, 6), distances[:, 1:7], atol=1e-9)
    assert nearest_distances(np.zeros((1, 2)), 3).shape == (1, 0)
    assert nearest_distances(np.zeros((3, 2)), 9).shape == (3, 2)


@pytest.mark.parametrize(("dimension", "found_by_others"), [(1, 0.99), (2, 1.99), (3, 2.87), (5, 4.76)])
def test_uniform_cubes_have_the_dimension_that_others_find(dimension, found_by_others):
    rng = np.random.default_rng(3)
    distances = [nearest_distances(rng.random((2000, dimension)), 10) for _ in range(3)]
    assert np.mean([two_nn(d) for d in distances]) == pytest.approx(found_by_others, rel=0.05)
    assert np.mean([maximum_likelihood(d) for d in distances]) == pytest.approx(found_by_others, rel=0.08)


def test_maximum_likelihood_with_two_neighbours_is_two_nn_without_its_correction():
    distances = nearest_distances(np.random.default_rng(4).random((100, 3)), 2)
    assert maximum_likelihood(distances) == pytest.approx(two_nn(distances) * 100 / 99)


def test_maximum_likelihood_averages_the_inverses_of_the_estimates_of_the_points():
    distances = nearest_distances(np.random.default_rng(5).random((80, 3)), 7)
    inverses = [np.mean([np.log(row[-1] / near) for near in row[:-1]]) for row in distances]
    assert maximum_likelihood(distances) == pytest.approx(1 / np.mean(inverses))


def test_pareto_ratios_give_two_nn_its_exponent():
    rng = np.random.default_rng(6)
    ratios = (1 - rng.random(20_000)) ** (-1 / 7.0)
    assert two_nn(np.column_stack([np.ones(20_000), ratios])) == pytest.approx(7.0, rel=0.02)


def test_a_lattice_has_infinite_dimension_and_two_points_have_none():
    lattice = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2) / 3
    assert two_nn(nearest_distances(lattice, 2)) == np.inf
    assert np.isnan(two_nn(nearest_distances(lattice[:2], 2)))
    assert np.isnan(maximum_likelihood(nearest_distances(lattice[:2], 5)))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_neighbours_are_equally_far_in_a_lattice_and_on_a_polygon_as_either_is_stored(kind, shift):
    angles = 2 * np.pi * np.arange(97) / 97
    lattice = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2) / 3
    for cloud in (lattice, np.column_stack([np.cos(angles), np.sin(angles)])):
        stored = (cloud + shift).astype(kind)
        assert two_nn(nearest_distances(stored, 2), stored_rounding(stored)) == np.inf
        assert np.isinf(decimation(stored, 2, 50, np.random.default_rng(0)).two_nn[-1, 0])
    drawn = np.random.default_rng(1).normal(size=(2000, 3)) + shift
    single = drawn.astype(np.float32)
    found = two_nn(nearest_distances(single, 2), stored_rounding(single))
    assert found == pytest.approx(two_nn(nearest_distances(drawn, 2)), rel=1e-3)


def test_points_that_coincide_within_rounding_are_left_out():
    distances = np.array([[0.0, 1.0], [1.0, 2.0], [1.0, 2.0]])
    assert two_nn(distances) == pytest.approx(1 / (2 * np.log(2)))
    assert np.isnan(two_nn(np.zeros((5, 2))))


def test_distinct_rows_keep_the_order_of_first_appearance():
    points = np.array([[2.0, 0], [1, 0], [2, 0], [0, 0], [1, 0]])
    np.testing.assert_array_equal(distinct_rows(points), [[2, 0], [1, 0], [0, 0]])


def test_decimation_halves_the_cloud_until_the_parts_are_small():
    points = np.random.default_rng(7).random((400, 2))
    curve = decimation(points, 5, 60, np.random.default_rng(0))
    np.testing.assert_array_equal(curve.sizes, [100, 200, 400])
    whole = nearest_distances(points, 5)
    assert curve.two_nn[-1, 0] == pytest.approx(two_nn(whole))
    assert curve.mle[-1, 0] == pytest.approx(maximum_likelihood(whole))
    assert np.isnan(curve.two_nn[-1, 1])
    assert (curve.two_nn[:-1, 1] > 0).all()


def test_decimation_sees_noise_as_dimension_only_where_the_sample_is_dense():
    rng = np.random.default_rng(8)
    angles = rng.random(2000) * 2 * np.pi
    noisy = np.column_stack([np.cos(angles), np.sin(angles)]) + 0.004 * rng.normal(size=(2000, 2))
    curve = decimation(noisy, 5, 60, np.random.default_rng(0))
    assert curve.two_nn[0, 0] < 1.3 < 1.5 < curve.two_nn[-1, 0]


def test_a_cloud_below_the_smallest_part_is_still_estimated_whole():
    curve = decimation(np.random.default_rng(9).random((20, 2)), 5, 60, np.random.default_rng(0))
    assert curve.sizes.tolist() == [20]


@pytest.mark.parametrize("size", [1e-200, 1e-6, 1e6, 1e200])
def test_dimensions_have_no_scale(size):
    points = np.random.default_rng(10).normal(size=(120, 3))
    expected = nearest_distances(points, 5)
    for wide in (points, np.hstack([points, np.zeros((120, 20))])):
        found = nearest_distances(wide * size, 5)
        assert two_nn(found) == pytest.approx(two_nn(expected), rel=1e-9)
        assert maximum_likelihood(found) == pytest.approx(maximum_likelihood(expected), rel=1e-9)


@pytest.mark.parametrize("offset", [1e3, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_line_far_from_the_origin_has_rank_one(offset, dtype):
    rng = np.random.default_rng(11)
    line = (np.outer(rng.normal(size=50), rng.normal(size=9)) + offset).astype(dtype)
    assert np.count_nonzero(principal_deviations(line)) == 1
