"""Laws of the three units of distance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.scaling import scaled_distances

CLOUD = np.random.default_rng(0).normal(size=(40, 3)) + np.array([1e6, 0, 0])
DEVIATIONS = np.random.default_rng(1).uniform(0.1, 2.0, size=CLOUD.shape)


def test_given_distances_stay_as_they_are():
    found = scaled_distances(CLOUD, None, "given")
    np.testing.assert_allclose(found.matrix, cdist(CLOUD, CLOUD), atol=1e-9)
    assert (found.divisor, found.unit) == (1.0, "input distance")


def test_the_median_distance_is_one_in_its_own_unit_and_the_divisor_restores_the_input():
    found = scaled_distances(CLOUD, None, "median")
    assert np.median(found.matrix[np.triu_indices(len(CLOUD), 1)]) == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_allclose(found.matrix * found.divisor, scaled_distances(CLOUD, None).matrix)
    assert found.unit == "median-normalised"


@pytest.mark.parametrize("metric", ["euclidean", "geodesic"])
def test_median_normalised_distances_do_not_see_the_unit_of_the_points(metric):
    one, other = (scaled_distances(factor * CLOUD, None, "median", metric).matrix for factor in (1.0, 1024.0))
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_posterior_distances_divide_each_coordinate_by_its_root_mean_square_deviation():
    found = scaled_distances(CLOUD, DEVIATIONS, "posterior")
    by_hand = CLOUD / np.sqrt((DEVIATIONS**2).mean(axis=0))
    np.testing.assert_allclose(found.matrix, cdist(by_hand, by_hand), atol=1e-8)
    assert (found.divisor, found.unit) == (1.0, "posterior sd")


def test_posterior_distances_do_not_see_the_unit_of_any_coordinate():
    units = np.array([3.0, 0.5, 8.0])
    one = scaled_distances(CLOUD, DEVIATIONS, "posterior").matrix
    np.testing.assert_allclose(scaled_distances(CLOUD * units, DEVIATIONS * units, "posterior").matrix, one, atol=1e-8)


def test_posterior_without_deviations_or_with_angles_is_refused():
    with pytest.raises(InvalidInput, match="carry none"):
        scaled_distances(CLOUD, None, "posterior")
    with pytest.raises(InvalidInput, match="must agree"):
        scaled_distances(CLOUD, DEVIATIONS[:, :2], "posterior")
    with pytest.raises(InvalidParameter, match="angles"):
        scaled_distances(CLOUD, DEVIATIONS, "posterior", "cosine")


def test_a_cloud_without_a_median_distance_is_refused():
    for points in (np.zeros((1, 2)), np.zeros((5, 2))):
        with pytest.raises(InvalidInput, match="scale: given"):
            scaled_distances(points, None, "median")


def test_an_unknown_scale_is_refused():
    with pytest.raises(InvalidParameter, match="unknown scale"):
        scaled_distances(CLOUD, None, "mean")  # type: ignore[arg-type]
