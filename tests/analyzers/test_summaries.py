"""The summary analyzers of diagrams: grids, policies, units."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.betti_curve import BettiCurve
from tda_latent.analyzers.diagram_statistics import DiagramStatistics
from tda_latent.analyzers.landscape import Landscape
from tda_latent.analyzers.persistence_image import PersistenceImage
from tda_latent.analyzers.silhouette import Silhouette
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import PersistenceDiagram, unpack

SUMMARIES = [BettiCurve, Landscape, Silhouette, PersistenceImage]
PAIRS = [[0.0, 1.0], [0.0, np.inf], [0.5, 1.5], [1.0, 1.25]]


def diagram(pairs=PAIRS, degrees=(0, 0, 1, 1), **facts):
    return PersistenceDiagram(np.array(pairs, dtype=float).reshape(-1, 2), np.array(degrees, dtype=int), **facts)


EMPTY = diagram([], [])


@pytest.mark.parametrize("summary", SUMMARIES)
@pytest.mark.parametrize("essential", ["drop", "clamp"])
def test_an_empty_diagram_gives_zeros_and_survives_the_round_trip(summary, essential):
    found = summary(essential=essential)(EMPTY)
    assert not found.values.any()
    assert found == unpack(*found.packed())


@pytest.mark.parametrize("summary", SUMMARIES)
def test_median_normalised_grids_are_the_same_for_every_diagram(summary):
    grids = [summary()(d.replace(unit="median-normalised")).grid for d in (diagram(), EMPTY)]
    np.testing.assert_array_equal(*grids)
    assert 1.9 < grids[0][-1] <= 2.0


@pytest.mark.parametrize("summary", SUMMARIES)
def test_other_grids_end_at_the_largest_finite_death_of_the_degree_unless_given(summary):
    automatic, wanted = summary()(diagram()), summary(stop=1.5)(diagram())
    assert automatic == wanted
    assert automatic.grid_unit == "input distance"
    assert summary(degree=0)(diagram()).grid[-1] <= 1.0


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_degree_that_was_not_computed_is_refused(summary):
    with pytest.raises(InvalidInput, match="max_degree"):
        summary(degree=2)(diagram(computed={"max_degree": 1}))
    summary(degree=1)(EMPTY.replace(computed={"max_degree": 1}))


@pytest.mark.parametrize("summary", SUMMARIES)
def test_impossible_grids_are_refused(summary):
    for wrong in ({"start": 1.0, "stop": 0.5}, {"stop": np.inf}, {"resolution": 0}, {"degree": -1}):
        with pytest.raises(InvalidParameter):
            summary(**wrong)


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_clamped_essential_bar_counts_as_one_that_dies_at_the_end(summary):
    endless, mortal = diagram([[0.5, np.inf]], [1]), diagram([[0.5, 2.0]], [1])
    clamped = summary(stop=2.0, essential="clamp")(endless).values
    np.testing.assert_allclose(clamped[..., :-1], summary(stop=2.0)(mortal).values[..., :-1], atol=1e-15)
    assert not summary(stop=2.0, essential="drop")(endless).values.any()


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_bar_censored_by_a_cut_lives_at_most_to_the_cut(summary):
    cut = diagram([[0.5, np.inf]], [1], reach=1.0)
    mortal = diagram([[0.5, 1.0]], [1])
    found = summary(stop=2.0, essential="clamp")(cut).values
    np.testing.assert_array_equal(found, summary(stop=2.0)(mortal).values)


def test_the_betti_curve_counts_the_essential_component_by_default():
    assert BettiCurve(degree=0, stop=3.0)(diagram()).values[-1] == 1
    assert BettiCurve(degree=0, stop=3.0, essential="drop")(diagram()).values[-1] == 0


def test_the_weighted_sum_of_a_betti_curve_is_the_total_persistence():
    found = BettiCurve(resolution=3001, start=0.0, stop=3.0)(diagram())
    assert found.values.sum() * found.integral_weight == pytest.approx(1.25, abs=0.01)


def test_the_landscape_of_the_bar_from_0_to_2_peaks_at_one_and_its_norm_is_known():
    found = Landscape(stop=2.0, layers=2)(diagram([[0, 2.0]], [1]))
    assert found.values[0].max() == 1.0
    assert found.values.shape == (2, 201)
    assert np.sqrt((found.values**2).sum() * found.integral_weight) == pytest.approx(np.sqrt(8 / 12), rel=1e-4)


def test_the_norm_of_an_image_does_not_depend_on_its_resolution():
    norms = []
    for resolution in (40, 80):
        found = PersistenceImage(stop=2.0, resolution=resolution, deviation=0.2)(diagram())
        norms.append(np.sqrt((found.values**2).sum() * found.integral_weight))
    assert norms[0] == pytest.approx(norms[1], rel=0.01)


def test_a_bar_lights_the_pixel_of_its_birth_and_lifetime():
    found = PersistenceImage(stop=2.0, resolution=20)(diagram([[0.55, 1.8]], [1]))
    row, column = np.unravel_index(found.values.argmax(), found.values.shape)
    assert found.grid[column] == pytest.approx(0.55)
    assert found.rows_grid[row] == pytest.approx(1.25)
    assert found.values.sum() == pytest.approx(1.25, abs=1e-6)


@pytest.mark.parametrize("summary", SUMMARIES)
def test_doubling_the_diagram_and_the_grid_keeps_the_shape(summary):
    double = diagram([[2 * birth, 2 * death] for birth, death in PAIRS])
    factor = 1 if summary is BettiCurve else 2
    one, two = summary(stop=2.0)(diagram()), summary(stop=4.0)(double)
    np.testing.assert_allclose(two.values, factor * one.values, atol=1e-12)
    np.testing.assert_allclose(two.grid, 2 * one.grid)


def test_statistics_of_every_degree():
    found = DiagramStatistics()(diagram(computed={"max_degree": 2}))
    expected = {
        "H0 bars": 2, "H0 essential": 1, "H0 censored": 0, "H0 persistence entropy": 0, "H0 total persistence": 1,
        "H0 maximal persistence": 1, "H1 bars": 2, "H1 essential": 0, "H1 total persistence": 1.25,
        "H1 maximal persistence": 1, "H1 persistence entropy": -(0.8 * np.log(0.8) + 0.2 * np.log(0.2)),
        "H2 bars": 0, "H2 persistence entropy": 0, "H2 maximal persistence": 0,
    }  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value), name
    assert found.scalars["H1 total persistence"].unit == "input distance"


def test_statistics_call_a_bar_alive_at_a_cut_censored_and_not_essential():
    found = DiagramStatistics(order=2.0)(diagram(reach=2.0))
    assert (found["H0 essential"], found["H0 censored"]) == (0, 1)
    assert found["H1 total persistence"] == pytest.approx(1 + 0.25**2)
    assert found.scalars["H1 total persistence"].unit == "input distance^2"


def test_statistics_of_an_empty_diagram_are_zeros():
    assert not any(scalar.value for scalar in DiagramStatistics()(EMPTY).scalars.values())
