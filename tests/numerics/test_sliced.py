"""Sliced Wasserstein distance and the Wasserstein distance on a line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance as scipy_line

from tda_latent.errors import InvalidInput
from tda_latent.numerics.sliced import (
    sliced_wasserstein_distance,
    sliced_wasserstein_distances,
    wasserstein_on_line,
)
from tda_latent.numerics.wasserstein import wasserstein_distance

real = st.floats(-5, 5, allow_nan=False, width=32)
bar = st.tuples(real, st.floats(0.125, 4, width=32)).map(lambda p: (p[0], p[0] + p[1]))
diagrams = st.lists(bar, max_size=6).map(lambda rows: np.array(rows, dtype=float).reshape(-1, 2))
samples = st.lists(real, min_size=1, max_size=7).map(np.array)
modest = settings(max_examples=80, deadline=None, derandomize=True)
DIRECTIONS = 40


@modest
@given(diagrams, diagrams, diagrams)
def test_it_is_a_metric_for_every_number_of_directions(a, b, c) -> None:
    def distance(x, y):
        return sliced_wasserstein_distance(x, y, DIRECTIONS)

    assert distance(a, a[::-1]) == 0.0
    assert distance(a, b) == distance(b, a)
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-9


@modest
@given(diagrams, diagrams)
def test_it_is_at_most_a_constant_times_the_wasserstein_distance(a, b) -> None:
    assert sliced_wasserstein_distance(a, b, DIRECTIONS) <= 2 * np.sqrt(2) * wasserstein_distance(a, b, 1, "inf") + 1e-9


@modest
@given(diagrams, diagrams, st.floats(-20, 20))
def test_a_common_shift_changes_nothing_also_below_zero(a, b, shift) -> None:
    plain = sliced_wasserstein_distance(a, b, DIRECTIONS)
    assert sliced_wasserstein_distance(a + shift, b + shift, DIRECTIONS) == pytest.approx(plain, rel=1e-9, abs=1e-9)


def sorted_projections(first, second, directions: int) -> float:
    """The definition: on each line, bars of one and diagonal points of the other, matched in sorted order."""
    on_diagonal = [np.repeat(bars.mean(axis=1, keepdims=True), 2, axis=1) for bars in (first, second)]
    one, other = np.vstack([first, on_diagonal[1]]), np.vstack([second, on_diagonal[0]])
    angles = np.pi * (np.arange(directions) / directions - 0.5)
    lines = np.stack([np.cos(angles), np.sin(angles)])
    moves = np.sort(one @ lines, axis=0) - np.sort(other @ lines, axis=0)
    return float(np.abs(moves).sum() / directions)


@pytest.mark.parametrize("directions", [1, 2, 3, 4, 50, 101])
def test_it_is_the_area_between_sorted_projections_for_any_number_of_lines(directions) -> None:
    rng = np.random.default_rng(directions)
    for sizes in ((40, 70), (1, 30), (0, 5)):
        a, b = (np.column_stack([births, births + rng.random(len(births))]) for births in map(rng.random, sizes))
        found = sliced_wasserstein_distance(a, b, directions)
        assert found == pytest.approx(sorted_projections(a, b, directions), rel=1e-13)


def test_all_pairs_are_the_single_distances_to_the_bit_whatever_the_threads() -> None:
    rng = np.random.default_rng(3)
    family = [np.sort(rng.random((size, 2)), axis=1) for size in (0, 1, 30, 200, 30)]
    family += [family[2][::-1], np.vstack([family[3], [[0.1, np.inf]]]), np.array([[0.5, np.inf], [0.5, 0.5]])]
    expected = [[sliced_wasserstein_distance(a, b, 30) for b in family] for a in family]
    np.testing.assert_array_equal(sliced_wasserstein_distances(family, 30), expected)
    np.testing.assert_array_equal(sliced_wasserstein_distances(family, 30, threads=3), expected)
    assert sliced_wasserstein_distances([], 30).shape == (0, 0)
    with pytest.raises(InvalidInput, match="threads is 0"):
        sliced_wasserstein_distances(family, 30, threads=0)


def test_one_bar_against_nothing_has_the_closed_form() -> None:
    """The bar (0, 1) and its diagonal point differ by (-1, 1) / 2, whose mean projection is sqrt(2) / pi."""
    found = sliced_wasserstein_distance(np.array([[0.0, 1.0]]), np.empty((0, 2)), 2000)
    assert found == pytest.approx(np.sqrt(2) / np.pi, rel=1e-5)


def test_more_directions_converge_with_the_square_of_their_number() -> None:
    rng = np.random.default_rng(0)
    a, b = (np.column_stack([births, births + rng.random(8)]) for births in rng.random((2, 8)))
    fine = sliced_wasserstein_distance(a, b, 20_000)
    errors = [abs(sliced_wasserstein_distance(a, b, count) - fine) for count in (20, 80, 320)]
    assert errors[1] < errors[0] / 4
    assert errors[2] < errors[1] / 4


def test_essential_classes_add_the_moves_of_their_births() -> None:
    finite = np.array([[0.0, 1.0]])
    a, b = np.vstack([finite, [[0.0, np.inf], [3.0, np.inf]]]), np.array([[3.5, np.inf], [1.0, np.inf]])
    plain = sliced_wasserstein_distance(finite, np.empty((0, 2)), DIRECTIONS)
    assert sliced_wasserstein_distance(a, b, DIRECTIONS) == pytest.approx(plain + 1.5)
    assert sliced_wasserstein_distance(a, b[:1], DIRECTIONS) == np.inf
    assert sliced_wasserstein_distance(b, b + np.array([0.25, 0]), DIRECTIONS) == 0.5


@modest
@given(samples, samples)
def test_on_a_line_scipy_agrees(u, v) -> None:
    assert wasserstein_on_line(u, v) == pytest.approx(scipy_line(u, v), abs=1e-9)
    assert wasserstein_on_line(u, v) == wasserstein_on_line(v, u)


def test_repeating_a_sample_changes_nothing_and_equal_samples_are_at_zero() -> None:
    u, v = np.array([0.0, 1, 5]), np.array([2.0, 2])
    assert wasserstein_on_line(np.tile(u, 4), v) == pytest.approx(wasserstein_on_line(u, v))
    assert wasserstein_on_line(u, u[::-1]) == 0.0
    assert wasserstein_on_line(u, u + 3) == 3.0
