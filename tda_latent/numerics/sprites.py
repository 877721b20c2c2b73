"""Pictures of one small figure with known factors: shape, scale, orientation, place and hue.

The canvas spans [-1, 1] in both directions, x to the right and y upwards; images are rows of pixels between 0 and 1,
row by row from the top. Orientations are counted in periods of the shape, so that 0 and 1 are the same picture and
nothing between them is: a square is back after a quarter of a turn, an ellipse after half of one, a heart after one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import unknown_name
from tda_latent.numerics.rendering import figure_strokes

Floats = NDArray[np.float64]
SYMMETRY = {"square": 4, "ellipse": 2, "heart": 1}  # turns by 1 / symmetry of a full turn change nothing
RADIUS = 0.5  # of the disc around each figure at scale one
_SIDE = RADIUS / np.sqrt(2)  # half a side of the square
_AXES = np.array([RADIUS, RADIUS / 2])  # half axes of the ellipse
_TINY = 1e-12
_BLOCK = 1 << 22  # entries drawn at a time


def sprites(shape: str, scale: Floats, orientation: Floats, place: Floats, pixels: int, softness: float) -> Floats:
    """(n, pixels^2) images of one shape.

    Parameters
    ----------
    shape : square, ellipse or heart
    scale : (n,) > 0; at 1 the figure just fits a disc of radius 0.5
    orientation : (n,) counter-clockwise, in periods of the shape (`SYMMETRY`)
    place : (n, 2) centre of the figure (x, y) on the canvas
    pixels : side of the canvas
    softness : width of the soft edge in half canvases, > 0

    Notes
    -----
    Ink is the logistic function of the distance to the outline (to first order for the ellipse) over the softness. A
    move by whole pixels moves the image by whole pixels; edges of about a pixel keep the amount of ink over turns.
    O(n pixels^2) time and memory, 72 times as much time for hearts.
    """
    if shape not in SYMMETRY:
        raise unknown_name("shape", shape, SYMMETRY)
    images = np.empty((len(scale), pixels**2))
    step = max(1, _BLOCK // pixels**2)
    turn = orientation * (2 * np.pi / SYMMETRY[shape])
    for start in range(0, len(scale), step):
        part = slice(start, start + step)
        x, y = _own_coordinates(scale[part], turn[part], place[part], pixels)
        depth = _DEPTHS[shape](x, y) * scale[part, None]
        images[part] = (1 + np.tanh(depth / (2 * softness))) / 2
    return images


def _own_coordinates(scale: Floats, turn: Floats, place: Floats, pixels: int) -> tuple[Floats, Floats]:
    """(n, pixels^2) coordinates of all pixels in the frame of each figure, at scale one and without a turn."""
    middle = (2 * np.arange(pixels) + 1) / pixels - 1
    right, up = (grid.ravel() for grid in np.meshgrid(middle, -middle))
    x, y = right - place[:, :1], up - place[:, 1:]
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    return (cosine * x + sine * y) / scale[:, None], (cosine * y - sine * x) / scale[:, None]


def _square_depth(x: Floats, y: Floats) -> Floats:
    """Distance to the outline, positive inside."""
    over, up = np.abs(x) - _SIDE, np.abs(y) - _SIDE
    outside = np.hypot(np.maximum(over, 0), np.maximum(up, 0))
    return np.asarray(-outside - np.minimum(np.maximum(over, up), 0))


def _ellipse_depth(x: Floats, y: Floats) -> Floats:
    """Distance to the outline to first order: the implicit function over its gradient."""
    wide, high = _AXES
    level = np.hypot(x / wide, y / high)
    slope = np.hypot(x / wide**2, y / high**2)
    return np.asarray(np.where(slope > _TINY, level * (1 - level) / np.maximum(slope, _TINY), high))


def _heart_depth(x: Floats, y: Floats) -> Floats:
    """Distance to the nearest outline of the discs that the heart is made of, positive inside."""
    depth = np.full(x.shape, -np.inf)
    for column, row, radius in figure_strokes("heart") * RADIUS:
        np.maximum(depth, radius - np.hypot(x - column, y - row), out=depth)
    return depth


_DEPTHS = {"square": _square_depth, "ellipse": _ellipse_depth, "heart": _heart_depth}


def coloured(images: Floats, hue: Floats) -> Floats:
    """(n, 3 pixels^2) red, green and blue planes of grey images, each in one hue.

    Parameters
    ----------
    images : (n, pixels^2)
    hue : (n,) in turns; 0 is red, 1/3 green, 2/3 blue

    Notes
    -----
    The three channels are (1 + cos(2 pi (hue - k / 3))) / 2: a round circle in the space of colours, around the grey
    of one half, on which equal steps of the hue are equal steps of the image.
    """
    channels = (1 + np.cos(2 * np.pi * (hue[:, None] - np.arange(3) / 3))) / 2
    return np.asarray((channels[:, :, None] * images[:, None, :]).reshape(len(images), -1))
