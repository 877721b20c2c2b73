"""Trustworthiness and continuity against scikit-learn, and over all orders of points that are equally far."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.neighbour_ranks import kept_neighbourhoods


def stream(seed=0):
    return np.random.default_rng(seed)


def square(points):
    return cdist(points, points)


def test_without_ties_both_are_those_of_scikit_learn_for_every_size():
    cloud = stream(1).normal(size=(70, 6))
    view = cloud[:, :2] + 0.3 * stream(2).normal(size=(70, 2))
    sizes = np.arange(1, 35)
    found = kept_neighbourhoods(square(cloud), square(view), sizes)
    for k, trust, kept in zip(sizes.tolist(), *found, strict=True):
        assert trust == pytest.approx(trustworthiness(cloud, view, n_neighbors=k), abs=1e-12)
        assert kept == pytest.approx(trustworthiness(view, cloud, n_neighbors=k), abs=1e-12)


def test_with_ties_they_are_the_mean_over_random_orders_of_the_equally_far():
    """Classes that fell onto one point each, against inputs on a grid; every draw breaks ties by tiny random moves."""
    cloud, view = stream(3).integers(0, 4, (24, 2)).astype(float), np.eye(3)[np.arange(24) % 3]
    found = kept_neighbourhoods(square(cloud), square(view), np.array([3, 8]))
    draws = []
    for seed in range(300):
        noise = np.triu(stream(seed).uniform(0, 1e-6, (2, 24, 24)), 1)
        # ties are broken row by row, so the noise of a row must not be that of a column
        rough = [
            square(part) + own for part, own in zip((cloud, view), stream(seed).permuted(noise, axis=2), strict=True)
        ]
        for part in rough:
            np.fill_diagonal(part, 0)
        draws.append(kept_neighbourhoods(*rough, np.array([3, 8])))
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / np.sqrt(300)
    assert (np.abs(mean - np.array(found)) < 4.5 * error + 1e-9).all()


def test_neither_the_order_of_the_rows_nor_rounding_decides_when_codes_coincide():
    cloud = stream(4).normal(size=(60, 3))
    cloud[:, 0].sort()
    view = np.repeat(np.eye(4), 15, axis=0)
    sizes = np.array([5, 10])
    whole = kept_neighbourhoods(square(cloud), square(view), sizes, (1e-12, 1e-12))
    order = stream(5).permutation(60)
    turn = np.linalg.qr(stream(6).normal(size=(4, 4)))[0]
    mixed = kept_neighbourhoods(square(cloud[order]), square(view[order] @ turn / 3), sizes, (1e-12, 1e-12))
    np.testing.assert_allclose(mixed, whole, atol=1e-12)


def test_unrelated_spaces_give_a_half_also_when_most_codes_coincide():
    values = [
        kept_neighbourhoods(
            square(stream(seed).normal(size=(80, 3))), square(np.eye(4)[np.arange(80) % 4]), np.array([5])
        )
        for seed in range(30)
    ]
    expected = 1 - (80 - 1 - 5) * (80 - 5) / ((80 - 1) * (2 * 80 - 3 * 5 - 1))
    np.testing.assert_allclose(np.mean(values, axis=0).ravel(), expected, atol=0.01)


def test_every_view_that_keeps_the_levels_has_what_the_space_has_against_itself():
    lattice = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    levels, sizes = square(lattice), np.array([2, 4, 9])
    ceiling = kept_neighbourhoods(levels, levels, sizes, (1e-12, 1e-12))
    assert (np.array(ceiling) < 1).all()
    for seed in range(5):
        noise = np.triu(stream(seed).uniform(0, 1e-6, levels.shape), 1)
        found = kept_neighbourhoods(levels, levels**2 + noise + noise.T, sizes, (1e-12, 0.0))
        np.testing.assert_allclose(found, ceiling, atol=1e-12)


def test_a_neighbourhood_of_half_of_the_points_is_refused():
    with pytest.raises(InvalidParameter, match="1 <= k < n / 2"):
        kept_neighbourhoods(np.zeros((8, 8)), np.zeros((8, 8)), np.array([2, 4]))
