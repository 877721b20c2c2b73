"""Bottleneck distances and matchings: every matching written out, all radii tried, known values, laws, libraries."""

from __future__ import annotations

import itertools
import tracemalloc

import gudhi
import gudhi.hera
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.errors import InvalidInput
from tda_latent.numerics.bottleneck import bottleneck_distance, bottleneck_distances, bottleneck_matching

C = np.array([[0.0, 2], [5, 8]])
D = np.array([[0.5, 2.1]])
EMPTY = np.empty((0, 2))


def best_matching(first, second) -> float:
    """The distance by trying every matching: bars to bars, or to their nearest point of the diagonal."""
    first, second = [tuple(p) for p in first], [tuple(p) for p in second]
    forever = [[b for b, d in pairs if d == np.inf] for pairs in (first, second)]
    if len(forever[0]) != len(forever[1]):
        return np.inf
    one, other = ([p for p in pairs if p[1] < np.inf] for pairs in (first, second))
    best = np.inf
    for choice in set(itertools.permutations([*range(len(other)), *([None] * len(one))], len(one))):
        moves = [
            (p[1] - p[0]) / 2 if j is None else float(np.abs(np.subtract(p, other[j])).max())
            for p, j in zip(one, choice, strict=True)
        ]
        moves += [(other[j][1] - other[j][0]) / 2 for j in range(len(other)) if j not in choice]
        for births in itertools.permutations(forever[1]):
            alive = [abs(b - c) for b, c in zip(forever[0], births, strict=True)]
            best = min(best, max(moves + alive, default=0.0))
    return best


def least_of_all_radii(first, second) -> float:
    """The distance between finite diagrams by trying all heights and all distances between bars, in a dense matrix."""
    moves = np.abs(first[:, None] - second[None]).max(axis=2)
    tall, wide = (np.diff(bars, axis=1).ravel() / 2 for bars in (first, second))
    radii = np.unique(np.concatenate([[0.0], tall, wide, moves.ravel()]))
    low, high = 0, len(radii) - 1
    while low < high:
        middle = (low + high) // 2
        near = moves <= radii[middle]
        if covers(near[tall > radii[middle]]) and covers(near.T[wide > radii[middle]]):
            high = middle
        else:
            low = middle + 1
    return float(radii[low])


def covers(near) -> bool:
    """Whether every row finds a column of its own, one augmenting path after the other."""
    row_of = np.full(near.shape[1], -1)
    for root in range(len(near)):
        parent, unseen, stack, free = {}, np.ones(near.shape[1], dtype=bool), [root], -1
        while stack and free < 0:
            row = stack.pop()
            for column in np.flatnonzero(near[row] & unseen):
                unseen[column], parent[column] = False, row
                if row_of[column] < 0:
                    free = column
                    break
                stack.append(row_of[column])
        if free < 0:
            return False
        while free >= 0:
            row = parent[free]
            held = np.flatnonzero(row_of == row)
            row_of[free] = row
            free = held[0] if len(held) else -1
    return True


def table(rows) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, 2)


# small integers make ties, repeated bars, bars of length zero and equal diagrams common
bar = st.tuples(st.integers(-2, 3), st.sampled_from([0, 1, 1, 2, 3, np.inf])).map(lambda p: (p[0], p[0] + p[1]))
diagrams = st.lists(bar, max_size=4).map(table)
real = st.floats(-5, 5, allow_nan=False, width=32)
generic_bar = st.tuples(real, st.floats(0.0, 4, width=32)).map(lambda p: (p[0], p[0] + p[1]))
generic = st.lists(generic_bar, max_size=4).map(table)
modest = settings(max_examples=120, deadline=None, derandomize=True)


@modest
@given(st.one_of(diagrams, generic), st.one_of(diagrams, generic))
def test_it_is_the_best_of_all_matchings(a, b) -> None:
    assert bottleneck_distance(a, b) == pytest.approx(best_matching(a, b), abs=1e-12)


def random_diagram(rng, kind: str, size: int) -> np.ndarray:
    births = rng.random(size)
    if kind == "ties":
        births = rng.integers(0, 4, size).astype(float)
        return np.column_stack([births, births + rng.integers(1, 4, size)])
    if kind == "grid":  # far from the diagonal: everything must be matched, if it can be
        births = rng.integers(0, 9, size).astype(float)
        return np.column_stack([births, births + rng.integers(12, 20, size)])
    if kind == "clusters":
        births = rng.normal(0, 0.01, size) + 20 * rng.integers(0, 2, size)
        return np.column_stack([births, births + 100 + rng.normal(0, 0.01, size)])
    if kind == "together":
        births = np.zeros(size)
    length = rng.exponential(0.1, size) + 3 * (kind == "long")
    return np.column_stack([births, births + length])


KINDS = ("scattered", "together", "long", "ties", "grid", "clusters")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(60, 60), (90, 40), (25, 70), (1, 30)])
def test_it_is_the_least_of_all_radii_to_the_last_bit(kind, sizes) -> None:
    rng = np.random.default_rng(sum(map(ord, kind)) + sizes[0])
    for _ in range(4):
        a, b = (random_diagram(rng, kind, size) for size in sizes)
        assert bottleneck_distance(a, b) == least_of_all_radii(a, b)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(400, 400), (500, 300)])
def test_gudhi_and_hera_agree(kind, sizes) -> None:
    rng = np.random.default_rng(sum(map(ord, kind)) + sizes[0])
    a, b = (random_diagram(rng, kind, size) for size in sizes)
    found = bottleneck_distance(a, b)
    assert found == pytest.approx(gudhi.bottleneck_distance(a, b), rel=1e-13)
    if kind not in ("ties", "grid"):  # Hera takes minutes on many equal distances
        assert found == pytest.approx(gudhi.hera.bottleneck_distance(a, b, delta=0), rel=1e-13)


@modest
@given(diagrams, diagrams, diagrams)
def test_it_is_a_metric(a, b, c) -> None:
    assert bottleneck_distance(a, b) == bottleneck_distance(b, a)
    assert bottleneck_distance(a, c) <= bottleneck_distance(a, b) + bottleneck_distance(b, c) + 1e-12
    same = sorted(map(tuple, a[a[:, 0] < a[:, 1]])) == sorted(map(tuple, b[b[:, 0] < b[:, 1]]))
    assert (bottleneck_distance(a, b) == 0.0) == same


@modest
@given(diagrams, diagrams, bar)
def test_the_same_bar_in_both_never_takes_them_apart(a, b, more) -> None:
    assert bottleneck_distance(np.vstack([a, [more]]), np.vstack([[more], b])) <= bottleneck_distance(a, b)


@modest
@given(diagrams, diagrams)
def test_order_of_bars_and_bars_of_length_zero_are_irrelevant(a, b) -> None:
    assert bottleneck_distance(np.vstack([a[::-1], [[1.5, 1.5]]]), b) == bottleneck_distance(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shift_changes_nothing_and_a_power_of_two_scales_every_bit(kind) -> None:
    rng = np.random.default_rng(5)
    a, b = random_diagram(rng, kind, 200), random_diagram(rng, kind, 150)
    plain = bottleneck_distance(a, b)
    assert bottleneck_distance(a + 4, b + 4) == pytest.approx(plain, rel=1e-12)
    assert bottleneck_distance(0.125 * a, 0.125 * b) == 0.125 * plain
    assert bottleneck_distance(2.0**600 * a, 2.0**600 * b) == 2.0**600 * plain


def test_known_values() -> None:
    unit = np.array([[0.0, 1.0]])
    assert bottleneck_distance(unit, EMPTY) == bottleneck_distance(EMPTY, unit) == 0.5
    assert bottleneck_distance(EMPTY, EMPTY) == 0.0
    assert bottleneck_distance(C, D) == 1.5


def test_essential_classes_are_matched_in_the_order_of_their_births() -> None:
    a = np.array([[0.0, np.inf], [10.0, np.inf], [1, 3]])
    b = np.array([[11.0, np.inf], [2.0, np.inf]])
    assert bottleneck_distance(a, b) == 2.0
    assert bottleneck_distance(np.vstack([a, [[4, 11]]]), b) == 3.5


def test_different_numbers_of_essential_classes_are_infinitely_far_apart() -> None:
    assert bottleneck_distance(np.array([[0.0, np.inf], [0, 1]]), np.array([[0.0, 1]])) == np.inf


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([[0, 1], [0, 2]], [[0, 2], [0, 1]]),
        ([[1, 1], [0, 1]], [[0, 1]]),
        ([[0, 1], [3, 3]], [[0, 1], [5, 5]]),
        ([[0, 1], [0, 1], [2, 3]], [[2, 3], [0, 1], [0, 1]]),
    ],
)
def test_the_inputs_on_which_hera_hangs_are_at_distance_exactly_zero(a, b) -> None:
    assert bottleneck_distance(table(a), table(b)) == 0.0


def test_equal_finite_parts_leave_the_distance_of_the_essential_births() -> None:
    assert bottleneck_distance(table([[0, np.inf], [0, 1]]), table([[0.3, np.inf], [0, 1]])) == 0.3


@pytest.mark.parametrize("bad", [[[0.0, np.nan]], [[np.nan, 1.0]], [[-np.inf, 1.0]], [[2.0, 1.0]], [[0.0, 1, 2]]])
def test_what_is_no_diagram_is_refused(bad) -> None:
    for distance in (bottleneck_distance, bottleneck_matching, lambda *pair: bottleneck_distances(pair)):
        with pytest.raises(InvalidInput):
            distance(np.array(bad), D)


@pytest.mark.parametrize(
    ("a", "b", "options", "value"),
    [
        (
            [[0.92, 1.17], [0.04, 0.08], [0.09, 0.37], [0.13, 0.18]],
            [[3.0, 3.26], [3.0, 5.89], [3.0, 4.02], [-3.0, -2.9]],
            {"e": 0}, 1.445,
        ),
        (
            [[0.793, 0.868], [0.911, 0.964], [0.207, 0.29]],
            [[0.363, 0.392], [0.205, 0.214], [0.176, 0.179], [0.236, 0.267]],
            {}, 0.0375,
        ),
    ],
)  # fmt: skip
def test_gudhis_bottleneck_distance_is_too_large_for_some_small_diagrams(a, b, options, value) -> None:
    """Everything goes to the diagonal here. Hera and all matchings agree; GUDHI's own search (3.13) does not."""
    a, b = table(a), table(b)
    assert bottleneck_distance(a, b) == pytest.approx(value, rel=1e-12)
    assert best_matching(a, b) == pytest.approx(value, rel=1e-12)
    assert gudhi.hera.bottleneck_distance(a, b, delta=0) == pytest.approx(value, rel=1e-12)
    assert gudhi.bottleneck_distance(a, b, **options) > 1.05 * value  # wrong


def test_bars_of_any_length_are_compared_without_overflow_or_underflow() -> None:
    a, b = np.array([[0.0, 1e-30], [3, 4]]), np.array([[1.0, 1.0 + 1e-15], [3, 4]])
    assert bottleneck_distance(a, b) == float(b[0, 1] - b[0, 0]) / 2
    assert bottleneck_distance(np.array([[0.0, 5e-324]]), EMPTY) > 0.0
    longest = np.array([[-1.7e308, 1.7e308], [0, 1]])
    assert bottleneck_distance(longest, np.array([[0.0, 1.5], [1, 2]])) == 1.7e308


def test_thousands_of_repeated_bars_are_no_trouble() -> None:
    rng = np.random.default_rng(0)
    a, b = (random_diagram(rng, "ties", size) for size in (5000, 2500))
    assert bottleneck_distance(a, b) in (1.0, 1.5)
    same, moved = np.tile([[0.0, 1], [1, 3]], (1500, 1)), np.tile([[0.0, 1.25], [1, 3]], (1500, 1))
    assert bottleneck_distance(same, moved) == 0.25
    assert bottleneck_distance(same[:-1], moved) == 1.0  # one (1, 3) too few


def test_a_chain_that_must_be_passed_on_end_to_end_moves_by_one_step() -> None:
    """Everything shifts by one place, because one end has a bar more and the other end one less."""
    places = np.arange(2000.0)
    chain = np.column_stack([places, places + 1e6])
    assert bottleneck_distance(chain[:-1], chain[1:]) == 1.0
    assert bottleneck_distance(chain, chain + 0.5) == 0.5
    assert bottleneck_distance(chain[:-50], chain[50:]) == 50.0


def test_many_bars_too_many_go_to_the_diagonal_the_shortest_first() -> None:
    rng = np.random.default_rng(2)
    few, many = (np.column_stack([rng.random(size), 10 + rng.random(size)]) for size in (600, 900))
    lengths = np.sort(many[:, 1] - many[:, 0])
    assert bottleneck_distance(few, many) == pytest.approx(lengths[299] / 2, rel=1e-12)


def test_memory_grows_with_the_bars_and_not_with_their_pairs() -> None:
    rng = np.random.default_rng(0)
    a, b = (random_diagram(rng, "scattered", 5000) for _ in range(2))
    bottleneck_distance(a[:50], b[:50])  # compiled before it is measured
    tracemalloc.start()
    bottleneck_distance(a, b)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1000 * 10_000  # a matrix of distances has 200 MB


def check_matching(a, b) -> None:
    distance, pairs = bottleneck_matching(a, b)
    assert distance == bottleneck_distance(a, b)
    for side, bars in enumerate((a, b)):
        expected = [k for k, (birth, death) in enumerate(bars) if birth < death and min(death, distance) < np.inf]
        assert sorted(pairs[pairs[:, side] >= 0, side]) == expected
    assert pairs.tolist() == sorted(pairs.tolist())
    for i, j in pairs:
        alone = b[j] if i < 0 else a[i]
        if min(i, j) < 0:
            assert 0.5 * alone[1] - 0.5 * alone[0] <= distance
        else:
            ends = [abs(x - y) if x != y else 0.0 for x, y in zip(a[i], b[j], strict=True)]
            assert max(ends) <= distance


@modest
@given(st.one_of(diagrams, generic), st.one_of(diagrams, generic))
def test_a_matching_names_every_bar_once_and_moves_none_farther_than_the_distance(a, b) -> None:
    check_matching(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_matchings_of_many_bars_attain_the_distance(kind) -> None:
    rng = np.random.default_rng(7)
    for sizes in ((300, 300), (200, 260), (5, 0)):
        check_matching(*(rng.permutation(random_diagram(rng, kind, size)) for size in sizes))


def test_all_pairs_are_the_single_distances_whatever_the_threads() -> None:
    rng = np.random.default_rng(3)
    family = [random_diagram(rng, kind, size) for kind in KINDS for size in (40, 90)]
    family += [EMPTY, family[0][::-1], np.vstack([family[1], [[0.2, np.inf]]]), np.array([[0.5, np.inf]])]
    found = bottleneck_distances(family)
    expected = [[bottleneck_distance(a, b) for b in family] for a in family]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(bottleneck_distances(family, threads=3), expected)
    assert bottleneck_distances([]).shape == (0, 0)
    with pytest.raises(InvalidInput, match="threads is 0"):
        bottleneck_distances(family, threads=0)


@pytest.mark.parametrize("degree", [0, 1])
def test_moving_every_point_a_little_moves_the_rips_diagram_at_most_twice_as_much(degree) -> None:
    rng = np.random.default_rng(3)
    angles = rng.uniform(0, 2 * np.pi, 25)
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    for size in (0.01, 0.1):
        moves = rng.normal(size=points.shape)
        moves *= size * rng.random((25, 1)) / np.linalg.norm(moves, axis=1, keepdims=True)
        one, other = rips_bars(points, degree), rips_bars(points + moves, degree)
        assert bottleneck_distance(one, other) <= 2 * np.linalg.norm(moves, axis=1).max() + 1e-12


def rips_bars(points, degree) -> np.ndarray:
    tree = gudhi.RipsComplex(points=points).create_simplex_tree(max_dimension=2)
    tree.compute_persistence(homology_coeff_field=2)
    return tree.persistence_intervals_in_dimension(degree)
