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
            near.append(set([j for j in np.argsort(apart, kind="stable").tolist() if j != i][:k]))
        values.append(len(near[0] & near[1]) / len(near[0] | near[1]))
    return np.array(values)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_jaccard_index_of_sets(seed) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(30, 2)), rng.normal(size=(30, 5))
    if seed == 3:  # ties and duplicates: the smaller rows are nearer
        first, second = np.round(first), np.round(second)
    np.testing.assert_array_equal(neighbour_overlaps(first, second, 6), by_sets(first, second, 6))


def test_points_on_a_line_by_hand() -> None:
    """0, 1, 3, 7 against 0, 10, 11, 13: nearest neighbours 1 0 1 2 against 1 2 1 2."""
    first, second = np.array([[0.0], [1], [3], [7]]), np.array([[0.0], [10], [11], [13]])
    assert neighbour_overlaps(first, second, 1).tolist() == [1.0, 0.0, 1.0, 1.0]


def test_a_change_that_keeps_the_order_of_distances_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    np.testing.assert_array_equal(
        neighbour_overlaps(5 * first @ turn + 1, second, 7), neighbour_overlaps(first, second, 7)
    )


def test_all_points_are_neighbours_when_k_is_the_rest() -> None:
    rng = np.random.default_rng(1)
    assert (neighbour_overlaps(rng.normal(size=(9, 2)), rng.normal(size=(9, 2)), 8) == 1.0).all()


def test_unrelated_clouds_overlap_as_random_sets_do() -> None:
    rng = np.random.default_rng(2)
    means = [neighbour_overlaps(*rng.normal(size=(2, 50, 4)), 5).mean() for _ in range(200)]
    assert abs(np.mean(means) - unrelated_overlap(50, 5)) < 4 * np.std(means, ddof=1) / np.sqrt(len(means))
    assert unrelated_overlap(3, 1) == pytest.approx(0.5)  # the neighbour is one of two
    assert unrelated_overlap(10, 9) == pytest.approx(1.0)


def test_blocks_of_rows_change_nothing(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    whole = neighbour_overlaps(first, second, 4)
    monkeypatch.setattr("tda_latent.numerics.distance_blocks.BLOCK_ENTRIES", 100)
    np.testing.assert_array_equal(neighbour_overlaps(first, second, 4), whole)


def test_as_many_neighbours_as_inputs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="1 <= neighbours < 5"):
        neighbour_overlaps(np.zeros((5, 1)), np.zeros((5, 1)), 5)
