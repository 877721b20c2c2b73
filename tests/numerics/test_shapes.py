"""Laws of the shapes: equations, metrics, even densities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from tda_latent.numerics import shapes

SIZE = 4000


def stream(seed=0):
    return np.random.default_rng(seed)


def even(values, distribution):
    """Kolmogorov-Smirnov with a fixed seed: small p would mean another distribution."""
    return stats.kstest(values, distribution).pvalue > 0.01


def test_rejection_gives_the_density_times_the_chance():
    rng = stream()
    values = shapes.accepted(lambda count: rng.random((count, 1)), lambda rows: rows[:, 0], SIZE, rng)
    assert values.shape == (SIZE, 1)
    assert even(values[:, 0], lambda x: x**2)


@pytest.mark.parametrize("size", [1, 3])
def test_rejection_gives_the_size_asked_for_even_when_chances_are_poor(size):
    rng = stream()
    assert shapes.accepted(lambda c: rng.random((c, 2)), lambda r: np.full(len(r), 0.01), size, rng).shape == (size, 2)


def test_even_angles_are_uniform():
    assert even(shapes.angles(SIZE, 1, 0.0, stream())[:, 0] / shapes.TURN, "uniform")


def test_uneven_angles_follow_the_von_mises_law():
    angle = shapes.angles(SIZE, 2, 2.0, stream())
    assert even((angle[:, 0] + np.pi) % shapes.TURN - np.pi, stats.vonmises(2.0).cdf)
    assert even(angle[:, 1] / shapes.TURN, "uniform")


def test_points_of_the_circle_lie_at_its_radius():
    points = shapes.circle_points(shapes.angles(50, 1, 0.0, stream())[:, 0], 2.5)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 2.5)


def test_archimedes_heights_on_the_two_sphere_are_uniform():
    directions = shapes.sphere_directions(SIZE, 2, 0.0, stream())
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    for column in directions.T:
        assert even((column + 1) / 2, "uniform")


def test_an_uneven_sphere_follows_the_von_mises_fisher_law():
    height = shapes.sphere_directions(SIZE, 2, 3.0, stream())[:, -1]
    assert even(height, lambda h: (np.exp(3 * h) - np.exp(-3)) / (np.exp(3) - np.exp(-3)))


def test_the_torus_is_even_by_area_which_is_largest_on_the_outer_rim():
    longitude, latitude = shapes.torus_angles(SIZE, 2.0, 1.0, 0.0, stream()).T
    assert even(longitude / shapes.TURN, "uniform")
    assert even(latitude, lambda v: (2 * v + np.sin(v)) / (2 * shapes.TURN))


def test_points_of_the_torus_satisfy_its_equation():
    x, y, z = shapes.torus_points(*shapes.torus_angles(50, 3.0, 0.5, 0.0, stream()).T, 3.0, 0.5).T
    np.testing.assert_allclose((np.hypot(x, y) - 3) ** 2 + z**2, 0.25)


def test_the_flat_torus_is_a_product_of_circles():
    points = shapes.flat_torus_points(*shapes.angles(50, 2, 0.0, stream()).T, (1.0, 3.0))
    np.testing.assert_allclose(np.linalg.norm(points[:, :2], axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(points[:, 2:], axis=1), 3)


def test_one_turn_along_the_klein_bottle_mirrors_the_small_circle():
    longitude, latitude = shapes.angles(50, 2, 0.0, stream()).T
    here = shapes.klein_bottle_points(longitude, latitude, 2.0, 1.0)
    np.testing.assert_allclose(shapes.klein_bottle_points(longitude + shapes.TURN, -latitude, 2.0, 1.0), here)


def test_the_klein_bottle_does_not_cross_itself():
    """Different parameters in the fundamental domain are different points: the map inverts."""
    longitude, latitude = shapes.angles(200, 2, 0.0, stream()).T
    points = shapes.klein_bottle_points(longitude, latitude, 2.0, 1.0)
    found = np.arctan2(points[:, 1], points[:, 0]) % shapes.TURN
    swing = points[:, 2] * np.cos(found / 2) + points[:, 3] * np.sin(found / 2)
    np.testing.assert_allclose(found, longitude)
    np.testing.assert_allclose(np.arctan2(swing, np.hypot(*points[:, :2].T) - 2) % shapes.TURN, latitude)


def test_the_area_of_the_klein_bottle_is_that_of_its_stated_metric():
    """The first fundamental form by finite differences, and the density that follows from it."""
    u, v = shapes.angles(20, 2, 0.0, stream()).T
    step = 1e-6

    def move(du, dv):
        ahead = shapes.klein_bottle_points(u + du, v + dv, 2.0, 1.0)
        return (ahead - shapes.klein_bottle_points(u - du, v - dv, 2.0, 1.0)) / (2 * step)

    along, around = move(step, 0), move(0, step)
    np.testing.assert_allclose((along**2).sum(axis=1), (2 + np.cos(v)) ** 2 + np.sin(v) ** 2 / 4, rtol=1e-6)
    np.testing.assert_allclose((around**2).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose((along * around).sum(axis=1), 0, atol=1e-6)
    grid = np.linspace(0, shapes.TURN, 20001)
    area = np.sqrt((2 + np.cos(grid)) ** 2 + np.sin(grid) ** 2 / 4)
    share = np.concatenate([[0], np.cumsum((area[1:] + area[:-1]) / 2)])
    longitude, latitude = shapes.klein_bottle_angles(SIZE, 2.0, 1.0, 0.0, stream()).T
    assert even(latitude, lambda w: np.interp(w, grid, share / share[-1]))
    assert even(longitude / shapes.TURN, "uniform")


def test_points_of_the_projective_plane_are_apart_by_the_sine_of_the_angle_of_their_lines():
    lines = shapes.line_directions(40, 0.0, stream())
    apart = np.sqrt(np.maximum(0, 1 - (lines @ lines.T) ** 2))
    distances = squareform(pdist(shapes.veronese_points(lines, 3.0)))
    np.testing.assert_allclose(distances, 3 * apart, atol=1e-7)


def test_opposite_directions_are_one_point_of_the_projective_plane():
    lines = shapes.line_directions(40, 1.0, stream())
    np.testing.assert_array_equal(shapes.veronese_points(lines, 1.0), shapes.veronese_points(-lines, 1.0))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_vertices_of_the_simplex_are_equally_far_apart_around_the_origin(count):
    vertices = shapes.simplex_vertices(count, 5.0)
    assert vertices.shape == (count, count - 1)
    np.testing.assert_allclose(pdist(vertices), 5.0)
    np.testing.assert_allclose(vertices.sum(axis=0), 0, atol=1e-12)


def test_the_roll_is_even_by_length():
    first, last = 4.0, 14.0
    angle = shapes.roll_turns(SIZE, first, last, 0.0, stream())
    start, end = shapes.spiral_length(np.array([first, last]))
    assert even((shapes.spiral_length(angle) - start) / (end - start), "uniform")


def test_the_length_of_the_spiral_is_the_sum_of_its_small_steps():
    angle = np.linspace(0, 9, 100_001)
    spiral = angle[:, None] * shapes.circle_points(angle, 1.0)
    assert np.linalg.norm(np.diff(spiral, axis=0), axis=1).sum() == pytest.approx(
        float(shapes.spiral_length(angle[-1]))
    )
