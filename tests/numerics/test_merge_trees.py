"""Trees of merge scales: an oracle, the ultrametric they stand for, and drawings without crossings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.trees import brackets, leaf_order, ultrametric_tree

tables = st.integers(2, 8).flatmap(
    lambda k: st.lists(st.floats(0, 100), min_size=k * (k - 1) // 2, max_size=k * (k - 1) // 2).map(squareform)
)
quick = settings(max_examples=40, deadline=None, derandomize=True)


@quick
@given(tables)
def test_heights_are_those_of_single_linkage(table: np.ndarray) -> None:
    tree = ultrametric_tree(table)
    oracle = linkage(squareform(table), "single")
    np.testing.assert_allclose(tree[:, 2], oracle[:, 2])
    np.testing.assert_allclose(cophenet(tree), cophenet(oracle))


@quick
@given(tables)
def test_the_tree_of_an_ultrametric_gives_the_ultrametric_back(table: np.ndarray) -> None:
    ultrametric = cophenet(linkage(squareform(table), "single"))
    np.testing.assert_allclose(cophenet(ultrametric_tree(squareform(ultrametric))), ultrametric)


@quick
@given(tables)
def test_every_branch_covers_neighbouring_leaves(table: np.ndarray) -> None:
    tree = ultrametric_tree(table)
    place = np.argsort(leaf_order(tree))
    leaves: dict[int, list[int]] = {k: [k] for k in range(len(table))}
    for row, (first, second, _, count) in enumerate(tree):
        joined = leaves[len(table) + row] = leaves[int(first)] + leaves[int(second)]
        assert np.ptp(place[joined]) == len(joined) - 1 == count - 1


def test_parts_that_never_merge_join_at_infinity_and_are_drawn_at_the_ceiling() -> None:
    tree = ultrametric_tree(np.array([[0, 1, np.inf], [1, 0, np.inf], [np.inf, np.inf, 0]]))
    np.testing.assert_array_equal(tree, [[0, 1, 1, 2], [2, 3, np.inf, 3]])
    lines = brackets(tree, leaf_order(tree), 5.0)
    np.testing.assert_array_equal(lines[1, 1:3, 1], [5.0, 5.0])


def test_a_bracket_stands_on_its_two_branches() -> None:
    lines = brackets(np.array([[0, 1, 2.0, 2], [2, 3, 4.0, 3]]), np.array([2, 0, 1]), 9.0)
    np.testing.assert_array_equal(lines[0], [[1, 0], [1, 2], [2, 2], [2, 0]])
    np.testing.assert_array_equal(lines[1], [[0, 0], [0, 4], [1.5, 4], [1.5, 2]])


def test_one_class_is_a_tree_of_one_leaf() -> None:
    tree = ultrametric_tree(np.array([[7.0]]))
    assert tree.shape == (0, 4)
    assert leaf_order(tree).tolist() == [0]
    assert brackets(tree, np.array([0]), 1.0).shape == (0, 4, 2)


@pytest.mark.parametrize(
    "table", [np.ones((2, 3)), np.empty((0, 0)), [[0, 1], [2, 0]], [[0, np.nan], [np.nan, 0]], [[0, -1], [-1, 0]]]
)
def test_a_table_that_is_no_table_of_merge_scales_is_refused(table: object) -> None:
    with pytest.raises(InvalidInput, match="merge scales"):
        ultrametric_tree(np.asarray(table))
