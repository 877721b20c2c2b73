"""The circle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, angles, circle_points
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("circle")
@dataclass(frozen=True)
class Circle:
    """Points on a circle: one component, one loop.

    The factor ``angle`` is the position on the circle in radians, with period 2 pi.

    Parameters
    ----------
    size : int
        Points.
    radius : float
        Radius of the circle.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 2.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the angle; 0 is even by length, 5 at most.

    Notes
    -----
    In the continuum the loop of the Vietoris-Rips filtration lives from 0 to sqrt(3) radius [adamaszek2017].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002", "adamaszek2017")
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 1), 3: (1, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 2)

    def __call__(self, rng: Generator) -> Latents:
        angle = angles(self.size, 1, self.unevenness, rng)[:, 0]
        points = placed(circle_points(angle, self.radius), self.ambient_dimension, self.noise, rng)
        return Latents(points, factors={"angle": Factor(angle, "circular", TURN)}, origin=Origin(data="circle"))
