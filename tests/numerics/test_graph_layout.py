"""Laws of the layout: lengths, orientation, packing, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.stats import spearmanr

from tda_latent.numerics import graph_layout as module
from tda_latent.numerics.graph_layout import graph_layout


def cycle(size, first=0):
    return np.array([[first + k, first + (k + 1) % size] for k in range(size)])


def lengths(positions, edges):
    return np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)


def test_a_path_is_drawn_straight_with_edges_of_length_one_along_the_lens():
    edges = np.array([[k, k + 1] for k in range(9)])
    positions = graph_layout(edges, np.arange(10.0)[:, None])
    np.testing.assert_allclose(positions[:, 0], np.arange(10) - 4.5, atol=0.02)
    np.testing.assert_allclose(positions[:, 1], 0, atol=0.02)


@pytest.mark.parametrize("size", [3, 8, 40])
def test_a_cycle_is_drawn_as_a_regular_polygon(size):
    positions = graph_layout(cycle(size), np.zeros((size, 0)))
    np.testing.assert_allclose(
        np.linalg.norm(positions - positions.mean(axis=0), axis=1), _radius(positions), rtol=0.02
    )
    assert np.ptp(lengths(positions, cycle(size))) < 0.05


def _radius(positions):
    return np.linalg.norm(positions - positions.mean(axis=0), axis=1).mean()


def test_no_two_nodes_share_a_place_and_the_layout_is_repeatable():
    points = np.random.default_rng(0).random((120, 2))
    edges = np.array(sorted(cKDTree(points).query_pairs(0.15)))
    positions = graph_layout(edges, points)
    assert cKDTree(positions).query(positions, k=2)[0][:, 1].min() > 1e-3
    np.testing.assert_array_equal(positions, graph_layout(edges, points))


def test_a_grid_keeps_the_orientation_of_its_guide():
    points = np.array([[x, y] for x in range(8) for y in range(5)], dtype=float)
    edges = np.array(sorted(cKDTree(points).query_pairs(1.1)))
    positions = graph_layout(edges, points)
    for axis in (0, 1):
        assert spearmanr(positions[:, axis], points[:, axis]).statistic > 0.95


def test_components_are_apart_by_an_edge_length_and_the_drawing_is_compact():
    parts = [cycle(30), cycle(12, 30), cycle(5, 42), *([[k, k + 1]] for k in range(47, 57, 2))]
    edges = np.concatenate(parts)
    positions = graph_layout(edges, np.zeros((67, 1)))  # ten nodes are alone
    groups = [np.unique(part) for part in parts] + [np.array([k]) for k in range(57, 67)]
    boxes = [(positions[g].min(axis=0), positions[g].max(axis=0)) for g in groups]
    for first in range(len(boxes)):
        for second in range(first):
            gap = np.maximum(boxes[first][0] - boxes[second][1], boxes[second][0] - boxes[first][1])
            assert gap.max() >= 1 - 1e-9
    width, height = np.ptp(positions, axis=0)
    assert 0.4 < width / height < 3


def test_graphs_without_nodes_or_edges_have_a_layout():
    none = np.empty((0, 2), dtype=np.int64)
    assert graph_layout(none, np.zeros((0, 2))).shape == (0, 2)
    assert graph_layout(none, np.zeros((1, 1))).tolist() == [[0.0, 0.0]]
    assert len(np.unique(graph_layout(none, np.zeros((9, 1))), axis=0)) == 9


def test_large_components_keep_the_scaling_of_pivots(monkeypatch):
    monkeypatch.setattr(module, "STRESS_LIMIT", 10)
    monkeypatch.setattr(module, "PIVOTS", 20)
    positions = graph_layout(cycle(60), np.cos(np.arange(60))[:, None])
    np.testing.assert_allclose(np.linalg.norm(positions, axis=1), _radius(positions), rtol=0.1)
