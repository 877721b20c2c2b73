"""Laws of the clusterers, with scikit-learn and brute force as oracles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import DBSCAN

from tda_latent.numerics import clustering
from tda_latent.numerics.clustering import automatic_eps, dbscan_labels, first_gap_cut, merge_tree, numbered
from tda_latent.numerics.distance_blocks import neighbour_distances, root_mean_square_distance


def cloud(seed, size=60, dimension=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, dimension)) + 6 * rng.integers(0, 3, size=(size, 1))


def first_gap_labels(points, bins=10):
    tree = merge_tree(points)
    return tree.labels(first_gap_cut(tree.heights, tree.diameter, bins))


@pytest.fixture(params=["dense", "prim"])
def engine(request, monkeypatch):
    monkeypatch.setattr(clustering, "DENSE_LIMIT", 10_000 if request.param == "dense" else 0)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("seed", range(4))
def test_a_cut_gives_the_components_of_the_graph_of_short_distances(seed):
    points = cloud(seed)
    distances = squareform(pdist(points))
    tree = merge_tree(points)
    assert tree.diameter == distances.max()
    for cut in [0.0, *np.quantile(tree.heights, [0.2, 0.5, 0.9, 1.0]), np.inf]:
        components = connected_components(distances <= cut, directed=False)[1]
        np.testing.assert_array_equal(tree.labels(cut), numbered(components))


def test_both_ways_to_the_merges_agree_to_the_bit(monkeypatch):
    points = cloud(5, 200)
    dense = merge_tree(points)
    monkeypatch.setattr(clustering, "DENSE_LIMIT", 0)
    prim = merge_tree(points)
    np.testing.assert_array_equal(np.unique(dense.heights), np.unique(prim.heights))
    assert dense.diameter == prim.diameter


@pytest.mark.usefixtures("engine")
def test_duplicates_merge_at_zero_and_one_point_is_one_cluster():
    assert merge_tree(np.zeros((5, 2))).labels(0.0).tolist() == [0] * 5
    assert merge_tree(np.zeros((1, 2))).labels(0.0).tolist() == [0]
    assert first_gap_labels(np.zeros((5, 2))).tolist() == [0] * 5


def test_the_first_gap_separates_two_far_groups_and_leaves_one_group_whole():
    rng = np.random.default_rng(1)
    group = rng.random((80, 2))
    assert first_gap_labels(group).max() == 0
    two = first_gap_labels(np.vstack([group, group + 10]))
    assert two.tolist() == [0] * 80 + [1] * 80


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e8])
def test_the_first_gap_does_not_see_the_scale(factor):
    points = cloud(2)
    np.testing.assert_array_equal(first_gap_labels(points), first_gap_labels(factor * points))


def test_two_points_and_an_equilateral_triangle_have_no_gap():
    assert first_gap_labels(np.array([[0.0], [7.0]])).tolist() == [0, 0]
    assert first_gap_cut(np.array([1.0, 1.0]), 1.0, 10) == np.inf


def test_the_first_gap_cut_lies_in_the_first_empty_bin():
    heights = np.array([1.0, 1.5, 2.2, 8.0])  # bins of width 1 from 1 to 11: [1,2) [2,3) are filled, [3,4) is empty
    assert first_gap_cut(heights, 11.0, 10) == pytest.approx(3.5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("min_samples", [1, 3, 5])
def test_dbscan_agrees_with_scikit_learn_on_core_points_and_noise(seed, min_samples):
    points = cloud(seed)
    found = DBSCAN(eps=1.1, min_samples=min_samples).fit(points)
    labels = dbscan_labels(points, 1.1, min_samples)
    core = found.core_sample_indices_
    np.testing.assert_array_equal(numbered(labels[core]), numbered(found.labels_[core]))
    np.testing.assert_array_equal(labels < 0, found.labels_ < 0)


def test_dbscan_border_points_join_their_nearest_core_point():
    points = cloud(3)
    labels = dbscan_labels(points, 1.1, 5)
    distances = squareform(pdist(points))
    core = (distances <= 1.1).sum(axis=1) >= 5
    for row in np.flatnonzero(~core & (labels >= 0)):
        assert labels[row] == labels[np.flatnonzero(core)[distances[row, core].argmin()]]


@pytest.mark.parametrize("labels_of", [first_gap_labels, lambda points: dbscan_labels(points, 1.1, 4)])
def test_the_order_of_the_points_is_irrelevant(labels_of):
    points = cloud(4)
    order = np.random.default_rng(0).permutation(len(points))
    np.testing.assert_array_equal(numbered(labels_of(points)[order]), labels_of(points[order]))


def test_lone_points_are_noise_for_dbscan():
    assert dbscan_labels(np.array([[0.0], [10.0], [20.0]]), 1.0, 2).tolist() == [-1, -1, -1]
    assert dbscan_labels(np.zeros((1, 1)), 1.0, 1).tolist() == [0]


def test_the_automatic_radius_gives_nine_tenths_of_the_points_twice_their_neighbours_and_scales_with_the_cloud():
    points = cloud(0, 200)
    eps = automatic_eps(points, 5)
    others = (squareform(pdist(points)) <= eps).sum(axis=1) - 1
    assert 0.9 <= (others >= 8).mean() <= 0.92
    assert automatic_eps(1000 * points, 5) == pytest.approx(1000 * eps)
    assert automatic_eps(np.zeros((1, 2)), 5) == 0
    assert automatic_eps(np.zeros((9, 2)), 5) == 0


def test_the_automatic_radius_keeps_points_at_equal_spacing_together_in_spite_of_rounding():
    angles = 2 * np.pi * np.arange(300) / 300
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert (dbscan_labels(points, automatic_eps(points, 5), 5) == 0).all()
    assert (dbscan_labels(points[:40], automatic_eps(points, 5), 5) == 0).all()


def test_neighbour_and_root_mean_square_distances_match_their_definitions():
    points = cloud(1, 30)
    distances = squareform(pdist(points))
    np.testing.assert_array_equal(neighbour_distances(points, 4), np.sort(distances, axis=1)[:, 4])
    np.testing.assert_array_equal(neighbour_distances(points, 99), distances.max(axis=1))
    assert root_mean_square_distance(points) == pytest.approx(np.sqrt((pdist(points) ** 2).mean()))
    assert root_mean_square_distance(points[:1]) == 0


def test_numbered_counts_clusters_by_first_row_and_keeps_noise():
    assert numbered(np.array([7, -3, 2, 7, 2, -1, 0])).tolist() == [0, -1, 1, 0, 1, -1, 2]
    assert numbered(np.array([-1, -1])).tolist() == [-1, -1]
