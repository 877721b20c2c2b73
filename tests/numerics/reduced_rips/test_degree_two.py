"""Degree 2: whole diagrams, bit for bit those of GUDHI and of a slow oracle; published ones; and each step alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_rips import reference_bars
from rips_clouds import SEVEN, TIES, cross_polytope, distances, grid, latents, polygon, reals, whole_numbers
from scipy.sparse.csgraph import connected_components

from tda_latent.engines.gudhi_rips import gudhi_bars
from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.reduced_rips import degree_one_of_matrix, degree_two, degree_two_of_matrix
from tda_latent.numerics.reduced_rips.hollows import loops_of_lune, no_complex
from tda_latent.numerics.reduced_rips.order import ordered_edges
from tda_latent.numerics.reduced_rips.space import Space
from tda_latent.numerics.reduced_rips.sweep import prepared
from tda_latent.numerics.reduced_rips.voids import torn_lunes

SEARCH = settings(max_examples=400, deadline=None, derandomize=True)
ROOT_2, ROOT_3 = np.sqrt(2), np.sqrt(3)


def in_order(pairs):
    """Rows (birth, death), sorted."""
    pairs = np.asarray(pairs, dtype=float).reshape(-1, 2)
    return pairs[np.lexsort(pairs.T[::-1])]


def end_of(lengths):
    """The longest edge that enters; 0 when none does."""
    return float(lengths[np.isfinite(lengths)].max())


def assert_gudhi(found, lengths, cut=None):
    bars = gudhi_bars(np.ascontiguousarray(lengths), end_of(lengths) if cut is None else cut, 2, 2)
    zero, one, two = (in_order(pairs[pairs[:, 0] < pairs[:, 1]]) for pairs in bars)
    deaths = found.component_deaths
    assert np.array_equal(deaths[deaths > 0], zero[np.isfinite(zero[:, 1]), 1])
    assert np.array_equal(in_order(found.loops), one)
    assert np.array_equal(in_order(found.voids), two)
    assert (np.diff(found.voids[:, 0]) >= 0).all()
    assert (np.diff(found.loops[:, 0]) >= 0).all()


@pytest.mark.parametrize("size", [40, 90, 180])
@pytest.mark.parametrize("name", SEVEN)
def test_bars_of_latents_are_those_of_gudhi_to_the_bit(name, size):
    points = latents(name, size)
    lengths = pairwise_distances(points)
    found = degree_two(points)
    assert_gudhi(found, lengths)
    assert found.radius == lengths.max(axis=1).min()
    assert np.array_equal(degree_two_of_matrix(lengths).voids, found.voids)


@pytest.mark.parametrize("name", [name for name in TIES if name != "no edge"])
def test_bars_among_ties_gaps_and_no_metrics_are_those_of_gudhi_to_the_bit(name):
    assert_gudhi(degree_two_of_matrix(TIES[name]), TIES[name])


@pytest.mark.parametrize("gaps", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_matrices_that_are_no_metric_give_the_bars_of_gudhi(seed, gaps):
    for lengths in (
        reals(40, seed, gaps),
        whole_numbers(34, 60, seed, gaps),
        np.round(distances(latents("g16", 60, seed))),
    ):
        assert_gudhi(degree_two_of_matrix(lengths), lengths)
        cut = float(np.quantile(lengths[np.isfinite(lengths)], 0.5))
        assert_gudhi(degree_two_of_matrix(lengths, cut), lengths, cut)


@SEARCH
@given(st.integers(2, 9), st.integers(1, 12), st.integers(0, 10**6), st.sampled_from([0.0, 0.2, 0.5]), st.data())
def test_whole_numbers_of_any_kind_give_the_bars_of_the_slow_oracle(size, largest, seed, gaps, data):
    lengths = whole_numbers(size, largest, seed, gaps)
    cut = data.draw(st.sampled_from([None, *range(largest + 1)]))
    found = degree_two_of_matrix(lengths, cut)
    expected = reference_bars(lengths, end_of(lengths) if cut is None else cut, max_degree=2)
    assert sorted(map(tuple, found.voids.tolist())) == expected[2]
    assert sorted(map(tuple, found.loops.tolist())) == expected[1]


def test_the_octahedron_holds_one_void_and_the_corners_of_other_cross_polytopes_none():
    for dimension in range(1, 8):
        voids = degree_two(cross_polytope(dimension)).voids
        np.testing.assert_allclose(voids, [[ROOT_2, 2]] if dimension == 3 else np.empty((0, 2)))


def test_a_void_that_nothing_fills_never_dies():
    lengths = distances(cross_polytope(3))
    lengths[lengths == 2] = np.inf
    assert degree_two_of_matrix(lengths).voids.tolist() == [[lengths[0, 1], np.inf]]
    assert degree_two(cross_polytope(3), cut=1.9).voids.tolist() == [[lengths[0, 1], np.inf]]
    assert len(degree_two(cross_polytope(3), cut=1.4).voids) == 0


def test_the_join_of_two_loops_with_gaps_holds_no_void_and_two_points_with_a_loop_hold_one():
    square = np.array([[0, 1, np.inf, 1], [1, 0, 1, np.inf], [np.inf, 1, 0, 1], [1, np.inf, 1, 0]])
    apart = np.array([[0, np.inf], [np.inf, 0]])
    for ends, count in ((apart, 1), (square, 0), (np.where(np.eye(4) > 0, 0, np.inf), 3)):
        whole = np.block([[square, np.full((4, len(ends)), 2.0)], [np.full((len(ends), 4), 2.0), ends]])
        assert degree_two_of_matrix(whole).voids.tolist() == [[2.0, np.inf]] * count


@pytest.mark.parametrize("third", [2, 3, 4, 5, 8])
def test_a_regular_polygon_has_the_published_voids(third):
    """Regular polygons with 3 m corners [adamaszek2017]: m - 1 voids, born at the inscribed triangles."""
    voids = degree_two(polygon(3 * third)).voids
    voids = voids[np.diff(voids)[:, 0] > 1e-9]
    assert len(voids) == third - 1
    np.testing.assert_allclose(voids[:, 0], ROOT_3)
    np.testing.assert_allclose(voids[:, 1], 2 * np.sin(np.pi * (third + 1) / (3 * third)))


def test_the_product_of_two_hexagons_has_the_voids_of_the_kuenneth_formula():
    corners = distances(polygon(6))
    lengths = np.maximum(corners[:, None, :, None], corners[None, :, None, :]).reshape(36, 36)
    voids = degree_two_of_matrix(np.round(lengths, 9)).voids
    np.testing.assert_allclose(voids, [[1, ROOT_3], [ROOT_3, 2], [ROOT_3, 2]])


def test_cubes_and_lines_hold_no_void():
    for points in (grid(2, 2, 2), grid(2, 2, 2, 2), grid(3, 3, 3), np.arange(30.0)[:, None]):
        assert len(degree_two(points).voids) == 0


def test_a_sphere_is_hollow_and_a_ball_is_not():
    turns = np.arange(120) * np.pi * (3 - np.sqrt(5))
    heights = 1 - (2 * np.arange(120) + 1) / 120
    widths = np.sqrt(1 - heights**2)
    sphere = np.stack([widths * np.cos(turns), widths * np.sin(turns), heights], axis=1)
    voids = degree_two(sphere).voids
    (longest,) = voids[np.diff(voids)[:, 0] > 0.5]
    assert longest[1] == pytest.approx(1.6592, abs=1e-4)  # published for these 120 points; sqrt(8/3) in the limit
    ball = np.vstack([sphere, 0.6 * sphere[::3], 0.2 * sphere[::20]])
    assert (np.diff(degree_two(ball).voids) < 0.5).all()


def test_duplicates_and_the_order_of_the_points_change_no_bar():
    points = latents("torus64", 90)
    voids = degree_two(points).voids
    shuffled = np.random.default_rng(0).permutation(np.repeat(points, 2, axis=0))
    again = degree_two_of_matrix(pairwise_distances(shuffled))
    np.testing.assert_allclose(in_order(again.voids), in_order(voids), rtol=1e-12)
    assert (again.component_deaths == 0).sum() == len(points)


def test_doubled_lengths_double_every_bar_and_degrees_zero_and_one_are_those_of_degree_one():
    lengths = distances(latents("vae16", 120))
    found, twice, one = degree_two_of_matrix(lengths), degree_two_of_matrix(2 * lengths), degree_one_of_matrix(lengths)
    assert np.array_equal(twice.voids, 2 * found.voids)
    assert np.array_equal(found.component_deaths, one.component_deaths)
    assert np.array_equal(found.loops, np.stack([one.births, one.deaths], axis=1))
    assert twice.counters == found.counters


def test_any_matrix_is_taken_as_it_is_and_left_as_it_was():
    lengths = np.round(distances(latents("g16", 60)), 1)
    expected = degree_two_of_matrix(lengths).voids
    frozen = lengths.copy()
    frozen.setflags(write=False)
    for given_ in (
        frozen,
        np.asfortranarray(lengths),
        lengths[::-1, ::-1][::-1, ::-1],
        (10 * lengths).round().astype(int),
    ):
        kept = given_.copy()
        scale = 10 if given_.dtype == int else 1
        np.testing.assert_allclose(degree_two_of_matrix(given_).voids, scale * expected)
        assert np.array_equal(given_, kept)


@pytest.mark.parametrize("size", range(1, 5))
def test_fewer_than_six_points_and_points_without_edges_hold_nothing(size):
    for lengths in (1 - np.eye(size), np.zeros((size, size)), np.where(np.eye(size) > 0, 0, np.inf)):
        found = degree_two_of_matrix(lengths)
        assert len(found.loops) == len(found.voids) == 0


def test_too_many_points_are_refused_with_the_way_out():
    with pytest.raises(InvalidInput, match=r"65,537 points; exact persistence in degree 2.*landmarks"):
        degree_two(np.zeros((65_537, 1)))


# Steps


def steps_of(lengths):
    """The state of degree one before its sweep, and all edges in order."""
    lengths = np.ascontiguousarray(lengths, dtype=float)
    nothing = np.empty((0, 0))
    state = prepared(Space(lengths, nothing, nothing), end_of(lengths), int(lengths.max(axis=1).argmin()))
    return state, ordered_edges(state)


@pytest.mark.parametrize("name", [name for name in TIES if name != "no edge"])
def test_the_order_is_by_length_then_by_vertices(name):
    lengths = TIES[name]
    state, order = steps_of(lengths)
    tails, heads = np.triu_indices(len(lengths), 1)
    values = lengths[tails, heads]
    expected = [k for k in np.argsort(values, kind="stable").tolist() if values[k] < np.inf]
    ends = np.sort(np.stack([state.order[order.tails], state.order[order.heads]]), axis=0)
    assert np.array_equal(ends, np.stack([tails[expected], heads[expected]]))
    assert (order.tails < order.heads).all()
    places = np.arange(len(expected))
    assert np.array_equal(order.places[order.tails, order.heads], places)
    assert np.array_equal(order.places, order.places.T)
    assert (order.places == len(expected)).sum() == len(lengths) ** 2 - 2 * len(expected)


@pytest.mark.parametrize("name", ["cube", "grid", "gaps", "no metric", "polygon"])
def test_torn_lunes_are_those_in_several_components(name):
    state, order = steps_of(TIES[name])
    expected, empty = [], []
    for place, (a, b) in enumerate(zip(order.tails, order.heads, strict=True)):
        earlier = order.places < place
        lune = np.flatnonzero(earlier[a] & earlier[b])
        count, labels = connected_components(earlier[np.ix_(lune, lune)], directed=False)
        empty += [place] * (count == 0)
        expected += [(place, lune[labels == c].min()) for c in range(count) if count > 1]
    graph = state.graph
    assert order.places[state.ranks[graph.tails], state.ranks[graph.heads]].tolist() == empty
    assert torn_lunes(order, np.array(empty, np.int32)).tolist() == sorted(map(list, expected))


def rank(rows):
    """Rank over Z/2 of vectors given as whole numbers."""
    pivots: dict[int, int] = {}
    for row in rows:
        while row and row.bit_length() in pivots:
            row ^= pivots[row.bit_length()]
        if row:
            pivots[row.bit_length()] = row
    return len(pivots)


def walk(lune, loop):
    """Edges of the closed walk u, x, ..., y that stands for a loop."""
    u, x, y = map(int, loop)
    edges = [(u, x), (u, y)]
    while x != y:
        if lune.depths[x] < lune.depths[y]:
            x, y = y, x
        edges.append((x, int(lune.parents[x])))
        x = int(lune.parents[x])
    return edges


@pytest.mark.parametrize("density", [0.1, 0.25, 0.4, 0.6])
def test_the_loops_of_a_lune_generate_its_homology(density):
    """The whole graph is the lune of two further vertices; its cliques and ranks are listed here one by one."""
    for seed in range(25):
        size = 3 + seed % 11
        joined = reals(size, seed) < density
        np.fill_diagonal(joined, True)
        bits = np.zeros((size + 2, 8), np.uint64)
        for v in range(size):
            bits[v, 0] = sum(1 << int(w) for w in np.flatnonzero(joined[v]))
        bits[size, 0] = bits[size + 1, 0] = (1 << size) - 1
        lune = no_complex(size + 2, 8)
        loops, count = loops_of_lune(bits, np.int32(size), np.int32(size + 1), lune, np.empty((1, 3), np.int32))
        number = {pair: k for k, pair in enumerate(p for p in combinations(range(size), 2) if joined[p])}
        as_bits = [sum(1 << number[tuple(sorted(edge))] for edge in walk(lune, loop)) for loop in loops[:count]]
        boundaries = [
            sum(1 << number[pair] for pair in combinations(corners, 2))
            for corners in combinations(range(size), 3)
            if all(joined[pair] for pair in combinations(corners, 2))
        ]
        parts = connected_components(joined, directed=False)[0]
        cycles = len(number) - size + parts
        assert rank(boundaries + as_bits) == cycles
        assert count == 0 or len(set(as_bits)) == count
        for loop in loops[:count]:
            corners = [v for edge in walk(lune, loop) for v in edge]
            assert all(corners.count(v) % 2 == 0 for v in corners)


@pytest.mark.parametrize("name", ["g16", "torus64", "mix32"])
def test_few_loops_are_found_for_each_void_and_few_lunes_are_built(name):
    """Counted, not timed: what makes degree 2 affordable."""
    counters = degree_two(latents(name, 300)).counters
    assert counters["loops found"] <= 3 * counters["voids"]
    assert counters["lunes built"] <= 0.5 * counters["edges"]
    assert counters["triangles moved"] <= 400 * counters["loops found"]
