"""Whole diagrams: bit for bit those of GUDHI and of a slow oracle, and the published ones where they are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_rips import reference_bars
from rips_clouds import SEVEN, TIES, cross_polytope, distances, grid, latents, polygon, reals, whole_numbers
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import squareform

from tda_latent.engines.gudhi_rips import gudhi_bars
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.reduced_rips import DegreeOne, degree_one, degree_one_of_matrix

SEARCH = settings(max_examples=150, deadline=None, derandomize=True)
ROOT_2, ROOT_3 = np.sqrt(2), np.sqrt(3)


def in_order(pairs):
    """Rows (birth, death), sorted."""
    pairs = np.asarray(pairs, dtype=float).reshape(-1, 2)
    return pairs[np.lexsort(pairs.T[::-1])]


def loops(found):
    return in_order(np.stack([found.births, found.deaths], axis=1))


def components(found, size):
    """Bars of degree 0 with a length, of so many points."""
    deaths = np.concatenate([found.component_deaths, np.full(size - len(found.component_deaths), np.inf)])
    return in_order(np.stack([np.zeros(size), deaths], axis=1)[deaths > 0])


def peers(lengths, cut=None):
    """Bars of GUDHI in degrees 0 and 1, without those of length zero."""
    finite = lengths[np.isfinite(lengths)]
    bars = gudhi_bars(np.ascontiguousarray(lengths), float(finite.max()) if cut is None else cut, 1, 2)
    return [in_order(pairs[pairs[:, 0] < pairs[:, 1]]) for pairs in bars]


def assert_gudhi(found: DegreeOne, lengths, cut=None):
    zero, one = peers(lengths, cut)
    assert np.array_equal(components(found, len(lengths)), zero)
    assert np.array_equal(loops(found), one)
    assert (np.diff(found.births) >= 0).all()
    assert (np.diff(found.component_deaths) >= 0).all()


@pytest.mark.parametrize("size", [50, 120, 300])
@pytest.mark.parametrize("name", SEVEN)
def test_bars_of_latents_are_those_of_gudhi_to_the_bit(name, size):
    points = latents(name, size)
    lengths = pairwise_distances(points)
    found = degree_one(points)
    assert_gudhi(found, lengths)
    assert np.array_equal(loops(degree_one_of_matrix(lengths)), loops(found))
    assert len(found.births) > size // 20
    assert found.radius == lengths.max(axis=1).min()


@pytest.mark.parametrize("name", TIES)
def test_bars_among_ties_gaps_and_no_metrics_are_those_of_gudhi_to_the_bit(name):
    lengths = TIES[name]
    if name == "no edge":
        found = degree_one_of_matrix(lengths)
        assert len(found.component_deaths) == len(found.births) == 0
        return
    found = degree_one_of_matrix(lengths)
    assert_gudhi(found, lengths)
    tree = np.sort(squareform(lengths, checks=False))[: 0 if len(lengths) == 1 else None]
    assert set(found.component_deaths) <= set(tree)


@pytest.mark.parametrize("seed", range(12))
def test_bars_of_larger_random_matrices_are_those_of_gudhi_to_the_bit(seed):
    size = 60 + 8 * seed
    kind = seed % 4
    lengths = (
        whole_numbers(size, 4 + seed, seed, gaps=0.2 * (seed % 3))
        if kind < 2
        else reals(size, seed, gaps=0.3 * (kind - 2))
    )
    assert_gudhi(degree_one_of_matrix(lengths), lengths)


@pytest.mark.parametrize("metric", ["cityblock", "euclidean", "chebyshev"])
@pytest.mark.parametrize("sides", [(16, 16), (6, 6, 6), (3, 3, 3, 3)])
def test_bars_of_lattices_are_those_of_gudhi_to_the_bit(metric, sides):
    lengths = distances(grid(*sides), metric)
    assert_gudhi(degree_one_of_matrix(lengths), lengths)


def test_points_on_a_lattice_give_the_bars_of_the_matrix_though_their_lengths_are_never_taken_roots_of():
    points = grid(7, 7, 3)
    assert_gudhi(degree_one(points), pairwise_distances(points))


def test_component_deaths_are_a_minimum_spanning_tree():
    for seed in range(3):
        lengths = reals(80, seed)
        assert np.array_equal(
            degree_one_of_matrix(lengths).component_deaths, np.sort(minimum_spanning_tree(lengths).data)
        )
    lengths = distances(latents("g16", 30))
    thrice, once = degree_one_of_matrix(np.kron(lengths, np.ones((3, 3)))), degree_one_of_matrix(lengths)
    assert thrice.component_deaths.tolist() == [0.0] * 60 + once.component_deaths.tolist()
    assert np.array_equal(loops(thrice), loops(once)), "duplicates change nothing"


@pytest.mark.parametrize("size", range(3, 61))
def test_a_regular_polygon_has_one_loop_that_dies_at_its_inscribed_triangle(size):
    found = degree_one(polygon(size))
    lived = found.deaths - found.births > 1e-12  # corners are rounded, so equal sides differ in the last digits
    side = 2 * np.sin(np.pi / size)
    assert found.component_deaths == pytest.approx(np.full(size - 1, side), rel=1e-12)
    expected = [(side, 2 * np.sin(np.pi * np.ceil(size / 3) / size))] if size > 3 else []
    np.testing.assert_allclose(loops(found)[lived], np.array(expected).reshape(-1, 2), rtol=1e-12)
    # the same with all sides equal: by the number of steps between two corners
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    exact = degree_one_of_matrix(np.minimum(steps, size - steps).astype(float))
    assert loops(exact).tolist() == ([[1.0, float(-(-size // 3))]] if size > 3 else [])


@pytest.mark.parametrize(("dimension", "expected"), [(1, []), (2, [(ROOT_2, 2.0)]), (3, []), (20, [])])
def test_a_cross_polytope_has_a_loop_in_the_plane_alone(dimension, expected):
    assert loops(degree_one(cross_polytope(dimension))) == pytest.approx(in_order(expected), rel=1e-15)


def test_a_cube_has_five_loops_that_its_diagonals_fill():
    found = degree_one(grid(2, 2, 2))
    assert found.component_deaths.tolist() == [1.0] * 7
    assert loops(found).tolist() == [[1.0, ROOT_2]] * 5
    assert loops(degree_one(grid(2, 2, 2, 2, 2, 2))).tolist() == [[1.0, ROOT_2]] * (192 - 63)


def test_the_product_of_two_polygons_has_the_loops_of_the_kuenneth_formula():
    def product(one, other):
        first, second = distances(polygon(one)), distances(polygon(other))
        return np.maximum(np.kron(first, np.ones((other, other))), np.tile(second, (one, one)))

    found = degree_one_of_matrix(product(6, 8))
    lived = found.deaths - found.births > 1e-9
    octagon = 2 * np.sin(np.pi / 8)
    expected = in_order([(octagon, 2 * np.sin(3 * np.pi / 8)), (1, ROOT_3), *[(octagon, 1)] * 5])
    np.testing.assert_allclose(in_order(np.round(loops(found)[lived], 12)), np.round(expected, 12), rtol=1e-11)


@pytest.mark.parametrize("kind", ["line", "tree", "ultrametric"])
def test_lines_and_trees_have_no_loops(kind):
    rng = np.random.default_rng(0)
    if kind == "line":
        found = degree_one(np.cumsum(rng.random(120))[:, None])
    else:
        lengths = np.zeros((60, 60))
        for v in range(1, 60):
            parent, step = int(rng.integers(v)), float(rng.integers(1, 9))
            if kind == "tree":
                lengths[v, :v] = lengths[:v, v] = lengths[parent, :v] + step
            else:
                lengths[v, :v] = lengths[:v, v] = np.maximum(lengths[parent, :v], step)
        found = degree_one_of_matrix(lengths)
    assert len(found.births) == 0


def test_a_loop_that_nothing_fills_never_dies():
    lengths = np.full((7, 7), np.inf)
    np.fill_diagonal(lengths, 0)
    for a, b, length in [(0, 1, 1.0), (1, 2, 2.0), (2, 3, 3.0), (0, 3, 4.0), (4, 5, 1.0)]:
        lengths[a, b] = lengths[b, a] = length
    found = degree_one_of_matrix(lengths)
    assert loops(found).tolist() == [[4.0, np.inf]]
    assert found.component_deaths.tolist() == [1.0, 1.0, 2.0, 3.0], "3 components are left of 7 points"
    assert found.birth_edges.tolist() == [[0, 3]]
    assert found.killers.tolist() == [[-1, -1, -1]]
    assert found.radius == 4.0


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_smallest_clouds(size):
    for found in (
        degree_one(np.arange(float(size))[:, None]),
        degree_one_of_matrix(distances(np.arange(size)[:, None])),
    ):
        assert found.component_deaths.tolist() == [1.0] * (size - 1)
        assert len(found.births) == len(found.deaths) == len(found.birth_edges) == len(found.killers) == 0
        assert found.radius == (0.0 if size == 1 else 1.0)


@pytest.mark.parametrize("name", ["g16", "circ64", "mix32"])
def test_a_threshold_takes_the_edges_up_to_it_and_no_more(name):
    points = latents(name, 60)
    lengths = pairwise_distances(points)
    values = np.unique(lengths)
    whole = degree_one(points)
    at = [
        float(whole.births[0]),
        float(whole.deaths[-1]),
        float(values[1]),
        float(values[len(values) // 3]),
        whole.radius,
    ]
    around = [float(np.nextafter(cut, direction)) for cut in at for direction in (0, np.inf)]
    for cut in at + around + [0.0, 5e-324, 1e-200, float(values[-1]), 1e300]:
        found = degree_one(points, cut)
        reach = min(cut, float(values[-1]))
        assert_gudhi(found, lengths, reach) if cut > 0 else None
        assert found.radius == whole.radius
        alone = degree_one_of_matrix(lengths, cut)
        assert np.array_equal(loops(alone), loops(found))
        assert np.array_equal(alone.component_deaths, found.component_deaths)
        is_over = found.deaths > cut
        assert np.isinf(found.deaths[is_over]).all()
    for nothing in (degree_one(points, -1.0), degree_one_of_matrix(lengths, -1.0), degree_one(points, 0.0)):
        assert len(nothing.births) == len(nothing.component_deaths) == 0


@pytest.mark.parametrize("name", ["grid", "few values", "gaps", "duplicates"])
def test_a_threshold_among_ties_takes_all_edges_of_its_length(name):
    lengths = TIES[name]
    values = np.unique(lengths[np.isfinite(lengths) & (lengths > 0)])
    for low, high in pairwise(values[:8]):
        for cut in (float(low), float(np.nextafter(high, 0)), float(high)):
            assert_gudhi(degree_one_of_matrix(lengths, cut), lengths, cut)
    assert degree_one_of_matrix(lengths, 0.0).component_deaths.tolist() == [0.0] * int(
        (degree_one_of_matrix(lengths).component_deaths == 0).sum()
    )


@pytest.mark.parametrize("exponent", [-1000, -500, 500, 1000])
def test_a_cloud_as_small_or_as_large_as_float64_allows_has_the_same_bars(exponent):
    points = latents("circ64", 60)
    found, scaled = degree_one(points), degree_one(np.ldexp(points, exponent))
    assert np.array_equal(np.ldexp(loops(found), exponent), loops(scaled))
    assert np.array_equal(np.ldexp(found.component_deaths, exponent), scaled.component_deaths)
    assert scaled.radius == np.ldexp(found.radius, exponent)
    lengths = pairwise_distances(points)
    assert np.array_equal(loops(degree_one_of_matrix(np.ldexp(lengths, exponent))), loops(scaled))
    cut = found.radius / 2
    assert np.array_equal(
        loops(degree_one(points, cut)),
        np.ldexp(loops(degree_one(np.ldexp(points, exponent), np.ldexp(cut, exponent))), -exponent),
    )
    assert len(degree_one(np.ldexp(points, -1000), 1e300).births) == len(found.births)


def test_negative_zeros_are_zeros():
    lengths = TIES["few values"].copy()
    lengths[lengths == 0] = -0.0
    assert np.array_equal(loops(degree_one_of_matrix(lengths)), loops(degree_one_of_matrix(TIES["few values"])))


@st.composite
def symmetric_matrices(draw):
    """Small whole-number matrices, no metrics, full of ties and zeros; some edges never enter."""
    size = draw(st.integers(2, 9))
    largest = draw(st.integers(1, 12))
    entry = st.integers(0, largest).map(float)
    entries = st.one_of(entry, entry, st.just(np.inf)) if draw(st.booleans()) else entry
    count = size * (size - 1) // 2
    return squareform(np.array(draw(st.lists(entries, min_size=count, max_size=count))), checks=False)


def by_degree(found, size):
    return {0: sorted(map(tuple, components(found, size).tolist())), 1: sorted(map(tuple, loops(found).tolist()))}


@SEARCH
@given(lengths=symmetric_matrices(), cut=st.one_of(st.none(), st.integers(0, 12)))
def test_bars_of_any_matrix_are_those_of_the_definition(lengths, cut):
    found = degree_one_of_matrix(lengths, None if cut is None else float(cut))
    assert by_degree(found, len(lengths)) == reference_bars(lengths, np.inf if cut is None else float(cut), 1, 2)


@SEARCH
@given(points=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=10))
def test_bars_of_whole_number_points_are_those_of_the_definition(points):
    cloud = np.array(points, dtype=float)
    assert by_degree(degree_one(cloud), len(cloud)) == reference_bars(pairwise_distances(cloud), np.inf, 1, 2)
