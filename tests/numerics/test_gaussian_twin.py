"""Normal clouds in the place of others: their moments, and that turning the cloud does not draw them anew."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tda_latent.numerics.gaussian_twin import gaussian_twin

TURN = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]


def stream(seed=0):
    return np.random.default_rng(seed)


def test_its_mean_and_covariance_are_those_of_the_cloud_on_average():
    cloud = stream(2).exponential(size=(40, 3)) @ np.diag([3.0, 1, 0.1]) @ TURN + [5, 0, -7]
    twins = np.concatenate([gaussian_twin(cloud, stream(seed)) for seed in range(400)])
    assert len(twins) == 400 * 40
    np.testing.assert_allclose(twins.mean(axis=0), cloud.mean(axis=0), atol=4 * 3 / np.sqrt(16_000))
    np.testing.assert_allclose(np.cov(twins.T), np.cov(cloud.T, ddof=0), atol=0.04 * np.cov(cloud.T).max())


def test_a_flat_cloud_has_a_flat_twin_and_fewer_points_than_coordinates_are_enough():
    flat = np.column_stack([stream(3).normal(size=(30, 2)), np.full(30, 4.0)])
    np.testing.assert_allclose(gaussian_twin(flat, stream())[:, 2], 4.0, atol=1e-12)
    few = stream(4).normal(size=(5, 40))
    assert np.linalg.matrix_rank(gaussian_twin(few, stream()) - few.mean(axis=0)) <= 4
    np.testing.assert_array_equal(gaussian_twin(np.ones((6, 2)), stream()), 1.0)


@pytest.mark.parametrize(
    "change",
    [lambda x: x @ TURN, lambda x: -x, lambda x: x + 100, lambda x: x[::-1], lambda x: np.pad(x, ((0, 0), (0, 2)))],
    ids=["turned", "mirrored", "moved", "reordered", "embedded"],
)
def test_the_distances_between_the_draws_are_those_of_the_unchanged_cloud(change):
    cloud = stream(5).normal(size=(25, 3)) * [3, 2, 1]
    found, expected = (pdist(gaussian_twin(points, stream(6))) for points in (change(cloud), cloud))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_no_unit_leaves_float64(unit):
    cloud = stream(7).normal(size=(20, 2))
    np.testing.assert_allclose(gaussian_twin(unit * cloud, stream()) / unit, gaussian_twin(cloud, stream()), rtol=1e-9)
