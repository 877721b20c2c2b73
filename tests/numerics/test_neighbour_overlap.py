"""Overlap of nearest neighbours: by sets, by hand, with ties, and what unrelated clouds give."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.numerics.neighbour_overlap import neighbour_overlaps, unrelated_overlap


def by_sets(first, second, k) -> np.ndarray:
    values = []
    for i in range(len(first)):
        near = []
        for cloud in (first, second):
            apart = np.linalg.norm(cloud - cloud[i], axis=1)
            others = [j for j in range(len(cloud)) if j != i]
            reach = sorted(apart[others])[k - 1]
            near.append({j for j in others if apart[j] <= reach})
        values.append(len(near[0] & near[1]) / len(near[0] | near[1]))
    return np.array(values)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_jaccard_index_of_sets(seed) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(30, 2)), rng.normal(size=(30, 5))
    if seed == 3:  # ties and duplicates: all of them are neighbours
        first, second = np.round(first), np.round(second)
    np.testing.assert_array_equal(neighbour_overlaps(first, second, 6).values, by_sets(first, second, 6))


def test_points_on_a_line_by_hand() -> None:
    """0, 1, 3, 7 against 0, 10, 11, 13: nearest neighbours 1 0 1 2 against 1 2 1 2."""
    first, second = np.array([[0.0], [1], [3], [7]]), np.array([[0.0], [10], [11], [13]])
    assert neighbour_overlaps(first, second, 1).values.tolist() == [1.0, 0.0, 1.0, 1.0]


def test_a_change_that_keeps_the_order_of_distances_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    np.testing.assert_array_equal(
        neighbour_overlaps(5 * first @ turn + 1, second, 7).values, neighbour_overlaps(first, second, 7).values
    )


def test_all_points_are_neighbours_when_k_is_the_rest() -> None:
    rng = np.random.default_rng(1)
    assert (neighbour_overlaps(rng.normal(size=(9, 2)), rng.normal(size=(9, 2)), 8).values == 1.0).all()


def sizes(count, *numbers) -> np.ndarray:
    return np.tile(np.array(numbers), (count, 1))


def test_unrelated_clouds_overlap_as_random_sets_do() -> None:
    rng = np.random.default_rng(2)
    means = [neighbour_overlaps(*rng.normal(size=(2, 50, 4)), 5).values.mean() for _ in range(200)]
    assert abs(np.mean(means) - unrelated_overlap(sizes(50, 5, 5))) < 4 * np.std(means, ddof=1) / np.sqrt(len(means))
    assert unrelated_overlap(sizes(3, 1, 1)) == pytest.approx(0.5)  # the neighbour is one of two
    assert unrelated_overlap(sizes(10, 9, 9)) == pytest.approx(1.0)
    assert unrelated_overlap(sizes(3, 2, 1)) == pytest.approx(0.5)  # both others, and one of them


def test_unrelated_clouds_of_few_distinct_points_overlap_as_their_reference_says() -> None:
    """Inputs dealt to three places in either cloud: neighbours share a place, and places have nothing in common."""
    rng = np.random.default_rng(4)
    gaps = []
    for _ in range(60):
        found = neighbour_overlaps(*(np.eye(3)[rng.integers(0, 3, 60)] for _ in range(2)), 5)
        assert found.sizes.min() > 5
        gaps.append(found.values.mean() - unrelated_overlap(found.sizes))
    assert abs(np.mean(gaps)) < 4 * np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert np.abs(gaps).max() < 0.1


def test_the_order_of_the_rows_is_irrelevant_to_ties_as_well() -> None:
    rng = np.random.default_rng(5)
    first, second, order = rng.integers(0, 3, (40, 2)) * 1.0, rng.integers(0, 3, (40, 2)) * 1.0, rng.permutation(40)
    np.testing.assert_array_equal(
        neighbour_overlaps(first[order], second[order], 4).values, neighbour_overlaps(first, second, 4).values[order]
    )


def test_a_matrix_that_is_no_cloud_is_refused() -> None:
    with pytest.raises(InvalidInput, match="infinite"):
        neighbour_overlaps(np.array([[0.0, np.inf], [np.inf, 0.0]]), np.eye(2), 1)


def test_blocks_of_rows_change_nothing(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    whole = neighbour_overlaps(first, second, 4).values
    monkeypatch.setattr("tda_latent.numerics.distance_blocks.BLOCK_ENTRIES", 100)
    np.testing.assert_array_equal(neighbour_overlaps(first, second, 4).values, whole)


def test_as_many_neighbours_as_inputs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="1 <= neighbours < 5"):
        neighbour_overlaps(np.zeros((5, 1)), np.zeros((5, 1)), 5)
