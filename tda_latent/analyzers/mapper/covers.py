"""The covers of Mapper; formulas and translations from other libraries in `tda_latent.numerics.covers`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.numerics.covers import balanced_intervals, uniform_intervals

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uniform:
    """Closed intervals of equal length: KeplerMapper's and gudhi's cover.

    With n intervals and gain g on a lens axis of range R: length R / (n (1 - g)), centres R / n apart; the outer
    two overhang the range by half the shared part.

    Parameters
    ----------
    resolution : int
        Number of intervals n on each lens axis.
    gain : float
        Fraction g of an interval shared with each neighbour. Above 1/2, three intervals meet.
    """

    use: Literal["uniform"] = "uniform"
    resolution: Annotated[int, Field(ge=1, le=10_000)] = 10
    gain: Annotated[float, Field(ge=0, lt=1)] = 0.3

    def intervals(self, lens: Floats) -> list[Floats]:
        """(k, 2) closed intervals for each axis of the lens (n, q)."""
        return [uniform_intervals(axis, self.resolution, self.gain) for axis in lens.T]


@dataclass(frozen=True)
class Balanced:
    """Closed intervals that hold equally many points on each axis, ends at quantiles of the lens.

    With n intervals and gain g on N points: N / (n - (n - 1) g) points each, up to rounding. With several axes
    each axis is balanced by itself. Tied lens values stay together.

    Parameters
    ----------
    resolution : int
        Number of intervals n on each lens axis.
    gain : float
        Fraction g of an interval's points shared with each neighbour.
    """

    use: Literal["balanced"] = "balanced"
    resolution: Annotated[int, Field(ge=1, le=10_000)] = 10
    gain: Annotated[float, Field(ge=0, lt=1)] = 0.3

    def intervals(self, lens: Floats) -> list[Floats]:
        """(k, 2) closed intervals for each axis of the lens (n, q)."""
        return [balanced_intervals(axis, self.resolution, self.gain) for axis in lens.T]


Cover = Annotated[Uniform | Balanced, Field(discriminator="use")]
