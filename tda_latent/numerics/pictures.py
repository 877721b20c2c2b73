"""Turned pictures: the disc in the middle of a photograph, seen at any angle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = NDArray[np.float64]
_GREY = 0.5


def turned(picture: Floats, angle: Floats, side: int) -> Floats:
    """(n, side, side, channels) views of the largest disc in the middle of a picture, turned counter-clockwise.

    Parameters
    ----------
    picture : (h, w, channels) between 0 and 1
    angle : (n,) in radians
    side : pixels of a view; the disc touches its edges, and the corners are grey (0.5), so that nothing but the disc
        tells one view from another

    Notes
    -----
    Smoothed to the pixels of the view before sampling (a Gaussian of half a pixel), then piecewise linear.
    """
    height, width, channels = picture.shape
    radius = (min(height, width) - 1) / 2
    step = 2 * radius / side
    smooth = gaussian_filter(picture, (step / 2, step / 2, 0))
    middle = (2 * np.arange(side) + 1) / side - 1
    right, down = np.meshgrid(middle, middle)
    inside = np.clip((1 - np.hypot(right, down)) * side / 2, 0, 1)
    views = np.empty((len(angle), side, side, channels))
    for row, turn in enumerate(angle):
        cosine, sine = np.cos(turn), np.sin(turn)
        places = np.stack([(height - 1) / 2 + radius * (cosine * down + sine * right),
                           (width - 1) / 2 + radius * (cosine * right - sine * down)])  # fmt: skip
        for channel in range(channels):
            view = map_coordinates(smooth[:, :, channel], places, order=1, mode="nearest")
            views[row, :, :, channel] = _GREY + inside * (view - _GREY)
    return views
