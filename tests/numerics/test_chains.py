"""Closed walks, the scale at which a cycle is filled, and shortening that keeps the class."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_chains import bounds, oriented
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.chains import (
    bounding_scales,
    closed_walks,
    edge_boundary,
    edge_order,
    shortened,
    walk_edges,
    youngest_edge,
)

LITTLE = settings(max_examples=60, deadline=None, derandomize=True)


def edge_set(rows):
    return {tuple(sorted(row)) for row in np.asarray(rows).tolist()}


def random_cycle(draw, size):
    """A non-empty set of edges in which every point has an even number: a sum of triangles' boundaries."""
    chosen: set = set()
    for _ in range(draw(st.integers(1, 5))):
        a, b, c = draw(st.permutations(range(size)))[:3]
        chosen ^= {tuple(sorted(pair)) for pair in ((a, b), (b, c), (c, a))}
    return sorted(chosen)


@st.composite
def cycles_in_matrices(draw, with_gaps=True):
    """A symmetric matrix full of ties, and a cycle of edges that enter."""
    size = draw(st.integers(4, 7))
    entries = st.integers(0, 4).map(float)
    entries = st.one_of(entries, st.just(np.inf)) if with_gaps else entries
    count = size * (size - 1) // 2
    distances = squareform(np.array(draw(st.lists(entries, min_size=count, max_size=count))), checks=False)
    return distances, np.array(random_cycle(draw, size), dtype=np.int64).reshape(-1, 2)


@LITTLE
@given(case=cycles_in_matrices())
def test_closed_walks_walk_every_edge_once_and_no_point_twice(case):
    _, edges = case
    walks = closed_walks(edges)
    walked = walk_edges(walks)
    assert edge_set(walked) == edge_set(edges)
    assert len(walked) == len(edges)
    for walk in walks:
        assert len(walk) >= 3
        assert len(set(walk.tolist())) == len(walk)
        assert walk[0] == walk.min()
        assert walk[1] < walk[-1]


@LITTLE
@given(case=cycles_in_matrices(), seed=st.integers(0, 5))
def test_walks_do_not_depend_on_the_order_of_the_edges(case, seed):
    _, edges = case
    mixed = np.random.default_rng(seed).permuted(edges, axis=1)[np.random.default_rng(seed).permutation(len(edges))]
    assert [walk.tolist() for walk in closed_walks(mixed)] == [walk.tolist() for walk in closed_walks(edges)]


def test_a_figure_eight_is_two_walks_and_an_edge_taken_twice_cancels():
    eight = [[0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 2]]
    assert [walk.tolist() for walk in closed_walks(np.array(eight))] == [[0, 1, 2], [2, 3, 4]]
    assert [walk.tolist() for walk in closed_walks(np.array([*eight, [7, 8], [8, 7], [5, 5]]))] == [
        [0, 1, 2],
        [2, 3, 4],
    ]
    assert closed_walks(np.empty((0, 2))) == []


@pytest.mark.parametrize("edges", [[[0, 1], [1, 2]], [[0, 1], [1, 2], [2, 0], [2, 3]]])
def test_edges_with_a_loose_end_are_refused(edges):
    with pytest.raises(InvalidInput, match="odd number of edges"):
        closed_walks(np.array(edges))


def test_the_boundary_of_a_chain_is_counted_over_the_field():
    triangle, ones = np.array([[0, 1], [1, 2], [2, 0]]), np.ones(3, dtype=int)
    assert edge_boundary(triangle, ones, 3) == {}
    assert edge_boundary(triangle[:, ::-1], ones, 3) == {}
    assert edge_boundary(np.array([[0, 1], [1, 2], [0, 2]]), ones, 2) == {}
    assert edge_boundary(np.array([[0, 1], [1, 2], [0, 2]]), ones, 3) == {0: 1, 2: 2}
    assert edge_boundary(triangle[:2], ones[:2], 5) == {0: 4, 2: 1}


def test_edges_are_ordered_by_length_then_smaller_then_larger_vertex():
    distances = squareform([1.0, 2, 2, 2, 1, 2])  # 01 02 03 12 13 23
    edges = np.array([[3, 2], [3, 1], [1, 2], [3, 0], [2, 0], [1, 0]])
    assert [sorted(edges[row].tolist()) for row in edge_order(edges, distances)] == [
        [0, 1], [1, 3], [0, 2], [0, 3], [1, 2], [2, 3],
    ]  # fmt: skip
    assert youngest_edge(edges[1:], distances) == (1, 2)


@LITTLE
@given(case=cycles_in_matrices(), field=st.sampled_from([2, 3, 5]), oriented_as_walks=st.booleans())
def test_the_bounding_scale_equals_elimination_over_all_triangles(case, field, oriented_as_walks):
    distances, edges = case
    edges = walk_edges(closed_walks(edges))
    coefficients = np.ones(len(edges), dtype=np.int64) * (field - 1 if oriented_as_walks else 1)
    chain = oriented(edges, coefficients)
    scales = np.unique(distances[np.isfinite(distances)])
    entered = max((distances[edge] for edge in chain), default=0.0)
    expected = [t for t in scales if t >= entered and bounds(distances, chain, t, 1, field)]
    found = bounding_scales(distances, [(edges, coefficients)], field)[0]
    assert found == (0.0 if not len(edges) else expected[0] if expected else np.inf)


def test_all_cycles_of_one_call_are_answered_apart():
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    distances = squareform(pdist(np.stack([np.cos(angles), np.sin(angles)], axis=1)).round(12))
    around = np.stack([np.arange(12), (np.arange(12) + 1) % 12], axis=1)
    filled = np.array([[0, 1], [1, 2], [2, 0]])
    nothing = np.empty((0, 2), dtype=np.int64)
    chains = [(edges, np.ones(len(edges), dtype=int)) for edges in (around, filled, nothing)]
    found = bounding_scales(distances, chains, 7)
    assert found[0] == distances[0, 4]  # the regular 12-gon is filled when its inscribed triangles enter
    assert found.tolist()[1:] == [distances[0, 2], 0.0]
    assert bounding_scales(distances, chains, 7, until=1.0)[0] == np.inf


def test_a_chain_with_a_boundary_never_bounds_and_is_refused():
    with pytest.raises(InvalidInput, match="no cycle"):
        bounding_scales(squareform([1.0, 1, 1]), [(np.array([[0, 1]]), np.array([1]))])


def projective_plane():
    """Edge lengths of the 31-point flag triangulation in miniature: torsion that only odd fields do not see."""
    faces = [
        (0, 1, 4),
        (0, 1, 5),
        (0, 2, 3),
        (0, 2, 5),
        (0, 3, 4),
        (1, 2, 3),
        (1, 2, 4),
        (1, 3, 5),
        (2, 4, 5),
        (3, 4, 5),
    ]
    cells = sorted({frozenset(sub) for face in faces for k in (1, 2, 3) for sub in combinations(face, k)}, key=sorted)
    joined = np.array([[a < b or b < a for b in cells] for a in cells])  # barycentric subdivision: chains of cells
    distances = np.where(joined, 1.0, np.inf)
    np.fill_diagonal(distances, 0)
    number = {cell: row for row, cell in enumerate(cells)}
    loop = [0, 1, 2]  # no face of the triangulation, so its boundary is the line of the projective plane
    path = [number[frozenset(part)] for a, b in zip(loop, loop[1:] + loop[:1], strict=True) for part in ((a,), (a, b))]
    return distances, np.stack([path, np.roll(path, -1)], axis=1)


def test_twice_the_line_of_the_projective_plane_bounds_over_odd_fields_only():
    distances, line = projective_plane()
    ones = np.ones(len(line), dtype=int)
    assert bounding_scales(distances, [(line, ones)], 2)[0] == np.inf
    assert bounding_scales(distances, [(line, ones)], 3)[0] == 1.0


@LITTLE
@given(case=cycles_in_matrices(with_gaps=False))
def test_shortening_keeps_the_class_at_birth_and_the_youngest_edge(case):
    distances, edges = case
    if not len(edges):
        return
    birth = youngest_edge(edges, distances)
    short = shortened(closed_walks(edges), distances, birth)
    after = walk_edges(short)
    assert youngest_edge(after, distances) == birth
    assert len(after) <= len(edges)
    difference = oriented(np.concatenate([edges, after]), np.ones(len(edges) + len(after), dtype=int))
    assert bounds(distances, difference, distances[birth], 1, 2)
    again = shortened(short, distances, birth)
    assert [walk.tolist() for walk in again] == [walk.tolist() for walk in short]


def test_a_loop_of_a_noisy_circle_loses_edges_and_length_but_not_its_class():
    rng = np.random.default_rng(0)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 80))
    radius = 1 + 0.2 * rng.normal(size=80)
    distances = squareform(pdist(np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)))
    around = walk_edges([np.arange(80)])
    birth = youngest_edge(around, distances)
    short = shortened([np.arange(80)], distances, birth)
    before, after = distances[tuple(around.T)], distances[tuple(walk_edges(short).T)]
    assert after.sum() < 0.8 * before.sum()
    assert len(after) < 40
    both = np.concatenate([around, walk_edges(short)])
    joint = walk_edges(closed_walks(both))  # cancels the edges that both have
    assert bounding_scales(distances, [(joint, np.ones(len(joint), dtype=int))])[0] <= distances[birth]


def test_walks_that_are_filled_at_the_birth_vanish_and_older_loops_stay():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    tiny = np.array([[9.0, 0], [9.1, 0], [9, 0.1], [9.1, 0.1]])
    old = 0.9 * square + [20, 0]
    distances = squareform(pdist(np.concatenate([square, tiny, old])))
    walks = [np.arange(4), np.array([4, 5, 7, 6]), np.arange(8, 12)]
    short = shortened(walks, distances, youngest_edge(walk_edges(walks[:1]), distances))
    assert [walk.tolist() for walk in short] == [[0, 1, 2, 3], [8, 9, 10, 11]]
