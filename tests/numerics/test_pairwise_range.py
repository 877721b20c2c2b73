"""Clouds at the edges of float64 and angles at the ends of their range keep their digits."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.numerics.pairwise import pairwise_distances

CLOUD = np.random.default_rng(0).normal(size=(12, 3))


@pytest.mark.parametrize("exponent", [-900, -300, 300, 900])
@pytest.mark.parametrize("metric", ["euclidean", "geodesic", "cosine"])
def test_a_power_of_two_scales_distances_exactly_at_any_size(exponent, metric):
    scaled = pairwise_distances(np.ldexp(CLOUD, exponent), metric, 3)
    expected = pairwise_distances(CLOUD, metric, 3)
    assert np.array_equal(scaled, expected if metric == "cosine" else np.ldexp(expected, exponent))


def test_angles_near_opposite_directions_keep_their_digits():
    angles = np.array([0.0, 1e-12, np.pi - 1e-9, np.pi - 1e-6])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    expected = np.abs(angles[:, None] - angles[None])
    np.testing.assert_allclose(pairwise_distances(points, "cosine"), expected, rtol=0, atol=1e-15)
