"""Every cycle is a cycle, is born with its bar, and bounds when its bar dies and not before."""

from __future__ import annotations

import numpy as np
import pytest
from rips_clouds import TIES, cross_polytope, distances, grid, latents, polygon, reals, whole_numbers
from slow_rips_steps import Span, as_number, entrance_times, triangles_by_time

from tda_latent.numerics.chains import bounding_scales, closed_walks, edge_boundary, youngest_edge
from tda_latent.numerics.reduced_rips import cycle_edges, degree_one, degree_one_of_matrix, loops_of_matrix

CLOUDS = {
    "circle": distances(latents("circ64", 40)),
    "torus": distances(latents("torus64", 40)),
    "gaussian": distances(latents("g16", 40)),
    "clusters": distances(latents("mix32", 40)),
    "plane": distances(np.random.default_rng(5).uniform(size=(40, 2))),
    "grid": distances(grid(6, 6)),
    "city-block grid": distances(grid(3, 3, 3), "cityblock"),
    "cube": distances(grid(2, 2, 2, 2)),
    "square": distances(cross_polytope(2)),
    "polygon": distances(polygon(30)),
    "duplicates": distances(np.repeat(np.random.default_rng(3).normal(size=(12, 2)), 3, axis=0)),
    "whole numbers": whole_numbers(32, 4, 0),
    "gaps": whole_numbers(32, 9, 2, gaps=0.5),
    "hardly any edge": TIES["hardly any edge"],
    "no metric": reals(32, 0),
    "no metric with gaps": reals(32, 1, gaps=0.4),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_a_cycle_opens_with_its_bar_and_bounds_when_it_dies_and_not_before(name):
    lengths = CLOUDS[name]
    found = degree_one_of_matrix(lengths)
    cycles = list(cycle_edges(found))
    assert len(cycles) == len(found.births)
    for edges, opens, birth in zip(cycles, found.birth_edges, found.births, strict=True):
        assert (edges[:, 0] < edges[:, 1]).all()
        assert len(np.unique(edges, axis=0)) == len(edges)
        assert edge_boundary(edges, np.ones(len(edges), dtype=np.int64)) == {}
        assert youngest_edge(edges, lengths) == tuple(opens)
        assert lengths[tuple(opens)] == birth
        assert sum(len(walk) for walk in closed_walks(edges)) == len(edges)
    chains = [(edges, np.ones(len(edges), dtype=np.int64)) for edges in cycles]
    assert np.array_equal(bounding_scales(lengths, chains), found.deaths)
    assert len(cycles) > 0


@pytest.mark.parametrize(
    "name", ["circle", "gaussian", "grid", "cube", "polygon", "whole numbers", "gaps", "no metric"]
)
def test_a_cycle_bounds_at_the_very_edge_that_kills_its_bar(name):
    """Sharper than by length: ties count, and the triangle that is named may be the one that closes it."""
    kept = slice(0, 22)
    lengths = np.ascontiguousarray(CLOUDS[name][kept, kept])
    times = entrance_times(lengths)
    found = degree_one_of_matrix(lengths)
    filled, triangles = Span(), triangles_by_time(times)
    deaths = [
        (times[tuple(killer[:2])] if killer[0] >= 0 else np.inf, as_number(times, cycle.tolist()))
        for killer, cycle in zip(found.killers, cycle_edges(found), strict=True)
    ]
    done = 0
    for time, cycle in sorted(deaths):
        while done < len(triangles) and triangles[done][0] < time:
            filled.add(triangles[done][1])
            done += 1
        assert cycle not in filled
        if np.isinf(time):
            continue
        now = Span()
        now._rows = dict(filled._rows)
        for when, boundary in triangles[done:]:
            if when == time:
                now.add(boundary)
        assert cycle in now


@pytest.mark.parametrize("name", CLOUDS)
def test_the_killing_triangle_enters_with_its_first_two_vertices_at_the_death(name):
    lengths = CLOUDS[name]
    found = degree_one_of_matrix(lengths)
    times = entrance_times(lengths)
    assert np.array_equal(found.killers[:, 0] < 0, np.isinf(found.deaths))
    ended = found.killers[:, 0] >= 0
    a, b, c = found.killers[ended].T
    assert (a < b).all()
    assert np.array_equal(lengths[a, b], found.deaths[ended])
    assert (times[a, b] > np.maximum(times[a, c], times[b, c])).all(), "its youngest edge is the one that kills"
    assert len(np.unique(found.birth_edges, axis=0)) == len(found.births)


def test_loops_of_a_matrix_come_with_the_bars_and_name_no_triangle_for_what_never_dies():
    lengths = CLOUDS["hardly any edge"]
    found = degree_one_of_matrix(lengths)
    assert np.isinf(found.deaths).any()
    for (edges, killer), cycle, named, death in zip(
        loops_of_matrix(lengths), cycle_edges(found), found.killers, found.deaths, strict=True
    ):
        assert np.array_equal(edges, cycle)
        assert (killer is None) == np.isinf(death)
        assert killer is None or np.array_equal(killer, named)


@pytest.mark.parametrize("name", ["circle", "grid", "whole numbers"])
def test_below_a_cut_the_cycles_of_bars_still_alive_bound_nowhere_up_to_it(name):
    lengths = CLOUDS[name]
    whole = degree_one_of_matrix(lengths)
    longest = np.argmax(whole.deaths - whole.births)
    cut = float(whole.births[longest] + whole.deaths[longest]) / 2
    found = degree_one_of_matrix(lengths, cut)
    chains = [(edges, np.ones(len(edges), dtype=np.int64)) for edges in cycle_edges(found)]
    assert np.array_equal(bounding_scales(lengths, chains, until=cut), found.deaths)
    assert np.isinf(found.deaths).any()


def test_cycles_of_points_are_those_of_their_squared_lengths():
    points = latents("circ64", 60)
    from_points, from_matrix = degree_one(points), degree_one_of_matrix(distances(points))
    assert np.array_equal(from_points.birth_edges, from_matrix.birth_edges)
    assert np.array_equal(from_points.killers, from_matrix.killers)
    for one, other in zip(cycle_edges(from_points), cycle_edges(from_matrix), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_clouds_without_bars_have_no_cycles(size):
    assert list(cycle_edges(degree_one(np.arange(float(size))[:, None]))) == []
    assert list(loops_of_matrix(1 - np.eye(size))) == []
