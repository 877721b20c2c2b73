"""Diagrams of two halves against random halves: a promise about chance, and a difference that must be seen."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.engines.split_test import split_tests
from tda_latent.numerics.two_sample import shuffled_sides
from tda_latent.numerics.wasserstein import wasserstein_distance
from tda_latent.records import Latents


def stream(seed=0):
    return np.random.default_rng(seed)


def circle(size, rng, noise=0.1):
    angles = rng.uniform(0, 2 * np.pi, size)
    return np.column_stack([np.cos(angles), np.sin(angles)]) + noise * rng.normal(size=(size, 2))


def test_the_distances_are_those_between_the_diagrams_of_the_two_halves():
    pooled = np.concatenate([circle(30, stream(1)), stream(2).normal(size=(30, 2))])
    found = split_tests(pooled, shuffled_sides(30, 30, 3, stream(3)))
    halves = [VietorisRips()(Latents(part)) for part in np.split(pooled, 2)]
    for degree in (0, 1):
        first, second = (half.pairs[half.degrees == degree] for half in halves)
        assert found.degrees[degree].value == pytest.approx(wasserstein_distance(first, second, 1, 2), rel=1e-12)


def test_a_circle_beside_a_disc_is_seen_in_degree_one():
    rng = stream(1)
    disc = rng.uniform(-1, 1, (400, 2))
    pooled = np.concatenate([circle(60, rng), disc[np.linalg.norm(disc, axis=1) < 1][:60]])
    found = split_tests(pooled, shuffled_sides(60, 60, 19, rng))
    assert found.degrees[1].p_value == 1 / 20
    assert found.degrees[1].value > found.degrees[1].null_mean


def test_halves_of_one_law_are_called_different_no_more_often_than_promised():
    values = []
    for seed in range(80):
        rng = stream(seed)
        found = split_tests(rng.normal(size=(24, 2)), shuffled_sides(12, 12, 9, rng))
        values.append([test.p_value for test in (*found.degrees, found.neighbours)])
    # 0.1 promised; 0.22 is 3.6 deviations more
    assert (np.mean(np.array(values) <= 0.1, axis=0) < 0.22).all()


def test_points_that_coincide_are_no_obstacle():
    found = split_tests(np.ones((12, 2)), shuffled_sides(6, 6, 4, stream()))
    assert [test.p_value for test in (*found.degrees, found.neighbours)] == [1, 1, 1]
