"""Principal views and their trust figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.projection import principal_view, trustworthiness

RNG = np.random.default_rng(0)
SKEWED = RNG.gamma(1.0, size=(200, 6)) * [5, 4, 3, 2, 1, 0.5]


def test_a_view_keeps_the_distances_of_a_flat_cloud():
    flat = SKEWED[:, :2] @ np.linalg.qr(RNG.normal(size=(9, 9)))[0][:2]
    coordinates, shares = principal_view(flat, 2)
    np.testing.assert_allclose(cdist(coordinates, coordinates), cdist(flat, flat), atol=1e-9)
    assert shares.sum() == pytest.approx(1.0)


def test_shares_are_the_eigenvalues_of_the_covariance_over_their_sum():
    eigenvalues = np.linalg.eigvalsh(np.cov(SKEWED.T))[::-1]
    np.testing.assert_allclose(principal_view(SKEWED, 3)[1], eigenvalues[:3] / eigenvalues.sum())


def test_permuting_the_points_permutes_the_rows():
    order = np.random.default_rng(1).permutation(200)
    for cloud in (SKEWED, np.vstack([SKEWED, -SKEWED])[np.arange(0, 400, 2)]):
        np.testing.assert_allclose(principal_view(cloud[order], 3)[0], principal_view(cloud, 3)[0][order], atol=1e-9)


def test_signs_survive_rotations_and_reflections():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    expected = principal_view(SKEWED, 3)[0]
    for isometry in (turn, -turn, np.diag([-1.0, 1, -1, 1, 1, 1])):
        np.testing.assert_allclose(principal_view(SKEWED @ isometry + 3, 3)[0], expected, atol=1e-9)


def test_symmetric_directions_point_along_their_largest_entry():
    symmetric = np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]])
    coordinates = principal_view(symmetric, 2)[0]
    np.testing.assert_allclose(coordinates, symmetric, atol=1e-12)


def test_missing_directions_are_zero():
    coordinates, shares = principal_view(np.array([[1.0], [2], [6]]), 3)
    assert not coordinates[:, 1:].any()
    np.testing.assert_allclose(shares, [1, 0, 0])
    assert not principal_view(np.zeros((4, 2)), 2)[1].any()


@pytest.mark.parametrize("neighbours", [1, 5, 15])
def test_trustworthiness_agrees_with_scikit_learn(neighbours):
    from sklearn.manifold import trustworthiness as by_sklearn

    view = SKEWED[:, 2:4]
    ours = trustworthiness(cdist(SKEWED, SKEWED), cdist(view, view), neighbours)
    assert ours == pytest.approx(by_sklearn(SKEWED, view, n_neighbors=neighbours), abs=1e-12)


def test_a_perfect_view_is_trusted_fully_and_a_view_that_reverses_neighbourhoods_little():
    line = np.arange(40.0)[:, None]
    assert trustworthiness(cdist(line, line), cdist(line, line), 5) == 1.0
    shuffled = np.random.default_rng(3).permutation(40).astype(float)[:, None]
    assert 0.3 < trustworthiness(cdist(line, line), cdist(shuffled, shuffled), 5) < 0.7


def test_a_torn_view_loses_continuity_and_a_folded_one_trustworthiness():
    line, folded = np.arange(41.0)[:, None], abs(np.arange(41.0) - 20.2)[:, None]
    apart, near = cdist(line, line), cdist(folded, folded)
    assert trustworthiness(apart, near, 5) < trustworthiness(near, apart, 5)
    angles = np.arange(40) * 2 * np.pi / 40
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    torn = cdist(angles[:, None], angles[:, None])
    assert trustworthiness(cdist(ring, ring), torn, 5) > trustworthiness(torn, cdist(ring, ring), 5)


def test_a_neighbourhood_of_half_the_cloud_is_refused():
    with pytest.raises(InvalidParameter, match="n / 2"):
        trustworthiness(np.zeros((4, 4)), np.zeros((4, 4)), 2)


@pytest.mark.parametrize("places", [1, 3])
def test_of_points_that_coincide_on_the_map_each_is_as_likely_a_neighbour(places):
    """Whatever the order of the rows: a line, and a map of it on one place or, at random, on three."""
    rng = np.random.default_rng(0)
    line, view = np.arange(60.0)[:, None], np.eye(3)[rng.permutation(np.arange(60) % places)]
    value = trustworthiness(cdist(line, line), cdist(view, view), 5)
    assert value == pytest.approx(0.5, abs=0.07)
    rows = rng.permutation(60)
    assert trustworthiness(cdist(line[rows], line[rows]), cdist(view[rows], view[rows]), 5) == pytest.approx(value)
    broken = [trustworthiness(cdist(line, line), cdist(v, v), 5) for v in view + 1e-6 * rng.normal(size=(400, 60, 3))]
    assert value == pytest.approx(np.mean(broken), abs=5 * np.std(broken) / 20)
