"""The pieces of the bottleneck search: the tree of bars, its stock, lower bounds, covers at one radius."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.numerics import alternating_forest
from tda_latent.numerics.alternating_forest import least_radius, settle, unavoidable_radius
from tda_latent.numerics.bar_tree import LEAF_SIZE, bar_tree, move, near


def planted(bars):
    bars = np.asarray(bars, dtype=float)
    return bar_tree(bars, 0.5 * (bars[:, 1] - bars[:, 0]))


def scattered(rng, size: int, ties: bool) -> np.ndarray:
    bars = rng.integers(0, 4, (size, 2)).astype(float) if ties else rng.random((size, 2))
    return bars + np.array([0, 5])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 200), st.booleans(), st.integers(0, 10**6))
def test_the_nearest_bar_in_stock_is_found_whatever_was_taken(size, ties, seed) -> None:
    rng = np.random.default_rng(seed)
    bars = scattered(rng, size, ties)
    tree, rank = planted(bars)
    np.testing.assert_array_equal(tree.bars[:, :2], bars[rank])
    stock, left = tree.stock.copy(), np.ones(size, dtype=bool)
    for bar in rng.integers(0, size, 2 * size):
        move(tree, stock, bar, -1 if left[bar] else 1)
        left[bar] = not left[bar]
        birth, death = scattered(rng, 1, ties)[0]
        apart = np.abs(tree.bars[:, :2] - [birth, death]).max(axis=1)
        limit = rng.choice([0.0, 0.1, 1.0, np.inf])
        found, distance = near(tree, stock, birth, death, 0.0, limit)
        expected = apart[left & (apart <= limit)].min(initial=np.inf)
        assert (found < 0) == np.isinf(expected)
        if found >= 0:
            assert left[found]
            assert distance == apart[found] == expected
        enough, _ = near(tree, stock, birth, death, min(limit, 9.0), limit)
        assert (enough < 0) == (found < 0)


@pytest.mark.parametrize("size", [1, LEAF_SIZE, LEAF_SIZE + 1, 100, 1000])
def test_every_node_counts_and_encloses_its_bars(size) -> None:
    tree, _ = planted(scattered(np.random.default_rng(size), size, ties=size == 100))
    leaves = len(tree.boxes) // 2
    assert tree.stock[1] == size
    assert (tree.stock[1:leaves] == tree.stock[2 : 2 * leaves : 2] + tree.stock[3 : 2 * leaves : 2]).all()
    assert max(tree.stock[leaves : 2 * leaves]) <= LEAF_SIZE
    np.testing.assert_array_equal(tree.boxes[1, ::2], tree.bars[:, :2].min(axis=0))
    np.testing.assert_array_equal(tree.boxes[1, 1::2], tree.bars[:, :2].max(axis=0))
    assert (np.diff(tree.bars[tree.tallest, 2]) <= 0).all()


def test_the_unavoidable_radius_is_the_farthest_way_to_the_nearest_bar_or_the_diagonal() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.random((80, 2)) + np.array([0, 1]), rng.random((90, 2)) + np.array([0, 1])
    (rows, _), (columns, _) = planted(one), planted(other)
    apart = np.abs(one[:, None] - other[None]).max(axis=2).min(axis=1)
    expected = np.minimum(apart, rows.bars[np.argsort(planted(one)[1]), 2]).max()
    assert unavoidable_radius(rows, columns, columns.stock.copy(), 0.0) == expected
    assert unavoidable_radius(rows, columns, columns.stock.copy(), 2.0) == 2.0


def forest_of(rows, columns):
    return alternating_forest._forest(rows, columns, np.full(len(rows.bars), -1))


def test_a_chain_is_covered_at_its_radius_and_the_matching_is_consistent() -> None:
    places = np.arange(500.0)
    chain = np.column_stack([places, places + 1e4])
    (rows, _), (columns, _) = planted(chain[:-1]), planted(chain[1:])
    forest = forest_of(rows, columns)
    assert settle(rows, columns, forest, 1.0, 1.0) == 1.0
    partner, taker = forest.rows["partner"], forest.columns["taker"]
    assert sorted(partner) == list(range(499))
    assert (taker[partner] == np.arange(499)).all()
    assert (np.abs(rows.bars[:, 0] - columns.bars[partner, 0]) <= 1).all()


def test_a_tree_without_a_way_out_rises_to_the_next_distance_or_height_and_stops_at_the_ceiling() -> None:
    rows, _ = planted([[0, 100], [0, 100], [0, 90]])
    columns, _ = planted([[1, 100], [7, 100], [60, 200]])
    assert settle(rows, columns, forest_of(rows, columns), 1.0, 6.0) == 7.0
    assert settle(rows, columns, forest_of(rows, columns), 1.0, np.inf) == 45.0  # the shortest goes to the diagonal


@pytest.mark.parametrize("ties", [False, True])
def test_whether_larger_radii_are_tried_first_changes_nothing(ties, monkeypatch) -> None:
    rng = np.random.default_rng(4)
    for sizes in ((150, 150), (120, 200)):
        (one, _), (other, _) = (planted(scattered(rng, size, ties)) for size in sizes)
        found = set()
        for few in (0, 12, 10**6):
            monkeypatch.setattr(alternating_forest, "FEW", few)
            found |= {least_radius(one, other, 0.0)[0], least_radius(other, one, 0.0)[0]}
        assert len(found) == 1
