"""Weighted metric spaces beside each other: distortion, profiles and an order that forgets the numbering."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from tda_latent.numerics.gromov import (
    Space,
    canonical_order,
    profile_costs,
    reordered,
    squared_distortion,
    uniform_space,
)


def space(seed, size=8, dimension=3) -> Space:
    points = np.random.default_rng(seed).normal(size=(size, dimension))
    return uniform_space(cdist(points, points))


def test_distortion_is_the_fourfold_sum() -> None:
    rng = np.random.default_rng(0)
    first, second = space(1, 5), space(2, 4)
    plan = rng.uniform(size=(5, 4))
    expected = sum(
        (first.lengths[i, k] - second.lengths[j, q]) ** 2 * plan[i, j] * plan[k, q]
        for i, k, j, q in itertools.product(range(5), range(5), range(4), range(4))
    )
    assert squared_distortion(first, second, plan) == pytest.approx(expected)


def test_both_forms_of_the_distortion_agree_on_couplings() -> None:
    first, second = space(1, 40), space(2, 30)
    spread = np.outer(first.weights, second.weights)
    squares = (first.lengths[:, None, :, None] - second.lengths[None, :, None, :]) ** 2
    assert squared_distortion(first, second, spread) == pytest.approx(float(squares.mean()))


def test_a_coupling_that_keeps_all_distances_has_no_distortion_at_all() -> None:
    first = space(3, 30)
    order = np.random.default_rng(4).permutation(30)
    plan = np.zeros((30, 30))
    plan[order, np.arange(30)] = 1 / 30
    assert squared_distortion(first, reordered(first, order), plan) == 0.0


@pytest.mark.parametrize("sizes", [(6, 6), (6, 4)])
def test_profiles_are_compared_by_the_wasserstein_distance_of_distances(sizes) -> None:
    first, second = space(5, sizes[0]), space(6, sizes[1])
    for i, j in itertools.product(range(sizes[0]), range(sizes[1])):
        repeated = [np.sort(np.repeat(row, 12 // len(row))) for row in (first.lengths[i], second.lengths[j])]
        assert profile_costs(first, second)[i, j] == pytest.approx(float(((repeated[0] - repeated[1]) ** 2).mean()))


def test_profiles_of_unequal_weights_shift_with_the_lengths() -> None:
    """One point at distance s of two others: the profile moves by s times the weight of the others."""
    weights = np.array([0.5, 0.25, 0.25])
    near, far = (
        Space(np.array([[0.0, s, s], [s, 0, s], [s, s, 0]]), weights) for s in (1.0, 3.0)
    )  # fmt: skip
    expected = wasserstein_distance([0, 1, 1], [0, 3, 3], weights, weights) * 2  # (3 - 1)^2 on half of the mass
    assert profile_costs(near, far)[0, 0] == pytest.approx(expected)


def test_the_order_of_points_is_forgotten_to_the_bit() -> None:
    first = space(7, 50)
    numbered = reordered(first, np.random.default_rng(8).permutation(50))
    again = [reordered(one, canonical_order(one)) for one in (first, numbered)]
    np.testing.assert_array_equal(again[0].lengths, again[1].lengths)
