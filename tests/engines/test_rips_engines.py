"""Both engines against an oracle written from the definition, against each other, and on the known traps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_rips import euler_characteristic, reference_bars
from scipy.spatial.distance import pdist, squareform

from tda_latent.engines.rips import completion, component_bars, edges_up_to, enclosing_radius, rips_bars
from tda_latent.engines.ripser_rips import rank_marks

ENGINES = ("gudhi", "ripser")
LITTLE = settings(max_examples=60, deadline=None, derandomize=True)


def bars(distances, cut=None, max_degree=1, field=2, engine="gudhi"):
    """Bars by degree as sorted lists, like the oracle's."""
    cut = completion(distances) if cut is None else min(cut, completion(distances))
    pairs, degrees = rips_bars(distances, cut, max_degree, field, engine)
    kept = pairs[:, 0] < pairs[:, 1]
    return {degree: sorted(map(tuple, pairs[kept & (degrees == degree)].tolist())) for degree in range(max_degree + 1)}


@st.composite
def symmetric_matrices(draw, largest_size=7, with_gaps=True):
    """Small whole-number matrices, no metrics, full of ties and zeros; some edges never enter."""
    size = draw(st.integers(2, largest_size))
    entry = st.integers(0, 5).map(float)
    entries = st.one_of(entry, st.just(np.inf)) if with_gaps else entry
    count = size * (size - 1) // 2
    return squareform(np.array(draw(st.lists(entries, min_size=count, max_size=count))), checks=False)


@pytest.mark.parametrize("engine", ENGINES)
@LITTLE
@given(distances=symmetric_matrices(), field=st.sampled_from([2, 3, 5, 127]), degree=st.integers(0, 3))
def test_engines_equal_the_definition_on_any_symmetric_matrix(engine, distances, field, degree):
    assert bars(distances, None, degree, field, engine) == reference_bars(distances, np.inf, degree, field)


@pytest.mark.parametrize("engine", ENGINES)
@LITTLE
@given(distances=symmetric_matrices(), cut=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5, 5.0]))
def test_engines_equal_the_definition_below_any_cut(engine, distances, cut):
    assert bars(distances, cut, 2, 2, engine) == reference_bars(distances, cut, 2, 2)


@pytest.mark.parametrize("engine", ENGINES)
def test_degree_three_equals_the_definition_where_there_is_something_in_it(engine):
    rng = np.random.default_rng(0)
    for _ in range(3):
        flags = rng.integers(1, 4, 36).astype(float)  # random flag complexes on 9 vertices
        distances = squareform(flags)
        assert bars(distances, None, 3, 3, engine) == reference_bars(distances, np.inf, 3, 3)
    crosspolytope = squareform(pdist(np.vstack([np.eye(4), -np.eye(4)])))
    assert bars(crosspolytope, None, 3, 2, engine)[3] == reference_bars(crosspolytope, np.inf, 3, 2)[3]


@LITTLE
@given(distances=symmetric_matrices())
def test_the_spanning_tree_equals_the_definition_in_degree_zero(distances):
    for cut in (0.0, 2.0, completion(distances)):
        pairs = component_bars(distances, cut)[0]
        found = sorted(map(tuple, pairs[pairs[:, 0] < pairs[:, 1]].tolist()))
        assert found == reference_bars(distances, cut, 0)[0]


@LITTLE
@given(distances=symmetric_matrices(largest_size=6), scale=st.sampled_from([0.0, 1.0, 2.0, 4.0]))
def test_alternating_betti_numbers_are_the_euler_characteristic(distances, scale):
    found = bars(distances, 5.0, 4, 2)  # six vertices carry nothing above degree four
    betti = [sum(birth <= scale < death for birth, death in found[degree]) for degree in range(5)]
    assert sum((-1) ** degree * number for degree, number in enumerate(betti)) == euler_characteristic(distances, scale)


@LITTLE
@given(distances=symmetric_matrices(largest_size=6))
def test_beyond_the_completion_nothing_happens(distances):
    complete = completion(distances)
    assert bars(distances, complete, 2) == reference_bars(distances, np.inf, 2)
    assert complete <= distances[np.isfinite(distances)].max()


def clouds():
    rng = np.random.default_rng(1)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    sphere = rng.normal(size=(40, 3))
    return {
        "gaussian": rng.normal(size=(40, 5)),
        "lattice": grid,
        "polygon": np.stack([np.cos(angles), np.sin(angles)], axis=1),
        "cross-polytope": np.vstack([np.eye(5), -np.eye(5)]),
        "cube": np.stack(np.meshgrid(*[[0.0, 1.0]] * 3), axis=-1).reshape(-1, 3),
        "duplicates": np.repeat(rng.normal(size=(12, 2)), 3, axis=0),
        "sphere": sphere / np.linalg.norm(sphere, axis=1, keepdims=True),
        "near duplicates": np.vstack([rng.normal(size=(20, 3)), np.zeros((20, 3))]) + 1e-9 * rng.normal(size=(40, 3)),
        "tiny": 1e-60 * rng.normal(size=(30, 3)),
        "huge": 1e60 * rng.normal(size=(30, 3)),
        "line": rng.normal(size=(30, 1)),
    }


@pytest.mark.parametrize("name", list(clouds()))
@pytest.mark.parametrize("field", [2, 3])
def test_the_engines_agree_to_the_last_bit(name, field):
    distances = squareform(pdist(clouds()[name]))
    for cut in (None, float(np.quantile(distances, 0.3))):
        assert bars(distances, cut, 2, field, "gudhi") == bars(distances, cut, 2, field, "ripser")


def test_engines_return_lengths_of_edges_untouched_by_arithmetic():
    distances = squareform(pdist(clouds()["gaussian"]))
    lengths = {0.0, np.inf, *distances.ravel().tolist()}
    for engine in ENGINES:
        found = bars(distances, None, 2, 2, engine)
        assert {value for pairs in found.values() for bar in pairs for value in bar} <= lengths


def test_edges_that_never_enter_keep_components_and_loops_alive():
    square = np.array([[0, 1, np.inf, 1], [1, 0, 1, np.inf], [np.inf, 1, 0, 1], [1, np.inf, 1, 0]])
    apart = np.full((6, 6), np.inf)
    apart[:4, :4], apart[4:, 4:] = square, [[0, 2.0], [2.0, 0]]
    assert enclosing_radius(apart) == np.inf
    assert completion(apart) == 2.0
    for engine in ENGINES:
        found = bars(apart, None, 2, 2, engine)
        assert found[0] == [(0.0, 1.0)] * 3 + [(0.0, 2.0)] + [(0.0, np.inf)] * 2
        assert found[1] == [(1.0, np.inf)]


def test_a_cloud_without_any_edge_is_as_many_components():
    nothing = np.full((4, 4), np.inf)
    np.fill_diagonal(nothing, 0)
    for engine in ENGINES:
        assert bars(nothing, None, 2, 2, engine) == {0: [(0.0, np.inf)] * 4, 1: [], 2: []}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_few_points_and_a_high_degree_are_no_trouble(engine, size):
    distances = squareform(pdist(np.random.default_rng(size).normal(size=(size, 2))))
    assert bars(distances, None, 3, 2, engine) == reference_bars(distances, np.inf, 3, 2)


def test_points_that_coincide_are_one_component():
    for engine in ENGINES:
        assert bars(np.zeros((5, 5)), None, 2, 2, engine) == {0: [(0.0, np.inf)], 1: [], 2: []}


def test_edges_of_exactly_the_cut_enter():
    square = squareform(np.rint(pdist(np.array([[0.0, 0], [0, 1], [1, 1], [1, 0]])) ** 2))
    for engine in ENGINES:
        assert bars(square, 1.0, 1, 2, engine)[1] == [(1.0, np.inf)]
        assert bars(square, np.nextafter(2.0, 0), 1, 2, engine)[1] == [(1.0, np.inf)]
        assert bars(square, 2.0, 1, 2, engine)[1] == [(1.0, 2.0)]


def test_lengths_that_float32_cannot_tell_apart_keep_their_bars():
    points = np.array([[0.0], [1.0], [2.0 + 1e-12], [3.0 + 3e-12]])
    distances = squareform(pdist(points))
    for engine in ENGINES:
        deaths = [death for _, death in bars(distances, None, 1, 2, engine)[0]]
        assert deaths == [*sorted(np.diff(points[:, 0]).tolist()), np.inf]
        assert len(set(deaths)) == 4


def test_lengths_beyond_the_range_of_float32_are_kept():
    distances = squareform([1e-200, 1.0, 1e200])
    for engine in ENGINES:
        assert bars(distances, None, 0, 2, engine)[0] == [(0.0, 1e-200), (0.0, 1.0), (0.0, np.inf)]


def test_rank_marks_increase_and_are_finite_for_every_possible_count():
    marks = rank_marks(1000)
    assert marks.dtype == np.float32
    assert marks[0] == 0
    assert (np.diff(marks) > 0).all()
    last = (np.uint32(2**30 - 1) + np.float32(1.0).view(np.uint32)).view(np.float32)
    assert np.isfinite(last)


@pytest.mark.parametrize("field", [11, 61, 127])
def test_large_fields_agree_with_the_definition_in_both_engines(field):
    distances = squareform(np.random.default_rng(field).integers(1, 4, 28).astype(float))
    expected = reference_bars(distances, np.inf, 2, field)
    assert [bars(distances, None, 2, field, engine) for engine in ENGINES] == [expected, expected]


def test_the_largest_field_agrees_with_the_definition():
    distances = squareform(np.random.default_rng(2).integers(1, 4, 28).astype(float))
    for field in (131, 251, 257, 46337):
        assert bars(distances, None, 2, field) == reference_bars(distances, np.inf, 2, field)


def test_edges_are_counted_once_and_without_the_diagonal():
    distances = np.array([[0, 1.0, 3], [1, 0, 2], [3, 2, 0]])
    assert [edges_up_to(distances, cut) for cut in (0.0, 1.0, 2.5, 3.0)] == [0, 1, 2, 3]
