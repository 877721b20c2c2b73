"""Entries of a density-weighted filtration against the growing balls that define them."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.weighted_rips import component_bars_from, distance_to_measure, weighted_edges


def radius(time: float, weight: float, growth: float) -> float:
    """Radius of the ball of a point; -inf before it enters."""
    if time < weight:
        return -np.inf
    return time - weight if growth == 1 else float(np.sqrt(time**2 - weight**2)) if growth == 2 else time


@pytest.mark.parametrize("growth", [1, 2, "inf"])
def test_an_edge_enters_when_the_balls_meet_and_both_ends_are_there(growth):
    rng = np.random.default_rng(0)
    for distance, first, second in rng.uniform(0, 2, (40, 3)):
        low, high = 0.0, 10.0
        for _ in range(80):  # bisection on the definition
            middle = (low + high) / 2
            meet = radius(middle, first, growth) + radius(middle, second, growth) >= distance
            low, high = (low, middle) if meet else (middle, high)
        weights, distances = np.array([first, second]), np.array([[0, distance], [distance, 0]])
        assert weighted_edges(distances, weights, growth)[0, 1] == pytest.approx(2 * high, abs=1e-9)


@pytest.mark.parametrize("growth", [1, 2, "inf"])
def test_without_weights_edges_are_distances_and_no_edge_enters_before_its_ends(growth):
    distances = pairwise_distances(np.random.default_rng(1).normal(size=(20, 3)))
    np.testing.assert_allclose(weighted_edges(distances, np.zeros(20), growth), distances, rtol=1e-15)
    weights = np.random.default_rng(2).uniform(0, 3, 20)
    edges = weighted_edges(distances, weights, growth)
    off = ~np.eye(20, dtype=bool)
    assert (edges >= 2 * np.maximum(weights[:, None], weights))[off].all()
    assert (edges == edges.T).all()
    twins = weighted_edges(np.zeros((2, 2)), np.array([0.5, 0.5]), growth)
    assert twins[0, 1] == 1.0


@pytest.mark.parametrize("order", [1.0, 2.0, 5.0])
def test_the_distance_to_a_measure_is_a_mean_over_neighbours_and_lipschitz(order):
    points = np.random.default_rng(3).normal(size=(30, 2))
    distances = pairwise_distances(points)
    found = distance_to_measure(distances, 7, order)
    expected = [np.mean(np.sort(row)[:7] ** order) ** (1 / order) for row in distances]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert (np.abs(found[:, None] - found) <= distances + 1e-12).all()
    np.testing.assert_allclose(distance_to_measure(1e200 * distances, 7, order), 1e200 * found, rtol=1e-13)


@pytest.mark.parametrize("growth", [1, 2, "inf"])
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_edges_grow_with_the_cloud_at_the_ends_of_float64(growth, size):
    distances = pairwise_distances(np.random.default_rng(5).normal(size=(9, 2)))
    weights = np.random.default_rng(6).uniform(0, 1, 9)
    scaled = weighted_edges(size * distances, size * weights, growth)
    np.testing.assert_allclose(scaled / size, weighted_edges(distances, weights, growth), rtol=1e-12)


def test_one_neighbour_means_no_weight_and_more_than_all_means_all():
    distances = pairwise_distances(np.random.default_rng(3).normal(size=(8, 2)))
    assert not distance_to_measure(distances, 1, 2.0).any()
    np.testing.assert_array_equal(distance_to_measure(distances, 99, 2.0), distance_to_measure(distances, 8, 2.0))


def test_components_die_by_the_elder_rule():
    births = np.array([0.0, 1.0, 0.5, 3.0])
    edges = np.array([[0, 2, 9, 9], [2, 0, 4, 9], [9, 4, 0, 3.5], [9, 9, 3.5, 0]], dtype=float)
    bars = component_bars_from(births, edges)
    assert sorted(map(tuple, bars.tolist())) == [(0.0, np.inf), (0.5, 4.0), (1.0, 2.0), (3.0, 3.5)]


def test_components_are_those_counted_at_every_scale():
    rng = np.random.default_rng(4)
    points = rng.normal(size=(25, 2))
    weights = rng.uniform(0, 1, 25)
    edges = weighted_edges(pairwise_distances(points), weights, 1)
    bars = component_bars_from(2 * weights, edges)
    for scale in np.linspace(0, edges.max(), 23):
        there = np.flatnonzero(2 * weights <= scale)
        groups = {int(vertex): {int(vertex)} for vertex in there}
        for one in there:
            for other in there:
                if edges[one, other] <= scale and groups[int(one)] is not groups[int(other)]:
                    groups[int(one)] |= groups[int(other)]
                    for member in groups[int(one)]:
                        groups[member] = groups[int(one)]
        count = len({id(group) for group in groups.values()})
        assert count == np.count_nonzero((bars[:, 0] <= scale) & (bars[:, 1] > scale))
