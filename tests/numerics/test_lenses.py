"""Laws of the lens functions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group

from tda_latent.errors import InvalidInput
from tda_latent.numerics import distance_blocks
from tda_latent.numerics.lenses import (
    distance_to_rows,
    eccentricity,
    gaussian_density,
    neighbour_density,
    principal_scores,
)

POINTS = np.random.default_rng(0).gamma(2.0, size=(40, 4)) * [3, 2, 1, 0.5]
FUNCTIONS = {
    "pca": lambda points: principal_scores(points, 3),
    "eccentricity-1": lambda points: eccentricity(points, 1),
    "eccentricity-2": lambda points: eccentricity(points, 2),
    "eccentricity-inf": lambda points: eccentricity(points, np.inf),
    "density": gaussian_density,
    "neighbour-density": lambda points: neighbour_density(points, 5),
    "distance-to-rows": lambda points: distance_to_rows(points, np.array([0, 3])),
}
every_lens = pytest.mark.parametrize("lens", FUNCTIONS.values(), ids=FUNCTIONS)


@every_lens
def test_a_rotation_and_a_shift_of_the_cloud_change_no_lens_value(lens):
    moved = POINTS @ ortho_group.rvs(4, random_state=1) + 17
    np.testing.assert_allclose(lens(moved), lens(POINTS), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "distance-to-rows"])
def test_the_order_of_the_points_is_irrelevant(name):
    order = np.random.default_rng(1).permutation(len(POINTS))
    np.testing.assert_allclose(FUNCTIONS[name](POINTS[order]), FUNCTIONS[name](POINTS)[order], rtol=1e-9, atol=1e-12)


@every_lens
def test_doubling_the_cloud_doubles_lengths_and_leaves_the_automatic_density_alone(lens):
    factor = 1 if lens is FUNCTIONS["density"] else 2
    np.testing.assert_allclose(lens(2 * POINTS), factor * lens(POINTS), rtol=1e-9, atol=1e-12)


@every_lens
def test_small_blocks_give_the_same_values(lens, monkeypatch):
    whole = lens(POINTS)
    monkeypatch.setattr(distance_blocks, "BLOCK_ENTRIES", 100)
    np.testing.assert_array_equal(lens(POINTS), whole)


def test_lenses_match_their_formulas():
    distances = squareform(pdist(POINTS))
    np.testing.assert_allclose(eccentricity(POINTS, 1), distances.mean(axis=1))
    np.testing.assert_allclose(eccentricity(POINTS, 2), np.sqrt((distances**2).mean(axis=1)))
    np.testing.assert_allclose(eccentricity(POINTS, np.inf), distances.max(axis=1))
    np.testing.assert_allclose(gaussian_density(POINTS, 0.7), np.exp(-(distances**2) / (2 * 0.49)).mean(axis=1))
    np.testing.assert_allclose(neighbour_density(POINTS, 5), -np.sort(distances, axis=1)[:, 5])
    np.testing.assert_allclose(distance_to_rows(POINTS, np.array([0, 3])), distances[:, [0, 3]].min(axis=1))


def test_principal_scores_keep_all_distances_when_all_components_are_kept():
    np.testing.assert_allclose(pdist(principal_scores(POINTS, 4)), pdist(POINTS))


def test_principal_scores_have_falling_variance_and_positive_skew():
    scores = principal_scores(POINTS, 4)
    assert (np.diff(scores.var(axis=0)) < 0).all()
    assert ((scores**3).sum(axis=0) > 0).all()


def test_axes_beyond_the_rank_are_exact_zeros_and_not_rounding():
    line = np.outer(np.linspace(0, 1, 20), [0.3, 0.7, 0.1])
    assert not principal_scores(line, 3)[:, 1:].any()
    assert not principal_scores(np.full((5, 2), 0.1), 2).any()
    assert not principal_scores(np.ones((1, 3)), 2).any()


def test_scores_without_skew_still_have_a_definite_sign():
    symmetric = np.array([[-2.0, 0], [2, 0], [0, 1], [0, -1]])
    assert principal_scores(symmetric, 1)[1, 0] == pytest.approx(2.0)


def test_more_components_than_coordinates_are_refused_with_a_remedy():
    with pytest.raises(InvalidInput, match="lower components"):
        principal_scores(POINTS, 5)


def test_density_of_coinciding_points_is_one_and_lone_points_have_their_own_share():
    assert gaussian_density(np.zeros((4, 2))).tolist() == [1.0] * 4
    assert gaussian_density(np.array([[0.0], [1e6]]), 1.0).tolist() == [0.5, 0.5]
    assert neighbour_density(np.zeros((4, 2)), 2).tolist() == [0.0] * 4
