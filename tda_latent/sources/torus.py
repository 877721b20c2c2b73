"""The torus in space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, torus_angles, torus_points
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("torus")
@dataclass(frozen=True)
class Torus:
    """Points on the torus of revolution in three dimensions: two loops, one void.

    Factors: ``longitude``, the angle around the axis, and ``latitude``, the angle around the tube (radians, period
    2 pi, 0 on the outer rim).

    Parameters
    ----------
    size : int
        Points.
    major_radius : float
        Distance of the middle of the tube from the axis.
    minor_radius : float
        Radius of the tube; less than the major radius.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 3.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the longitude; 0 is even by area, 5 at most.

    Notes
    -----
    Even by area, by rejection [diaconis2013]: even angles would crowd the inner rim.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002", "diaconis2013")
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 2, 1), 3: (1, 2, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    major_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    minor_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 3)
        if self.minor_radius >= self.major_radius:
            raise InvalidParameter(
                f"minor_radius is {self.minor_radius:g} and major_radius {self.major_radius:g}; the tube would cut "
                "itself. The minor radius must be less than the major one."
            )

    def __call__(self, rng: Generator) -> Latents:
        longitude, latitude = torus_angles(self.size, self.major_radius, self.minor_radius, self.unevenness, rng).T
        shape = torus_points(longitude, latitude, self.major_radius, self.minor_radius)
        return Latents(
            placed(shape, self.ambient_dimension, self.noise, rng),
            factors={"longitude": Factor(longitude, "circular", TURN), "latitude": Factor(latitude, "circular", TURN)},
            origin=Origin(data="torus"),
        )
