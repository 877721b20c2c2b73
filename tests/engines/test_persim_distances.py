"""persim: its distances agree with ours where it is right, and where it is wrong these tests say so."""

from __future__ import annotations

import warnings

import numpy as np
import persim
import pytest

from tda_latent.engines import persim_distances
from tda_latent.engines.persim_distances import (
    persim_bottleneck,
    persim_heat,
    persim_sliced_wasserstein,
    persim_wasserstein,
)
from tda_latent.errors import EngineFailure, InvalidInput
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.numerics.sliced import sliced_wasserstein_distance
from tda_latent.numerics.wasserstein import wasserstein_distance

EMPTY = np.empty((0, 2))


def random_bars(seed: int, size: int, essential: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    births = rng.random(size)
    forever = np.column_stack([rng.random(essential), np.full(essential, np.inf)])
    return np.vstack([np.column_stack([births, births + rng.random(size)]), forever])


@pytest.mark.parametrize(("size", "other", "essential"), [(12, 9, 0), (7, 20, 2), (5, 0, 1)])
def test_persim_agrees_with_our_exact_distances(size, other, essential) -> None:
    a, b = random_bars(1, size, essential), random_bars(2, other, essential)
    assert persim_bottleneck(a, b) == pytest.approx(bottleneck_distance(a, b), rel=1e-12)
    assert persim_wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b, 1, 2), rel=1e-12)
    assert persim_sliced_wasserstein(a, b, 50) == pytest.approx(sliced_wasserstein_distance(a, b, 50), rel=1e-5)


def test_the_heat_distance_has_its_closed_form_for_one_bar() -> None:
    """k(D, D) = (1 - exp(-2 (d - b)^2 / 8 sigma)) / (8 pi sigma) for the single bar (b, d)."""
    sigma = 0.3
    expected = np.sqrt((1 - np.exp(-2 / (8 * sigma))) / (8 * np.pi * sigma))
    assert persim_heat(np.array([[2.0, 3.0]]), EMPTY, sigma) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("measure", [persim_bottleneck, persim_wasserstein])
def test_essential_classes_count_although_persim_drops_them(measure) -> None:
    a, b = np.array([[0.0, np.inf], [0.0, 1.0]]), np.array([[0.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert persim.bottleneck(a, b) == persim.wasserstein(a, b) == 0.0  # wrong: the truth is infinite
    assert measure(a, b) == np.inf
    assert measure(a, np.array([[0.5, np.inf], [0.0, 1.0]])) == 0.5


def test_persims_sliced_distance_changes_under_a_shift_below_zero_and_is_refused_there() -> None:
    a, b = np.array([[0.0, 2.0], [5.0, 8.0]]), np.array([[0.5, 2.1]])
    right = persim.sliced_wasserstein(a, b)
    assert right == pytest.approx(sliced_wasserstein_distance(a, b, 50), rel=1e-5)
    assert persim.sliced_wasserstein(a - 10, b - 10) > 1.5 * right  # wrong: a shift changes no distance
    with pytest.raises(InvalidInput, match=r"below zero. Use sliced-wasserstein"):
        persim_sliced_wasserstein(a - 10, b - 10, 50)


def test_persims_heat_distance_is_not_a_number_for_equal_diagrams_but_ours_is_zero() -> None:
    with np.errstate(invalid="ignore"):
        bare = [persim.heat(bars, bars[::-1]) for bars in (random_bars(seed, 6) for seed in range(40))]
    assert np.isnan(bare).any()  # wrong: the root of a negative rounding error
    for seed in range(40):
        bars = random_bars(seed, 6)
        assert persim_heat(bars, bars[::-1], 0.4) == 0.0
        assert persim_heat(bars, bars * (1 + 1e-16) + 1e-17, 0.4) < 1e-6


def test_essential_classes_with_different_births_have_no_heat_distance() -> None:
    a, b = np.array([[0.0, np.inf]]), np.array([[1.0, np.inf]])
    assert persim_heat(a, a, 0.4) == 0.0
    assert persim_heat(a, EMPTY, 0.4) == np.inf
    with pytest.raises(InvalidInput, match="essential"):
        persim_heat(a, b, 0.4)


@pytest.mark.parametrize(
    "measure", [persim_bottleneck, persim_wasserstein, lambda a, b: persim_sliced_wasserstein(a, b, 10)]
)
def test_empty_diagrams_and_not_a_number_are_handled_before_persim(measure) -> None:
    assert measure(EMPTY, EMPTY) == 0.0
    with pytest.raises(InvalidInput, match="NaN"):
        measure(np.array([[0.0, np.nan]]), EMPTY)


def test_many_bars_are_compared_in_a_process_that_can_be_stopped(monkeypatch) -> None:
    """persim's matching does not end on some diagrams of a thousand bars with ties."""
    a, b = random_bars(0, 130), random_bars(1, 120)
    assert persim_bottleneck(a, b) == pytest.approx(bottleneck_distance(a, b), rel=1e-12)
    monkeypatch.setattr(persim_distances, "SECONDS", 0.01)
    with pytest.raises(EngineFailure, match="stopped"):
        persim_bottleneck(a, b)


def test_too_many_bars_for_persim_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(persim_distances, "MOST_BARS", 10)
    with pytest.raises(InvalidInput, match="11 finite bars"):
        persim_bottleneck(random_bars(0, 6), random_bars(1, 5))
