"""The annulus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, angles, circle_points
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("annulus")
@dataclass(frozen=True)
class Annulus:
    """Points of a flat disc with a round hole: one component, one loop, with a thickness.

    Factors: ``angle`` (radians, period 2 pi) and ``distance`` from the centre (real).

    Parameters
    ----------
    size : int
        Points.
    inner_radius : float
        Radius of the hole.
    outer_radius : float
        Radius of the disc; more than the inner radius.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 2.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the angle; 0 is even by area, 5 at most.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 1), 3: (1, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    inner_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    outer_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 2)
        if self.inner_radius >= self.outer_radius:
            raise InvalidParameter(
                f"inner_radius is {self.inner_radius:g} and outer_radius {self.outer_radius:g}; nothing would be left. "
                "The inner radius must be less than the outer one."
            )

    def __call__(self, rng: Generator) -> Latents:
        angle = angles(self.size, 1, self.unevenness, rng)[:, 0]
        distance = np.sqrt(rng.uniform(self.inner_radius**2, self.outer_radius**2, self.size))
        points = placed(distance[:, None] * circle_points(angle, 1.0), self.ambient_dimension, self.noise, rng)
        factors = {"angle": Factor(angle, "circular", TURN), "distance": Factor(distance)}
        return Latents(points, factors=factors, origin=Origin(data="annulus"))
