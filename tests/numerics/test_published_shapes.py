"""Shape metrics by the formulas of their authors: whitening, kernels and principal angles in place of our products."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tda_latent.numerics.canonical import canonical_correlations, svcca_dissimilarity
from tda_latent.numerics.similarity import cka_dissimilarity, procrustes_chord

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(60, 6))
OTHER = np.column_stack([CLOUD[:, :3], RNG.normal(size=(60, 4))])
PAIRS = {
    "equally wide": (CLOUD, OTHER[:, :6]),
    "one wider": (CLOUD, OTHER),
    "fewer points than coordinates": (RNG.normal(size=(15, 40)), RNG.normal(size=(15, 25))),
    "a constant coordinate far away": (np.column_stack([CLOUD, np.full(60, 1e3)]), OTHER),
    "few values": (RNG.integers(0, 3, (60, 4)).astype(float), RNG.integers(0, 3, (60, 3)).astype(float)),
    "half of the points repeat": (np.tile(CLOUD[:30], (2, 1)), np.tile(OTHER[:30], (2, 1))),
}


def centred(points) -> np.ndarray:
    return points - points.mean(axis=0)


def whitened(points) -> np.ndarray:
    """(n, d) times the inverse root of its covariance, the full whitening of [williams2021]."""
    values, vectors = np.linalg.eigh(centred(points).T @ centred(points))
    return centred(points) @ (vectors / np.sqrt(values)) @ vectors.T


def angle(first, second) -> float:
    return 2 * np.arcsin(procrustes_chord(first, second) / 2)


@pytest.mark.parametrize("name", PAIRS)
def test_the_procrustes_angle_is_that_of_the_fidelity_of_the_two_kernels(name):
    """Sum of the roots of the eigenvalues of K L: no alignment of the clouds is computed at all [williams2021]."""
    kernels = [centred(part) @ centred(part).T for part in PAIRS[name]]
    values, vectors = np.linalg.eigh(kernels[0])
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    fidelity = np.sqrt(np.clip(np.linalg.eigvalsh(root @ kernels[1] @ root), 0, None)).sum()
    cosine = fidelity / np.sqrt(np.trace(kernels[0]) * np.trace(kernels[1]))
    assert np.cos(angle(*PAIRS[name])) == pytest.approx(cosine, abs=1e-6)  # the root of what rounding leaves of zeros


@pytest.mark.parametrize("name", ["equally wide", "few values"])
def test_after_whitening_the_cosine_of_the_procrustes_angle_is_the_mean_canonical_correlation(name):
    """The two ends of the family of [williams2021] are one another's: rotations of whitened clouds, and CCA."""
    first, second = (part[:, :3] for part in PAIRS[name])
    between = np.cos(angle(whitened(first), whitened(second)))
    assert 1 - svcca_dissimilarity(first, second, 1.0) == pytest.approx(between, rel=1e-9)
    assert canonical_correlations(first, second).correlations.sum() == pytest.approx(3 * between, rel=1e-9)


def test_of_orthonormal_coordinates_it_is_the_arc_cosine_of_the_mean_cosine_of_principal_angles():
    first, second = (np.linalg.qr(centred(RNG.normal(size=(100, 10))))[0] for _ in range(2))
    cosines = np.linalg.svd(first.T @ second, compute_uv=False)
    assert angle(first, second) == pytest.approx(np.arccos(cosines.mean()), rel=1e-9)


def test_the_angle_of_kernels_has_the_triangle_inequality_that_one_minus_its_cosine_lacks():
    """The arc cosine of CKA is a metric [williams2021]: an angle between matrices of unit length."""
    start, end = CLOUD[:, :2], RNG.normal(size=(60, 2))
    clouds = [start + share * end for share in np.linspace(0, 3, 12)]
    table = np.array([[cka_dissimilarity(a, b) for a in clouds] for b in clouds])
    angles = np.arccos(np.clip(1 - table, 0, 1))
    triples = list(itertools.permutations(range(len(clouds)), 3))
    assert all(angles[i, k] <= angles[i, j] + angles[j, k] + 1e-7 for i, j, k in triples)
    assert any(table[i, k] > table[i, j] + table[j, k] + 1e-3 for i, j, k in triples)
