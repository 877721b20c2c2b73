"""Small spheres inside a large one: every point on its sphere, every sphere where it should be."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.sources.nested_spheres import OUTER, NestedSpheres


def stream(seed=0):
    return np.random.default_rng(seed)


def fitted_sphere(points):
    """Centre and radius by least squares: |x|^2 = 2 x.c + (r^2 - |c|^2), exact for points on a sphere."""
    columns = np.column_stack([2 * points, np.ones(len(points))])
    solved, *_ = np.linalg.lstsq(columns, (points**2).sum(axis=1), rcond=None)
    centre = solved[:-1]
    return centre, np.sqrt(solved[-1] + centre @ centre)


def parts(cloud):
    return {name: cloud.points[cloud.labels["sphere"] == name] for name in np.unique(cloud.labels["sphere"]).tolist()}


def test_every_point_lies_on_its_sphere():
    spheres = parts(NestedSpheres(size=400, count=4, dimension=3, radius=2.0, outer_radius=30.0)(stream()))
    assert {name: len(points) for name, points in spheres.items()} == {"0": 50, "1": 50, "2": 50, "3": 50, OUTER: 200}
    for name, points in spheres.items():
        centre, radius = fitted_sphere(points)
        assert radius == pytest.approx(30.0 if name == OUTER else 2.0, rel=1e-9)
        np.testing.assert_allclose(np.linalg.norm(points - centre, axis=1), radius, rtol=1e-9)
        if name == OUTER:
            np.testing.assert_allclose(centre, 0, atol=1e-9)


def test_centres_lie_as_far_out_as_their_spread_says():
    """The squared distance of a centre is a sum of k + 1 squares of variance spread^2 / k."""
    spheres = parts(NestedSpheres(size=6000, count=100, dimension=10, spread=3.0)(stream(1)))
    squares = [(fitted_sphere(points)[0] ** 2).sum() for name, points in spheres.items() if name != OUTER]
    expected, deviation = 3.0**2 * 11 / 10, 3.0**2 / 10 * np.sqrt(2 * 11)
    assert abs(np.mean(squares) - expected) < 4 * deviation / np.sqrt(len(squares))


def test_with_the_published_sizes_the_large_sphere_surrounds_the_others():
    spheres = parts(NestedSpheres(size=2000)(stream(2)))
    assert len(spheres) == 11
    assert spheres[OUTER].shape == (1000, 101)
    inner = max(np.linalg.norm(points, axis=1).max() for name, points in spheres.items() if name != OUTER)
    assert inner < 25.0


def test_points_spread_evenly_over_a_sphere():
    """Every coordinate has mean 0 and variance r^2 / (k + 1)."""
    points = parts(NestedSpheres(size=8000, count=1, dimension=4, radius=3.0, spread=0.0)(stream(3)))["0"]
    error = 3.0 / np.sqrt(5 * len(points))
    assert np.abs(points.mean(axis=0)).max() < 4 * error
    np.testing.assert_allclose(points.var(axis=0), 9 / 5, rtol=0.1)


def test_noise_leaves_the_sphere():
    cloud = NestedSpheres(size=4000, count=1, dimension=50, noise=0.5)(stream(4))
    gaps = np.linalg.norm(parts(cloud)[OUTER], axis=1) ** 2 - 25.0**2
    # |x + e|^2 - |x|^2 has the mean (k + 1) noise^2
    assert abs(gaps.mean() - 51 * 0.25) < 4 * gaps.std() / np.sqrt(len(gaps))


@pytest.mark.parametrize("size", [1, 2, 7])
def test_few_points_are_shared_out_as_they_come(size):
    cloud = NestedSpheres(size=size, count=5)(stream())
    assert len(cloud) == len(set(cloud.ids.tolist())) == size
    assert np.count_nonzero(cloud.labels["sphere"] == OUTER) == size - size // 2
