"""Resistances and diffusion distances of graphs whose values are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from tda_latent.errors import InvalidInput
from tda_latent.numerics.graph_distances import (
    LARGEST,
    connected_neighbour_graph,
    corrected_resistances,
    diffusion_distances,
    resistances,
    rounding_steps,
    spectral_distances,
)


def cycle(size: int) -> np.ndarray:
    graph = np.zeros((size, size))
    places = np.arange(size)
    graph[places, (places + 1) % size] = graph[(places + 1) % size, places] = 1.0
    return graph


def complete(size: int) -> np.ndarray:
    return np.ones((size, size)) - np.eye(size)


def tree(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A random tree and the number of edges between its vertices, by Floyd and Warshall."""
    rng = np.random.default_rng(seed)
    graph = np.zeros((size, size))
    for vertex in range(1, size):
        parent = rng.integers(vertex)
        graph[vertex, parent] = graph[parent, vertex] = 1.0
    lengths = np.where(graph > 0, 1.0, np.inf)
    np.fill_diagonal(lengths, 0)
    for middle in range(size):
        lengths = np.minimum(lengths, lengths[:, [middle]] + lengths[[middle]])
    return graph, lengths


@pytest.mark.parametrize("seed", range(5))
def test_the_resistance_of_a_tree_is_the_length_of_the_path(seed):
    graph, lengths = tree(30, seed)
    np.testing.assert_allclose(resistances(graph), lengths, rtol=0, atol=1e-11)


@pytest.mark.parametrize("size", [3, 4, 7, 40])
def test_two_ways_around_a_cycle_are_parallel_resistors(size):
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    np.testing.assert_allclose(resistances(cycle(size)), steps * (size - steps) / size, rtol=0, atol=1e-11)


@pytest.mark.parametrize("size", [2, 3, 10, 50])
def test_a_complete_graph_has_two_over_n_and_its_correction(size):
    off = ~np.eye(size, dtype=bool)
    np.testing.assert_allclose(resistances(complete(size))[off], 2 / size, rtol=1e-12)
    np.testing.assert_allclose(corrected_resistances(complete(size))[off], 2 / (size * (size - 1) ** 2), atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_resistances_over_the_edges_sum_to_n_less_one(seed):
    graph = connected_neighbour_graph(np.random.default_rng(seed).normal(size=(60, 3)), 5)
    assert (resistances(graph) * graph).sum() / 2 == pytest.approx(59, abs=1e-9)


def test_resistances_are_those_of_the_pseudoinverse_and_a_metric():
    graph = connected_neighbour_graph(np.random.default_rng(0).normal(size=(40, 3)), 4)
    inverse = np.linalg.pinv(np.diag(graph.sum(axis=1)) - graph)
    own = np.diag(inverse)
    found = resistances(graph)
    np.testing.assert_allclose(found, own[:, None] + own - 2 * inverse, atol=1e-10)
    assert (found[:, None, :] <= found[:, :, None] + found[None, :, :].transpose(0, 2, 1) + 1e-9).all()


def test_corrected_resistances_are_squared_lengths_of_the_spectral_embedding():
    graph = connected_neighbour_graph(np.random.default_rng(1).normal(size=(40, 3)), 4)
    degrees = graph.sum(axis=1)
    values, vectors = np.linalg.eigh(graph / np.sqrt(np.outer(degrees, degrees)))
    places = (vectors / np.sqrt(degrees)[:, None] * (values / np.sqrt(np.maximum(1 - values, 1e-300))))[:, :-1]
    squares = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(corrected_resistances(graph), squares, atol=1e-10)


def test_a_walk_by_walk_sum_gives_the_diffusion_distance():
    graph = connected_neighbour_graph(np.random.default_rng(2).normal(size=(12, 2)), 3)
    lazy = graph + np.eye(12)
    degrees = lazy.sum(axis=1)
    step = lazy / degrees[:, None]
    spread = np.eye(12)
    for _ in range(5):
        spread = spread @ step
    expected = np.array([[np.sqrt(degrees.sum() * sum((a - b) ** 2 / degrees)) for b in spread] for a in spread])
    np.testing.assert_allclose(diffusion_distances(graph, 5), expected, atol=1e-12)
    assert np.abs(diffusion_distances(complete(6), 1)).max() < 1e-12  # after one step the walk may be anywhere


def test_diffusion_forgets_with_time_even_where_a_walk_without_rests_would_alternate():
    lengths = [diffusion_distances(cycle(8), steps).max() for steps in (1, 4, 16, 64)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 0.05


def test_a_graph_in_two_parts_is_refused_and_the_neighbour_graph_never_is_one():
    parts = np.zeros((6, 6))
    parts[:3, :3], parts[3:, 3:] = complete(3), complete(3)
    with pytest.raises(InvalidInput, match="not connected"):
        resistances(parts)
    far = np.concatenate([np.random.default_rng(0).normal(size=(10, 2)), np.full((10, 2), 1e6)])
    found, _ = spectral_distances(far, "effective-resistance", 3, 8)
    assert np.isfinite(found).all()
    assert found[:10, 10:].min() > found[:10, :10].max()


@pytest.mark.parametrize("metric", ["effective-resistance", "diffusion"])
def test_distances_do_not_see_the_order_the_scale_or_a_turn_of_the_cloud(metric):
    rng = np.random.default_rng(3)
    points = rng.normal(size=(50, 4))
    plain = spectral_distances(points, metric, 6, 8)[0]
    order, turn = rng.permutation(50), np.linalg.qr(rng.normal(size=(4, 4)))[0]
    np.testing.assert_allclose(
        spectral_distances(points[order], metric, 6, 8)[0], plain[np.ix_(order, order)], atol=1e-10
    )
    np.testing.assert_allclose(spectral_distances(7 * points @ turn + 3, metric, 6, 8)[0], plain, atol=1e-10)


def test_the_rounding_that_is_declared_covers_the_rounding_there_is():
    rng = np.random.default_rng(4)
    graph = connected_neighbour_graph(rng.normal(size=(120, 3)), 5)
    order = rng.permutation(120)
    found, again = corrected_resistances(graph), corrected_resistances(graph[np.ix_(order, order)])
    bound = rounding_steps(graph, found) * np.finfo(float).eps * found.max()
    assert np.abs(found[np.ix_(order, order)] - again).max() <= bound < 1e-6


def test_one_point_duplicates_and_too_many_points():
    assert spectral_distances(np.zeros((1, 3)), "effective-resistance", 5, 8)[0].tolist() == [[0.0]]
    same = spectral_distances(np.ones((7, 2)), "effective-resistance", 2, 8)[0]
    assert np.ptp(same[~np.eye(7, dtype=bool)]) < 1e-12  # all are neighbours of all
    with pytest.raises(InvalidInput, match=str(LARGEST)):
        spectral_distances(np.zeros((LARGEST + 1, 1)), "diffusion", 5, 8)


def test_a_connected_graph_of_neighbours_gets_no_further_edge():
    """An edge of the spanning tree between no neighbours would be a short cut that [damrich2024] does not have."""
    rng = np.random.default_rng(5)
    added = 0
    for _ in range(20):
        crowd, sparse = rng.normal(0, 0.05, (60, 2)), rng.normal([1.5, 0.0], 1.0, (60, 2))
        points = np.concatenate([crowd, sparse])
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        near = np.zeros((120, 120))
        near[np.arange(120)[:, None], np.argsort(apart, axis=1)[:, 1:5]] = 1
        near = np.maximum(near, near.T)
        found = connected_neighbour_graph(points, 4)
        count, parts = connected_components(near)
        if count == 1:
            np.testing.assert_array_equal(found, near)
        else:
            extra = np.argwhere(found > near)
            added += len(extra)
            assert (parts[extra[:, 0]] != parts[extra[:, 1]]).all()
            assert connected_components(found)[0] == 1
    assert added > 0


def test_distances_are_those_of_the_formula_written_with_an_inverse():
    """L^+ from the inverse of L + 11'/n, corrected by both degrees [damrich2024]; nothing is cut at zero."""
    graph = connected_neighbour_graph(np.random.default_rng(6).normal(size=(70, 20)), 6)
    degrees = graph.sum(axis=1)
    inverse = np.linalg.inv(np.diag(degrees) - graph + 1 / 70) - 1 / 70
    own = np.diag(inverse)
    plain = own[:, None] + own - 2 * inverse
    expected = plain - 1 / degrees[:, None] - 1 / degrees + 2 * graph / np.outer(degrees, degrees)
    off = ~np.eye(70, dtype=bool)
    np.testing.assert_allclose(corrected_resistances(graph)[off], expected[off], atol=1e-12)
    assert expected[off].min() > 0
