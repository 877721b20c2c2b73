"""Laws of the nerve, with all pairs of nodes as the oracle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.errors import InvalidInput
from tda_latent.numerics.nerve import class_counts, nerve_edges, pulled_back_cover

quick = settings(max_examples=80, deadline=None, derandomize=True)
SIZE = 12
clusters_of_rows = st.lists(st.sets(st.integers(0, SIZE - 1), min_size=1), max_size=12)


def flat(clusters):
    rows = [sorted(cluster) for cluster in clusters]
    return np.array(list(itertools.chain(*rows)), dtype=np.int64), np.cumsum([0, *map(len, rows)])


@quick
@given(clusters_of_rows)
def test_edges_are_exactly_the_pairs_that_share_points(clusters):
    edges, overlaps = nerve_edges(*flat(clusters), SIZE)
    shared = {(a, b): len(clusters[a] & clusters[b]) for a, b in itertools.combinations(range(len(clusters)), 2)}
    expected = {pair: count for pair, count in shared.items() if count}
    assert dict(zip(map(tuple, edges.tolist()), overlaps.tolist(), strict=True)) == expected
    assert edges.tolist() == sorted(edges.tolist())


@quick
@given(clusters_of_rows)
def test_class_counts_count_every_member_once(clusters):
    column = np.arange(SIZE) % 3
    classes, counts = class_counts(*flat(clusters), column)
    assert classes.tolist() == [0, 1, 2]
    expected = [[sum(column[row] == c for row in cluster) for c in range(3)] for cluster in clusters]
    assert counts.tolist() == expected


def test_clusters_come_by_patch_and_first_row_and_noise_is_told_from_small_clusters():
    points = np.zeros((7, 1))
    patches = (np.array([0, 1, 2, 3, 3, 4, 5, 6]), np.array([0, 4, 8]))
    answers = iter([np.array([5, -1, 5, 2]), np.array([0, 0, 1, -1])])
    found = pulled_back_cover(points, patches, lambda _: next(answers), min_points=2)
    assert found.members.tolist() == [0, 2, 3, 4]
    assert found.offsets.tolist() == [0, 2, 4]
    assert found.patches.tolist() == [0, 1]
    assert np.flatnonzero(found.is_noise).tolist() == [1, 6]  # 5 is in a small cluster, 3 is in a node


def test_clusters_with_the_same_members_in_two_patches_are_both_kept():
    patches = (np.array([0, 1, 0, 1]), np.array([0, 2, 4]))
    found = pulled_back_cover(np.zeros((2, 1)), patches, lambda points: np.zeros(len(points)))
    assert found.members.tolist() == [0, 1, 0, 1]
    assert nerve_edges(found.members, found.offsets, 2)[1].tolist() == [2]


def test_a_labeller_that_loses_points_is_refused():
    with pytest.raises(InvalidInput, match="labels of shape"):
        pulled_back_cover(np.zeros((2, 1)), (np.array([0, 1]), np.array([0, 2])), lambda _: np.zeros(1))


def test_a_patch_of_singletons_and_labels_of_any_size_are_sorted_in_linear_time():
    size = 200_000
    labels = np.random.default_rng(0).permutation(size) * 10**9
    found = pulled_back_cover(np.zeros((size, 1)), (np.arange(size), np.array([0, size])), lambda _: labels)
    np.testing.assert_array_equal(found.members, np.arange(size))
    assert len(found.offsets) == size + 1


def test_noise_everywhere_gives_no_node():
    found = pulled_back_cover(np.zeros((3, 1)), (np.arange(3), np.array([0, 3])), lambda points: np.full(3, -1))
    assert (len(found.members), found.offsets.tolist(), found.is_noise.all()) == (0, [0], True)


def test_a_thousand_nodes_on_a_line_need_no_pairwise_comparison():
    size = 100_000
    starts = np.arange(0, size - 1, 2)
    members = np.stack([starts, starts + 1, np.minimum(starts + 2, size - 1)], axis=1)
    rows = [np.unique(row) for row in members]
    edges, _ = nerve_edges(np.concatenate(rows), np.cumsum([0, *map(len, rows)]), size)
    assert len(edges) == len(starts) - 1
