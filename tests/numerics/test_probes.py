"""Linear probes against normal equations written another way, and alignments against their expectation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gamma

from tda_latent.numerics.probes import (
    PENALTY,
    alignment,
    balanced_accuracy,
    centre_and_scale,
    chance_alignment,
    defined_mean,
    explained_share,
    held_out,
    neighbour_means,
    plane_alignment,
    ridge,
    roundness,
)


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("shape", [(50, 4), (12, 30)])
def test_ridge_is_least_squares_on_penalised_rows_whichever_way_it_is_solved(shape):
    codes = stream(1).normal(3, 1, shape) * np.geomspace(1e-3, 1e3, shape[1])
    columns = stream(2).normal(size=(shape[0], 2))
    slopes, offsets = ridge(codes, columns)
    inside = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    padded = np.vstack([inside, np.sqrt(PENALTY * len(codes)) * np.eye(shape[1])])
    wanted = np.vstack([columns - columns.mean(axis=0), np.zeros((shape[1], 2))])
    expected = np.linalg.lstsq(padded, wanted, rcond=None)[0].T / codes.std(axis=0)
    np.testing.assert_allclose(slopes, expected, rtol=1e-6)
    np.testing.assert_allclose((codes @ slopes.T + offsets).mean(axis=0), columns.mean(axis=0), atol=1e-10)


def test_a_coordinate_that_does_not_vary_gets_no_weight():
    codes = np.column_stack([stream(1).normal(size=20), np.full(20, 0.1)])
    assert ridge(codes, codes[:, :1])[0][0, 1] == 0


def test_the_explained_share_of_an_angle_is_zero_for_its_mean_direction_and_one_for_itself():
    angles = stream(1).uniform(0, 2, 50)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    assert explained_share(circle, circle) == 1
    assert explained_share(circle, np.tile(circle.mean(axis=0), (50, 1))) == pytest.approx(0)
    assert np.isnan(explained_share(circle[:1], circle[:1]))


def test_balanced_accuracy_gives_no_credit_for_naming_the_larger_class():
    assert balanced_accuracy(np.array([0] * 99 + [1]), np.zeros(100, dtype=int)) == 0.5


def test_alignments_of_axes_and_of_directions_without_length():
    found = alignment(np.array([[2.0, 0], [0, 0]]), np.array([[-1.0, 0], [1, 1]]))
    np.testing.assert_allclose(found[0], [1, np.sqrt(0.5)])
    assert np.isnan(found[1]).all()


def test_random_planes_align_by_their_share_of_the_dimensions():
    found = [plane_alignment(rng.normal(size=(2, 7)), rng.normal(size=(2, 7))) for rng in map(stream, range(400))]
    assert np.mean(found) == pytest.approx(2 / 7, abs=0.02)
    basis = stream(1).normal(size=(2, 7))
    assert plane_alignment(basis, np.array([[1.0, 2], [3, -1]]) @ basis) == pytest.approx(1)
    assert np.isnan(plane_alignment(np.zeros((2, 7)), basis))
    assert np.isnan(plane_alignment(np.ones((2, 1)), np.ones((2, 1))))


@pytest.mark.parametrize("dimension", [1, 2, 8, 50])
def test_the_alignment_by_chance_with_one_direction_has_a_closed_form(dimension):
    expected = gamma(dimension / 2) / (np.sqrt(np.pi) * gamma((dimension + 1) / 2))
    assert chance_alignment(dimension, 1, stream()) == pytest.approx(expected, abs=0.03)
    assert chance_alignment(dimension, dimension, stream()) >= expected - 0.03


def test_the_roundness_of_an_ellipse_is_the_ratio_of_its_axes():
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    ellipse = (circle * [4, 1]) @ np.linalg.qr(stream(1).normal(size=(5, 5)))[0][:2]
    assert roundness(ellipse, circle) == pytest.approx(0.25)
    assert roundness(ellipse[:, :1] * 0 + circle[:, :1], circle) == pytest.approx(0)
    assert np.isnan(roundness(np.ones((60, 2)), circle))


def test_neighbour_means_are_their_definition_in_loops():
    points, known = stream(1).normal(size=(9, 3)), stream(2).normal(size=(30, 3))
    columns = stream(3).normal(size=(30, 2))
    found = neighbour_means(points, known, columns, 4)
    for point, mean in zip(points, found, strict=True):
        nearest = np.argsort(np.linalg.norm(known - point, axis=1))[:4]
        np.testing.assert_allclose(mean, columns[nearest].mean(axis=0))
    np.testing.assert_allclose(neighbour_means(points, known, columns, 99), np.tile(columns.mean(axis=0), (9, 1)))


def test_copies_are_on_one_side_of_a_division_and_single_points_are_divided_in_three():
    rng = np.random.default_rng(0)
    taught, judged = held_out(np.arange(60.0)[:, None], 3, rng)
    assert (len(taught), len(judged)) == (40, 20)
    np.testing.assert_array_equal(np.sort(np.concatenate([taught, judged])), np.arange(60))
    copies = rng.integers(0, 20, 90)
    taught, judged = held_out(copies[:, None].astype(float), 3, rng)
    assert not set(copies[taught]) & set(copies[judged])
    assert len(taught) + len(judged) == 90
    assert 30 <= len(judged) < 45
    few = held_out(np.repeat([0.0, 1.0], 30)[:, None], 3, rng)  # two values cannot be kept apart
    assert [len(part) for part in few] == [40, 20]


def test_one_heap_of_copies_does_not_decide_how_many_are_judged():
    codes = np.append(np.arange(26.0), np.full(94, 50.0))[:, None]
    for seed in range(20):
        taught, judged = held_out(codes, 3, stream(seed))
        assert (len(taught), len(judged)) == (80, 40)


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_neither_side_is_empty_whatever_points_repeat_and_the_judged_are_a_part_to_half_as_many_again(parts):
    for seed in range(300):
        rng = stream(seed)
        heaps = rng.geometric(rng.uniform(0.02, 1), rng.integers(1, 60))  # from one heap to hardly any copies
        of = rng.permutation(np.repeat(np.arange(len(heaps)), heaps))
        if len(of) < parts:
            continue
        taught, judged = held_out(of[:, None].astype(float), parts, rng)
        np.testing.assert_array_equal(np.sort(np.concatenate([taught, judged])), np.arange(len(of)))
        assert len(taught) > 0
        assert len(of) // parts <= len(judged) <= 1.5 * len(of) / parts
        if len(heaps) >= 12 and heaps.max() <= len(of) // (2 * parts):
            assert not set(of[taught]) & set(of[judged])


def test_means_of_draws_leave_out_what_is_undefined():
    nan = np.nan
    np.testing.assert_array_equal(defined_mean(np.array([[1.0, nan, nan], [3.0, 5.0, nan]])), [2.0, 5.0, nan])


@pytest.mark.parametrize("constant", [0.1, -1 / 3, 1e6 + 0.1])
def test_a_constant_coordinate_has_no_part_in_a_regression_whatever_its_digits(constant):
    """The mean of many equal numbers is not quite that number; what remains may not be taken for a direction."""
    rng = np.random.default_rng(0)
    codes = np.column_stack([np.full(1000, constant), rng.normal(size=(1000, 2))])
    assert np.isinf(centre_and_scale(codes)[1]).tolist() == [True, False, False]
    target = codes[:, 1:2] + rng.normal(size=(1000, 1))
    with_it, without = ridge(codes, target), ridge(codes[:, 1:], target)
    np.testing.assert_allclose(with_it[0][0], [0.0, *without[0][0]], rtol=1e-9)
    np.testing.assert_allclose(with_it[1], without[1], rtol=1e-9)


def test_coordinates_of_any_size_are_standardised_alike():
    codes = stream(8).normal(1, 2, size=(50, 4))
    mean, scale = centre_and_scale(codes)
    units = np.array([-1010, -600, 600, 1015])
    there, far = centre_and_scale(np.ldexp(codes, units))
    np.testing.assert_allclose(np.ldexp(there, -units), mean, rtol=1e-3)  # subnormal numbers have few digits
    np.testing.assert_allclose(np.ldexp(far, -units), scale, rtol=1e-3)
    np.testing.assert_array_equal(there[1:3], np.ldexp(mean, units)[1:3])
    assert centre_and_scale(np.full((9, 1), 1e200))[1] == np.inf
