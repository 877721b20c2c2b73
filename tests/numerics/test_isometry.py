"""Laws of isometries and noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.isometry import placed, random_isometry, require_room


@pytest.mark.parametrize(("dimension", "ambient"), [(1, 1), (2, 2), (3, 10), (1, 50)])
def test_a_random_isometry_has_orthonormal_rows(dimension, ambient):
    rows = random_isometry(dimension, ambient, np.random.default_rng(0))
    assert rows.shape == (dimension, ambient)
    np.testing.assert_allclose(rows @ rows.T, np.eye(dimension), atol=1e-14)


def test_all_rotations_of_the_plane_are_equally_likely_and_half_of_the_isometries_are_reflections():
    rng = np.random.default_rng(1)
    drawn = np.array([random_isometry(2, 2, rng) for _ in range(2000)])
    turned = np.arctan2(drawn[:, 0, 1], drawn[:, 0, 0])
    counts = np.histogram(turned, bins=10, range=(-np.pi, np.pi))[0]
    assert ((counts - 200) ** 2 / 200).sum() < 23.6  # chi-square, 9 degrees of freedom, p = 0.005
    assert abs(np.mean(np.linalg.det(drawn) > 0) - 0.5) < 0.05


def test_placing_keeps_every_distance():
    points = np.random.default_rng(2).random((30, 3))
    far = placed(points, 40, 0.0, np.random.default_rng(3))
    assert far.shape == (30, 40)
    np.testing.assert_allclose(pdist(far), pdist(points), rtol=1e-12)


def test_noise_has_its_deviation_in_every_ambient_coordinate():
    noise = placed(np.zeros((5000, 2)), 6, 0.3, np.random.default_rng(4))
    np.testing.assert_allclose(noise.std(axis=0), 0.3, rtol=0.05)


def test_without_ambient_space_and_noise_nothing_moves_and_nothing_is_drawn():
    points, rng = np.random.default_rng(5).random((4, 2)), np.random.default_rng(6)
    np.testing.assert_array_equal(placed(points, None, 0.0, rng), points)
    assert rng.random() == np.random.default_rng(6).random()


def test_too_small_a_space_is_refused_with_the_least_that_fits():
    with pytest.raises(InvalidParameter, match="ambient_dimension is 2, but the shape needs 3 coordinates"):
        require_room(2, 3)
    require_room(3, 3)
    require_room(None, 3)
