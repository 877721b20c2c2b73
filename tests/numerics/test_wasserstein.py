"""Wasserstein distances and matchings: every matching written out, proofs by prices, known values, laws, peers."""

from __future__ import annotations

import itertools

import gudhi.hera
import gudhi.wasserstein
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics import diagram_pairing, wasserstein
from tda_latent.numerics.bars import diagonal_distances
from tda_latent.numerics.diagram_pairing import COST_CEILING, cheapest_pairing, nearest_pairs
from tda_latent.numerics.nearest_bars import Move
from tda_latent.numerics.wasserstein import wasserstein_distance, wasserstein_matching

GROUNDS = (1, 2, "inf")
EXPONENTS = {1: 1.0, 2: 2.0, "inf": np.inf}
C = np.array([[0.0, 2], [5, 8]])
D = np.array([[0.5, 2.1]])
EMPTY = np.empty((0, 2))


def length(move, ground) -> float:
    return float(np.linalg.norm(np.asarray(move, dtype=float), np.inf if ground == "inf" else ground))


def to_diagonal(bar, ground) -> float:
    return length([(bar[1] - bar[0]) / 2, (bar[1] - bar[0]) / 2], ground)


def best_matching(first, second, order, ground) -> float:
    """The distance by trying every matching: bars to bars, or to their nearest point of the diagonal."""
    first, second = [tuple(p) for p in first], [tuple(p) for p in second]
    forever = [[b for b, d in pairs if d == np.inf] for pairs in (first, second)]
    if len(forever[0]) != len(forever[1]):
        return np.inf
    one, other = ([p for p in pairs if p[1] < np.inf] for pairs in (first, second))
    best = np.inf
    slots = [*range(len(other)), *([None] * len(one))]
    for choice in set(itertools.permutations(slots, len(one))):
        moves = [
            to_diagonal(p, ground) if j is None else length(np.subtract(p, other[j]), ground)
            for p, j in zip(one, choice, strict=True)
        ]
        moves += [to_diagonal(other[j], ground) for j in range(len(other)) if j not in choice]
        for births in itertools.permutations(forever[1]):
            alive = [abs(b - c) for b, c in zip(forever[0], births, strict=True)]
            best = min(best, sum(move**order for move in moves + alive))
    return float(best ** (1 / order))


def table(rows) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, 2)


def bars(rng, kind: str, size: int) -> np.ndarray:
    """Diagrams of one kind; two of the same kind are near each other or not, as the kind says."""
    births = rng.random(size)
    if kind == "scattered":
        return np.column_stack([births, births + rng.exponential(0.1, size)])
    if kind == "together":
        return np.column_stack([np.zeros(size), 0.01 + rng.random(size)])
    if kind == "long":  # the diagonal is far away
        return np.column_stack([births, 10 + rng.random(size)])
    if kind == "one long":
        return np.vstack([bars(rng, "scattered", size - 1), [[0.5, 1e6]]])
    births = rng.integers(0, 4, size).astype(float)  # ties
    return np.column_stack([births, births + rng.integers(1, 4, size)])


KINDS = ("scattered", "together", "long", "one long", "ties")
# small integers make ties, repeated bars, bars of length zero and equal diagrams common
bar = st.tuples(st.integers(-2, 3), st.sampled_from([0, 1, 1, 2, 3, np.inf])).map(lambda p: (p[0], p[0] + p[1]))
diagrams = st.lists(bar, max_size=4).map(table)
real = st.floats(-5, 5, allow_nan=False, width=32)
generic_bar = st.tuples(real, st.floats(0.0, 4, width=32)).map(lambda p: (p[0], p[0] + p[1]))
generic = st.lists(generic_bar, max_size=4).map(table)
modest = settings(max_examples=120, deadline=None, derandomize=True)


@modest
@given(
    st.one_of(diagrams, generic),
    st.one_of(diagrams, generic),
    st.sampled_from([1, 1.5, 2, 7]),
    st.sampled_from(GROUNDS),
)
def test_the_wasserstein_distance_is_the_best_of_all_matchings(a, b, order, ground) -> None:
    assert wasserstein_distance(a, b, order, ground) == pytest.approx(best_matching(a, b, order, ground), abs=1e-9)


@modest
@given(st.lists(st.integers(1, 5), max_size=4), st.lists(st.integers(1, 5), max_size=4), st.sampled_from([1, 2, 3]))
def test_bars_born_together_are_matched_as_well_as_by_all_matchings(a, b, order) -> None:
    one, other = (np.column_stack([np.full(len(deaths), 0.5), np.add(deaths, 0.5)]) for deaths in (a, b))
    found = wasserstein_distance(one, other, order, 2)
    assert found == pytest.approx(best_matching(one, other, order, 2), abs=1e-12)


@modest
@given(diagrams, diagrams, st.sampled_from([1, 2, 3]), st.sampled_from(GROUNDS))
def test_the_matching_costs_the_distance_and_names_every_bar_once(a, b, order, ground) -> None:
    distance, pairs = wasserstein_matching(a, b, order, ground)
    if distance == np.inf:
        a, b = (np.where(np.isinf(x[:, 1:]), x[:, :1], x) for x in (a, b))  # essential classes are left out
    for column, diagram in zip(pairs.T, (a, b), strict=True):
        assert sorted(column[column >= 0]) == list(np.flatnonzero(diagram[:, 0] < diagram[:, 1]))
    moves = []
    for i, j in pairs:
        if i < 0 or j < 0:
            moves.append(to_diagonal(a[i] if j < 0 else b[j], ground))
        else:
            forever = np.isinf(a[i, 1])
            assert forever == np.isinf(b[j, 1])
            moves.append(abs(a[i, 0] - b[j, 0]) if forever else length(a[i] - b[j], ground))
    if distance < np.inf:
        assert sum(move**order for move in moves) ** (1 / order) == pytest.approx(distance, abs=1e-12)


def priced(a, b, order, exponent):
    """The cheapest pairing in the plane and all costs written out."""
    near, nearest = nearest_pairs(a, b, exponent)
    falls = diagonal_distances(a, exponent), diagonal_distances(b, exponent)
    unit = float(np.minimum(np.concatenate(falls), nearest).max()) or 0.5  # ties: every bar has a twin
    pairing = cheapest_pairing(a, falls, near, Move(exponent, float(order), unit, COST_CEILING))
    kind = {1.0: "cityblock", 2.0: "euclidean"}.get(exponent, "chebyshev")
    return pairing, (cdist(a, b, kind) / unit) ** order, (falls[0] / unit) ** order, (falls[1] / unit) ** order


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("order", "ground"), [(1, "inf"), (1, 1), (2, 2), (3, 1)])
def test_prices_prove_that_no_matching_is_cheaper(kind, order, ground) -> None:
    """Linear programming duality: prices that no pair exceeds and that add up to the cost are a certificate."""
    rng = np.random.default_rng(KINDS.index(kind))
    a, b = bars(rng, kind, 260), bars(rng, kind, 230)
    pairing, costs, rises, falls = priced(a, b, order, EXPONENTS[ground])
    paired = np.flatnonzero(pairing.partner >= 0)
    columns = pairing.partner[paired]
    assert len(set(columns)) == len(columns)
    total = costs[paired, columns].sum() + np.delete(rises, paired).sum() + np.delete(falls, columns).sum()
    rounding = 1e-14 * total
    assert (pairing.prices[:, None] + pairing.other_prices[None] <= costs + rounding).all()
    assert (pairing.prices <= rises + rounding).all()
    assert (pairing.other_prices <= falls + rounding).all()
    assert pairing.prices.sum() + pairing.other_prices.sum() == pytest.approx(total, rel=1e-11)


@pytest.mark.parametrize("kind", ["scattered", "together", "long", "ties"])
@pytest.mark.parametrize("sizes", [(60, 60), (300, 140)])
def test_optimal_transport_agrees(kind, sizes) -> None:
    rng = np.random.default_rng(sizes[0])
    a, b = (bars(rng, kind, size) for size in sizes)
    for order, ground in itertools.product((1, 2), GROUNDS):
        found = wasserstein_distance(a, b, order, ground)
        transport = gudhi.wasserstein.wasserstein_distance(a, b, order=order, internal_p=EXPONENTS[ground])
        assert found == pytest.approx(transport, rel=1e-9)


def test_one_long_bar_in_both_changes_nothing_but_costs_optimal_transport_its_digits() -> None:
    rng = np.random.default_rng(60)
    a, b = bars(rng, "scattered", 60), bars(rng, "scattered", 60)
    long = [[0.5, 1e6]]
    plain = wasserstein_distance(a, b, 2, 2)
    assert wasserstein_distance(np.vstack([a, long]), np.vstack([b, long]), 2, 2) == pytest.approx(plain, rel=1e-12)
    transport = gudhi.wasserstein.wasserstein_distance(
        np.vstack([a, long]), np.vstack([b, long]), order=2, internal_p=2
    )
    assert transport > 1.001 * plain


def test_hera_is_never_below_and_at_most_its_error_above() -> None:
    rng = np.random.default_rng(0)
    for kind, order, ground in itertools.product(("scattered", "long", "ties"), (1, 2, 3), GROUNDS):
        a, b = bars(rng, kind, 60), bars(rng, kind, 50)
        found = wasserstein_distance(a, b, order, ground)
        rough = gudhi.hera.wasserstein_distance(a, b, order=order, internal_p=EXPONENTS[ground], delta=0.1)
        assert found * (1 - 1e-12) <= rough <= 1.1 * found


@modest
@given(diagrams, diagrams, diagrams, st.sampled_from([1, 2]), st.sampled_from(GROUNDS))
def test_it_is_a_metric(a, b, c, order, ground) -> None:
    def distance(x, y) -> float:
        return wasserstein_distance(x, y, order, ground)

    assert distance(a, b) == distance(b, a)
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-12
    same = sorted(map(tuple, a[a[:, 0] < a[:, 1]])) == sorted(map(tuple, b[b[:, 0] < b[:, 1]]))
    assert (distance(a, b) == 0.0) == same


@modest
@given(diagrams, diagrams)
def test_a_higher_order_never_gives_a_larger_distance(a, b) -> None:
    values = [wasserstein_distance(a, b, order, "inf") for order in (1, 2, 4, 8, 16)]
    assert all(low <= high + 1e-9 for high, low in itertools.pairwise(values))


@modest
@given(diagrams, diagrams, st.sampled_from(GROUNDS))
def test_order_of_bars_and_bars_of_length_zero_are_irrelevant(a, b, ground) -> None:
    shuffled = np.vstack([a[::-1], [[1.5, 1.5]]])
    assert wasserstein_distance(shuffled, b, 2, ground) == wasserstein_distance(a, b, 2, ground)


@modest
@given(diagrams, diagrams, st.sampled_from([1, 2]))
def test_a_shift_changes_nothing_and_a_scaling_scales(a, b, order) -> None:
    plain = wasserstein_distance(a, b, order, 2)
    assert wasserstein_distance(a + 4, b + 4, order, 2) == pytest.approx(plain, abs=1e-12)
    assert wasserstein_distance(0.5 * a, 0.5 * b, order, 2) == pytest.approx(0.5 * plain, abs=1e-12)


def test_one_bar_against_nothing_moves_to_the_diagonal() -> None:
    unit = np.array([[0.0, 1.0]])
    assert wasserstein_distance(unit, EMPTY, 2, 2) == pytest.approx(1 / np.sqrt(2))
    assert wasserstein_distance(unit, EMPTY, 1, 1) == 1.0
    assert wasserstein_distance(EMPTY, unit, 1, "inf") == 0.5
    assert wasserstein_matching(EMPTY, unit, 1, "inf")[1].tolist() == [[-1, 0]]
    assert wasserstein_matching(EMPTY, EMPTY, 1, "inf")[1].shape == (0, 2)


@pytest.mark.parametrize(
    ("order", "ground", "value"),
    [
        (1, 1, 0.6 + 3), (1, 2, np.sqrt(0.26) + 3 / np.sqrt(2)), (1, "inf", 2.0),
        (2, 1, np.sqrt(0.36 + 9)), (2, 2, np.sqrt(0.26 + 4.5)), (2, "inf", np.sqrt(0.25 + 2.25)),
    ],
)  # fmt: skip
def test_order_and_ground_change_the_distance_from_1_58_to_3_6(order, ground, value) -> None:
    distance, pairs = wasserstein_matching(C, D, order, ground)
    assert distance == pytest.approx(value, rel=1e-14)
    assert pairs.tolist() == [[0, 0], [1, -1]]


def test_essential_classes_are_matched_in_the_order_of_their_births() -> None:
    a = np.array([[0.0, np.inf], [10.0, np.inf], [1, 3]])
    b = np.array([[11.0, np.inf], [2.0, np.inf]])
    assert wasserstein_distance(a, b, 1, "inf") == 2 + 1 + 1
    assert wasserstein_distance(a, b, 2, 2) == pytest.approx(np.sqrt(4 + 1 + 2))
    assert wasserstein_matching(a, b, 2, 2)[1].tolist() == [[0, 1], [1, 0], [2, -1]]


def test_different_numbers_of_essential_classes_are_infinitely_far_apart() -> None:
    a, b = np.array([[0.0, np.inf], [0, 1]]), np.array([[0.0, 1]])
    distance, pairs = wasserstein_matching(b, a, 2, 2)
    assert distance == np.inf
    assert pairs.tolist() == [[0, 1]]


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
    assert all(wasserstein_distance(table(a), table(b), 2, ground) == 0.0 for ground in GROUNDS)


def test_equal_finite_parts_leave_the_distance_of_the_essential_births() -> None:
    a, b = table([[0, np.inf], [0, 1]]), table([[0.3, np.inf], [0, 1]])
    assert wasserstein_distance(a, b, 2, 2) == 0.3


@pytest.mark.parametrize("bad", [[[0.0, np.nan]], [[np.nan, 1.0]], [[-np.inf, 1.0]], [[2.0, 1.0]], [[0.0, 1, 2]]])
def test_what_is_no_diagram_is_refused(bad) -> None:
    with pytest.raises(InvalidInput):
        wasserstein_distance(C, np.array(bad), 1, 2)


def test_a_tiny_change_of_long_bars_keeps_its_digits() -> None:
    rng = np.random.default_rng(0)
    a = np.column_stack([np.arange(50.0), np.arange(50) + 1000.0])
    moves = rng.uniform(1e-9, 2e-9, 50)
    b = a + np.column_stack([np.zeros(50), moves])
    exact = float(np.linalg.norm(b[:, 1] - a[:, 1]))
    assert wasserstein_distance(a, b, 2, 2) == pytest.approx(exact, rel=1e-12)


def test_very_short_bars_far_apart_go_to_the_diagonal_without_overflow() -> None:
    a, b = np.array([[0.0, 1e-30]]), np.array([[1.0, 1.0 + 1e-15]])
    assert wasserstein_distance(a, b, 16, "inf") == pytest.approx(float(b[0, 1] - b[0, 0]) / 2)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150, 1e299])
@pytest.mark.parametrize("order", [1, 2, 16])
def test_costs_of_any_size_are_weighed(scale, order) -> None:
    """One bar too many: it pays a price that is astronomical beside the moves of the others, or next to nothing."""
    a = np.array([[0.0, 1.0], [3.0, 4.0], [3.0, 4.25]]) * scale
    b = np.array([[0.0, 1.5], [3.0, 4.0]]) * scale
    far = np.vstack([a, [[0.0, 1e306]]])
    for ground in GROUNDS:
        expected = best_matching(a / scale, b / scale, order, ground) * scale
        assert wasserstein_distance(a, b, order, ground) == pytest.approx(expected, rel=1e-12)
        assert wasserstein_distance(far, b, order, ground) == pytest.approx(
            to_diagonal([0.0, 1.0], ground) * 1e306, rel=1e-5
        )


def test_repeated_bars_that_differ_by_next_to_nothing_are_told_apart() -> None:
    """Every bar has a twin at distance 0, but not as many; the moves that are left are 1e-200 and 1e-190."""
    a = np.array([[0.0, 1], [0, 1], [1e-200, 1], [5, 6]])
    b = np.array([[0.0, 1], [1e-200, 1], [1e-200, 1], [5, 6]])
    assert wasserstein_distance(a, b, 2, "inf") == pytest.approx(1e-200)
    c = np.array([[0.0, 1], [0, 1], [1e-200, 1], [1e-190, 1]])
    d = np.array([[0.0, 1], [1e-200, 1], [1e-200, 1], [1e-190, 1]])
    assert wasserstein_distance(c, d, 2, "inf") == pytest.approx(1e-200)


def test_costs_spread_over_six_hundred_orders_of_magnitude_are_matched_like_by_optimal_transport() -> None:
    rng = np.random.default_rng(0)
    a, b = (np.sort(10.0 ** rng.uniform(-300, 300, (150, 2)), axis=1) for _ in range(2))
    found = wasserstein_distance(a, b, 1, "inf")
    transport = gudhi.wasserstein.wasserstein_distance(a / 1e300, b / 1e300, order=1, internal_p=np.inf)
    assert found / 1e300 == pytest.approx(transport, rel=1e-9)
    assert np.isfinite(wasserstein_distance(a, b, 16, 2))


@pytest.mark.parametrize("order", [1, 2])
def test_thousands_of_repeated_bars_are_no_trouble(order) -> None:
    rng = np.random.default_rng(0)
    a, b = (bars(rng, "ties", size) for size in (1500, 900))
    found = wasserstein_distance(a, b, order, "inf")
    # transport of masses: 12 different bars on each side
    points, mass = np.unique(a, axis=0, return_counts=True)
    others, other_mass = np.unique(b, axis=0, return_counts=True)
    assert len(points) <= 12 >= len(others)
    costs = np.pad(cdist(points, others, "chebyshev"), (0, 1)) ** order
    costs[:-1, -1], costs[-1, :-1] = (
        ((points[:, 1] - points[:, 0]) / 2) ** order,
        ((others[:, 1] - others[:, 0]) / 2) ** order,
    )
    import ot

    plan = ot.emd2(np.append(mass, 900.0), np.append(other_mass, 1500.0), costs)
    assert found == pytest.approx(plan ** (1 / order), rel=1e-9)


def test_bars_all_born_together_keep_their_order_in_blocks_of_rows() -> None:
    """Dynamic programming over rows of the table is redone from rows that were kept."""
    rng = np.random.default_rng(1)
    a, b = bars(rng, "together", 101), bars(rng, "together", 57)
    distance, pairs = wasserstein_matching(a, b, 2, 2)
    both = pairs[(pairs >= 0).all(axis=1)]
    deaths = np.column_stack([a[both[:, 0], 1], b[both[:, 1], 1]])
    assert (np.diff(deaths[np.argsort(deaths[:, 0])][:, 1]) > 0).all()
    shifted = (np.vstack([x, [[5.0, 9.0]]]) for x in (a, b))  # now in the plane, by the other method
    assert wasserstein_distance(*shifted, 2, 2) == pytest.approx(distance, rel=1e-12)


def test_a_few_pairs_of_many_are_looked_at(monkeypatch) -> None:
    """3000 bars against 3000 are 9 million pairs; at most 30 for each bar prove the answer, in a bounded search."""
    rng = np.random.default_rng(0)
    a, b = bars(rng, "scattered", 3000), bars(rng, "scattered", 3000)
    monkeypatch.setattr(diagram_pairing, "ARCS", 90_000)
    monkeypatch.setattr(diagram_pairing, "EFFORT", 60_000_000)
    exact = wasserstein_distance(a, b, 1, "inf")
    assert 0 < exact < 3000 * 0.1


def test_too_much_work_is_refused_with_a_remedy(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    a, b = bars(rng, "long", 50), bars(rng, "long", 40)
    monkeypatch.setattr(diagram_pairing, "EFFORT", 50)
    with pytest.raises(InvalidInput, match=r"40 bars against 50.*sliced-wasserstein"):
        wasserstein_distance(a, b, 1, 2)
    monkeypatch.setattr(wasserstein, "LINE_PAIRS", 5)
    with pytest.raises(InvalidInput, match=r"born together.*sliced-wasserstein"):
        wasserstein_distance(bars(rng, "together", 3), bars(rng, "together", 2), 1, 2)
