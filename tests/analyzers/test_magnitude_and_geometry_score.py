"""The analyzers `magnitude` and `geometry-score`: diversity of known clouds, loops of known shapes, references."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.geometry_score import GeometryScore
from tda_latent.analyzers.magnitude import Magnitude
from tda_latent.distances.geometry_score import GeometryScoreDistance
from tda_latent.distances.magnitude_difference import MagnitudeDifference
from tda_latent.errors import InvalidInput
from tda_latent.numerics.living_times import geometry_score, relative_living_times
from tda_latent.records import Latents


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def ring(size: int, loops: int = 1) -> np.ndarray:
    angles = 2 * np.pi * np.arange(size) / size
    one = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.concatenate([one + np.array([2.0 * k, 0.0]) for k in range(loops)])


# --- magnitude ------------------------------------------------------------------------------------------------------


def test_two_points_have_an_area_that_does_not_see_their_distance():
    stop = np.log(19)
    expected = (stop + 2 * np.log(np.cosh(stop / 2))) / (2 * stop)
    for distance in (1e-3, 5.0):
        found = Magnitude(gaussian_clouds=0)(Latents(np.array([[0.0], [distance]])), rng())
        assert found["relative area"] == pytest.approx(expected, rel=1e-9)
        assert found["convergence scale"] == pytest.approx(stop / distance)
        assert found["area"] == pytest.approx(expected * 2 * found["stop"])
        assert np.isnan(found["relative area (Gaussian cloud)"])


def test_a_gaussian_cloud_has_the_relative_area_of_its_reference():
    found = Magnitude(resolution=16, gaussian_clouds=4)(Latents(rng(1).normal(size=(120, 5)) * [1, 2, 3, 1, 5]), rng())
    assert found["relative area"] == pytest.approx(found["relative area (Gaussian cloud)"], rel=0.05)


def test_a_cloud_collapsed_onto_three_modes_lies_below_its_reference():
    centres = 30 * rng(2).normal(size=(3, 5))
    points = centres[np.arange(120) % 3] + 0.1 * rng(3).normal(size=(120, 5))
    found = Magnitude(resolution=16)(Latents(points), rng())
    spread = Magnitude(resolution=16, stop=found["stop"])(Latents(rng(4).normal(size=(120, 5)) * points.std()), rng())
    plateau = found.curves["magnitude"].y
    assert np.isclose(plateau, 3.0, atol=0.4).sum() >= 1
    assert found["area"] < 0.9 * spread["area"]


def test_at_a_common_stop_a_wider_cloud_has_the_larger_area():
    points = rng(5).normal(size=(80, 4))
    areas = [
        Magnitude(stop=2.0, resolution=12, gaussian_clouds=0)(Latents(k * points), rng())["area"] for k in (1, 2, 4)
    ]
    assert areas == sorted(areas)


def test_duplicates_change_nothing_but_the_number_of_points():
    points = rng(6).normal(size=(30, 3))
    once, twice = (
        Magnitude(resolution=8, gaussian_clouds=0)(Latents(np.tile(points, (times, 1))), rng()) for times in (1, 2)
    )
    assert twice["area"] == pytest.approx(once["area"], rel=1e-12)
    assert (twice["different points"], twice["points"]) == (30, 60)


def test_one_place_has_no_scale_and_large_clouds_are_refused():
    assert np.isnan(Magnitude()(Latents(np.ones((5, 2))), rng())["relative area"])
    assert np.isnan(Magnitude()(Latents(np.ones((1, 2))), rng())["convergence scale"])
    with pytest.raises(InvalidInput, match="3000"):
        Magnitude()(Latents(np.zeros((3001, 1))), rng())


def test_angles_of_directions_do_not_see_their_lengths():
    points = rng(7).normal(size=(40, 6))
    lengths = rng(8).uniform(1, 5, (40, 1))
    plain, longer = (
        Magnitude(metric="cosine", resolution=8, gaussian_clouds=0)(Latents(cloud), rng())
        for cloud in (points, points * lengths)
    )
    assert longer["area"] == pytest.approx(plain["area"], rel=1e-9)


def test_the_difference_is_the_area_between_the_magnitudes_of_two_points_and_one():
    pair, single, stop = Latents(np.array([[0.0], [2.0]])), Latents(np.zeros((3, 1))), 1.5
    distance = MagnitudeDifference(stop=stop)
    assert distance(pair, single) == pytest.approx(np.log(np.cosh(stop)), rel=1e-12)  # of tanh(t)
    assert distance(pair, single) == distance(single, pair)
    assert MagnitudeDifference()(single, single) == 0.0


def test_in_units_of_the_median_distance_the_size_of_a_cloud_makes_no_difference():
    points = rng(11).normal(size=(40, 3))
    clouds = Latents(points), Latents(30 * points)
    assert MagnitudeDifference(scale="median")(*clouds) == pytest.approx(0.0, abs=1e-9)
    assert MagnitudeDifference()(*clouds) > 1.0


# --- geometry score -------------------------------------------------------------------------------------------------


def test_living_times_are_lengths_between_births_and_deaths():
    bars = np.array([[1.0, 3.0], [2.0, np.inf], [0.0, 0.5]])
    found = relative_living_times(bars, 4.0, 5)
    np.testing.assert_allclose(found, [0.5 / 4, 2.5 / 4, 1.0 / 4, 0, 0])
    np.testing.assert_allclose(relative_living_times(bars, 4.0, 2), [0.5 / 4, 2.5 / 4])
    assert relative_living_times(np.empty((0, 2)), 1.0, 3).tolist() == [1.0, 0.0, 0.0]


def test_living_times_are_those_counted_on_a_grid():
    stream = rng(9)
    births = stream.uniform(0, 1, 12)
    bars = np.column_stack([births, births + stream.uniform(0, 0.5, 12)])
    grid = (np.arange(20_000) + 0.5) / 20_000 * 1.2
    alive = ((bars[:, 0] <= grid[:, None]) & (grid[:, None] < bars[:, 1])).sum(axis=1)
    expected = np.bincount(alive, minlength=13) / 20_000
    np.testing.assert_allclose(relative_living_times(bars, 1.2, 13), expected, atol=2e-3)


@pytest.mark.parametrize("loops", [1, 2])
def test_rings_have_their_loops_most_of_the_time(loops):
    settings = {"landmarks": 32, "share": 1 / 8, "counts": 10, "draws": 4}
    found = GeometryScore(**settings)(Latents(ring(150, loops)), rng())
    assert found["most frequent number of loops"] == loops
    assert found["expected number of loops"] == pytest.approx(loops, abs=0.25)
    assert found["score to a Gaussian cloud"] > 10 * found["score between halves of the draws"]


def test_repeated_points_change_neither_the_relative_area_nor_the_size_of_its_reference():
    """A reference of as many rows as there are repetitions would have more points, and so a smaller relative area."""
    points = rng(12).normal(size=(30, 3))
    ask = Magnitude(resolution=16, gaussian_clouds=20)
    once, often = (ask(Latents(cloud), rng(13)) for cloud in (points, np.repeat(points, 5, axis=0)))
    assert often["relative area"] == pytest.approx(once["relative area"], rel=1e-9)
    name = "relative area (Gaussian cloud)"
    assert often[name] == pytest.approx(once[name], rel=0.02)
    assert once.scalars["area"].unit == "points / input distance"


def test_a_gaussian_cloud_is_no_farther_from_its_reference_than_chance_makes():
    settings = {"landmarks": 16, "share": 1 / 8, "counts": 10, "draws": 12}
    found = GeometryScore(**settings)(Latents(rng(10).normal(size=(200, 3))), rng())
    assert found["score to a Gaussian cloud"] < 0.1


def test_the_distance_tells_one_loop_from_two_and_not_their_size():
    distance = GeometryScoreDistance(landmarks=32, share=1 / 8, counts=10, draws=4)
    one, two, large = (Latents(points) for points in (ring(150), ring(150, 2), 50 * ring(150)))
    assert distance(one, one) == 0.0
    assert distance(one, two) > 1.0
    assert distance(one, large) == pytest.approx(0.0, abs=1e-12)
    assert distance(one, two) == distance(two, one)
    assert geometry_score(np.array([1.0, 0]), np.array([0, 1.0])) == 2.0


def test_a_cloud_without_scale_is_refused():
    with pytest.raises(InvalidInput, match="coincide"):
        GeometryScore(draws=2)(Latents(np.ones((9, 2))), rng())


def test_the_reference_of_the_score_holds_what_the_sampling_of_a_cloud_adds_to_that_of_landmarks():
    """With as many landmarks as a third of the points, draws agree with each other more than clouds of one law do."""
    settings = GeometryScore(landmarks=32, share=1 / 8, counts=12, draws=8)
    found = [settings(Latents(rng(20 + seed).normal(size=(90, 2))), rng(seed)) for seed in range(6)]
    null = [each["score between two Gaussian clouds (reference)"] for each in found]
    score = [each["score to a Gaussian cloud"] for each in found]
    assert np.mean(score) < 3 * np.mean(null)
    ringed = settings(Latents(ring(90)), rng())
    assert ringed["score to a Gaussian cloud"] > 5 * ringed["score between two Gaussian clouds (reference)"]
