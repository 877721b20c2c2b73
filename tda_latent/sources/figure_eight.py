"""The figure eight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, Floats, accepted, circle_points, tilt
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("figure-eight")
@dataclass(frozen=True)
class FigureEight:
    """Points on two circles that touch: one component, two loops.

    The label ``loop`` is "right" or "left"; the factor ``angle`` is the position on the loop in radians, with period
    2 pi and 0 at the point where the circles touch.

    Parameters
    ----------
    size : int
        Points.
    first_radius : float
        Radius of the right circle.
    second_radius : float
        Radius of the left circle.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 2.
    unevenness : float
        Density proportional to exp(unevenness * h), h minus the cosine of the angle, so that the touching point is
        thin; 0 is even by length, 5 at most.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002",)
    provides: ClassVar[tuple[str, ...]] = ("labels", "factors")
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 2), 3: (1, 2)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    first_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    second_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 2)

    def __call__(self, rng: Generator) -> Latents:
        share = self.first_radius / (self.first_radius + self.second_radius)

        def draw(count: int) -> Floats:
            return np.column_stack([rng.uniform(0, TURN, count), rng.random(count) < share])

        rows = accepted(draw, lambda rows: tilt(-np.cos(rows[:, 0]), self.unevenness), self.size, rng)
        angle, right = rows[:, 0], rows[:, 1] == 1
        radius = np.where(right, self.first_radius, -self.second_radius)
        shape = radius[:, None] * (np.array([1.0, 0.0]) - circle_points(angle, 1.0))
        return Latents(
            placed(shape, self.ambient_dimension, self.noise, rng),
            labels={"loop": np.where(right, "right", "left")},
            factors={"angle": Factor(angle, "circular", TURN)},
            origin=Origin(data="figure-eight"),
        )
