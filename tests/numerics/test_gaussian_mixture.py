"""Mixtures of Gaussians against scikit-learn, known clusters and degenerate clouds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from tda_latent.errors import InvalidInput
from tda_latent.numerics.gaussian_mixture import Mixture, gaussian_mixture


def stream(seed=0):
    return np.random.default_rng(seed)


def three(size=900, seed=1):
    rng = stream(seed)
    shape = np.array([[[1.0, 0.0], [0.8, 0.3]], [[0.5, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 1.0]]])
    which = rng.choice(3, size, p=[0.5, 0.3, 0.2])
    centres = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 12.0]])
    return centres[which] + np.einsum("nij,nj->ni", shape[which], rng.standard_normal((size, 2)))


def test_the_fit_is_as_likely_as_that_of_scikit_learn():
    points = three()
    found = gaussian_mixture(points, 3, stream())
    other = GaussianMixture(3, n_init=5, tol=1e-9, max_iter=500, random_state=0).fit(points)
    mean = np.logaddexp.reduce(found.log_densities(points), axis=1).mean()
    assert mean == pytest.approx(other.score(points), abs=1e-4)
    order, others = np.argsort(found.shares), np.argsort(other.weights_)
    np.testing.assert_allclose(found.shares[order], other.weights_[others], atol=1e-3)
    covariances = found.factors @ found.factors.transpose(0, 2, 1)
    np.testing.assert_allclose(covariances[order], other.covariances_[others], atol=1e-2)


def test_densities_are_those_of_scipy():
    found, points = gaussian_mixture(three(), 3, stream()), stream(2).normal(size=(7, 2))
    for k, (share, mean, factor) in enumerate(zip(*found, strict=True)):
        expected = np.log(share) + multivariate_normal(mean, factor @ factor.T).logpdf(points)
        np.testing.assert_allclose(found.log_densities(points)[:, k], expected, rtol=1e-9)


def test_one_component_is_the_gaussian_of_the_points():
    points = three()
    found = gaussian_mixture(points, 1, stream())
    np.testing.assert_allclose(found.means[0], points.mean(axis=0))
    np.testing.assert_allclose(found.factors[0] @ found.factors[0].T, np.cov(points.T, bias=True), rtol=1e-4, atol=1e-4)


def test_draws_have_the_moments_of_the_mixture():
    found = Mixture(np.array([0.25, 0.75]), np.array([[0.0], [4.0]]), np.array([[[1.0]], [[2.0]]]))
    drawn = found.draw(200_000, stream())
    mean, variance = 3.0, 0.25 * (1 + 9) + 0.75 * (4 + 1)
    assert drawn.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / 200_000))
    assert drawn.var() == pytest.approx(variance, rel=0.02)


def test_moving_and_scaling_the_points_moves_and_scales_the_fit():
    points = three()
    plain, moved = gaussian_mixture(points, 3, stream()), gaussian_mixture(1000 * points + 7, 3, stream())
    np.testing.assert_allclose(moved.means, 1000 * plain.means + 7, rtol=1e-6)
    np.testing.assert_allclose(moved.shares, plain.shares, rtol=1e-6)


def test_more_components_than_different_points_are_not_fitted():
    found = gaussian_mixture(np.repeat([[0.0, 0.0], [5.0, 1.0]], 4, axis=0), 6, stream())
    np.testing.assert_allclose(found.shares, [0.5, 0.5])
    assert np.linalg.norm(found.draw(100, stream()) - np.array([2.5, 0.5]), axis=1) == pytest.approx(2.55, abs=0.1)


def test_equal_points_have_no_mixture():
    with pytest.raises(InvalidInput, match="all points coincide"):
        gaussian_mixture(np.ones((5, 3)), 2, stream())


def test_the_stream_decides():
    assert all(
        np.array_equal(a, b)
        for a, b in zip(gaussian_mixture(three(), 3, stream(4)), gaussian_mixture(three(), 3, stream(4)), strict=True)
    )
