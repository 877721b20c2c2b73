"""Canonical correlations: by an eigenproblem, by hand, what leaves them alone, and what unrelated clouds give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.stats import ortho_group

from tda_latent.errors import InvalidInput
from tda_latent.numerics.canonical import (
    canonical_correlations,
    pwcca_dissimilarity,
    svcca_dissimilarity,
    unrelated_square_correlation,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X @ RNG.normal(size=(4, 6)) + RNG.normal(size=(60, 6))
A, B = RNG.normal(size=(4, 4)), RNG.normal(size=(6, 6))  # invertible


def covariance_correlations(x, y) -> np.ndarray:
    """Roots of the eigenvalues of Cxx^-1 Cxy Cyy^-1 Cyx."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    product = np.linalg.solve(x.T @ x, x.T @ y) @ np.linalg.solve(y.T @ y, y.T @ x)
    return np.sqrt(np.sort(np.linalg.eigvals(product).real)[::-1])


def test_they_are_those_of_the_eigenproblem_and_cosines_of_principal_angles() -> None:
    found = canonical_correlations(X, Y).correlations
    np.testing.assert_allclose(found, covariance_correlations(X, Y), rtol=1e-10)
    np.testing.assert_allclose(
        found, np.sort(np.cos(subspace_angles(X - X.mean(axis=0), Y - Y.mean(axis=0))))[::-1], rtol=1e-10
    )


def test_one_coordinate_each_is_the_absolute_pearson_correlation() -> None:
    assert canonical_correlations(X[:, :1], -Y[:, :1]).correlations[0] == pytest.approx(
        abs(np.corrcoef(X[:, 0], Y[:, 0])[0, 1])
    )


@pytest.mark.parametrize("measure", [lambda x, y: svcca_dissimilarity(x, y, 1.0), pwcca_dissimilarity])
def test_invertible_linear_changes_of_the_second_cloud_change_nothing(measure) -> None:
    assert measure(X, Y @ B + 3) == pytest.approx(measure(X, Y), rel=1e-9)


def test_invertible_linear_changes_of_the_first_cloud_change_the_weights_alone() -> None:
    assert svcca_dissimilarity(X @ A, Y, 1.0) == pytest.approx(svcca_dissimilarity(X, Y, 1.0), rel=1e-9)
    assert pwcca_dissimilarity(X @ A, Y) != pytest.approx(pwcca_dissimilarity(X, Y), rel=1e-3)
    turn = ortho_group(4, seed=1).rvs()
    assert pwcca_dissimilarity(X @ turn, Y) != pytest.approx(pwcca_dissimilarity(X, Y), rel=1e-4)
    assert pwcca_dissimilarity(7 * X - 2, Y) == pytest.approx(pwcca_dissimilarity(X, Y), rel=1e-9)


def test_principal_directions_are_left_alone_by_rotations_but_not_by_stretching() -> None:
    turn = ortho_group(6, seed=2).rvs()
    assert svcca_dissimilarity(X, 3 * Y @ turn + 1, 0.9) == pytest.approx(svcca_dissimilarity(X, Y, 0.9), rel=1e-9)
    stretched = Y * np.array([1e3, 1, 1, 1, 1, 1])
    assert svcca_dissimilarity(X, stretched, 0.9) != pytest.approx(svcca_dissimilarity(X, Y, 0.9), rel=1e-2)


def test_a_cloud_and_an_invertible_image_of_it_are_at_zero() -> None:
    for measure in (svcca_dissimilarity, pwcca_dissimilarity):
        assert measure(X, X) == pytest.approx(0.0, abs=1e-12)
        assert measure(X, X @ A) == pytest.approx(0.0, abs=1e-10)


def test_the_weights_are_written_out_absolute_inner_products() -> None:
    found = canonical_correlations(X, Y)
    centred = X - X.mean(axis=0)
    weights = [sum(abs(variate @ column) for column in centred.T) for variate in found.variates.T]
    assert pwcca_dissimilarity(X, Y) == pytest.approx(1 - np.average(found.correlations, weights=weights))


def test_a_direction_that_matters_to_the_first_cloud_outweighs_noise() -> None:
    """Two coordinates, one a hundred times as long and shared: nearly alike by weight, half alike by count."""
    first = X[:, :2] * np.array([100.0, 1.0])
    second = np.column_stack([X[:, 0], RNG.normal(size=60)])
    assert pwcca_dissimilarity(first, second) < 0.05
    assert svcca_dissimilarity(first, second, 1.0) > 0.3


def test_orthogonal_clouds_are_at_one() -> None:
    waves = [np.cos(2 * np.pi * k * np.arange(30) / 30)[:, None] for k in (1, 2)]
    assert svcca_dissimilarity(*waves) == pytest.approx(1.0)
    assert pwcca_dissimilarity(*waves) == pytest.approx(1.0)


def test_the_share_of_variance_says_how_many_directions_are_kept() -> None:
    """Variances 8, 1, 1 of uncorrelated coordinates: 0.8 is held by one direction, 0.85 by two, 0.99 by three."""
    waves = np.column_stack([np.cos(2 * np.pi * k * np.arange(24) / 24) for k in (1, 2, 3)])
    cloud = waves * np.sqrt([8.0, 1.0, 0.9])
    for share, kept in ((0.8, 1), (0.85, 2), (0.99, 3), (1.0, 3)):
        assert canonical_correlations(cloud, cloud, share).ranks == (kept, kept)
    assert canonical_correlations(np.hstack([cloud, cloud]), cloud, 1.0).ranks == (3, 3)  # rounding is no direction


def test_unrelated_gaussian_clouds_have_the_expected_square_correlation() -> None:
    rng = np.random.default_rng(5)
    means = []
    for _ in range(200):
        found = canonical_correlations(rng.normal(size=(40, 3)), rng.normal(size=(40, 7)))
        means.append((found.correlations**2).mean())
    expected = unrelated_square_correlation(found.ranks, 40)
    assert expected == 7 / 39
    assert abs(np.mean(means) - expected) < 4 * np.std(means, ddof=1) / np.sqrt(len(means))


def test_too_many_directions_for_the_points_are_refused() -> None:
    rng = np.random.default_rng(6)
    with pytest.raises(InvalidInput, match=r"at most 9 together.*common direction"):
        svcca_dissimilarity(rng.normal(size=(10, 5)), rng.normal(size=(10, 5)), 1.0)
    assert svcca_dissimilarity(rng.normal(size=(10, 4)), rng.normal(size=(10, 5)), 1.0) > 0
    with pytest.raises(InvalidInput, match="coincide"):
        pwcca_dissimilarity(np.ones((10, 2)), rng.normal(size=(10, 2)))


def test_the_weights_are_those_of_the_narrower_cloud() -> None:
    """A wide first cloud has directions without a partner, which the correlations could not count."""
    wide, narrow = RNG.normal(size=(200, 8)), RNG.normal(size=(200, 3)) * np.array([9.0, 3.0, 1.0])
    narrow[:, 0] += 9 * wide[:, 0]
    assert pwcca_dissimilarity(wide, narrow) == pytest.approx(pwcca_dissimilarity(narrow, wide), rel=1e-12)
    left, right = wide - wide.mean(axis=0), narrow - narrow.mean(axis=0)
    within, others = np.linalg.qr(right)[0], np.linalg.qr(left)[0]
    turn, values, _ = np.linalg.svd(within.T @ others)
    weights = np.abs((within @ turn).T @ right).sum(axis=1)
    assert pwcca_dissimilarity(wide, narrow) == pytest.approx(1 - np.average(values, weights=weights), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0, 1000])
def test_the_rounding_of_the_stored_numbers_is_no_direction(dtype, shift) -> None:
    """Rank 5 in 20 coordinates, computed in their own precision: the other 15 directions are rounding."""
    codes, out = RNG.normal(size=(120, 5)).astype(dtype), RNG.normal(size=(5, 20)).astype(dtype)
    turn = ortho_group(20, seed=3).rvs().astype(dtype)
    cloud = codes @ out
    turned = cloud @ turn + dtype(shift)
    assert canonical_correlations(cloud, turned).ranks == (5, 5)
    assert svcca_dissimilarity(cloud, turned, 1.0) == pytest.approx(0.0, abs=1e-6)


def test_huge_and_tiny_clouds_have_their_directions() -> None:
    for size in (1e-200, 1e200):
        assert svcca_dissimilarity(X * size, Y, 1.0) == pytest.approx(svcca_dissimilarity(X, Y, 1.0), rel=1e-9)


def test_a_cloud_so_far_away_that_only_rounding_is_left_is_refused() -> None:
    far = (RNG.normal(size=(60, 3)) * 1e-3 + 1e6).astype(np.float32) + np.float32([[0.0625, 0, 0]])
    with pytest.raises(InvalidInput, match=r"rounding|coincide"):
        svcca_dissimilarity(far, Y)


@pytest.mark.parametrize(("kind", "digits"), [(np.float64, 9), (np.float32, 4)])
@pytest.mark.parametrize("share", [0.2, 0.55, 0.85])
def test_of_equally_long_directions_all_are_kept_however_the_cloud_is_turned(share, kind, digits) -> None:
    """A whitened cloud, or balanced one-hot codes: which directions come first is rounding."""
    rng = np.random.default_rng(5)
    for cloud in (np.linalg.qr(rng.normal(size=(90, 6)))[0], np.eye(6)[np.arange(90) % 6]):
        other = cloud[:, :3] + 0.1 * rng.normal(size=(90, 3))
        values = []
        for turn in ortho_group(6, seed=6).rvs(5):
            rows = rng.permutation(90)
            values.append(svcca_dissimilarity((cloud @ turn)[rows].astype(kind), other[rows], share))
        np.testing.assert_allclose(values, values[0], rtol=10.0**-digits)


@pytest.mark.parametrize("shared", [2, 4])
def test_directions_that_both_clouds_hold_wholly_may_be_turned_among_each_other(shared) -> None:
    """All their correlations are one: which of them come out is rounding, and the weights must not depend on it."""
    rng = np.random.default_rng(3)
    first = rng.normal(size=(80, 5)) @ rng.normal(size=(5, 5))
    second = np.column_stack([first[:, :shared], rng.normal(size=(80, 6 - shared))])
    value = pwcca_dissimilarity(first, second)
    for _ in range(5):
        rows = rng.permutation(80)
        assert pwcca_dissimilarity(first[rows], 3 * second[rows] - 2) == pytest.approx(value, rel=1e-9)
        assert pwcca_dissimilarity(first, second @ rng.normal(size=(6, 6))) == pytest.approx(value, rel=1e-9)
    found = canonical_correlations(first, second)
    draws = []
    for turn in ortho_group(shared, seed=4).rvs(4000):
        variates = np.column_stack([found.variates[:, :shared] @ turn, found.variates[:, shared:]])
        draws.append(np.abs(variates.T @ (first - first.mean(axis=0))).sum(axis=1))
    assert value == pytest.approx(1 - np.average(found.correlations, weights=np.mean(draws, axis=0)), rel=5e-3)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_equal_correlations_are_equal_as_they_are_stored(kind) -> None:
    """Two directions are shared by halves and one less: only those two may be turned, in all of their coordinates."""
    rng = np.random.default_rng(7)
    drawn = rng.normal(size=(343, 6))
    basis = np.linalg.qr(drawn - drawn.mean(axis=0))[0]
    cube, noise = basis[:, :3], basis[:, 3:6] * [1, 1, 3]
    first = np.column_stack([cube[:, 0] + cube[:, 1], 4 * cube[:, 1], cube[:, 2]]).astype(kind)
    values = [
        pwcca_dissimilarity(first, ((cube + noise) @ turn).astype(kind)) for turn in ortho_group(3, seed=8).rvs(6)
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-6)
