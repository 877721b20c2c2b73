"""Summaries of bars: known integrals, scaling laws, oracles, and gudhi where it is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.diagram_summaries import (
    betti_curve,
    betti_curves,
    betti_steps,
    check_range,
    grid_stop,
    landscape,
    landscapes,
    maximal_persistence,
    persistence_entropy,
    persistence_image,
    persistence_images,
    require_degree,
    settled,
    silhouette,
    silhouettes,
    stacked,
    total_persistence,
)

LAWS = settings(max_examples=25, deadline=None, derandomize=True)
NONE = np.empty((0, 2))
ONE = np.array([[0.0, 2.0]])
GRID = np.linspace(0, 2, 201)


def random_bars(seed, most=20):
    rng = np.random.default_rng(seed)
    births = rng.integers(0, 8, size=rng.integers(0, most)) / 8
    return np.column_stack([births, births + rng.integers(1, 9, size=len(births)) / 8])


BARS = st.builds(random_bars, st.integers(0, 10_000))


@given(BARS)
@LAWS
def test_the_betti_curve_counts_half_open_bars(bars):
    expected = [sum(birth <= t < death for birth, death in bars) for t in GRID]
    np.testing.assert_array_equal(betti_curve(bars, GRID), expected)


@given(BARS)
@LAWS
def test_the_integral_of_the_exact_betti_curve_is_the_total_persistence(bars):
    scales, counts = betti_steps(bars)
    assert (np.diff(scales) * counts[:-1]).sum() == pytest.approx(total_persistence(bars))
    assert not len(counts) or counts[-1] == 0


def test_a_bar_that_never_dies_stays_in_the_betti_curve():
    np.testing.assert_array_equal(betti_curve(np.array([[0.5, np.inf]]), np.array([0.4, 0.5, 1e9])), [0, 1, 1])


def test_the_landscape_of_the_bar_from_0_to_2_peaks_at_one():
    values = landscape(ONE, GRID, 2)
    assert values[0].max() == values[0, 100] == 1.0
    np.testing.assert_allclose(values[0], 1 - abs(GRID - 1), atol=1e-15)
    assert not values[1].any()


@given(BARS)
@LAWS
def test_landscape_layers_are_the_sorted_tents(bars):
    tents = [[max(0.0, min(t - birth, death - t)) for birth, death in bars] for t in GRID]
    expected = np.array([sorted(row, reverse=True)[:4] + [0.0] * max(0, 4 - len(row)) for row in tents]).T
    np.testing.assert_allclose(landscape(bars, GRID, 4), expected, atol=1e-15)


def test_the_squared_landscape_of_one_bar_integrates_to_its_length_cubed_over_twelve():
    grid = np.linspace(0, 2, 20_001)
    values = landscape(ONE, grid, 1)[0]
    assert (values**2).sum() * (grid[1] - grid[0]) == pytest.approx(2**3 / 12, rel=1e-6)


@given(BARS)
@LAWS
def test_the_layers_of_a_landscape_hold_a_quarter_of_the_squared_lifetimes(bars):
    grid = np.linspace(0, 2, 2001)
    area = landscape(bars, grid, 20).sum() * (grid[1] - grid[0])
    assert area == pytest.approx(total_persistence(bars, 2) / 4, rel=1e-3)


def test_gudhi_scales_landscapes_by_the_square_root_of_two():
    from gudhi.representations import Landscape

    bars = random_bars(1)
    theirs = Landscape(num_landscapes=3, resolution=201, sample_range=[0, 2], keep_endpoints=True)(bars)
    np.testing.assert_allclose(theirs.reshape(3, 201), np.sqrt(2) * landscape(bars, GRID, 3), atol=1e-12)


def test_gudhi_agrees_on_betti_curves_silhouettes_and_entropy():
    from gudhi.representations import BettiCurve, Entropy, Silhouette

    bars = random_bars(2)
    np.testing.assert_array_equal(BettiCurve(predefined_grid=GRID)(bars), betti_curve(bars, GRID))
    weight = Silhouette(
        weight=lambda bar: (bar[1] - bar[0]) ** 2, resolution=201, sample_range=[0, 2], keep_endpoints=True
    )
    np.testing.assert_allclose(weight(bars), np.sqrt(2) * silhouette(bars, GRID, 2), atol=1e-12)
    assert Entropy(mode="scalar")(bars)[0] == pytest.approx(persistence_entropy(bars))


def test_the_silhouette_of_one_bar_is_its_tent_whatever_the_power():
    for power in (0.0, 1.0, 50.0):
        np.testing.assert_allclose(silhouette(ONE, GRID, power), landscape(ONE, GRID, 1)[0], atol=1e-15)


@given(BARS, st.sampled_from([0.0, 0.5, 1.0, 3.0]))
@LAWS
def test_the_silhouette_is_the_weighted_mean_of_the_tents(bars, power):
    if not len(bars):
        return
    weights = (bars[:, 1] - bars[:, 0]) ** power
    tents = [landscape(bar[None, :], GRID, 1)[0] for bar in bars]
    np.testing.assert_allclose(silhouette(bars, GRID, power), np.average(tents, axis=0, weights=weights), atol=1e-12)


def test_a_large_power_follows_the_longest_bar():
    bars = np.array([[0.0, 2.0], [0.5, 1.0]])
    np.testing.assert_allclose(silhouette(bars, GRID, 100), landscape(ONE, GRID, 1)[0], atol=1e-12)


def test_a_table_in_pieces_gives_the_same_silhouette(monkeypatch):
    bars = random_bars(3)
    whole = silhouette(bars, GRID, 1)
    monkeypatch.setattr("tda_latent.numerics.diagram_summaries._CHUNK", 7 * len(bars))
    np.testing.assert_allclose(silhouette(bars, GRID, 1), whole, atol=1e-15)


EDGES = np.linspace(-2, 6, 41), np.linspace(-2, 6, 33)


@given(BARS)
@LAWS
def test_an_image_that_holds_all_of_the_mass_sums_to_the_total_weight(bars):
    for power in (1.0, 2.0):
        image = persistence_image(bars, EDGES, 0.2, power)
        assert image.sum() == pytest.approx(total_persistence(bars, power), abs=1e-12)
        assert image.shape == (32, 40)


MANY = st.lists(BARS, max_size=5)


@given(MANY)
@LAWS
def test_many_diagrams_in_one_call_give_what_each_gives_alone_to_the_bit(diagrams):
    stack = stacked(diagrams)
    assert len(stack) == len(diagrams)
    for summary, summaries, options in [
        (betti_curve, betti_curves, (GRID,)),
        (landscape, landscapes, (GRID, 3)),
        (silhouette, silhouettes, (GRID, 2.0)),
        (persistence_image, persistence_images, (EDGES, 0.2, 1.0)),
    ]:
        together = summaries(stack, *options)
        assert len(together) == len(diagrams)
        for found, bars in zip(together, diagrams, strict=True):
            np.testing.assert_array_equal(found, summary(bars, *options))


GRIDS = st.sampled_from([GRID, GRID**3, np.linspace(0.3, 0.6, 7), np.full(4, 0.5), np.array([0.5]), np.array([])])


@given(MANY, GRIDS, st.integers(1, 8))
@LAWS
def test_compiled_landscapes_are_those_of_numpy_to_the_bit(diagrams, grid, layers):
    stack = stacked(diagrams)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tda_latent.numerics.diagram_summaries.COMPILED_FROM", 0)
        compiled = landscapes(stack, grid, layers)
    np.testing.assert_array_equal(compiled, landscapes(stack, grid, layers))
    assert not np.signbit(compiled).any()


def test_a_thousand_diagrams_agree_with_gudhi_where_the_conventions_do():
    from gudhi.representations import BettiCurve, Landscape, Silhouette

    diagrams = [random_bars(seed, 60) for seed in range(1000)]
    diagrams = [bars for bars in diagrams if len(bars)]  # gudhi's silhouette of no bars is NaN
    stack = stacked(diagrams)
    assert len(stack.bars) * len(GRID) > 1 << 19  # compiled
    np.testing.assert_array_equal(BettiCurve(predefined_grid=GRID).fit_transform(diagrams), betti_curves(stack, GRID))
    theirs = Landscape(num_landscapes=4, resolution=201, sample_range=[0, 2], keep_endpoints=True)
    ours = np.sqrt(2) * landscapes(stack, GRID, 4).reshape(len(stack), -1)
    np.testing.assert_allclose(theirs.fit_transform(diagrams), ours, atol=1e-12)
    weighted = Silhouette(weight=np.ptp, resolution=201, sample_range=[0, 2], keep_endpoints=True)
    ours = np.sqrt(2) * silhouettes(stack, GRID, 1.0)
    np.testing.assert_allclose(weighted.fit_transform(diagrams), ours, atol=1e-12)


def test_gudhi_samples_the_density_whose_integral_over_pixels_is_ours():
    from gudhi.representations import PersistenceImage

    bars, side = random_bars(6), 1e-3
    edges = np.linspace(0.5, 0.5 + 20 * side, 21)  # pixels so small that the density is flat in each
    span = [edges[0] + side / 2, edges[-1] - side / 2] * 2
    theirs = PersistenceImage(bandwidth=0.3, weight=lambda bar: bar[1], resolution=[20, 20], im_range=span)
    ours = persistence_image(bars, (edges, edges), 0.3, 1.0)
    np.testing.assert_allclose(theirs(bars).reshape(20, 20) * side**2, ours, rtol=1e-5)


def test_a_pixel_is_the_double_integral_of_the_gaussian_over_births_and_lifetimes():
    birth, life, sigma = 0.3, 0.9, 0.25
    edges = np.array([0.0, 0.4, 1.0]), np.array([0.0, 0.5, 1.5])
    image = persistence_image(np.array([[birth, birth + life]]), edges, sigma, 1.0)

    def density(y, x):
        squared = ((x - birth) ** 2 + (y - life) ** 2) / (2 * sigma**2)
        return life * np.exp(-squared) / (2 * np.pi * sigma**2)

    for row in range(2):
        for column in range(2):
            box = edges[0][column], edges[0][column + 1], edges[1][row], edges[1][row + 1]
            assert image[row, column] == pytest.approx(dblquad(density, *box)[0], abs=1e-9)


def test_persim_agrees_on_images_when_its_sigma_is_read_as_a_variance():
    from persim import PersistenceImager

    imager = PersistenceImager(
        birth_range=(0, 2), pers_range=(0, 2), pixel_size=0.1, weight="persistence", weight_params={"n": 1.0}
    )
    imager.kernel_params = {"sigma": [[0.09, 0.0], [0.0, 0.09]]}
    bars = random_bars(4)
    edges = np.linspace(0, 2, 21)
    ours = persistence_image(bars, (edges, edges), 0.3, 1.0)
    np.testing.assert_allclose(imager.transform(bars), ours.T, atol=1e-6)


def test_a_bar_of_vanishing_length_changes_an_image_by_nothing():
    bars = random_bars(5)
    more = np.vstack([bars, [[0.5, 0.5 + 1e-12]]])
    np.testing.assert_allclose(
        persistence_image(more, EDGES, 0.1, 1.0), persistence_image(bars, EDGES, 0.1, 1.0), atol=1e-11
    )


def test_the_entropy_of_lifetimes_three_and_one_is_0_5623_nats():
    assert persistence_entropy(np.array([[0.0, 3.0], [1.0, 2.0]])) == pytest.approx(0.5623351446)


@given(BARS)
@LAWS
def test_entropy_lies_between_zero_and_the_logarithm_of_the_number_of_bars(bars):
    assert 0 <= persistence_entropy(bars) <= np.log(max(len(bars), 1)) + 1e-12
    assert persistence_entropy(1024 * bars) == pytest.approx(persistence_entropy(bars))


def test_equal_bars_have_the_largest_entropy():
    assert persistence_entropy(np.tile(ONE, (8, 1))) == pytest.approx(np.log(8))


@given(BARS, st.sampled_from([0.5, 1.0, 2.0]))
@LAWS
def test_doubling_the_scale_multiplies_total_persistence_by_two_to_the_order(bars, order):
    assert total_persistence(2 * bars, order) == pytest.approx(2**order * total_persistence(bars, order))
    assert maximal_persistence(2 * bars) == 2 * maximal_persistence(bars)


def test_no_bars_give_zeros_and_never_nan():
    assert not betti_curve(NONE, GRID).any()
    assert not landscape(NONE, GRID, 3).any()
    assert not silhouette(NONE, GRID, 1.0).any()
    assert not persistence_image(NONE, EDGES, 0.1, 1.0).any()
    assert persistence_entropy(NONE) == total_persistence(NONE) == maximal_persistence(NONE) == 0.0
    assert len(betti_steps(NONE)[0]) == 0


def test_essential_bars_are_dropped_or_die_at_the_end():
    bars = np.array([[0.0, np.inf], [1.0, 2.0], [3.0, np.inf]])
    np.testing.assert_array_equal(settled(bars, "drop", 2.5), [[1, 2]])
    np.testing.assert_array_equal(settled(bars, "clamp", 2.5), [[0, 2.5], [1, 2]])
    np.testing.assert_array_equal(settled(bars, "clamp", np.inf), bars)


def test_the_automatic_grid_of_median_normalised_diagrams_does_not_depend_on_the_data():
    assert (
        grid_stop(ONE * 0.1, 0.0, None, "median-normalised") == grid_stop(NONE, 0.0, None, "median-normalised") == 2.0
    )
    assert grid_stop(ONE * 3, 0.0, None, "input distance") == 6.0
    assert grid_stop(ONE, 0.0, 5.0, "median-normalised") == 5.0
    assert grid_stop(np.array([[0.0, np.inf]]), 1.0, None, "input distance") == 2.0


def test_a_grid_that_ends_before_it_starts_is_refused():
    check_range(0.0, None)
    with pytest.raises(InvalidParameter, match="start < stop"):
        check_range(1.0, 1.0)


def test_a_degree_that_was_not_computed_is_refused_and_not_taken_for_a_cloud_without_holes():
    require_degree(1, None)
    require_degree(1, 1)
    with pytest.raises(InvalidInput, match="max_degree"):
        require_degree(2, 1)
