"""The flat torus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, angles, flat_torus_points
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("flat-torus")
@dataclass(frozen=True)
class FlatTorus:
    """Points on the product of two circles in four dimensions: two loops, one void, no curvature.

    Factors: ``first`` and ``second``, the angles on the two circles (radians, period 2 pi).

    Parameters
    ----------
    size : int
        Points.
    first_radius : float
        Radius of the first circle.
    second_radius : float
        Radius of the second circle.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 4.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the first angle; 0 is even by area, 5 at most.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 2, 1), 3: (1, 2, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    first_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    second_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 4)

    def __call__(self, rng: Generator) -> Latents:
        first, second = angles(self.size, 2, self.unevenness, rng).T
        shape = flat_torus_points(first, second, (self.first_radius, self.second_radius))
        return Latents(
            placed(shape, self.ambient_dimension, self.noise, rng),
            factors={"first": Factor(first, "circular", TURN), "second": Factor(second, "circular", TURN)},
            origin=Origin(data="flat-torus"),
        )
