"""Rank correlations printed for IMD: what the authors' estimate scatters over, and what the spectrum gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from tda_latent.distances.imd import TIMES, IntrinsicMultiscaleDistance
from tda_latent.numerics.heat_trace import normalised_laplacian
from tda_latent.records import Latents

pytestmark = pytest.mark.slow
COUNTS = [2, 3, 4, 5, 6, 10, 12]
PRINTED = 0.428571
"""Of one run, [barannikov2022], "Clusters"."""


def clusters() -> list[Latents]:
    """One cluster of 300 points, then the same points dealt to 2, 3, ... centres on a circle of radius 10."""
    rng = np.random.RandomState(7)
    draws = np.stack([rng.multivariate_normal(np.zeros(2), np.eye(2), 5) for _ in range(60)])
    clouds = [draws]
    for count in COUNTS:
        angles = 2 * np.pi * (np.arange(60) % count) / count
        clouds.append(draws + 10 * np.column_stack([np.cos(angles), np.sin(angles)])[:, None])
    return [Latents(cloud.reshape(-1, 2)) for cloud in clouds]


def rings(large) -> Latents:
    """Five rings of 100 points: so many of radius 1, the others larger and smaller in turn by quarters."""
    angles = 2 * np.pi * np.arange(100) / 100
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    radii = [1.0] * large
    for place in range(5 - large):
        radii.append(1 + 0.25 * (2 + place) / 2 if place % 2 == 0 else 1 - 0.25 * (1 + place) / 2)
    return Latents(np.concatenate([radius * ring for radius in radii]))


def published_trace(laplacian, rng) -> np.ndarray:
    """The estimate of [tsitsulin2020]: 100 normal probes of length one, first moment taken out, per million points.

    Ten Lanczos steps are exact to 1e-6 at these times, so that the exponential itself stands in for them.
    """
    spectrum, vectors = np.linalg.eigh(laplacian.toarray())
    probes = rng.standard_normal((len(spectrum), 100))
    weights = (vectors.T @ (probes / np.linalg.norm(probes, axis=0))) ** 2
    heat = np.exp(-np.outer(TIMES, spectrum)) @ weights
    first = np.outer(-TIMES, spectrum @ weights)
    return 1e6 * (heat - first * np.exp(-TIMES)[:, None] - TIMES[:, None] * np.exp(-TIMES)[:, None]).mean(axis=1)


def test_the_printed_correlation_is_one_draw_of_an_estimate_and_the_spectrum_gives_more():
    one, *others = clusters()
    exact = [IntrinsicMultiscaleDistance()(one, other) for other in others]
    assert kendalltau(exact, COUNTS).statistic > PRINTED
    weights, rng = np.exp(-2 * (TIMES + 1 / TIMES)), np.random.default_rng(0)
    laplacians = [normalised_laplacian(cloud.points, 5) for cloud in (one, *others)]
    found = []
    for _ in range(20):
        traces = [published_trace(laplacian, rng) for laplacian in laplacians]
        values = [(weights * np.abs(published_trace(laplacians[0], rng) - trace)).max() for trace in traces[1:]]
        found.append(kendalltau(values, COUNTS).statistic)
    assert min(found) < PRINTED - 0.3 < PRINTED < max(found)
    assert abs(PRINTED - np.mean(found)) < 3 * np.std(found)


def test_rings_are_ordered_perfectly_once_equally_far_neighbours_are_all_joined():
    """The printed 0.8 depends on which of four neighbours at one distance a sort happens to return."""
    values = [IntrinsicMultiscaleDistance()(rings(1), rings(large)) for large in range(1, 6)]
    assert values[0] == pytest.approx(0.0, abs=1e-9)
    assert kendalltau(values, range(1, 6)).statistic == pytest.approx(1.0)
