"""One answer, however it is asked for: threads, stored lengths or not, batches, layouts; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from rips_clouds import SEVEN, TIES, distances, latents, reals, whole_numbers
from scipy.spatial.distance import squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.reduced_rips import degree_one, degree_one_batch, degree_one_of_matrix, interface, threads
from tda_latent.numerics.reduced_rips.batch import swept

ARRAYS = ("component_deaths", "births", "deaths", "birth_edges", "killers")


def assert_same(one, other):
    """All arrays, to the bit, and the columns that cycles are made of."""
    for name in ARRAYS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.radius == other.radius
    assert [column.tolist() for column in columns(one)] == [column.tolist() for column in columns(other)]


def columns(found):
    basis = found.basis
    return [basis.pool[basis.starts[loop] : basis.stops[loop]] for loop in basis.loops]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", ["g16", "circ64", "mix32", "sphere64"])
def test_threads_and_stored_lengths_change_no_bit_of_the_answer_for_points(name):
    points = latents(name, 110)
    alone = degree_one(points)
    assert len(alone.births)
    for count in (1, 2, 3):
        for is_stored in (True, False):
            assert_same(degree_one(points, None, count, is_stored), alone)
    cut = float(np.median(alone.deaths))
    below = degree_one(points, cut)
    assert np.isinf(below.deaths).any()
    for count in (2, 3):
        assert_same(degree_one(points, cut, count, is_stored=False), below)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", TIES)
def test_threads_change_no_bit_of_the_answer_among_ties_and_gaps(name):
    lengths = TIES[name]
    alone = degree_one_of_matrix(lengths)
    for count in (2, 3):
        assert_same(degree_one_of_matrix(lengths, threads=count), alone)


@pytest.mark.parametrize("block", [1, 63, 64, 65, 1000])
def test_the_size_of_the_blocks_that_threads_test_together_changes_no_bit(shared, block):
    shared.setattr(threads, "SHARED_BLOCK", block)
    for lengths in (whole_numbers(40, 6, 0), reals(40, 1)):
        assert_same(degree_one_of_matrix(lengths, threads=2), degree_one_of_matrix(lengths))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_more_threads_than_there_is_work_for_do_no_harm(shared, size):
    points = np.random.default_rng(0).normal(size=(size, 2))
    assert_same(degree_one(points, threads=7), degree_one(points))
    assert_same(degree_one_of_matrix(distances(points), threads=7), degree_one_of_matrix(distances(points)))


def test_counters_depend_on_the_input_alone(shared):
    for points in (latents("g16", 110), latents("circ64", 110)):
        counted = degree_one(points).counters
        assert degree_one(points, is_stored=False).counters == counted
        assert degree_one(points).counters == counted
        own = {"graph edges", "loops"}  # what is tested ahead of a death that is not known yet depends on the blocks
        for count in (2, 3):
            shared_out = degree_one(points, threads=count).counters
            assert shared_out.keys() == counted.keys()
            assert {name: shared_out[name] for name in own} == {name: counted[name] for name in own}


class Steps:
    """Counts how often the sweep of several threads lets edges enter without sorting them."""

    def __init__(self, shared):
        self.taken = {"join_scanned": 0, "join_bucket": 0}
        for name in self.taken:
            shared.setattr(threads, name, self._counted(name, getattr(threads, name)))

    def _counted(self, name, step):
        def counted(*given):
            self.taken[name] += 1
            return step(*given)

        return counted


def with_a_loop_that_never_dies(lengths):
    """Four more vertices, joined to nothing but each other in a square that is older than everything else."""
    size = len(lengths)
    wider = np.full((size + 4, size + 4), np.inf)
    wider[:size, :size] = lengths
    np.fill_diagonal(wider, 0)
    for a in range(4):
        b = (a + 1) % 4
        wider[size + a, size + b] = wider[size + b, size + a] = 1e-9
    return wider


def late_loops(size):
    """A cone over most vertices, with a loop early on, and loops through the others after nearly all edges of the cone.

    While the cone fills up no loop is alive: tens of buckets of edges that matter only later, for the lunes.
    """
    rng = np.random.default_rng(size)
    lengths = squareform(rng.uniform(2, 6, size * (size - 1) // 2), checks=False)
    lengths[0, 1:] = lengths[1:, 0] = 1.5
    early, late = range(1, 5), range(size - 12, size)
    lengths[0, early] = lengths[early, 0] = 2.1
    lengths[late] = np.where(rng.random((12, size)) < 0.03, rng.uniform(6, 7, (12, size)), np.inf)
    lengths[late, 0] = 7.5
    lengths[:, late] = lengths[late].T
    lengths[np.ix_(late, late)] = distances(rng.normal(size=(12, 2))) + 6
    for tip, far in ((5, 3.0), (6, 5.0)):  # components merge while edges enter unsorted
        lengths[tip] = lengths[:, tip] = np.inf
        lengths[tip, 0] = lengths[0, tip] = far
    for a, b in ((1, 2), (2, 3), (3, 4), (1, 4)):
        lengths[a, b] = lengths[b, a] = 1.0
    lengths[1, 3] = lengths[3, 1] = lengths[2, 4] = lengths[4, 2] = 2.2
    np.fill_diagonal(lengths, 0)
    return lengths


def test_stretches_without_a_loop_alive_are_passed_unsorted_and_nothing_is_lost(shared):
    """A loop that never dies has every edge sorted and every lune tested; all other bars are the same."""
    steps = Steps(shared)
    shared.setattr(threads, "SHARED_BLOCK", 4096)
    lengths = late_loops(600)
    found, watched = degree_one_of_matrix(lengths), degree_one_of_matrix(with_a_loop_that_never_dies(lengths))
    assert watched.counters["lunes tested"] > 3 * found.counters["lunes tested"]
    assert np.array_equal(watched.births, [1e-9, *found.births])
    assert np.array_equal(watched.deaths, [np.inf, *found.deaths])
    assert found.births[0] == 1
    assert (found.births > 6).sum() > 3
    assert_same(degree_one_of_matrix(lengths, threads=2), found)
    assert min(steps.taken.values()) > 0, steps.taken


@pytest.mark.parametrize("name", SEVEN)
def test_a_loop_that_never_dies_changes_no_other_bar(name):
    lengths = distances(latents(name, 200))
    found, watched = degree_one_of_matrix(lengths), degree_one_of_matrix(with_a_loop_that_never_dies(lengths))
    assert watched.counters["lunes tested"] > found.counters["lunes tested"]
    assert np.array_equal(watched.births, [1e-9, *found.births])
    assert np.array_equal(watched.deaths, [np.inf, *found.deaths])


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("size", [2, 3, 25, 80])
def test_a_batch_is_as_many_single_runs(size, count):
    cloud = np.random.default_rng(size).integers(-40, 40, (90, 3)).astype(float)
    cloud -= np.round(cloud.mean(axis=0))
    rng = np.random.default_rng(size)
    rows = np.stack([rng.choice(90, size, replace=False) for _ in range(7)])
    answers = degree_one_batch(cloud, rows, count)
    assert len(answers) == len(rows)
    near, exponent = near_one(cloud)
    for chosen, answer in zip(rows, answers, strict=True):
        single = degree_one(cloud[chosen])
        np.testing.assert_allclose(answer.component_deaths, single.component_deaths, rtol=1e-12)
        exact = degree_one_of_matrix(np.ldexp(distances(near[chosen]), exponent))  # a batch is centred as a whole
        for name in ("component_deaths", "births", "deaths"):
            assert np.array_equal(getattr(answer, name), getattr(exact, name)), name


@pytest.mark.parametrize("name", SEVEN)
def test_a_batch_of_latents_is_as_many_single_runs_up_to_the_last_digits(name):
    cloud = latents(name, 150)
    rows = np.stack([np.random.default_rng(k).choice(150, 60, replace=False) for k in range(4)])
    for chosen, answer in zip(rows, degree_one_batch(cloud, rows, 2), strict=True):
        single = degree_one(cloud[chosen])
        np.testing.assert_allclose(answer.component_deaths, single.component_deaths, rtol=1e-12)
        for one, other in ((answer.births, single.births), (answer.deaths, single.deaths)):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_batch_may_be_empty_of_single_points_of_the_same_points_or_in_any_layout():
    cloud = latents("g16", 30)
    assert degree_one_batch(cloud, np.empty((0, 9), dtype=int)) == []
    assert [len(answer.component_deaths) for answer in degree_one_batch(cloud, np.arange(4)[:, None])] == [0] * 4
    (same,) = degree_one_batch(cloud, np.zeros((1, 6), dtype=int))
    assert same.component_deaths.tolist() == [0.0] * 5
    assert len(same.births) == 0
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(30), (3, 1)), axis=1)[:, :20]
    for given in (rows.astype(np.int32), np.asfortranarray(rows), rows.tolist()):
        for one, other in zip(degree_one_batch(cloud, given), degree_one_batch(cloud, rows), strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_batch_with_more_loops_than_it_has_room_for_at_first_has_them_all():
    corners = np.stack(np.meshgrid(*[[0.0, 1.0]] * 8, indexing="ij"), axis=-1).reshape(-1, 8)  # n (d/2 - 1) + 1 loops
    many = np.tile(np.vstack([np.eye(6), -np.eye(6)]), 2).astype(float)
    for cloud, size in ((corners, 256), (many, 12)):
        rows = np.tile(np.arange(size), (3, 1))
        for answer in degree_one_batch(cloud, rows):
            assert np.array_equal(answer.births, degree_one(cloud).births)


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


LAYOUTS = {
    "float32": lambda array: array.astype(np.float32),
    "whole numbers": lambda array: array.astype(np.int64),
    "columns first": np.asfortranarray,
    "read-only": read_only,
    "every second": lambda array: np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards": lambda array: np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1],
    "big-endian": lambda array: array.astype(">f8"),
}


def specialisations():
    """How many times each function that Python calls is compiled or loaded, by its types."""
    called = {**vars(interface), **vars(threads), "swept": swept}
    return {name: len(made.signatures) for name, made in called.items() if isinstance(made, Dispatcher)}


def test_no_layout_of_the_input_changes_the_answer_or_compiles_anything_anew(shared):
    points = np.random.default_rng(0).integers(-9, 9, (40, 3)).astype(float)
    lengths = np.round(distances(points, "sqeuclidean"))
    rows = np.arange(40).reshape(4, 10)
    by_points, by_matrix, by_batch = degree_one(points), degree_one_of_matrix(lengths), degree_one_batch(points, rows)
    for count in (1, 2):  # everything that any of these needs is compiled from here on
        for is_stored in (True, False):
            degree_one(points, 3.0, count, is_stored)
        degree_one_of_matrix(lengths, 3.0, count)
    before = specialisations()
    assert len(before) > 10
    for made in LAYOUTS.values():
        for count in (1, 2):
            for is_stored in (True, False):
                assert_same(degree_one(made(points), None, count, is_stored), by_points)
            assert_same(degree_one_of_matrix(made(lengths), None, count), by_matrix)
        for one, other in zip(degree_one_batch(made(points), rows), by_batch, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert_same(degree_one(points, np.float32(np.inf)), by_points)
    assert_same(degree_one_of_matrix(lengths, 10**6), by_matrix)
    for cut in (3, np.float32(3), np.int64(3)):
        assert_same(degree_one_of_matrix(lengths, cut), degree_one_of_matrix(lengths, 3.0))
        assert_same(degree_one(points, cut), degree_one(points, 3.0))
    assert specialisations() == before


@pytest.mark.parametrize("made", [np.asarray, read_only])
def test_a_contiguous_matrix_of_float64_is_neither_copied_nor_written_to(monkeypatch, made):
    lengths = made(reals(30, 0))
    before = lengths.copy()
    spaces = []
    found_in = interface._found
    monkeypatch.setattr(interface, "_found", lambda space, *given: (spaces.append(space), found_in(space, *given))[1])
    degree_one_of_matrix(lengths)
    (space,) = spaces
    assert np.shares_memory(space.matrix, lengths)
    assert space.matrix.flags.writeable
    assert np.array_equal(lengths, before)
    assert lengths.flags.writeable == (made is np.asarray), "the array itself is as it was"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: degree_one(np.broadcast_to(0.0, (65_537, 10**9))),
        lambda: degree_one_of_matrix(np.broadcast_to(0.0, (65_537, 65_537))),
        lambda: degree_one_batch(np.zeros((2, 2)), np.broadcast_to(0, (10**9, 65_537))),
    ],
    ids=["points", "matrix", "batch"],
)
def test_more_points_than_a_key_can_name_are_refused_with_the_way_out_before_anything_is_made(ask):
    with pytest.raises(InvalidInput, match=r"65,537 points.*at most 65,536.*landmarks or a budget.*subsample"):
        ask()
