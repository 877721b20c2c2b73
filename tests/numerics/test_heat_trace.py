"""Heat traces of neighbour graphs: closed forms on cycles and complete graphs, and estimates against the spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from tda_latent.errors import InvalidInput
from tda_latent.numerics.heat_trace import (
    HeatTrace,
    Probes,
    estimated_heat_trace,
    exact_heat_trace,
    normalised_laplacian,
)

TIMES = np.logspace(-1, 1, 16)


def circle(size) -> np.ndarray:
    angles = 2 * np.pi * np.arange(size) / size
    return np.column_stack([np.cos(angles), np.sin(angles)])


def cycle_trace(size) -> np.ndarray:
    """sum_j exp(-t (1 - cos(2 pi j / n))) / n."""
    spectrum = 1 - np.cos(2 * np.pi * np.arange(size) / size)
    return np.exp(-np.outer(TIMES, spectrum)).mean(axis=1)


@pytest.mark.parametrize("size", [5, 12, 101])
def test_a_circle_joined_to_two_neighbours_is_a_cycle(size) -> None:
    laplacian = normalised_laplacian(circle(size), 2)
    np.testing.assert_allclose(exact_heat_trace(laplacian, TIMES).values, cycle_trace(size), rtol=1e-12)


def test_all_joined_to_all_is_the_complete_graph() -> None:
    """Eigenvalues 0 once and n / (n - 1) for the rest."""
    size = 9
    laplacian = normalised_laplacian(np.random.default_rng(0).normal(size=(size, 3)), size - 1)
    expected = (1 + (size - 1) * np.exp(-TIMES * size / (size - 1))) / size
    np.testing.assert_allclose(exact_heat_trace(laplacian, TIMES).values, expected, rtol=1e-12)


def test_the_trace_is_that_of_the_matrix_exponential() -> None:
    laplacian = normalised_laplacian(np.random.default_rng(1).normal(size=(30, 4)), 3)
    expected = [np.trace(expm(-t * laplacian.toarray())) / 30 for t in TIMES]
    np.testing.assert_allclose(exact_heat_trace(laplacian, TIMES).values, expected, rtol=1e-10)


@pytest.mark.parametrize(
    "cloud", [circle(400), np.random.default_rng(2).normal(size=(400, 6))], ids=["circle", "cloud"]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_estimates_are_within_their_standard_errors(cloud, seed) -> None:
    laplacian = normalised_laplacian(cloud, 4)
    exact = exact_heat_trace(laplacian, TIMES)
    found = estimated_heat_trace(laplacian, TIMES, Probes(40, 12, seed))
    assert (found.errors[TIMES > 1] > 0).all()
    assert (np.abs(found.values - exact.values) <= 4.5 * found.errors + 1e-9).all()
    assert found.errors.max() < 1e-3


def test_four_times_the_probes_halve_the_standard_error() -> None:
    laplacian = normalised_laplacian(np.random.default_rng(3).normal(size=(300, 5)), 5)
    few, many = (estimated_heat_trace(laplacian, TIMES, Probes(count, 10, 0)).errors[-1] for count in (50, 200))
    assert many == pytest.approx(few / 2, rel=0.35)


def test_short_times_need_no_probe_because_the_first_traces_are_exact() -> None:
    laplacian = normalised_laplacian(np.random.default_rng(4).normal(size=(200, 5)), 5)
    times = np.array([1e-3, 1e-2])
    found, exact = estimated_heat_trace(laplacian, times, Probes(2, 3, 0)), exact_heat_trace(laplacian, times)
    np.testing.assert_allclose(found.values, exact.values, rtol=1e-9)


def test_a_graph_in_parts_and_an_exhausted_iteration_do_no_harm() -> None:
    """Two far triangles: three distinct eigenvalues at most, so Lanczos ends after three steps."""
    cloud = np.array([[0.0, 0], [1, 0], [0, 1], [99, 0], [100, 0], [99, 1]])
    laplacian = normalised_laplacian(cloud, 2)
    exact = exact_heat_trace(laplacian, TIMES)
    expected = (2 + 4 * np.exp(-1.5 * TIMES)) / 6
    np.testing.assert_allclose(exact.values, expected, rtol=1e-12)
    found = estimated_heat_trace(laplacian, TIMES, Probes(30, 6, 0))
    assert isinstance(found, HeatTrace)
    assert (np.abs(found.values - expected) <= 4.5 * found.errors + 1e-9).all()


def test_as_many_neighbours_as_points_are_refused() -> None:
    with pytest.raises(InvalidInput, match="1 <= neighbours < 4"):
        normalised_laplacian(np.zeros((4, 2)), 4)


@pytest.mark.parametrize("size", [12, 101])
def test_neighbours_that_are_equally_far_are_all_joined(size) -> None:
    """On a ring the third neighbour is as far as the fourth: k = 3 and k = 4 join each point to two on either side."""
    spectrum = 1 - (np.cos(2 * np.pi * np.arange(size) / size) + np.cos(4 * np.pi * np.arange(size) / size)) / 2
    expected = np.exp(-np.outer(TIMES, spectrum)).mean(axis=1)
    for points in (circle(size), circle(size).astype(np.float32), 1e6 * circle(size) + 7):
        for neighbours in (3, 4):
            found = exact_heat_trace(normalised_laplacian(points, neighbours), TIMES).values
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_duplicates_are_all_joined_to_each_other() -> None:
    """Seven points at one place, whatever k: the complete graph."""
    laplacian = normalised_laplacian(np.repeat([[1.0, 2], [50, 0]], 7, axis=0), 2)
    expected = (1 + 6 * np.exp(-TIMES * 7 / 6)) / 7
    np.testing.assert_allclose(exact_heat_trace(laplacian, TIMES).values, expected, rtol=1e-12)


def test_a_cloud_whose_points_mostly_coincide_is_refused_before_it_fills_the_memory(monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.numerics.heat_trace._MOST_EDGES", 1000)
    with pytest.raises(InvalidInput, match="drop repeated points"):
        normalised_laplacian(np.ones((50, 2)), 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [1e3, 1e7])
def test_a_far_outlier_is_joined_to_its_nearest_and_nothing_else_changes(dtype, far) -> None:
    cloud = np.random.default_rng(5).normal(size=(200, 3)).astype(dtype)
    outlier = np.array([[far, 0.2 * far, 0]], dtype=dtype)
    joined = normalised_laplacian(np.concatenate([cloud, outlier]), 4).toarray() != 0
    apart = np.linalg.norm(cloud.astype(float) - outlier.astype(float), axis=1)
    assert np.flatnonzero(joined[200, :200]).tolist() == np.sort(np.argsort(apart)[:4]).tolist()
    np.testing.assert_array_equal(joined[:200, :200], normalised_laplacian(cloud, 4).toarray() != 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 20.0])
def test_a_turned_lattice_has_the_graph_of_the_lattice(dtype, shift) -> None:
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    turn = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]
    turned = ((lattice + shift) @ turn / 3).astype(dtype)
    plain, again = (normalised_laplacian(points, 5).toarray() != 0 for points in (lattice, turned))
    np.testing.assert_array_equal(again, plain)
