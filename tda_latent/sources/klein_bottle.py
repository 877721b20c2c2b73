"""The Klein bottle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, klein_bottle_angles, klein_bottle_points
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("klein-bottle")
@dataclass(frozen=True)
class KleinBottle:
    """Points on a Klein bottle in four dimensions, where it does not cross itself.

    A small circle is carried once around a large one and turned by half a turn on the way. Over Z/2 it has two loops
    and a void like a torus; over other prime fields one loop and no void. Factors: ``longitude``, the angle along the
    large circle (radians, period 2 pi), and ``fold``, the cosine of the angle v on the small circle, which is all of
    that angle that has a meaning on the whole bottle (real, 1 on the outer rim).

    Parameters
    ----------
    size : int
        Points.
    major_radius : float
        Radius of the circle along which the small circle is carried.
    minor_radius : float
        Radius of the small circle; less than the major radius.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 4.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the longitude u; 0 is even by area, 5 at most.

    Notes
    -----
    The metric is ((R + r cos v)^2 + (r sin v)^2 / 4) du^2 + r^2 dv^2; even by its area, by rejection.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002", "carlsson2008")
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 2, 1), 3: (1, 1, 0)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    major_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    minor_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 4)
        if self.minor_radius >= self.major_radius:
            raise InvalidParameter(
                f"minor_radius is {self.minor_radius:g} and major_radius {self.major_radius:g}; the bottle would "
                "cross itself. The minor radius must be less than the major one."
            )

    def __call__(self, rng: Generator) -> Latents:
        longitude, latitude = klein_bottle_angles(
            self.size, self.major_radius, self.minor_radius, self.unevenness, rng
        ).T
        shape = klein_bottle_points(longitude, latitude, self.major_radius, self.minor_radius)
        return Latents(
            placed(shape, self.ambient_dimension, self.noise, rng),
            factors={"longitude": Factor(longitude, "circular", TURN), "fold": Factor(np.cos(latitude))},
            origin=Origin(data="klein-bottle"),
        )
