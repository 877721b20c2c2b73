"""The Swiss roll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, roll_turns, spiral_length
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("swiss-roll")
@dataclass(frozen=True)
class SwissRoll:
    """Points on a rolled-up rectangle in three dimensions: contractible, but far from flat.

    Factors: ``along``, the length along the spiral from the inner edge, and ``across``, the position between 0 and the
    width (both real, in the unit of the points). The rectangle starts at three quarters of a turn.

    Parameters
    ----------
    size : int
        Points.
    turns : float
        Full turns of the roll.
    spacing : float
        Distance between neighbouring sheets.
    width : float
        Length of the roll along its axis.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 3.
    unevenness : float
        Density proportional to exp(unevenness * h), h falling evenly with the angle from 1 at the inner edge
        to -1 at the outer; 0 is even by area, 5 at most.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("tenenbaum2000",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 0, 0), 3: (1, 0, 0)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    turns: Annotated[float, Field(gt=0, le=20)] = 1.5
    spacing: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    width: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 3)

    def __call__(self, rng: Generator) -> Latents:
        first = 0.75 * TURN
        angle = roll_turns(self.size, first, first + self.turns * TURN, self.unevenness, rng)
        across = rng.uniform(0, self.width, self.size)
        pitch = self.spacing / TURN
        shape = np.column_stack([pitch * angle * np.cos(angle), across, pitch * angle * np.sin(angle)])
        along = pitch * (spiral_length(angle) - spiral_length(np.array(first)))
        return Latents(
            placed(shape, self.ambient_dimension, self.noise, rng),
            factors={"along": Factor(along), "across": Factor(across)},
            origin=Origin(data="swiss-roll"),
        )
