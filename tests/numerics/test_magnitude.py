"""Magnitudes of spaces whose magnitude is known in closed form, and areas that can be integrated by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from tda_latent.errors import InvalidInput
from tda_latent.numerics.magnitude import (
    area_between,
    convergence_scale,
    distinct_distances,
    magnitude_at,
    magnitude_profile,
)
from tda_latent.numerics.pairwise import pairwise_distances

SCALES = (1e-6, 0.01, 0.3, 1.0, 4.0, 50.0)


def two(distance: float) -> np.ndarray:
    return np.array([[0, distance], [distance, 0]])


def line(steps: np.ndarray) -> np.ndarray:
    return pairwise_distances(np.concatenate([[0.0], np.cumsum(steps)])[:, None])


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("distance", [1e-3, 1.0, 7.0])
def test_two_points_have_their_closed_form(scale, distance):
    expected = 2 / (1 + np.exp(-scale * distance))
    assert magnitude_at(two(distance), scale).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", [2, 3, 10, 100])
def test_points_at_one_distance_have_their_closed_form(scale, size):
    distances = np.ones((size, size)) - np.eye(size)
    expected = size / (1 + (size - 1) * np.exp(-scale))
    assert magnitude_at(distances, scale).value == pytest.approx(expected, abs=1e-12 * size)


@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 4.0, 50.0])
def test_points_on_a_line_have_their_closed_form(scale):
    steps = np.random.default_rng(0).exponential(size=40) + 0.01
    assert magnitude_at(line(steps), scale).value == pytest.approx(1 + np.tanh(scale * steps / 2).sum(), abs=1e-12 * 41)


def test_the_declared_error_covers_the_error_there_is():
    steps = np.random.default_rng(1).exponential(size=60) + 1e-6
    for scale in (1e-6, 1e-3, 1.0):
        found = magnitude_at(line(steps), scale)
        assert abs(found.value - (1 + np.tanh(scale * steps / 2).sum())) <= found.error + 1e-14
        assert found.error < 1e-8


def test_magnitude_grows_from_one_point_to_all_of_them():
    distances = pairwise_distances(np.random.default_rng(2).normal(size=(30, 4)))
    values = [magnitude_at(distances, scale).value for scale in np.geomspace(1e-4, 1e3, 40)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(1.0, abs=1e-2)
    assert values[-1] == pytest.approx(30.0, abs=1e-6)


def test_far_apart_groups_add_up():
    points = np.random.default_rng(3).normal(size=(12, 3))
    both = pairwise_distances(np.concatenate([points, points + 1e4]))
    assert magnitude_at(both, 0.7).value == pytest.approx(
        2 * magnitude_at(pairwise_distances(points), 0.7).value, abs=1e-9
    )


@pytest.mark.parametrize("distance", [1e-3, 1.0, 1e5])
def test_two_points_converge_at_log_nineteen_over_their_distance(distance):
    assert convergence_scale(two(distance)) == pytest.approx(np.log(19) / distance, rel=1e-9)


def test_the_convergence_scale_is_where_the_magnitude_is_95_percent():
    distances = pairwise_distances(np.random.default_rng(4).normal(size=(25, 3)))
    scale = convergence_scale(distances)
    assert magnitude_at(distances, scale).value == pytest.approx(0.95 * 25, rel=1e-8)


def test_the_area_of_two_points_and_of_a_line_is_their_integral():
    found = magnitude_profile(two(2.0), 3.0, 32)
    assert found.area == pytest.approx(3.0 + np.log(np.cosh(3.0)), abs=1e-12)
    steps = np.array([0.05, 0.2, 1.0, 4.0])
    expected = 10.0 + (2 / steps * np.log(np.cosh(10.0 * steps / 2))).sum()
    assert magnitude_profile(line(steps), 10.0, 32).area == pytest.approx(expected, rel=1e-7)
    assert magnitude_profile(line(steps), 10.0, 64).area == pytest.approx(expected, rel=1e-12)


def test_the_area_between_two_spaces_is_that_of_the_absolute_difference():
    first, second = two(1.0), line(np.array([0.3, 2.0]))
    expected = quad(lambda t: abs(np.tanh(t / 2) - np.tanh(0.15 * t) - np.tanh(t)), 0, 5)[0]
    assert area_between(first, second, 5.0, 64) == pytest.approx(expected, rel=1e-8)
    assert area_between(second, second, 5.0, 8) == 0.0


def test_duplicates_and_near_duplicates_count_once():
    points = np.random.default_rng(5).normal(size=(20, 3))
    twice = np.concatenate([points, points, points + 1e-13])
    kept = distinct_distances(pairwise_distances(twice))
    assert len(kept) == 20
    single = magnitude_at(pairwise_distances(points), 1.3).value
    assert magnitude_at(kept, 1.3).value == pytest.approx(single, rel=1e-10)
    assert distinct_distances(np.zeros((4, 4))).tolist() == [[0.0]]
    assert magnitude_at(np.zeros((1, 1)), 3.0).value == 1.0
    assert np.isnan(convergence_scale(np.zeros((1, 1))))


def test_what_float64_cannot_tell_is_refused():
    with pytest.raises(InvalidInput, match="near-duplicates"):
        magnitude_at(np.zeros((3, 3)), 1.0)


@pytest.mark.parametrize("exponent", [-1000, -500, 500, 1000])
def test_the_scale_follows_the_unit_of_the_distances_to_the_ends_of_float64(exponent):
    distances = pairwise_distances(np.random.default_rng(6).normal(size=(12, 3)))
    far = np.ldexp(distances, exponent)
    found = convergence_scale(far)
    assert found == np.ldexp(convergence_scale(distances), -exponent)
    plain = magnitude_profile(distances, convergence_scale(distances), 8)
    np.testing.assert_allclose(magnitude_profile(far, found, 8).values, plain.values, rtol=1e-12)


def test_distances_whose_inverses_leave_the_range_are_refused_and_no_single_point():
    tiny = distinct_distances(two(1e-310))
    assert len(tiny) == 2
    assert len(distinct_distances(two(5e-324))) == 2
    with pytest.raises(InvalidInput, match="Multiply the points by a constant"):
        convergence_scale(tiny)
