"""Sliced Wasserstein distance and the Wasserstein distance on a line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance as scipy_line

from tda_latent.numerics.matching import wasserstein_distance
from tda_latent.numerics.sliced import sliced_wasserstein_distance, wasserstein_on_line

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
