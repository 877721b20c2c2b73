"""Distances keep their digits, and graphs on them agree with oracles written another way."""

from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import combinations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.connectivity import nearest_neighbour_graph
from tda_latent.numerics.pairwise import (
    component_labels,
    cross_distances,
    geodesic_distances,
    median_distance,
    minimum_spanning_edges,
    neighbour_graph,
    pairwise_distances,
)
from tda_latent.numerics.ties import distance_rounding

CLOUD = np.random.default_rng(0).normal(size=(40, 3))
LITTLE = settings(max_examples=40, deadline=None, derandomize=True)


def exact_distances(points: np.ndarray) -> np.ndarray:
    """Distances of exactly these float64 points, correctly rounded."""
    with localcontext(prec=80):
        lengths = [
            float(sum((Decimal(a) - Decimal(b)) ** 2 for a, b in zip(p, q, strict=True)).sqrt())
            for p, q in combinations(points.tolist(), 2)
        ]
    return squareform(lengths)


def kruskal(distances: np.ndarray) -> list[float]:
    """Lengths of a minimum spanning tree by sorting all edges and joining sets."""
    group = list(range(len(distances)))
    lengths = []
    for length, i, j in sorted((distances[i, j], i, j) for i, j in combinations(range(len(distances)), 2)):
        if group[i] != group[j]:
            group = [group[i] if other == group[j] else other for other in group]
            lengths.append(float(length))
    return lengths


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8, 1e12])
def test_distances_keep_their_digits_far_from_the_origin(offset):
    points = CLOUD[:12] + offset
    np.testing.assert_allclose(pairwise_distances(points), exact_distances(points), rtol=1e-14)


def test_points_1e_minus_9_apart_have_that_distance():
    points = np.vstack([CLOUD[:8], CLOUD[:8] + 1e-9]) + 5.0
    np.testing.assert_allclose(pairwise_distances(points), exact_distances(points), rtol=1e-6, atol=1e-15)
    assert (pairwise_distances(points)[np.triu_indices(16, 1)] > 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "geodesic"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_matrix_is_symmetric_finite_and_has_a_zero_diagonal(metric, dtype):
    points = np.vstack([CLOUD, CLOUD[:5]]).astype(dtype)
    matrix = pairwise_distances(points, metric, 4)
    assert matrix.dtype == np.float64
    assert np.array_equal(matrix, matrix.T)
    assert np.isfinite(matrix).all()
    assert not matrix.diagonal().any()
    assert not np.diag(matrix[:5, -5:]).any()


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "geodesic"])
def test_one_point_has_one_distance(metric):
    assert pairwise_distances(np.ones((1, 3)), metric).tolist() == [[0.0]]


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "geodesic"])
@LITTLE
@given(points=arrays(float, st.tuples(st.integers(3, 8), st.just(2)), elements=st.integers(1, 4).map(float)))
def test_every_metric_keeps_the_triangle_inequality(metric, points):
    matrix = pairwise_distances(points, metric, 2)
    assert (matrix[:, None, :] <= matrix[:, :, None] + matrix[None, :, :] + 1e-7).all()


def test_an_unknown_metric_is_refused():
    with pytest.raises(InvalidInput, match="known: euclidean, cosine, geodesic"):
        pairwise_distances(CLOUD, "manhattan")


def test_angles_are_those_of_the_arc_and_ignore_lengths():
    angles = np.array([0.0, 1e-9, 1e-3, 0.5, 2.0, 3.0])
    lengths = np.array([1.0, 7.0, 1e-3, 2.0, 1e5, 1.0])
    points = np.stack([lengths * np.cos(angles), lengths * np.sin(angles)], axis=1)
    expected = np.abs(angles[:, None] - angles[None])
    np.testing.assert_allclose(pairwise_distances(points, "cosine"), expected, rtol=1e-7, atol=1e-15)


def test_a_point_at_the_origin_has_no_angle():
    with pytest.raises(InvalidInput, match="row 2 is the origin"):
        pairwise_distances(np.array([[1.0, 0], [0, 1], [0, 0]]), "cosine")


def test_distances_across_two_clouds_are_the_block_of_the_joint_matrix():
    first, second = CLOUD[:15] + 1e8, CLOUD[15:] + 1e8
    joint = pairwise_distances(np.vstack([first, second]))
    np.testing.assert_allclose(cross_distances(first, second), joint[:15, 15:], rtol=1e-12)


@pytest.mark.parametrize("neighbours", [1, 3, 39, 100])
def test_geodesics_are_shortest_paths_in_the_graph_of_neighbours_and_tree(neighbours):
    matrix = squareform(pdist(CLOUD))
    graph = networkx.Graph(networkx.minimum_spanning_tree(networkx.from_numpy_array(matrix)).edges(data=True))
    for i, row in enumerate(matrix):
        for j in np.argsort(row, kind="stable")[1 : neighbours + 1]:
            graph.add_edge(i, int(j), weight=row[j])
    paths = dict(networkx.all_pairs_dijkstra_path_length(graph))
    expected = np.array([[paths[i][j] for j in range(40)] for i in range(40)])
    np.testing.assert_allclose(geodesic_distances(CLOUD, neighbours), expected, rtol=1e-12)


def test_geodesics_join_clusters_that_share_no_neighbour_and_never_undercut_the_straight_line():
    apart = np.vstack([CLOUD[:20], CLOUD[20:] + 100.0])
    matrix, straight = geodesic_distances(apart, 2), pairwise_distances(apart)
    assert np.isfinite(matrix).all()
    assert (matrix >= straight * (1 - 1e-12)).all()
    assert matrix[:20, 20:].min() == pytest.approx(straight[:20, 20:].min())


def test_geodesics_with_all_neighbours_are_straight_lines():
    np.testing.assert_allclose(geodesic_distances(CLOUD, 39), pairwise_distances(CLOUD), rtol=1e-12)


def test_geodesics_of_duplicates_are_zero_and_leave_the_others_alone():
    twice = np.vstack([CLOUD, CLOUD[:6]])
    matrix = geodesic_distances(twice, 46)
    assert not np.diag(matrix[:6, -6:]).any()
    np.testing.assert_allclose(matrix[:40, :40], geodesic_distances(CLOUD, 39), rtol=1e-12)
    assert not geodesic_distances(np.ones((30, 2)), 3).any()


def test_each_point_is_joined_to_its_nearest_others_in_both_directions():
    graph = neighbour_graph(CLOUD, 5).toarray()
    nearest = np.argsort(squareform(pdist(CLOUD)), axis=1)[:, 1:6]
    expected = np.zeros((40, 40))
    np.put_along_axis(expected, nearest, 1.0, axis=1)
    assert np.array_equal(graph, np.maximum(expected, expected.T))
    assert neighbour_graph(CLOUD[:1], 5).shape == (1, 1)
    assert neighbour_graph(CLOUD[:3], 50).toarray().sum() == 6


@LITTLE
@given(
    entries=st.integers(2, 9).flatmap(
        lambda n: st.lists(
            st.one_of(st.integers(0, 6).map(float), st.just(np.inf)),
            min_size=n * (n - 1) // 2,
            max_size=n * (n - 1) // 2,
        )
    )
)
def test_the_spanning_tree_has_the_lengths_of_kruskals_tree(entries):
    distances = squareform(np.array(entries), checks=False)
    tails, heads, lengths = minimum_spanning_edges(distances)
    assert lengths.tolist() == kruskal(distances)
    assert np.array_equal(distances[tails, heads], lengths)
    graph = networkx.Graph(zip(tails.tolist(), heads.tolist(), strict=True))
    assert networkx.is_tree(graph)
    assert len(graph) == len(distances)


def test_the_spanning_tree_of_one_point_is_empty():
    assert [part.tolist() for part in minimum_spanning_edges(np.zeros((1, 1)))] == [[], [], []]


def test_the_median_counts_each_pair_once_and_leaves_out_edges_that_never_enter():
    matrix = squareform([1.0, 2.0, 9.0])
    assert median_distance(matrix) == 2
    matrix[1, 2] = matrix[2, 1] = np.inf
    assert median_distance(matrix) == 1.5
    with pytest.raises(InvalidInput, match="scale: given"):
        median_distance(squareform([0.0, 0.0, 5.0]))


def test_components_of_a_graph_are_numbered():
    graph = neighbour_graph(np.array([[0.0], [1.0], [50.0], [51.0]]), 1)
    labels = component_labels(graph)
    assert labels[0] == labels[1] != labels[2] == labels[3]


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_point_far_away_has_its_nearest_neighbours_and_moves_nobody_else(kind):
    cloud = np.random.default_rng(0).normal(size=(300, 2))
    graph = neighbour_graph(np.vstack([cloud, [[1e6, 0.0]]]).astype(kind), 5).toarray()
    assert graph[-1].sum() == 5
    np.testing.assert_array_equal(graph[:-1, :-1], neighbour_graph(cloud.astype(kind), 5).toarray())


@pytest.mark.parametrize("far", [1e3, 1e6, 1e9])
def test_a_lattice_keeps_its_graph_however_far_another_point_is(far):
    """In the plane of the lattice, and turned: the mean that the far point draws along rounds nobody."""
    lattice = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    own = neighbour_graph(lattice, 4).toarray()
    cloud = np.vstack([lattice, [[far, far / 2, 0.0]]])
    for points in (cloud, cloud @ turn):
        np.testing.assert_array_equal(neighbour_graph(points, 4).toarray()[:-1, :-1], own)
        distances = pairwise_distances(points)
        ties = distance_rounding(points, float(distances.max()))
        np.testing.assert_array_equal(nearest_neighbour_graph(distances, 4, ties).toarray()[:-1, :-1], own)
