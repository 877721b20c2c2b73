"""Small grey images drawn from formulas: turned figures, blobs on a periodic canvas, quadratic patches, lit balls.

Images are rows of pixels between 0 and 1 (patches: centred, of length one), row by row from the top.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import unknown_name

Floats = NDArray[np.float64]
_DISCS = 24  # discs along a stroke
_WRAPS = 3  # periods summed on each side: exact to rounding up to a width of a quarter of the canvas


def figure_strokes(name: str) -> Floats:
    """(m, 3) discs (x, y, radius) inside the unit disc whose union is the figure; none has a rotational symmetry.

    Known figures: ``comma``, a head with a bent tail; ``heart``, two tapered lobes and a body that meet in a tip.
    """
    along = np.linspace(0, 1, _DISCS)
    if name == "comma":
        bend = np.pi * (0.5 - 0.9 * along)
        return np.column_stack([0.15 + 0.45 * np.cos(bend), 0.05 + 0.6 * np.sin(bend) - 0.2, 0.36 - 0.31 * along])
    if name == "heart":
        lobe = np.column_stack([0.32 * (1 - along), 0.36 - 1.1 * along, 0.4 - 0.34 * along])
        body = np.column_stack([np.zeros(_DISCS), 0.15 - 0.85 * along, 0.4 - 0.3 * along])
        return np.vstack([lobe, body, lobe * [-1, 1, 1]])
    raise unknown_name("figure", name, ("comma", "heart"))


def rotated_figures(angle: Floats, name: str, pixels: int, softness: float) -> Floats:
    """(n, pixels^2) images of a figure turned counter-clockwise about the centre of the canvas.

    Parameters
    ----------
    angle : (n,) in radians
    name : figure, see `figure_strokes`
    pixels : side of the canvas, which spans [-1, 1] in both directions
    softness : width of the soft edge as a share of half the canvas, > 0; it makes the images move smoothly

    Notes
    -----
    Ink is the logistic function of the signed distance to the outline over the softness. O(n m pixels^2) time,
    O(n pixels^2) memory.
    """
    middle = (2 * np.arange(pixels) + 1) / pixels - 1
    x, y = (grid.ravel() for grid in np.meshgrid(middle, -middle))
    inside = np.full((len(angle), pixels**2), -np.inf)
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    for column, row, radius in figure_strokes(name):
        reach = np.hypot(x - (cosine * column - sine * row), y - (sine * column + cosine * row))
        np.maximum(inside, radius - reach, out=inside)
    return np.asarray((1 + np.tanh(inside / (2 * softness))) / 2, dtype=np.float64)


def shifted_blobs(shift: Floats, pixels: int, width: float) -> Floats:
    """(n, pixels^2) images of a Gaussian blob on a canvas without edges: what leaves on one side enters on the other.

    Parameters
    ----------
    shift : (n, 2) centre (right, down) in canvases, periodic with period 1
    pixels : side of the canvas
    width : standard deviation of the blob as a share of the canvas, > 0

    Notes
    -----
    The distance between two images depends on the difference of their shifts alone, up to exp(-2 (pi width pixels)^2)
    of aliasing: the torus acts by isometries. O(n pixels^2).
    """
    right, down = (_periodic_bells(centre, pixels, width) for centre in shift.T)
    return np.asarray((down[:, :, None] * right[:, None, :]).reshape(len(shift), pixels**2), dtype=np.float64)


def _periodic_bells(centre: Floats, pixels: int, width: float) -> Floats:
    """(n, pixels) wrapped Gaussian profiles with height one at the centre."""
    wraps = np.arange(-_WRAPS, _WRAPS + 1)
    offset = np.arange(pixels) / pixels - centre[:, None]
    copies = (offset - np.round(offset))[:, :, None] + wraps
    height = np.exp(-((wraps / width) ** 2) / 2).sum()
    return np.asarray(np.exp(-((copies / width) ** 2) / 2).sum(axis=2) / height, dtype=np.float64)


def quadratic_patches(orientation: Floats, phase: Floats, pixels: int) -> Floats:
    """(n, pixels^2) patches sin(phase) q + cos(phase) q^2 of a linear ramp q in the direction of the orientation.

    Each patch is centred and has length one. (orientation + pi, phase) and (orientation, -phase) are one patch: the
    family is a Klein bottle [carlsson2008].

    Parameters
    ----------
    orientation, phase : (n,) in radians
    pixels : side of a patch, >= 3; the ramp is brought to length one and q^2 to mean zero and length one
    """
    middle = np.arange(pixels) - (pixels - 1) / 2
    x, y = (grid.ravel() for grid in np.meshgrid(middle, -middle))
    ramp = np.cos(orientation)[:, None] * x + np.sin(orientation)[:, None] * y
    patches = np.sin(phase)[:, None] * _centred_units(ramp) + np.cos(phase)[:, None] * _centred_units(ramp**2)
    return _centred_units(patches)


def shaded_balls(light: Floats, pixels: int, gloss: float) -> Floats:
    """(n, pixels^2) images of one ball, lit from a direction; pixels beside the ball are 0.

    Parameters
    ----------
    light : (n, 3) unit vectors towards the light: right, up, towards the eye
    pixels : side of the canvas, >= 4; the ball touches its edges
    gloss : > 0; how fast the brightness falls off with the angle between surface and light

    Notes
    -----
    Brightness is exp(gloss * (cosine of that angle - 1)), between 0 and 1 and nowhere constant, also where the light
    comes from behind. Its logarithm is linear in the light, and three pixels of the ball have independent normals: no
    two directions give one image.
    """
    middle = (2 * np.arange(pixels) + 1) / pixels - 1
    x, y = (grid.ravel() for grid in np.meshgrid(middle, -middle))
    is_ball = x**2 + y**2 < 1
    normals = np.stack([x, y, np.sqrt(np.where(is_ball, 1 - x**2 - y**2, 0.0))])
    return np.asarray(np.where(is_ball, np.exp(gloss * (light @ normals - 1)), 0.0), dtype=np.float64)


def _centred_units(rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), dtype=np.float64)
