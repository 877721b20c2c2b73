"""Gromov-Wasserstein couplings: brute force over permutations, isometries, bounds and one-point spaces."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.engines.optimal_transport import Search, fused_gromov, lower_bound, transport_plan
from tda_latent.errors import MissingLibrary
from tda_latent.numerics.gromov import Space, reordered, uniform_space

PLAIN = Search(structure=1.0, starts=4, seed=0)


def space(seed, size=6, dimension=2) -> Space:
    points = np.random.default_rng(seed).normal(size=(size, dimension))
    return uniform_space(cdist(points, points))


def best_permutation(first, second, costs=None, structure=1.0) -> float:
    """Least objective over all one-to-one couplings: an upper bound of the distance."""
    size = len(first.weights)
    found = []
    for order in map(list, itertools.permutations(range(size))):
        apart = ((first.lengths - second.lengths[np.ix_(order, order)]) ** 2).mean()
        feature = 0.0 if costs is None else costs[np.arange(size), order].mean()
        found.append(structure * apart + (1 - structure) * feature)
    return float(np.sqrt(min(found)))


@pytest.mark.parametrize("seed", range(4))
def test_transport_is_the_linear_program(seed) -> None:
    rng = np.random.default_rng(seed)
    costs, first, second = rng.uniform(size=(4, 5)), rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(5))
    rows = np.kron(np.eye(4), np.ones(5)), np.kron(np.ones(4), np.eye(5))
    least = linprog(costs.ravel(), A_eq=np.vstack(rows), b_eq=np.concatenate([first, second])).fun
    assert (transport_plan(costs, first, second) * costs).sum() == pytest.approx(least)


@pytest.mark.parametrize("seed", range(6))
def test_more_starts_come_closer_and_enough_beat_the_best_permutation(seed) -> None:
    first, second = space(seed), space(seed + 100)
    few, some, many = (fused_gromov(first, second, None, Search(1.0, starts, 0)) for starts in (0, 10, 200))
    assert lower_bound(first, second) - 1e-12 <= many <= some <= few
    assert many <= best_permutation(first, second) + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_features_are_mixed_in_and_can_be_all_that_counts(seed) -> None:
    first, second = space(seed), space(seed + 100)
    costs = np.random.default_rng(seed).uniform(size=(6, 6))
    half = fused_gromov(first, second, costs, Search(0.5, 200, 0))
    assert half <= best_permutation(first, second, costs, 0.5) + 1e-9
    rows, columns = linear_sum_assignment(costs)
    nearly = fused_gromov(first, second, costs, Search(1e-9, 0, 0))
    assert nearly == pytest.approx(np.sqrt(costs[rows, columns].mean()), rel=1e-6)


@pytest.mark.parametrize("size", [2, 7, 25])
def test_isometric_spaces_are_at_zero_in_any_numbering(size) -> None:
    first = space(size, size)
    numbered = reordered(first, np.random.default_rng(1).permutation(size))
    assert fused_gromov(first, numbered, None, PLAIN) == pytest.approx(0.0, abs=1e-12)


def test_a_space_of_full_symmetry_is_at_zero_of_itself() -> None:
    angles = 2 * np.pi * np.arange(12) / 12
    polygon = np.column_stack([np.cos(angles), np.sin(angles)])
    same = uniform_space(cdist(polygon, polygon))
    assert fused_gromov(same, same, None, Search(1.0, 0, 0)) == pytest.approx(0.0, abs=1e-7)


def test_the_distance_to_one_point_is_the_root_mean_square_distance() -> None:
    first, point = space(3), Space(np.zeros((1, 1)), np.ones(1))
    assert fused_gromov(first, point, None, PLAIN) == pytest.approx(np.sqrt((first.lengths**2).mean()))


def test_two_pairs_of_points_differ_by_their_lengths() -> None:
    """Lengths 1 and 3, weights one half: the distance is the root of 2 * (1/4) * (3 - 1)^2."""
    short, long = (uniform_space(np.array([[0.0, s], [s, 0]])) for s in (1.0, 3.0))
    assert fused_gromov(short, long, None, PLAIN) == pytest.approx(np.sqrt(2.0))


def test_points_that_are_counted_twice_are_points_of_twice_the_weight() -> None:
    lengths = space(4).lengths
    heavy = Space(lengths, np.array([2, 1, 1, 1, 1, 1]) / 7)
    doubled = np.array([0, 0, 1, 2, 3, 4, 5])
    assert fused_gromov(heavy, uniform_space(lengths[np.ix_(doubled, doubled)]), None, PLAIN) == pytest.approx(
        0.0, abs=1e-7
    )


def test_swapping_the_spaces_changes_no_bit() -> None:
    first, second = space(5, 9), space(6, 7)
    costs = np.random.default_rng(0).uniform(size=(9, 7))
    assert fused_gromov(first, second, costs, Search(0.5, 3, 1)) == fused_gromov(
        second, first, costs.T, Search(0.5, 3, 1)
    )


def test_without_pot_the_error_names_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(MissingLibrary, match=r"tda-latent\[transport\]"):
        transport_plan(np.zeros((2, 2)), np.full(2, 0.5), np.full(2, 0.5))


def cycle(size) -> np.ndarray:
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return np.minimum(steps, size - steps).astype(float)


@pytest.mark.parametrize("shape", ["cube", "permutations", "torus", "cycle"])
def test_spaces_in_which_all_points_are_alike_are_at_zero_of_themselves_in_any_numbering(shape) -> None:
    """Profiles of distances are equal everywhere there, and a search from them ends at 0.2 to 0.8."""
    torus = np.kron(cycle(6), np.ones((6, 6))) + np.kron(np.ones((6, 6)), cycle(6))
    corners = {
        "cube": list(itertools.product([0.0, 1.0], repeat=5)),
        "permutations": list(itertools.permutations(range(4))),
    }
    for seed in range(3):
        points = np.array(corners.get(shape, [[0.0]]), dtype=float)
        lengths = {"torus": torus, "cycle": cycle(30)}.get(shape, squareform(pdist(points)))
        order = np.random.default_rng(seed).permutation(len(lengths))
        other = uniform_space(lengths[np.ix_(order, order)])
        assert fused_gromov(uniform_space(lengths), other, None, Search(1.0, 0, seed)) == pytest.approx(0, abs=1e-12)
