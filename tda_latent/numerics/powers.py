"""Powers of two and squares: what keeps the squares of coordinates and lengths in the range of float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput


def largest_square(radius: float) -> float:
    """Largest float64 whose square root is at most the radius; -1 for a negative radius: nothing is near."""
    if radius < 0:
        return -1.0
    square = radius * radius
    while math.sqrt(square) > radius:
        square = math.nextafter(square, 0.0)
    while math.isfinite(square) and math.sqrt(math.nextafter(square, math.inf)) <= radius:
        square = math.nextafter(square, math.inf)
    return square


def over_power_of_two(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The values over a power of two, in their own float type, and the exponent: no square overflows, and no digit
    changes but of what is so much smaller that it leaves the range of the type.

    Raises
    ------
    InvalidInput
        When one is infinite, as in a matrix of distances that was taken for points.
    """
    largest = np.abs(values).max(initial=0)
    if not np.isfinite(largest):
        raise infinite_coordinate()
    exponent = int(np.frexp(largest)[1])
    return np.asarray(np.ldexp(values, -exponent)), exponent


def together_over_power_of_two(*clouds: NDArray[Any]) -> tuple[tuple[NDArray[Any], ...], int]:
    """Clouds of one space over one power of two, each in its own float type, and the exponent: see `over_power_of_two`.

    Raises
    ------
    InvalidInput
        When a coordinate is infinite.
    """
    exponent = max(over_power_of_two(np.abs(cloud).max(initial=0))[1] for cloud in clouds)
    return tuple(np.asarray(np.ldexp(cloud, -exponent)) for cloud in clouds), exponent


def infinite_coordinate() -> InvalidInput:
    """The error for a coordinate that is infinite, as in a matrix of distances that was taken for points."""
    return InvalidInput("a coordinate is infinite; a matrix of distances goes with metric: precomputed.")
