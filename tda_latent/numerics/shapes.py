"""Points on shapes of known topology: parameters drawn evenly by length or area, then put into space.

Uneven clouds: the density, relative to length or area, is proportional to exp(unevenness * h), where the height h
runs from -1 to 1 over the shape. The densest place is exp(2 * unevenness) times as dense as the thinnest; 0 is even.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TURN = 2 * np.pi
_LEAST_BATCH = 64


def accepted(
    draw: Callable[[int], Floats], chance: Callable[[Floats], Floats], size: int, rng: np.random.Generator
) -> Floats:
    """Exactly ``size`` rows of ``draw``, each kept with its ``chance``: rejection sampling.

    Parameters
    ----------
    draw : number -> that many rows, independent
    chance : (m, k) rows -> (m,) probabilities in [0, 1], not all zero
    size : rows wanted

    Returns
    -------
    (size, k) rows whose density is that of ``draw`` times ``chance``, up to a constant
    """
    kept: list[Floats] = []
    missing = size
    while missing > 0:
        rows = draw(max(size, _LEAST_BATCH))
        rows = rows[rng.random(len(rows)) < chance(rows)][:missing]
        kept.append(rows)
        missing -= len(rows)
    return np.concatenate(kept)


def tilt(height: Floats, unevenness: float) -> Floats:
    """Chance in (0, 1] of a place at this height in [-1, 1]: exp(unevenness * (height - 1))."""
    return np.asarray(np.exp(unevenness * (height - 1)), dtype=np.float64)


def angles(size: int, turns: int, unevenness: float, rng: np.random.Generator) -> Floats:
    """(size, turns) independent angles in [0, 2 pi), even but for the first one, whose cosine is the height."""
    return accepted(
        lambda count: rng.uniform(0, TURN, (count, turns)),
        lambda rows: tilt(np.cos(rows[:, 0]), unevenness),
        size,
        rng,
    )


def circle_points(angle: Floats, radius: float) -> Floats:
    """(n, 2) points of the circle around the origin."""
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def sphere_directions(size: int, dimension: int, unevenness: float, rng: np.random.Generator) -> Floats:
    """(size, dimension + 1) points of the unit sphere; the height is the last coordinate."""

    def draw(count: int) -> Floats:
        normal = rng.standard_normal((count, dimension + 1))
        return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True), dtype=np.float64)

    return accepted(draw, lambda rows: tilt(rows[:, -1], unevenness), size, rng)


def torus_angles(
    size: int, major_radius: float, minor_radius: float, unevenness: float, rng: np.random.Generator
) -> Floats:
    """(size, 2) longitudes and latitudes, even by the area of the torus in space; height: cosine of the longitude."""

    def chance(rows: Floats) -> Floats:
        area = (major_radius + minor_radius * np.cos(rows[:, 1])) / (major_radius + minor_radius)
        return np.asarray(area * tilt(np.cos(rows[:, 0]), unevenness), dtype=np.float64)

    return accepted(lambda count: rng.uniform(0, TURN, (count, 2)), chance, size, rng)


def torus_points(longitude: Floats, latitude: Floats, major_radius: float, minor_radius: float) -> Floats:
    """(n, 3) points of the torus of revolution around the third axis."""
    reach = major_radius + minor_radius * np.cos(latitude)
    return np.column_stack([reach * np.cos(longitude), reach * np.sin(longitude), minor_radius * np.sin(latitude)])


def flat_torus_points(first: Floats, second: Floats, radii: tuple[float, float]) -> Floats:
    """(n, 4) points of the product of two circles: a torus without curvature."""
    return np.column_stack([circle_points(first, radii[0]), circle_points(second, radii[1])])


def klein_bottle_angles(
    size: int, major_radius: float, minor_radius: float, unevenness: float, rng: np.random.Generator
) -> Floats:
    """(size, 2) longitudes and latitudes of `klein_bottle_points`, even by area; height: cosine of the longitude."""

    def area(latitude: Floats) -> Floats:
        turning = (minor_radius * np.sin(latitude) / 2) ** 2
        return np.sqrt((major_radius + minor_radius * np.cos(latitude)) ** 2 + turning)

    def chance(rows: Floats) -> Floats:
        # the area element is largest on the outer rim, where the latitude is zero
        share = area(rows[:, 1]) / (major_radius + minor_radius)
        return np.asarray(share * tilt(np.cos(rows[:, 0]), unevenness), dtype=np.float64)

    return accepted(lambda count: rng.uniform(0, TURN, (count, 2)), chance, size, rng)


def klein_bottle_points(longitude: Floats, latitude: Floats, major_radius: float, minor_radius: float) -> Floats:
    """(n, 4) points of a Klein bottle without self-intersection.

    A circle of the minor radius is carried around the major circle and turned by half a turn in the plane of the
    third and fourth axis: (longitude + 2 pi, latitude) is (longitude, -latitude). The metric is
    ((R + r cos v)^2 + (r sin v)^2 / 4) du^2 + r^2 dv^2.
    """
    reach = major_radius + minor_radius * np.cos(latitude)
    swing = minor_radius * np.sin(latitude)
    return np.column_stack(
        [
            reach * np.cos(longitude),
            reach * np.sin(longitude),
            swing * np.cos(longitude / 2),
            swing * np.sin(longitude / 2),
        ]
    )


def line_directions(size: int, unevenness: float, rng: np.random.Generator) -> Floats:
    """(size, 3) unit vectors that stand for lines through the origin; the height is 2 z^2 - 1, equal for x and -x."""

    def draw(count: int) -> Floats:
        return sphere_directions(count, 2, 0.0, rng)

    return accepted(draw, lambda rows: tilt(2 * rows[:, 2] ** 2 - 1, unevenness), size, rng)


def veronese_points(directions: Floats, radius: float) -> Floats:
    """(n, 5) points of the projective plane; two of them lie ``radius * sin(angle between the lines)`` apart.

    The coordinates of the traceless symmetric matrix radius (x x' - I / 3) / sqrt(2) in an orthonormal basis: the
    sphere of that radius with opposite points glued, embedded without changing lengths of curves.
    """
    x, y, z = directions.T
    entries = [x * y, x * z, y * z, (x**2 - y**2) / 2, (3 * z**2 - 1) / np.sqrt(12)]
    return radius * np.column_stack(entries)


def simplex_vertices(count: int, edge: float) -> Floats:
    """(count, count - 1) vertices of the regular simplex around the origin, every two of them ``edge`` apart."""
    steps = np.arange(1, count)
    vertices = np.zeros((count, count - 1))
    # Helmert's contrasts: column k sets vertex k against the mean of those before it
    for k in steps:
        vertices[:k, k - 1] = -1 / np.sqrt(k * (k + 1))
        vertices[k, k - 1] = k / np.sqrt(k * (k + 1))
    return np.asarray(vertices * edge / np.sqrt(2), dtype=np.float64)


def roll_turns(size: int, first: float, last: float, unevenness: float, rng: np.random.Generator) -> Floats:
    """(size,) angles of the spiral r = angle, even by its length; the height falls from 1 inside to -1 outside."""

    def chance(rows: Floats) -> Floats:
        along = rows[:, 0]
        height = 1 - 2 * (along - first) / (last - first)
        speed = np.sqrt((1 + along**2) / (1 + last**2))
        return np.asarray(speed * tilt(height, unevenness), dtype=np.float64)

    return accepted(lambda count: rng.uniform(first, last, (count, 1)), chance, size, rng)[:, 0]


def spiral_length(angle: Floats) -> Floats:
    """(n,) length of the spiral r = angle from the origin to the angle."""
    return np.asarray((angle * np.sqrt(1 + angle**2) + np.arcsinh(angle)) / 2, dtype=np.float64)
