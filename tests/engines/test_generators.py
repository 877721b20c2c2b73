"""Cocycles are cocycles and span the cohomology, simplices have the lengths of their bars: by elimination."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_cochains import coboundary_matrix, independent_classes, vectors
from reference_loops import reference_loops
from reference_rips import reference_bars
from scipy.spatial.distance import pdist, squareform

from tda_latent.engines.generators import (
    component_generators,
    loop_generators,
    representatives_engine,
    rips_representatives,
)
from tda_latent.engines.gudhi_rips import gudhi_simplex_pairs
from tda_latent.engines.rips import completion, rips_bars
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.chains import bounding_scales, youngest_edge
from tda_latent.numerics.cochains import diameters
from tda_latent.records import PersistenceDiagram, Representatives

LITTLE = settings(max_examples=40, deadline=None, derandomize=True)


def shown(distances, max_degree=2, field=2, kind="cocycle", engine="ripser", cut=np.inf):
    cut = min(cut, completion(distances))
    pairs, _, found = rips_representatives(distances, cut, max_degree, field, kind, engine)
    return pairs, found


def bars_of(pairs, found, max_degree):
    return {d: sorted(map(tuple, pairs[found.degrees == d].tolist())) for d in range(max_degree + 1)}


@st.composite
def symmetric_matrices(draw, largest_size=7):
    size = draw(st.integers(2, largest_size))
    count = size * (size - 1) // 2
    entries = st.one_of(st.integers(0, 5).map(float), st.just(np.inf))
    return squareform(np.array(draw(st.lists(entries, min_size=count, max_size=count))), checks=False)


def assert_cocycles_span(distances, pairs, found, max_degree, field):
    """At every scale the cocycles of the bars alive there are a basis of the cohomology."""
    bars = reference_bars(distances, np.inf, max_degree, field)
    for degree in range(max_degree + 1):
        for scale in np.unique(distances[np.isfinite(distances)]):
            alive = np.flatnonzero((found.degrees == degree) & (pairs[:, 0] <= scale) & (scale < pairs[:, 1]))
            betti = sum(birth <= scale < death for birth, death in bars[degree])
            cochains = [found[bar][:2] for bar in alive]
            assert independent_classes(distances, cochains, scale, degree, field) == len(alive) == betti


@LITTLE
@given(distances=symmetric_matrices(), field=st.sampled_from([2, 3, 5]))
def test_cocycles_alive_at_a_scale_are_a_basis_of_its_cohomology(distances, field):
    pairs, found = shown(distances, 2, field)
    assert_cocycles_span(distances, pairs, found, 2, field)


def test_cocycles_span_where_there_is_something_in_degree_three():
    crosspolytope = squareform(pdist(np.vstack([np.eye(4), -np.eye(4)])))
    pairs, found = shown(crosspolytope, 3, 3)
    assert found.degrees.max() == 3
    assert_cocycles_span(crosspolytope, pairs, found, 3, 3)


@pytest.mark.parametrize("field", [2, 3])
def test_cocycles_of_a_cloud_span_at_every_tenth_scale(field):
    points = np.random.default_rng(3).normal(size=(22, 3))
    distances = squareform(pdist(points / np.linalg.norm(points, axis=1, keepdims=True)))
    pairs, found = shown(distances, 2, field)
    assert set(found.degrees.tolist()) == {0, 1, 2}
    for degree in (0, 1, 2):
        rows = np.flatnonzero(found.degrees == degree)
        for scale in np.quantile(distances, np.linspace(0.1, 0.7, 8)):
            alive = rows[(pairs[rows, 0] <= scale) & (scale < pairs[rows, 1])]
            cochains = [found[bar][:2] for bar in alive]
            assert independent_classes(distances, cochains, scale, degree, field) == len(alive)


@LITTLE
@given(distances=symmetric_matrices(), field=st.sampled_from([2, 3, 127]), cut=st.sampled_from([np.inf, 2.0]))
def test_a_cocycle_begins_at_its_birth_simplex_and_ends_on_its_killing_simplex(distances, field, cut):
    pairs, found = shown(distances, 2, field, cut=cut)
    for (birth, death), one in zip(pairs.tolist(), found, strict=True):
        lengths = diameters(one.simplices, distances)
        assert lengths.min() == birth == diameters(one.birth[None], distances)[0]
        assert lengths.max() < death
        assert one.birth.tolist() in one.simplices.tolist()
        if one.killing is not None:
            assert diameters(one.killing[None], distances)[0] == death
        assert (one.killing is None) == np.isinf(death)


@LITTLE
@given(distances=symmetric_matrices(), field=st.sampled_from([2, 3]), kind=st.sampled_from(["cocycle", "simplices"]))
def test_bars_with_representatives_are_the_bars(distances, field, kind):
    for engine in ["ripser"] if kind == "cocycle" else ["ripser", "gudhi"]:
        pairs, found = shown(distances, 2, field, kind, engine)
        assert bars_of(pairs, found, 2) == reference_bars(distances, np.inf, 2, field)


@pytest.mark.parametrize("engine", ["gudhi", "ripser"])
def test_simplices_of_a_pairing_have_the_lengths_of_their_bars_and_occur_once(engine):
    distances = squareform(pdist(np.random.default_rng(0).normal(size=(40, 4))))
    for cut in (np.inf, 2.0):
        pairs, found = shown(distances, 2, 3, "simplices", engine, cut)
        whole = PersistenceDiagram(*rips_bars(distances, min(cut, completion(distances)), 2, 3, "gudhi"), field=3)
        assert PersistenceDiagram(pairs, found.degrees, field=3) == whole
        for degree in range(3):
            rows = found.degrees == degree
            births, dying = found.births[rows, : degree + 1], rows & found.are_killed
            killers = found.killers[dying, : degree + 2]
            assert np.array_equal(diameters(births, distances), pairs[rows, 0])
            assert np.array_equal(diameters(killers, distances), pairs[dying, 1])
            assert np.isinf(pairs[rows & ~found.are_killed, 1]).all()
            assert len(np.unique(births, axis=0)) == len(births)
            assert len(np.unique(killers, axis=0)) == len(killers)
        assert len(found.simplices) == 0


def test_no_value_on_the_edge_that_enters_at_the_death_prolongs_a_cocycle():
    distances = squareform(pdist(np.random.default_rng(5).normal(size=(20, 3))))
    pairs, found = shown(distances, 1, 3)
    for bar in np.flatnonzero((found.degrees == 1) & found.are_killed):
        matrix, _, edges = coboundary_matrix(distances, pairs[bar, 1], 1)
        entering = [column for column, edge in enumerate(edges) if distances[edge] == pairs[bar, 1]]
        assert set(edges[entering[0]]) <= set(found[bar].killing.tolist())
        cochain = vectors([found[bar][:2]], edges)[:, 0]
        for value in range(3):
            cochain[entering] = value
            assert (matrix @ cochain % 3).any()


@LITTLE
@given(distances=symmetric_matrices())
def test_points_of_a_component_cycle_are_joined_at_the_death_and_not_before(distances):
    found = component_generators(distances, completion(distances), "cycle", 3)
    for (_, death), birth, killing, (rows, values) in zip(*found, strict=True):
        if killing is None:
            assert (rows, values.tolist()) == ([birth], [1])
            continue
        (younger,), (elder,) = rows
        assert values == [1, 2]
        assert [younger] == birth
        assert distances[tuple(killing)] == death
        assert together(distances, death)[younger] == together(distances, death)[elder]
        below = together(distances, np.nextafter(death, 0))
        assert below[younger] != below[elder]


def together(distances, scale):
    from scipy.sparse.csgraph import connected_components

    joined = (distances <= scale).astype(int)
    return connected_components(joined, directed=False)[1]


def assert_cycles_show_their_bars(distances, pairs, found):
    """Every cycle of degree 1 bounds at the death and not before, and its youngest edge opens the bar."""
    loops = np.flatnonzero(found.degrees == 1).tolist()
    assert bounding_scales(distances, [found[bar][:2] for bar in loops]).tolist() == pairs[loops, 1].tolist()
    for bar in loops:
        assert youngest_edge(found[bar].simplices, distances) == tuple(sorted(found[bar].birth.tolist()))
        assert distances[tuple(found[bar].birth)] == pairs[bar, 0]
        assert not found.are_killed[bar] or diameters(found[bar].killing[None], distances)[0] == pairs[bar, 1]


@LITTLE
@given(distances=symmetric_matrices())
def test_loops_with_their_killing_triangles_become_walks_of_the_bars(distances):
    cut = completion(distances)
    made = loop_generators(distances, reference_loops(distances, cut))
    assert sorted(made.pairs) == reference_bars(distances, cut, 1, 2)[1]
    record = Representatives.of("cycle", made.births, made.killers, made.chains)
    assert_cycles_show_their_bars(distances, np.array(made.pairs).reshape(-1, 2), record)


@LITTLE
@given(distances=symmetric_matrices(largest_size=9))
def test_cycles_of_the_reduced_engine_show_their_bars_on_any_symmetric_matrix(distances):
    pairs, found = shown(distances, 1, 2, "cycle", "reduced")
    assert bars_of(pairs, found, 1) == reference_bars(distances, np.inf, 1, 2)
    assert_cycles_show_their_bars(distances, pairs, found)


@pytest.mark.parametrize("decimals", [1, 12])
def test_cycles_of_clouds_show_their_bars_with_and_without_ties(decimals):
    distances = squareform(pdist(np.random.default_rng(0).normal(size=(70, 4)))).round(decimals)
    pairs, found = shown(distances, 1, 2, "cycle", "reduced")
    plain = PersistenceDiagram(*rips_bars(distances, completion(distances), 1, 2, "gudhi"))
    assert PersistenceDiagram(pairs, found.degrees) == plain
    assert_cycles_show_their_bars(distances, pairs, found)


def test_component_cocycles_of_a_chain_of_points_stay_short():
    found = component_generators(squareform(pdist(np.cumsum(np.arange(64.0))[:, None])), 1e9, "cocycle")
    assert sum(len(rows) for rows, _ in found.chains) <= 64 * 7


@pytest.mark.parametrize("kind", ["cocycle", "simplices"])
@pytest.mark.parametrize("engine", ["gudhi", "ripser"])
def test_one_point_and_coinciding_points_have_one_bar(kind, engine):
    if (kind, engine) == ("cocycle", "gudhi"):
        return
    for size in (1, 2, 5):
        pairs, _, found = rips_representatives(np.zeros((size, size)), 0.0, 2, 2, kind, engine)
        assert pairs.tolist() == [[0, np.inf]]
        assert found.births.tolist() == [[0]]
        assert not found.are_killed.any()


def test_what_no_engine_gives_is_refused_with_the_way_out():
    assert representatives_engine("cocycle", 1, 2) == representatives_engine("simplices", 3, 2) == "ripser"
    assert representatives_engine("simplices", 1, 131) == representatives_engine("simplices", 1, 2, "gudhi") == "gudhi"
    assert representatives_engine("cycle", 1, 2) == representatives_engine("cycle", 1, 2, "reduced") == "reduced"
    assert {representatives_engine(kind, 0, 46337) for kind in ("cycle", "cocycle", "simplices")} == {"spanning tree"}
    for kind, degree, field, engine, words in [
        ("cycle", 2, 2, "auto", "max_degree 2.*cocycles or simplices"),
        ("cycle", 1, 3, "auto", "field 3.*cocycles or simplices"),
        ("cycle", 1, 2, "gudhi", "engine is gudhi.*engine: auto"),
        ("cocycle", 1, 2, "gudhi", "engine is gudhi.*engine: auto"),
        ("cocycle", 1, 131, "auto", "field is 131.*simplices"),
        ("simplices", 1, 131, "ripser", "field is 131"),
        ("simplices", 1, 2, "reduced", "engine is reduced.*engine: auto"),
    ]:
        with pytest.raises(InvalidParameter, match=words):
            representatives_engine(kind, degree, field, engine)


def test_a_complex_too_large_for_memory_is_refused_before_it_is_built():
    with pytest.raises(InvalidInput, match=r"simplices up to dimension 3.*ripser, a threshold or a subsample"):
        gudhi_simplex_pairs(np.zeros((400, 400)), 1.0, 2, 2)
