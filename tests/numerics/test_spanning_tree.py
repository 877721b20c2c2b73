"""The spanning tree is the one that Kruskal finds, edge by edge and bit by bit, on every cloud and by any route."""

from __future__ import annotations

import tracemalloc
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics import spanning_tree as module
from tda_latent.numerics.euclidean import squared_lengths, transposed
from tda_latent.numerics.pairwise import minimum_spanning_edges, near_one, pairwise_distances
from tda_latent.numerics.spanning_tree import component_deaths, spanning_tree, tree_of

LITTLE = settings(max_examples=60, deadline=None, derandomize=True)
RNG = np.random.default_rng(3)
GAUSSIAN = RNG.normal(size=(140, 5))
OUTLIER = np.vstack([GAUSSIAN * 1e-9, np.full((1, 5), 1.0)])
CLOUDS = {
    "gaussian": GAUSSIAN,
    "wide": RNG.normal(size=(70, 67)),
    "single precision": RNG.normal(size=(120, 4)).astype(np.float32),
    "clusters": RNG.normal(size=(150, 3)) + 50 * RNG.integers(0, 4, size=(150, 1)),
    "square lattice": np.array(list(product(range(11), repeat=2)), dtype=float),
    "cubic lattice": np.array(list(product(range(5), repeat=3)), dtype=float) / 3,
    "cross-polytope": np.vstack([np.eye(20), -np.eye(20)]),
    "one-hot": np.eye(40),
    "regular polygon": np.stack([np.cos(np.arange(100) * np.pi / 50), np.sin(np.arange(100) * np.pi / 50)], axis=1),
    "duplicates": GAUSSIAN[RNG.integers(0, 60, size=250)],
    "one place": np.full((150, 3), 7.25),
    "collinear": np.outer(RNG.normal(size=120), [1.0, -2.0, 3.0]),
    "line": RNG.normal(size=(150, 1)),
    "integer line": RNG.integers(0, 40, size=(120, 1)).astype(float),
    "far from the origin": GAUSSIAN + 1e9,
    "tiny": GAUSSIAN * 1e-200,
    "huge": GAUSSIAN * 1e200,
    "an outlier beyond single precision": OUTLIER,
    "near duplicates": np.vstack([GAUSSIAN, GAUSSIAN + 1e-13]),
    "one dimension counts": GAUSSIAN * [1.0, 1e-7, 1e-7, 1e-30, 0.0],
    "minus zero": np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 0.0]]),
    "two points": np.array([[0.0, 0.0], [3.0, 4.0]]),
}


def kruskal(near):
    """Edges (squared length, i, j) by sorting them all and joining sets; sums written out in plain Python."""
    rows, group = near.tolist(), list(range(len(near)))
    edges = []
    for i, j in combinations(range(len(rows)), 2):
        total = 0.0
        for x, y in zip(rows[i], rows[j], strict=True):
            total += (x - y) * (x - y)
        edges.append((total, i, j))
    chosen = []

    def find(vertex):
        while group[vertex] != vertex:
            vertex = group[vertex]
        return vertex

    for edge in sorted(edges):
        one, other = find(edge[1]), find(edge[2])
        if one != other:
            group[one] = other
            chosen.append(edge)
    return chosen


def edges(tree):
    return list(zip(tree.tails.tolist(), tree.heads.tolist(), strict=True))


@pytest.fixture(params=["blocks", "boxes"])
def route(request, monkeypatch):
    """Either algorithm, whatever the size of the cloud."""
    always = dict.fromkeys(range(1, 100), 0)
    monkeypatch.setattr(module, "BOXES_FROM", always if request.param == "boxes" else {})
    return request.param


@pytest.mark.parametrize("name", CLOUDS)
def test_the_tree_is_kruskals_tree_edge_by_edge(name, route):
    near, exponent = near_one(CLOUDS[name])
    expected = kruskal(near)
    found = spanning_tree(CLOUDS[name])
    assert edges(found) == [(i, j) for _, i, j in expected]
    assert np.array_equal(found.lengths, np.ldexp(np.sqrt([square for square, _, _ in expected]), exponent))


@pytest.mark.parametrize("name", CLOUDS)
def test_lengths_are_the_bits_of_the_distance_matrix(name, route):
    found, matrix = spanning_tree(CLOUDS[name]), pairwise_distances(CLOUDS[name])
    assert np.array_equal(found.lengths, matrix[found.tails, found.heads])
    assert np.array_equal(found.lengths, minimum_spanning_edges(matrix)[2])


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 7, 16, 33])
def test_compiled_squared_lengths_are_those_of_scipy_to_the_bit(dim):
    near, _ = near_one(RNG.normal(size=(1100, dim)) + 10)
    out = np.empty(1100)
    squared_lengths(transposed(near), 17, 0, 1100, out)
    assert np.array_equal(np.sqrt(out), squareform(pdist(near[:1100]))[17])
    middle = np.full(10, -1.0)
    squared_lengths(transposed(near), 17, 509, 515, middle)
    assert np.array_equal(middle, [*out[509:515], -1, -1, -1, -1])


@LITTLE
@given(
    points=arrays(
        float,
        st.tuples(st.integers(1, 9), st.integers(1, 3)),
        elements=st.one_of(st.integers(-2, 2).map(float), st.floats(-1, 1, width=16), st.sampled_from([1e-160, -1e-9])),
    ),
    boxes=st.booleans(),
)
def test_small_clouds_of_any_kind_have_kruskals_tree(points, boxes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BOXES_FROM", dict.fromkeys((1, 2, 3), 0) if boxes else {})
        found = spanning_tree(points)
    assert edges(found) == [(i, j) for _, i, j in kruskal(near_one(points)[0])]


@pytest.mark.parametrize(("size", "dim"), [(3000, 2), (2500, 6), (1500, 40)])
def test_packing_the_blocks_again_and_again_keeps_the_tree_of_single_linkage(size, dim, monkeypatch):
    points = np.random.default_rng(size).normal(size=(size, dim))
    monkeypatch.setattr(module, "BOXES_FROM", {})
    found = spanning_tree(points)
    np.testing.assert_allclose(found.lengths, linkage(points, "single")[:, 2], rtol=1e-12)
    monkeypatch.setattr(module, "BOXES_FROM", {dim: 0})
    assert edges(spanning_tree(points)) == edges(found)


def test_the_choice_by_size_and_dimension_keeps_the_tree(monkeypatch):
    points = np.random.default_rng(5).normal(size=(2200, 3))
    chosen = spanning_tree(points)
    monkeypatch.setattr(module, "BOXES_FROM", {})
    assert edges(chosen) == edges(spanning_tree(points))


@pytest.mark.parametrize("exponent", [-600, -40, 40, 600])
def test_a_power_of_two_scales_lengths_exactly_and_keeps_the_edges(exponent, route):
    plain, scaled = spanning_tree(GAUSSIAN), spanning_tree(np.ldexp(GAUSSIAN, exponent))
    assert edges(plain) == edges(scaled)
    assert np.array_equal(scaled.lengths, np.ldexp(plain.lengths, exponent))


def test_the_order_of_the_points_changes_the_tree_by_their_names_alone(route):
    order = np.random.default_rng(1).permutation(len(GAUSSIAN))
    near, _ = near_one(GAUSSIAN)
    plain, shuffled = tree_of(near), tree_of(near[order])
    renamed = np.sort(np.stack([order[shuffled.tails], order[shuffled.heads]], axis=1), axis=1)
    assert sorted(map(tuple, renamed.tolist())) == sorted(edges(plain))


def test_one_point_has_an_empty_tree(route):
    assert [len(part) for part in spanning_tree(np.ones((1, 3)))] == [0, 0, 0]
    assert component_deaths(np.ones((1, 3)), "cosine").shape == (0,)


def test_many_duplicates_join_the_first_of_their_place_at_zero(route):
    points = np.repeat(GAUSSIAN[:40], 100, axis=0)
    found = spanning_tree(points)
    joined = found.lengths == 0
    assert joined.sum() == 40 * 99
    assert (found.tails % 100 == 0).all()
    np.testing.assert_allclose(found.lengths[~joined], spanning_tree(GAUSSIAN[:40]).lengths, rtol=1e-14)


def test_different_rows_that_share_a_mark_are_not_taken_for_copies(monkeypatch):
    monkeypatch.setattr(module, "_PRIME", np.uint64(0))
    found = spanning_tree(np.vstack([GAUSSIAN[:50], GAUSSIAN[:20]]))
    assert edges(found) == [(i, j) for _, i, j in kruskal(near_one(np.vstack([GAUSSIAN[:50], GAUSSIAN[:20]]))[0])]


def test_memory_grows_with_the_points_and_not_with_their_pairs():
    points = np.random.default_rng(0).normal(size=(6000, 16))
    spanning_tree(points[:100])
    tracemalloc.start()
    spanning_tree(points)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * points.nbytes < 6000**2 / 3


@pytest.mark.parametrize("name", ["gaussian", "wide", "cross-polytope", "one-hot", "duplicates", "single precision"])
def test_the_tree_by_angles_is_that_of_the_matrix_of_angles(name, route):
    found, matrix = spanning_tree(CLOUDS[name], "cosine"), pairwise_distances(CLOUDS[name], "cosine")
    assert np.array_equal(found.lengths, matrix[found.tails, found.heads])
    np.testing.assert_allclose(found.lengths, minimum_spanning_edges(matrix)[2], rtol=1e-14)
    assert (np.diff(found.lengths) >= 0).all()


def test_an_edge_between_opposite_directions_keeps_its_digits():
    angles = np.concatenate([np.array([0.0, 1e-3, 2e-3, 5e-3]) * 1e-6, np.pi + np.array([1.0, 2.0, 7.0]) * 1e-9])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found, matrix = spanning_tree(points, "cosine"), pairwise_distances(points, "cosine")
    assert found.lengths[-1] == minimum_spanning_edges(matrix)[2][-1] < np.pi - 5e-10
    assert np.array_equal(found.lengths, matrix[found.tails, found.heads])


@LITTLE
@given(
    upper=arrays(float, st.integers(2, 9).map(lambda n: n * (n - 1) // 2), elements=st.sampled_from([0, 1, 2, np.inf]))
)
def test_ties_of_a_matrix_are_broken_by_the_numbers_of_the_vertices(upper):
    matrix = squareform(upper)
    group, expected = list(range(len(matrix))), []
    for length, i, j in sorted((matrix[i, j], i, j) for i, j in combinations(range(len(matrix)), 2)):
        if group[i] != group[j]:
            group = [group[i] if other == group[j] else other for other in group]
            expected.append((i, j, length))
    assert list(zip(*(part.tolist() for part in minimum_spanning_edges(matrix)), strict=True)) == expected


def test_an_unknown_metric_and_an_infinite_coordinate_are_refused():
    with pytest.raises(InvalidInput, match="known: euclidean, cosine"):
        spanning_tree(GAUSSIAN, "geodesic")
    with pytest.raises(InvalidInput, match="infinite"):
        spanning_tree(np.array([[0.0], [np.inf]]))
