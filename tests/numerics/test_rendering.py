"""Laws of the rendered images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import UnknownName
from tda_latent.numerics import rendering

FIGURES = ("comma", "heart")


@pytest.mark.parametrize("name", FIGURES)
def test_a_quarter_turn_of_the_angle_is_a_quarter_turn_of_the_canvas(name):
    angle = np.array([0.3, 0.3 + np.pi / 2])
    first, second = rendering.rotated_figures(angle, name, 20, 0.1).reshape(2, 20, 20)
    np.testing.assert_allclose(np.rot90(first), second, atol=1e-12)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_itself_only_after_a_full_turn(name):
    steps = np.linspace(0, 2 * np.pi, 61)
    images = rendering.rotated_figures(steps, name, 24, 0.1)
    distance = np.linalg.norm(images - images[0], axis=1)
    assert distance[-1] < 1e-10
    away = distance[6:55]  # at least 36 degrees: no angle in between brings the figure nearer again
    assert away.min() > 0.99 * away[[0, -1]].min()


def test_a_heart_is_its_own_mirror_image_and_a_comma_is_not():
    comma, heart = (rendering.rotated_figures(np.zeros(1), name, 24, 0.1).reshape(24, 24) for name in FIGURES)
    np.testing.assert_allclose(heart, heart[:, ::-1], atol=1e-12)
    mirrored = rendering.rotated_figures(np.linspace(0, 2 * np.pi, 90), "comma", 24, 0.1) - comma[:, ::-1].ravel()
    assert np.linalg.norm(mirrored, axis=1).min() > 2


@pytest.mark.parametrize("name", FIGURES)
def test_figures_stay_inside_the_disc_and_ink_between_zero_and_one(name):
    strokes = rendering.figure_strokes(name)
    assert (np.hypot(strokes[:, 0], strokes[:, 1]) + strokes[:, 2]).max() < 1
    image = rendering.rotated_figures(np.zeros(1), name, 24, 0.1)
    assert image.min() >= 0
    assert image.max() <= 1
    assert image.max() > 0.9


def test_an_unknown_figure_is_named_with_its_neighbour():
    with pytest.raises(UnknownName, match="Did you mean 'heart'"):
        rendering.figure_strokes("hart")


def test_the_distance_of_two_blobs_depends_on_the_difference_of_their_shifts_alone():
    shift = np.random.default_rng(0).random((12, 2))
    here = rendering.shifted_blobs(shift, 24, 0.15)
    there = rendering.shifted_blobs((shift + np.array([0.137, 0.611])) % 1.0, 24, 0.15)
    np.testing.assert_allclose(squareform(pdist(there)), squareform(pdist(here)), atol=1e-12)


@pytest.mark.parametrize("width", [0.05, 0.15, 0.25])
def test_a_shift_by_one_pixel_rolls_the_image(width):
    shift = np.array([[0.2, 0.7], [0.2 + 1 / 16, 0.7], [0.2, 0.7 + 1 / 16]])
    plain, right, down = rendering.shifted_blobs(shift, 16, width).reshape(3, 16, 16)
    np.testing.assert_allclose(right, np.roll(plain, 1, axis=1), atol=1e-14)
    np.testing.assert_allclose(down, np.roll(plain, 1, axis=0), atol=1e-14)


def test_a_blob_has_height_one_at_its_centre():
    image = rendering.shifted_blobs(np.array([[0.25, 0.5]]), 8, 0.25).reshape(8, 8)
    assert image[4, 2] == pytest.approx(1)
    assert image.max() == image[4, 2]


def test_patches_are_centred_and_of_length_one():
    rng = np.random.default_rng(0)
    patches = rendering.quadratic_patches(rng.random(20) * 7, rng.random(20) * 7, 3)
    np.testing.assert_allclose(patches.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(patches, axis=1), 1)


def test_half_a_turn_of_a_patch_mirrors_its_phase():
    rng = np.random.default_rng(0)
    orientation, phase = rng.random((2, 20)) * 2 * np.pi
    np.testing.assert_allclose(
        rendering.quadratic_patches(orientation + np.pi, phase, 3),
        rendering.quadratic_patches(orientation, -phase, 3),
        atol=1e-12,
    )


def test_an_edge_is_odd_and_a_line_is_even():
    edge, line = rendering.quadratic_patches(np.array([0.4, 0.4]), np.array([np.pi / 2, 0.0]), 5)
    np.testing.assert_allclose(edge[::-1], -edge, atol=1e-14)
    np.testing.assert_allclose(line[::-1], line, atol=1e-14)


def directions(size, seed=0):
    found = np.random.default_rng(seed).normal(size=(size, 3))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_logarithm_of_a_lit_ball_is_linear_in_the_light_and_gives_it_back():
    light, pixels, gloss = directions(30), 30, 1.7
    images = rendering.shaded_balls(light, pixels, gloss)
    ball = images[0] > 0
    assert ball.mean() == pytest.approx(np.pi / 4, rel=0.03)  # a disc in its square
    design = np.column_stack([np.ones(30), light])
    planes, _, rank, _ = np.linalg.lstsq(design, np.log(images[:, ball]), rcond=None)
    assert rank == 4
    np.testing.assert_allclose(design @ planes, np.log(images[:, ball]), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(planes[1:], axis=0), gloss, atol=1e-12)  # normals have length one
    assert np.linalg.matrix_rank(planes[1:]) == 3


def test_a_ball_is_brightest_where_it_faces_the_light():
    right, up, eye = rendering.shaded_balls(np.eye(3), 20, 1.0).reshape(3, 20, 20)
    rows = np.arange(20)
    assert right.sum(axis=0) @ rows > 1.05 * 9.5 * right.sum()
    assert up.sum(axis=1) @ rows < 0.95 * 9.5 * up.sum()
    assert eye.argmax() in (9 * 20 + 9, 9 * 20 + 10, 10 * 20 + 9, 10 * 20 + 10)
    behind = rendering.shaded_balls(-np.eye(3)[2:], 20, 1.0)
    assert 0 < behind[behind > 0].min() < behind.max() < eye.max() <= 1
