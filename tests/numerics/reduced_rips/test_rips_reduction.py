"""Expansion of 4-cycles into loops, reduction over Z/2, and the square that stands for a threshold."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import rips_step_drivers as drivers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rips_clouds import TIES, cross_polytope, distances, grid, latents, polygon, reals, whole_numbers
from slow_rips_steps import (
    Span,
    all_edges,
    as_number,
    cycle_of_loop,
    empty_lunes,
    entrance_times,
    kruskal,
    reduced_dense,
    triangles_by_time,
)

from tda_latent.numerics.powers import largest_square
from tda_latent.numerics.reduced_rips.graph import ordered_graph
from tda_latent.numerics.reduced_rips.neighbourhood import nearest_neighbours, neighbours_kept, relative_neighbourhood
from tda_latent.numerics.reduced_rips.reduction import expand, no_columns
from tda_latent.numerics.reduced_rips.space import Space

LITTLE = settings(deadline=None, derandomize=True)


def prepared(lengths):
    """The space, its table of neighbours and its graph, by the steps that are tested elsewhere."""
    nothing = np.empty((0, 0))
    size = len(lengths)
    space = Space(np.ascontiguousarray(lengths, dtype=float), nothing, nothing)
    neighbours = np.zeros((size, neighbours_kept(size)), np.int32)
    nearest_neighbours(space, 0, size, neighbours)
    reach = float(lengths[np.isfinite(lengths)].max())
    return space, neighbours, ordered_graph(space, *relative_neighbourhood(space, reach, neighbours, 0, (0, size)))


SMALL = {
    "grid": distances(grid(3, 4)),
    "cube": distances(grid(2, 2, 2)),
    "cross-polytope": distances(cross_polytope(5)),
    "polygon": distances(polygon(12)),
    "points": distances(latents("g16", 12)),
    "circle": distances(latents("circ64", 12)),
    "whole numbers": whole_numbers(12, 3, 0),
    "no metric": reals(12, 0),
    "gaps": whole_numbers(12, 4, 1, gaps=0.3),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_4_cycle_and_the_loops_it_is_expanded_to_bound_together_by_the_time_of_its_edge(name):
    lengths = SMALL[name]
    size, times = len(lengths), entrance_times(lengths)
    edges = [tuple(edge) for edge in all_edges(lengths).tolist()]
    tree = [edge for edge, merges in zip(edges, kruskal(size, edges), strict=True) if merges]
    opening = sorted((edge for edge in empty_lunes(lengths) if edge not in tree), key=lambda edge: times[edge])
    space, neighbours, graph = prepared(lengths)
    columns = no_columns(len(opening))
    filled, triangles, checked = Span(), iter(triangles_by_time(times)), 0
    pending = next(triangles, None)
    for time, (a, b) in enumerate(edges):
        while pending and pending[0] < time:
            filled.add(pending[1])
            pending = next(triangles, None)
        lune = np.flatnonzero(np.maximum(times[a], times[b]) < time).tolist()
        for v, w in pairwise(lune):
            columns.work[:] = 0
            expand(space, neighbours, graph, columns, (a, v, b, w))
            loops = [k for k in range(len(opening)) if int(columns.work[k >> 6]) >> (k & 63) & 1]
            chain = as_number(times, [(a, v), (v, b), (b, w), (w, a)])
            for loop in loops:
                chain ^= as_number(times, cycle_of_loop(size, tree, opening[loop]))
            assert chain in filled
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("name", TIES)
def test_the_apex_of_an_edge_lies_in_its_lune(name):
    lengths = TIES[name]
    space, neighbours, _ = prepared(lengths)
    bare = empty_lunes(lengths)
    edges = np.array([edge for edge in all_edges(lengths).tolist() if tuple(edge) not in bare], np.int32).reshape(-1, 2)
    found, inside = drivers.apexes(space, neighbours, *np.ascontiguousarray(edges.T))
    times = entrance_times(lengths)
    tails, heads = edges.T
    assert inside.all()
    assert (np.maximum(times[tails, found], times[heads, found]) < times[tails, heads]).all()


@pytest.mark.parametrize(("loops", "density"), [(1, 0.5), (5, 0.5), (64, 0.1), (65, 0.5), (130, 0.02), (130, 0.4)])
def test_reduction_is_gaussian_elimination_from_the_youngest_loop_down(loops, density):
    rng = np.random.default_rng(loops)
    matrix = rng.random((loops, 3 * loops)) < density
    left, stored, work = drivers.all_reduced(matrix)
    expected = reduced_dense([sum(1 << k for k in np.flatnonzero(column).tolist()) for column in matrix.T])
    assert left.tolist() == [column.bit_length() - 1 for column in expected]
    for column in filter(None, expected):
        assert sum(1 << k for k in np.flatnonzero(stored[column.bit_length() - 1]).tolist()) == column
    assert not work.any(), "what is left of a column is moved away, not copied"


@LITTLE
@given(st.floats(min_value=0, allow_nan=False))
@example(0.0)
@example(5e-324)
@example(1e-162)
@example(1e-154)
@example(1.5717277847026288e-162)
@example(1.0)
@example(math.sqrt(2))
@example(1e154)
@example(1e200)
@example(math.inf)
def test_a_length_is_within_a_threshold_exactly_when_its_square_is_within_that_square(length):
    square = largest_square(length)
    assert math.sqrt(square) <= length
    above = math.nextafter(square, math.inf)
    assert math.isinf(above) or math.sqrt(above) > length


def test_a_threshold_that_no_length_can_meet_has_a_square_that_none_meets():
    assert largest_square(-1.0) < 0
