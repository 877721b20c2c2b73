"""CKA, Procrustes and RSA on paired clouds: invariances, closed forms, bounds and which axioms fail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes
from scipy.spatial.distance import pdist
from scipy.stats import kendalltau, ortho_group, spearmanr

from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.numerics.pairing import paired_rows
from tda_latent.numerics.similarity import cka_dissimilarity, procrustes_chord, rsa_dissimilarity

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4))
Y = X @ RNG.normal(size=(4, 6)) + 0.5 * RNG.normal(size=(30, 6))
MEASURES = [
    pytest.param(cka_dissimilarity, id="cka"),
    pytest.param(lambda a, b: cka_dissimilarity(a, b, debiased=True), id="debiased-cka"),
    pytest.param(procrustes_chord, id="procrustes"),
    pytest.param(rsa_dissimilarity, id="rsa"),
]


def turned(cloud, seed=1):
    return 2.5 * cloud @ ortho_group(cloud.shape[1], seed=seed).rvs() + np.arange(cloud.shape[1])


@pytest.mark.parametrize("measure", MEASURES)
def test_rotation_shift_and_scale_of_either_cloud_change_nothing(measure) -> None:
    assert measure(turned(X), Y) == pytest.approx(measure(X, Y), rel=1e-10)
    assert measure(X, turned(Y)) == pytest.approx(measure(X, Y), rel=1e-10)
    assert measure(X, turned(X)) == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("measure", MEASURES)
def test_they_are_symmetric_to_the_bit_and_zero_for_equal_clouds(measure) -> None:
    assert measure(X, Y) == measure(Y, X) > 0
    assert measure(X, X.copy()) == 0.0


@pytest.mark.parametrize("measure", MEASURES)
def test_a_large_common_offset_costs_no_digits(measure) -> None:
    assert measure(X + 1e6, Y - 1e6) == pytest.approx(measure(X, Y), rel=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_another_pairing_is_another_distance(measure) -> None:
    rows = np.random.default_rng(5).permutation(len(X))
    assert measure(X[rows], Y[rows]) == pytest.approx(measure(X, Y), rel=1e-10)
    assert measure(X, Y[rows]) > 1.2 * measure(X, Y)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_cloud_without_extent_is_refused(measure) -> None:
    with pytest.raises(InvalidInput, match=r"coincide|equal"):
        measure(np.full((30, 2), 0.1), Y)


def test_cka_is_the_cosine_between_centred_gram_matrices() -> None:
    middle = np.eye(30) - 1 / 30
    K, L = (middle @ cloud @ cloud.T @ middle for cloud in (X, Y))
    expected = 1 - np.sum(K * L) / (np.linalg.norm(K) * np.linalg.norm(L))
    assert cka_dissimilarity(X, Y) == pytest.approx(expected, rel=1e-12)
    wide = np.random.default_rng(2).normal(size=(30, 200))  # more coordinates than points: the Gram side
    M = middle @ wide @ wide.T @ middle
    expected = 1 - np.sum(M * L) / (np.linalg.norm(M) * np.linalg.norm(L))
    assert cka_dissimilarity(wide, Y) == pytest.approx(expected, rel=1e-12)


def unbiased_criterion(X, Y) -> float:
    """The estimator of Song et al. as they write it, with the diagonals of the kernels removed."""
    n = len(X)
    K, L = X @ X.T, Y @ Y.T
    np.fill_diagonal(K, 0)
    np.fill_diagonal(L, 0)
    return np.trace(K @ L) + K.sum() * L.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (K @ L).sum()


def test_debiased_cka_uses_the_unbiased_estimator() -> None:
    expected = 1 - unbiased_criterion(X, Y) / np.sqrt(unbiased_criterion(X, X) * unbiased_criterion(Y, Y))
    assert cka_dissimilarity(X, Y, debiased=True) == pytest.approx(expected, rel=1e-10)


def test_independent_clouds_in_many_dimensions_look_alike_only_to_biased_cka() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 40, 400))
    assert cka_dissimilarity(a, b) < 0.2
    assert cka_dissimilarity(a, b, debiased=True) == pytest.approx(1.0, abs=0.1)


def test_debiased_cka_needs_four_points() -> None:
    with pytest.raises(InvalidInput, match="at least 4"):
        cka_dissimilarity(X[:3], Y[:3], debiased=True)


def test_procrustes_agrees_with_the_nuclear_norm_and_with_scipy() -> None:
    a, b = (cloud - cloud.mean(axis=0) for cloud in (X, Y[:, :4]))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    similarity = np.linalg.norm(a.T @ b, "nuc")
    chord = procrustes_chord(X, Y[:, :4])
    assert chord == pytest.approx(np.sqrt(2 - 2 * similarity), rel=1e-10)
    assert scipy_procrustes(X, Y[:, :4])[2] == pytest.approx(1 - similarity**2, rel=1e-10)


def test_procrustes_pads_the_narrower_cloud_and_handles_more_coordinates_than_points() -> None:
    padded = np.pad(X, ((0, 0), (0, 2)))
    assert procrustes_chord(X, Y) == pytest.approx(procrustes_chord(padded, Y), rel=1e-12)
    wide = X @ ortho_group(100, seed=0).rvs()[:4]
    assert procrustes_chord(wide, X) == pytest.approx(0.0, abs=1e-12)
    assert procrustes_chord(wide, Y) == pytest.approx(procrustes_chord(X, Y), rel=1e-10)


def test_small_procrustes_distances_keep_their_digits() -> None:
    """arccos of a similarity near one would lose everything below 1e-8."""
    direction = np.zeros_like(X)
    direction[0, 0] = 1.0
    near, nearer = (procrustes_chord(X, X + size * direction) for size in (1e-9, 1e-11))
    assert near / nearer == pytest.approx(100, rel=1e-3)


def test_procrustes_is_a_metric_on_random_clouds() -> None:
    clouds = [np.random.default_rng(k).normal(size=(10, 3)) for k in range(8)]
    angle = np.array([[2 * np.arcsin(procrustes_chord(a, b) / 2) for a in clouds] for b in clouds])
    for matrix in (angle, 2 * np.sin(angle / 2)):
        assert (matrix[:, :, None] <= matrix[:, None, :] + matrix[None, :, :].swapaxes(1, 2) + 1e-12).all()


def test_rsa_is_the_rank_correlation_of_distances() -> None:
    expected = 1 - spearmanr(pdist(X), pdist(Y)).statistic
    assert rsa_dissimilarity(X, Y) == pytest.approx(expected, rel=1e-12)
    expected = 1 - spearmanr(pdist(X, "cosine"), pdist(Y, "cosine")).statistic
    assert rsa_dissimilarity(X, Y, "cosine") == pytest.approx(expected, rel=1e-10)


def test_rsa_ignores_every_monotone_change_of_the_distances() -> None:
    line = np.sort(np.random.default_rng(0).random(12))[:, None]
    assert rsa_dissimilarity(line, np.column_stack([np.cos(line), np.sin(line)])) == pytest.approx(0.0, abs=1e-12)


def test_rsa_reaches_two_when_the_order_of_distances_is_reversed() -> None:
    a = np.array([[0.0], [1.0], [3.0]])  # sides 1, 2, 3
    b = np.array([[0.0, 0.0], [3.0, 0.0], [0.5, 1.5]])  # the order of sides reversed
    assert np.array_equal(np.argsort(pdist(a)), np.argsort(-pdist(b)))
    assert rsa_dissimilarity(a, b) == pytest.approx(2.0)


def test_the_triangle_inequality_fails_for_cka_and_rsa() -> None:
    """Two unrelated clouds are each half-way alike to the cloud that holds the coordinates of both."""
    a, c = np.random.default_rng(0).normal(size=(2, 60, 3))
    both = np.hstack([a, c])
    for measure in (cka_dissimilarity, rsa_dissimilarity):
        assert measure(a, c) > measure(a, both) + measure(both, c) + 0.1


def test_cka_orders_the_clusters_experiment_as_published() -> None:
    """Kendall tau 0.238 between CKA and the number of clusters: the experiment "Clusters" of [barannikov2022]."""
    rng = np.random.RandomState(7)  # the published draws come from the legacy generator
    draws = np.stack([rng.multivariate_normal(np.zeros(2), np.eye(2), 5) for _ in range(60)])
    counts = [2, 3, 4, 5, 6, 10, 12]
    values = [1 - cka_dissimilarity(draws.reshape(-1, 2), with_clusters(draws, count)) for count in counts]
    assert kendalltau(counts, values).statistic == pytest.approx(0.23809523809523814, abs=1e-15)


def with_clusters(draws, count) -> np.ndarray:
    """Groups of five points, dealt in turn to centres on a circle of radius 10."""
    angles = 2 * np.pi * (np.arange(len(draws)) % count) / count
    centres = 10 * np.column_stack([np.cos(angles), np.sin(angles)])
    return (draws + centres[:, None]).reshape(-1, 2)


def test_rows_are_paired_by_shared_ids_in_sorted_order() -> None:
    first, second = np.array(["d", "a", "c", "b"]), np.array(["b", "x", "d", "a"])
    rows, others = paired_rows(first, second)
    assert first[rows].tolist() == second[others].tolist() == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (None, np.arange(5), "carries no ids"),
        (np.arange(5), np.arange(3, 8), "share 2 ids of 5 and 5"),
        (np.array(["1", "2", "3"]), np.array([1, 2, 3]), "text in one cloud and integers"),
    ],
)
def test_clouds_that_cannot_be_paired_are_refused(first, second, message) -> None:
    with pytest.raises(IncompatibleRecords, match=message):
        paired_rows(first, second)


def test_a_far_point_costs_debiased_cka_no_digits() -> None:
    """U-centred kernels written out in extended precision; the closed form cancels under a point a million away."""
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(40, 4)), rng.normal(size=(40, 5))
    second[:, 0] = first[:, 0]
    for far in (0.0, 1e4, 1e7):
        first[0], second[0] = far, far
        kernels = []
        for cloud in (first, second):
            wide = (cloud - cloud.mean(axis=0)).astype(np.longdouble)
            kernel = wide @ wide.T
            np.fill_diagonal(kernel, 0)
            sums = kernel.sum(axis=0)
            kernel = kernel - (sums[:, None] + sums) / 38 + sums.sum() / (39 * 38)
            np.fill_diagonal(kernel, 0)
            kernels.append(kernel)
        one, other = kernels
        expected = 1 - float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
        assert cka_dissimilarity(first, second, debiased=True) == pytest.approx(expected, abs=1e-8)


def test_cka_follows_far_points_as_published() -> None:
    """[davari2023]: one shared far point makes unrelated clouds alike, a far shift of half a cloud makes it unlike."""
    rng = np.random.default_rng(9)
    unrelated = [rng.normal(size=(500, 20)) for _ in range(2)]
    assert cka_dissimilarity(*unrelated) > 0.9
    for cloud in unrelated:
        cloud[0] += 500
    assert cka_dissimilarity(*unrelated) < 0.01
    cloud = rng.normal(size=(500, 20))
    cloud[:250, 0] += 3
    shifted = cloud + 300 * np.eye(20)[1] * (np.arange(500) < 250)[:, None]
    assert cka_dissimilarity(cloud, shifted) > 0.5


def test_independent_clouds_are_at_the_angle_that_is_documented() -> None:
    """Singular values of a square Gaussian matrix have the mean 8 / (3 pi) sqrt(d), by the quarter-circle law."""
    rng = np.random.default_rng(10)
    for size, dimension in ((400, 20), (900, 40)):
        chord = procrustes_chord(*rng.normal(size=(2, size, dimension)))
        assert 1 - chord**2 / 2 == pytest.approx(8 / (3 * np.pi) * np.sqrt(dimension / size), rel=0.05)
    assert 1 - procrustes_chord(*rng.normal(size=(2, 20, 1000))) ** 2 / 2 > 0.95
