"""Laws of the sprite renderer: symmetries, moves, ink, complete grids, circles that are circles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from tda_latent.errors import InvalidParameter, UnknownName
from tda_latent.numerics.sprites import SYMMETRY, coloured, sprites
from tda_latent.sources.sprites import Sprites

SHAPES = sorted(SYMMETRY)


def stream(seed=0):
    return np.random.default_rng(seed)


def picture(shape, *, scale=0.9, orientation=0.0, place=(0.0, 0.0), pixels=32, softness=0.05):
    drawn = sprites(shape, np.array([scale]), np.array([orientation]), np.array([place]), pixels, softness)
    return drawn.reshape(pixels, pixels)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_turn_by_the_period_gives_the_same_picture_and_half_of_it_another(shape):
    plain = picture(shape, orientation=0.13)
    np.testing.assert_allclose(picture(shape, orientation=1.13), plain, atol=1e-12)
    assert np.abs(picture(shape, orientation=0.63) - plain).max() > 0.3


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shorter_turn_is_a_symmetry(shape):
    turns = sprites(shape, np.full(60, 0.9), np.arange(60) / 60, np.zeros((60, 2)), 32, 0.05)
    assert pdist(turns).min() > 0.05


@pytest.mark.parametrize("shape", SHAPES)
def test_a_quarter_turn_of_the_figure_is_a_quarter_turn_of_the_picture(shape):
    quarter = SYMMETRY[shape] / 4
    turned = picture(shape, orientation=0.1 + quarter)
    np.testing.assert_allclose(turned, np.rot90(picture(shape, orientation=0.1)), atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_move_by_whole_pixels_moves_the_picture_by_whole_pixels(shape):
    plain = picture(shape, orientation=0.3, scale=0.6)
    moved = picture(shape, orientation=0.3, scale=0.6, place=(5 * 2 / 32, 3 * 2 / 32))
    np.testing.assert_allclose(moved[:-3, 5:], plain[3:, :-5], atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_turning_keeps_the_ink_to_a_percent_and_ever_better_on_finer_canvases(shape):
    spread = {}
    for pixels in (24, 96):
        turns = sprites(shape, np.full(97, 0.9), np.linspace(0, 1, 97), np.zeros((97, 2)), pixels, 0.08)
        ink = turns.sum(axis=1)
        spread[pixels] = np.ptp(ink) / ink.mean()
    assert spread[24] < 0.01
    assert spread[96] < spread[24] / 4


@pytest.mark.parametrize("shape", ["square", "ellipse"])
def test_turning_leaves_the_centre_of_a_symmetric_figure_in_its_place(shape):
    turns = sprites(shape, np.full(97, 0.9), np.linspace(0, 1, 97), np.zeros((97, 2)), 48, 0.05)
    middle = (2 * np.arange(48) + 1) / 48 - 1
    across = turns.reshape(-1, 48, 48).sum(axis=1) @ middle
    assert np.abs(across / turns.sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize(("shape", "area"), [("square", 0.5), ("ellipse", np.pi / 8)])
def test_the_ink_is_the_area_of_the_figure(shape, area):
    ink = picture(shape, scale=1.2, orientation=0.2, pixels=128, softness=0.005).sum() * (2 / 128) ** 2
    assert ink == pytest.approx(area * 1.2**2, rel=2e-3)


def test_a_finer_canvas_shows_the_same_figure():
    fine = picture("heart", pixels=256, softness=0.05).reshape(64, 4, 64, 4).mean(axis=(1, 3))
    assert np.abs(picture("heart", pixels=64, softness=0.05) - fine).max() < 0.02


def test_a_shape_that_is_not_there_is_named():
    with pytest.raises(UnknownName, match="Did you mean 'heart'"):
        picture("hart")


def test_hues_lie_on_a_round_circle():
    one = picture("ellipse").reshape(1, -1)
    wheel = coloured(np.repeat(one, 12, axis=0), np.arange(12) / 12)
    steps = np.linalg.norm(wheel - np.roll(wheel, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    radii = np.linalg.norm(wheel - wheel.mean(axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 * radii * np.sin(np.pi / 12), rtol=1e-9)


def test_a_grid_holds_every_combination_once():
    grid = {"scale": 2, "orientation": 3, "right": 4, "up": 2}
    found = Sprites(grid=grid, pixels=16)(stream())
    assert len(found) == 3 * 2 * 3 * 4 * 2
    assert len(set(found.ids.tolist())) == len(found)
    assert {name: len(np.unique(factor.values)) for name, factor in found.factors.items()} == {"shape": 3, **grid}
    rows = list(zip(*(factor.values.tolist() for factor in found.factors.values()), strict=True))
    assert len(set(rows)) == len(found)
    assert pdist(found.points).min() > 0.05


def test_circular_grids_leave_out_the_end_that_is_their_beginning():
    found = Sprites(grid={"orientation": 8}, shapes=("heart",))(stream())
    np.testing.assert_allclose(found.factors["orientation"].values, np.arange(8) / 8)
    assert list(found.factors) == ["orientation"]


def test_factors_that_are_held_fixed_are_left_out():
    found = Sprites(size=30, shapes=("square",), scales=(1, 1), reach=0, pixels=12)(stream())
    assert list(found.factors) == ["orientation"]
    assert found.factors["orientation"].period == 1.0


def test_random_factors_are_even_over_their_ranges():
    found = Sprites(size=4000, pixels=4, colour=True)(stream(1))
    for name, low, high in (("scale", 0.5, 1), ("orientation", 0, 1), ("right", -0.4, 0.4), ("hue", 0, 1)):
        values = found.factors[name].values
        expected = np.array([low + (high - low) * q for q in (0.25, 0.5, 0.75)])
        tolerance = 5 * 0.5 / np.sqrt(4000) * (high - low)
        np.testing.assert_allclose(np.quantile(values, [0.25, 0.5, 0.75]), expected, atol=tolerance)
    counts = np.unique(found.factors["shape"].values, return_counts=True)[1]
    assert abs(counts - 4000 / 3).max() < 5 * np.sqrt(4000 * 2 / 9)


def test_the_factors_draw_the_picture_again():
    found = Sprites(size=6, shapes=("heart", "square"), pixels=20, softness=0.1)(stream(2))
    for row, points in enumerate(found.points):
        values = {name: factor.values[row] for name, factor in found.factors.items()}
        again = picture(
            str(values["shape"]), scale=values["scale"], orientation=values["orientation"],
            place=(values["right"], values["up"]), pixels=20, softness=0.1,
        )  # fmt: skip
        np.testing.assert_allclose(again.ravel(), points, atol=1e-12)


def test_orientations_close_up():
    found = Sprites(grid={"orientation": 40}, shapes=("ellipse",), pixels=24)(stream())
    distances = cdist(found.points, found.points)
    first, around = distances[0, 1], distances[0, -1]
    assert around == pytest.approx(first, rel=1e-6)
    assert distances[0, 20] > 5 * first


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shapes": ("heart", "heart")}, "each shape once"),
        ({"scales": (1.0, 0.5)}, "least before the greatest"),
        ({"grid": {"hue": 4}}, "colour: true"),
        ({"grid": {"right": 3}, "reach": 0}, "reach above 0"),
        ({"grid": {"orientation": 3}, "turning": False}, "turning: true"),
        ({"grid": {"scale": 100, "orientation": 100, "right": 100, "up": 100}}, "at most"),
        ({"grid": {"colour": 3}}, "grid"),
        ({"shapes": ()}, "shapes"),
    ],
)
def test_what_cannot_be_drawn_is_refused_when_it_is_asked_for(parameters, message):
    with pytest.raises(InvalidParameter, match=message):
        Sprites(**parameters)
