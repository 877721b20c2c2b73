"""Merge scales, gaps, neighbour graphs and classes against oracles written another way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.numerics.connectivity import (
    SpanningTree,
    algebraic_connectivity,
    boundary_fraction,
    boundary_shares,
    chance_boundary_fraction,
    class_edges,
    class_merge_scales,
    component_counts,
    components_at,
    longest_gap,
    nearest_neighbour_graph,
)
from tda_latent.numerics.pairwise import minimum_spanning_edges, pairwise_distances
from tda_latent.numerics.ties import distance_rounding
from tda_latent.numerics.trees import ultrametric_tree
from tda_latent.records.classes import numbered_classes

SEEDS = st.integers(0, 10_000)
LAWS = settings(max_examples=25, deadline=None, derandomize=True)


def spanning_tree(points):
    return SpanningTree(*minimum_spanning_edges(pairwise_distances(points)))


def ragged_cloud(seed):
    """Integer points in a small box: many equal distances and some duplicates."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 6, size=(rng.integers(2, 25), 2)).astype(float)


@given(SEEDS)
@LAWS
def test_merge_scales_are_those_of_single_linkage(seed):
    points = ragged_cloud(seed)
    np.testing.assert_allclose(spanning_tree(points).lengths, linkage(pdist(points), "single")[:, 2], atol=1e-12)


@given(SEEDS)
@LAWS
def test_the_component_curve_counts_the_components_of_the_distance_graph(seed):
    points = ragged_cloud(seed)
    distances = pairwise_distances(points)
    scales, counts = component_counts(spanning_tree(points).lengths)
    for scale, count in zip(scales, counts, strict=True):
        assert connected_components(csr_matrix(distances <= scale), directed=False)[0] == count
    assert scales[0] == 0
    assert counts[-1] == 1


@given(SEEDS)
@LAWS
def test_components_at_a_scale_are_the_flat_clusters_of_single_linkage(seed):
    points = ragged_cloud(seed)
    found = components_at(spanning_tree(points), 1.0)
    expected = fcluster(linkage(pdist(points), "single"), 1.0, criterion="distance")
    assert ((found[:, None] == found) == (expected[:, None] == expected)).all()
    assert found[0] == 0


def test_a_gap_of_numbers_in_single_precision_is_that_of_the_numbers():
    """Far from the origin, as long as the gaps are many units of the last place."""
    drawn = np.sort(np.random.default_rng(0).random(20_000))
    true = longest_gap(np.sort(np.diff(drawn)))
    stored = (drawn + 100).astype(np.float32)
    gap = longest_gap(np.sort(np.diff(stored.astype(float))), distance_rounding(stored[:, None], 1.0))
    assert gap.components == true.components
    assert (gap.start, gap.stop) == pytest.approx((true.start, true.stop), abs=2.0**-17)


def test_the_longest_gap_of_known_merge_scales():
    gap = longest_gap(np.array([1.0, 1.5, 2.0, 6.0, 7.0]))
    assert (gap.start, gap.stop, gap.components, gap.length, gap.ratio) == (2.0, 6.0, 3, 4.0, 3.0)


def test_duplicates_start_a_gap_at_zero_with_an_infinite_ratio():
    gap = longest_gap(np.array([0.0, 0.0, 5.0]))
    assert (gap.start, gap.stop, gap.components, gap.ratio) == (0.0, 5.0, 2, np.inf)


@pytest.mark.parametrize("lengths", [np.empty(0), np.array([3.0]), np.array([3.0, 3.0 + 1e-12])])
def test_merges_at_one_scale_leave_an_empty_gap(lengths):
    gap = longest_gap(lengths)
    assert (gap.length, gap.components, gap.ratio) == (0.0, 1, 1.0)


def test_among_equal_gaps_the_one_at_the_smallest_scale_is_taken_in_spite_of_rounding():
    gap = longest_gap(np.array([0.1, 0.2, 0.3, 0.1 + 0.3]))
    assert gap.components == 4


def test_neighbours_of_a_line_of_points_are_the_ones_beside_them():
    graph = nearest_neighbour_graph(pairwise_distances(np.array([[0.0], [1], [2.1], [3.3]])), 1)
    np.testing.assert_array_equal(graph.toarray(), [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])


@given(SEEDS, st.integers(1, 30))
@LAWS
def test_the_neighbour_graph_does_not_depend_on_the_order_of_the_points_even_with_ties(seed, neighbours):
    points = ragged_cloud(seed)
    order = np.random.default_rng(seed).permutation(len(points))
    distances = cdist(points, points)
    graph = nearest_neighbour_graph(distances, neighbours).toarray()
    again = nearest_neighbour_graph(distances[np.ix_(order, order)], neighbours).toarray()
    np.testing.assert_array_equal(again, graph[np.ix_(order, order)])
    assert (graph == graph.T).all()
    assert (np.diag(graph) == 0).all()
    assert (graph.sum(axis=1) >= min(neighbours, len(points) - 1)).all()


def ring(size):
    graph = np.zeros((size, size))
    graph[np.arange(size), (np.arange(size) + 1) % size] = 1
    return csr_matrix(graph + graph.T)


@pytest.mark.parametrize("size", [3, 7, 200, 201, 900])
def test_the_algebraic_connectivity_of_a_ring_is_known(size):
    assert algebraic_connectivity(ring(size)) == pytest.approx(1 - np.cos(2 * np.pi / size), abs=1e-13)


@pytest.mark.parametrize("size", [2, 5, 300])
def test_the_algebraic_connectivity_of_a_complete_graph_is_the_largest_there_is(size):
    complete = csr_matrix(np.ones((size, size)) - np.eye(size))
    assert algebraic_connectivity(complete) == pytest.approx(size / (size - 1))


def test_sparse_and_dense_solvers_agree_and_the_sparse_one_repeats_itself():
    for points in (np.random.default_rng(0).normal(size=(300, 8)), np.linspace(0, 1, 300)[:, None] ** 2):
        graph = nearest_neighbour_graph(pairwise_distances(points), 6)
        degrees = np.asarray(graph.sum(axis=1)).ravel()
        laplacian = np.eye(300) - graph.toarray() / np.sqrt(np.outer(degrees, degrees))
        found = algebraic_connectivity(graph)
        assert found == pytest.approx(np.linalg.eigvalsh(laplacian)[1], abs=1e-12)
        assert found == algebraic_connectivity(graph)


def test_a_disconnected_graph_has_algebraic_connectivity_zero_and_a_single_vertex_none():
    assert algebraic_connectivity(csr_matrix((4, 4))) == 0.0
    assert np.isnan(algebraic_connectivity(csr_matrix((1, 1))))


def test_class_edges_count_every_edge_once():
    graph = ring(6)
    edges = class_edges(graph, np.array([0, 0, 0, 1, 1, 2]), 3)
    np.testing.assert_array_equal(edges, [[2, 1, 1], [1, 1, 1], [1, 1, 0]])
    assert np.triu(edges).sum() == graph.nnz / 2
    assert boundary_fraction(edges) == pytest.approx(3 / 6)


def test_boundary_shares_of_a_row_sum_to_one():
    edges = np.array([[2.0, 1, 1], [1, 1, 1], [1, 1, 0]])
    shares = boundary_shares(edges)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares[0], [4 / 6, 1 / 6, 1 / 6])
    assert np.isnan(boundary_shares(np.zeros((1, 1)))).all()


def test_permuted_labels_have_on_average_the_boundary_fraction_expected_by_chance():
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], [30, 15, 5])
    graph = nearest_neighbour_graph(pairwise_distances(rng.normal(size=(50, 2))), 4)
    found = [boundary_fraction(class_edges(graph, rng.permutation(classes), 3)) for _ in range(400)]
    assert np.mean(found) == pytest.approx(chance_boundary_fraction(classes, 3), abs=0.01)


@given(SEEDS)
@LAWS
def test_classes_merge_at_the_smallest_cophenetic_distance_between_their_points(seed):
    points = ragged_cloud(seed)
    classes = np.random.default_rng(seed).integers(0, 4, size=len(points))
    found = class_merge_scales(spanning_tree(points), classes, 4)
    heights = squareform(cophenet(linkage(pdist(points), "single")))
    for one in range(4):
        for other in range(4):
            block = heights[np.ix_(classes == one, classes == other)]
            expected = 0.0 if one == other else block.min(initial=np.inf)
            assert found[one, other] == pytest.approx(expected, abs=1e-12)


@given(SEEDS)
@LAWS
def test_the_class_tree_is_single_linkage_on_the_smallest_distances_between_classes(seed):
    points = ragged_cloud(seed)
    _, classes = numbered_classes(np.random.default_rng(seed).integers(0, 5, size=len(points)))
    count = classes.max() + 1
    tree = ultrametric_tree(class_merge_scales(spanning_tree(points), classes, count))
    distances = cdist(points, points)
    nearest = np.zeros((count, count))
    for one, other in zip(*np.triu_indices(count, 1), strict=True):
        nearest[one, other] = nearest[other, one] = distances[np.ix_(classes == one, classes == other)].min()
    expected = linkage(squareform(nearest), "single")[:, 2] if count > 1 else np.empty(0)
    np.testing.assert_allclose(tree[:, 2], expected, atol=1e-12)


def test_two_classes_may_meet_through_points_of_a_third():
    points, classes = np.array([[0.0], [1], [2], [3]]), np.array([0, 2, 2, 1])
    assert class_merge_scales(spanning_tree(points), classes, 3)[0, 1] == 1.0
