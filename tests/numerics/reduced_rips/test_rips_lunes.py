"""Bits, lunes, neighbours, the relative-neighbourhood graph: each against a slow twin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import rips_step_drivers as drivers
from rips_clouds import TIES, distances, grid, latents, reals, whole_numbers
from scipy.sparse.csgraph import minimum_spanning_tree
from slow_rips_steps import all_edges, empty_lunes, kruskal, lune_parts

from tda_latent.numerics.euclidean import transposed
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.reduced_rips.graph import ordered_graph
from tda_latent.numerics.reduced_rips.neighbourhood import nearest_neighbours, neighbours_kept, relative_neighbourhood
from tda_latent.numerics.reduced_rips.space import Space, eccentricities, fill_matrix, longest_edge

NOTHING = np.empty((0, 0))


def stored(lengths):
    return Space(np.ascontiguousarray(lengths, dtype=float), NOTHING, NOTHING)


def recomputed(points):
    near, _ = near_one(points)
    return Space(NOTHING, near, transposed(near))


def neighbours_of(space, size):
    table = np.zeros((size, neighbours_kept(size)), np.int32)
    nearest_neighbours(space, 0, size, table)
    return table


def graph_edges(space, size, reach=np.inf, centre=0, bounds=None):
    """The relative-neighbourhood graph by as many calls as there are ranges of rows."""
    bounds = [0, size] if bounds is None else bounds
    table = neighbours_of(space, size)
    parts = [relative_neighbourhood(space, reach, table, centre, rows) for rows in pairwise(bounds)]
    return np.concatenate([tails for tails, _ in parts]), np.concatenate([heads for _, heads in parts])


def test_positions_of_bits_are_those_of_whole_numbers():
    rng = np.random.default_rng(0)
    words = (
        [1 << k for k in range(64)] + [2**64 - 1] + [int(w) | 1 << 17 for w in rng.integers(0, 2**64, 50, np.uint64)]
    )
    low, high, alone = drivers.bit_positions(np.array(words, dtype=np.uint64))
    assert low.tolist() == [(word & -word).bit_length() - 1 for word in words]
    assert high.tolist() == [word.bit_length() - 1 for word in words]
    assert alone.tolist() == [word & -word for word in words], "a vertex has a bit in its own word"


def orders_of_edges():
    """Sizes, orders in which edges a < b of ranks enter, and of how many of them the lune is looked at."""
    rng = np.random.default_rng(1)
    for size, every in ((3, 1), (64, 1), (65, 1), (140, 3), (600, 499)):
        edges = np.stack(np.triu_indices(size, 1), axis=1)
        yield f"random {size}", size, edges[rng.permutation(len(edges))], every
    edges = np.stack(np.triu_indices(130, 1), axis=1)
    for spokes in (
        20,
        63,
        64,
        128,
        129,
    ):  # the centre is joined to a prefix first: the lune lies before it or sticks out
        early = (edges[:, 0] == 0) & (edges[:, 1] <= spokes)
        yield f"{spokes} spokes", 130, np.vstack([edges[early], rng.permutation(edges[~early])]), 2
    for name in ("g16", "circ64", "mix32"):
        lengths = distances(latents(name, 120))
        ranks = np.argsort(lengths[lengths.max(axis=1).argmin()], kind="stable")
        yield name, 120, all_edges(lengths[np.ix_(ranks, ranks)]), 1
    lengths = distances(grid(10, 10))  # many lunes torn in two and more
    ranks = np.argsort(lengths[44], kind="stable")
    yield "grid", 100, all_edges(lengths[np.ix_(ranks, ranks)]), 1
    bipartite = edges[(edges[:, 0] < 4) & (edges[:, 1] >= 4)]  # lunes without any edge: all vertices apart
    yield "bipartite", 130, np.vstack([bipartite, edges[(edges[:, 1] < 4)]]), 1


def test_components_of_lunes_are_those_of_a_search_vertex_by_vertex_whichever_way_they_are_found():
    ways_taken = set()
    several = 0
    for name, size, edges, every in orders_of_edges():
        ways, counts, parts = drivers.lune_trace(size, *edges.T.astype(np.int64), every)
        neighbours = [1 << v for v in range(size)]
        for k, (a, b) in enumerate(edges.tolist()):
            if k % every == 0:
                expected = lune_parts(neighbours, a, b)
                assert counts[k] == len(expected), (name, k)
                assert (ways[k] == drivers.NOTHING) == (not expected)
                ways_taken.add((int(ways[k]), len(expected) > 1))
                if len(expected) > 1:
                    several += len(expected) > 2
                    assert parts[k // every, : len(expected)].tolist() == expected, (name, k)
            neighbours[a] |= 1 << b
            neighbours[b] |= 1 << a
    searches = {(way, torn) for way in (drivers.PREFIX_SEARCH, drivers.CENTRE_SEARCH) for torn in (False, True)}
    assert ways_taken >= {(drivers.PREFIX_PROOF, False), (drivers.CENTRE_PROOF, False)} | searches
    assert several > 10


@pytest.mark.parametrize("size", [2, 3, 16, 17, 18, 33, 100])
@pytest.mark.parametrize("kind", ["cloud", "line", "duplicates", "gaps"])
def test_nearest_neighbours_are_the_nearest_and_sorted(size, kind):
    lengths = {
        "cloud": lambda: distances(latents("g16", size)),
        "line": lambda: distances(np.arange(float(size))[:, None]),
        "duplicates": lambda: distances(np.repeat(np.arange(float(size)), 3)[:size, None]),
        "gaps": lambda: whole_numbers(size, 30, 0, gaps=0.5),
    }[kind]()
    table = neighbours_of(stored(lengths), size)
    for a, row in enumerate(table.tolist()):
        others = np.sort(np.delete(lengths[a], a))[: len(row)]
        assert lengths[a, row].tolist() == others.tolist()
        assert len(set(row)) == len(row)
        assert a not in row or np.isinf(lengths[a, row]).any()


def test_nearest_neighbours_do_not_depend_on_how_rows_are_shared_out_or_on_whether_lengths_are_stored():
    points = latents("circ64", 90)
    near, _ = near_one(points)
    lengths = Space(np.empty((90, 90)), NOTHING, transposed(near))
    fill_matrix(lengths, 0, 90)
    whole = neighbours_of(lengths, 90)
    table = np.zeros_like(whole)
    for rows in ((0, 1), (1, 40), (40, 90)):
        nearest_neighbours(recomputed(points), *rows, table)
    assert np.array_equal(table, whole)


@pytest.mark.parametrize("name", TIES)
def test_the_relative_neighbourhood_graph_is_that_of_the_definition_under_the_order_of_edges(name):
    lengths = TIES[name]
    size = len(lengths)
    values = np.unique(lengths[np.isfinite(lengths)])
    longest = float(values[-1])
    for reach in {longest, float(values[len(values) // 2]), float(values[len(values) // 4]) * 1.01}:
        expected = empty_lunes(lengths, reach)
        for centre in (0, size - 1):
            tails, heads = graph_edges(stored(lengths), size, reach, centre)
            assert list(zip(tails.tolist(), heads.tolist(), strict=True)) == sorted(expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_relative_neighbourhood_graph_does_not_depend_on_how_rows_are_shared_out(seed):
    points = np.random.default_rng(seed).integers(0, 6, (60, 3)).astype(float)
    space = recomputed(points)
    expected = graph_edges(space, 60)
    assert set(zip(*map(np.ndarray.tolist, expected), strict=True)) == empty_lunes(distances(points))
    for bounds in ([0, 17, 60], [0, 1, 1, 59, 60]):
        shared = graph_edges(space, 60, bounds=bounds)
        assert np.array_equal(shared, expected)


def test_a_graph_with_far_more_edges_than_a_relative_neighbourhood_graph_of_points_fits():
    lengths = np.full((130, 130), 1.0)  # two halves joined completely, nothing inside: every lune is empty
    lengths[:65, :65] = lengths[65:, 65:] = np.inf
    np.fill_diagonal(lengths, 0)
    tails, heads = graph_edges(stored(lengths), 130)
    assert len(tails) == 65 * 65 > 16 * 130 + 64, "the room that is made at first is too small"
    assert np.array_equal(np.stack([tails, heads], axis=1), all_edges(lengths))


@pytest.mark.parametrize("name", TIES)
def test_edges_that_merge_are_those_of_kruskal_and_all_others_open_loops_in_order(name):
    lengths = TIES[name]
    space = stored(lengths)
    graph = ordered_graph(space, *graph_edges(space, len(lengths), float(lengths[np.isfinite(lengths)].max())))
    edges = all_edges(lengths)
    merging = edges[np.flatnonzero(kruskal(len(lengths), edges.tolist()))]
    found = np.stack([graph.tails, graph.heads], axis=1)
    assert np.array_equal(found[graph.births < 0], merging)
    assert graph.births[graph.births >= 0].tolist() == list(range(len(graph.opened)))
    assert np.array_equal(graph.opened, np.flatnonzero(graph.births >= 0))
    rows = {tuple(edge): place for place, edge in enumerate(edges.tolist())}
    assert [rows[tuple(edge)] for edge in found.tolist()] == sorted(rows[tuple(edge)] for edge in found.tolist())


def test_merging_lengths_are_those_of_a_spanning_tree_of_scipy():
    for seed in range(5):
        lengths = reals(60, seed)
        space = stored(lengths)
        graph = ordered_graph(space, *graph_edges(space, 60))
        tree = minimum_spanning_tree(lengths).data
        assert np.array_equal(graph.lengths[graph.births < 0], np.sort(tree))


@pytest.mark.parametrize(("size", "dimension"), [(1, 1), (2, 5), (65, 3), (150, 16), (700, 2)])
def test_recomputed_lengths_are_the_stored_ones_to_the_bit(size, dimension):
    points = np.random.default_rng(size).normal(size=(size, dimension))
    space = recomputed(points)
    pairs, rows = drivers.lengths_both_ways(space)
    matrix = Space(np.full((size, size), np.nan), NOTHING, space.cloud)
    for first, last in ((0, size // 3), (size // 3, size)):
        fill_matrix(matrix, first, last)
    assert np.array_equal(pairs, matrix.matrix)
    assert np.array_equal(pairs, pairs.T)
    assert not pairs.diagonal().any()
    upper = ~np.isnan(rows)
    assert np.array_equal(rows[upper], pairs[upper])
    assert np.array_equal(
        np.ldexp(np.sqrt(pairs), near_one(points)[1]), np.ldexp(distances(space.points), near_one(points)[1])
    )
    for kind in (space, matrix):
        longest = np.empty(size)
        eccentricities(kind, 0, size, longest)
        assert np.array_equal(longest, pairs.max(axis=1))
        assert longest_edge(kind) == pairs.max()


def test_the_longest_edge_leaves_out_those_that_never_enter():
    assert longest_edge(stored(TIES["no edge"])) == 0
    assert longest_edge(stored(TIES["gaps"])) == 9
