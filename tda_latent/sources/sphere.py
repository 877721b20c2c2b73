"""Spheres of any dimension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, sphere_directions
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("sphere")
@dataclass(frozen=True)
class Sphere:
    """Points on the sphere of dimension k: one component, one hole of degree k.

    Factors: ``height``, the last coordinate over the radius (real), and ``azimuth``, the angle of the first two
    coordinates (radians, period 2 pi).

    Parameters
    ----------
    size : int
        Points.
    dimension : int
        Dimension k of the sphere, which lies in k + 1 coordinates: 1 is a circle, 2 the surface of a ball.
    radius : float
        Radius of the sphere.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own dimension + 1.
    unevenness : float
        Density proportional to exp(unevenness * h), h the height; 0 is even by area, 5 at most.

    Notes
    -----
    In the continuum the hole of the Vietoris-Rips filtration lives from 0 to radius * sqrt(2 (k + 2) / (k + 1))
    [lim2024].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002", "lim2024")
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    dimension: Annotated[int, Field(ge=1, le=10)] = 2
    radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, self.dimension + 1)

    @property
    def betti(self) -> Mapping[int, tuple[int, ...]]:
        """Betti numbers by the characteristic of the field."""
        numbers = (1, *[0] * (self.dimension - 1), 1)
        return {2: numbers, 3: numbers}

    def __call__(self, rng: Generator) -> Latents:
        direction = sphere_directions(self.size, self.dimension, self.unevenness, rng)
        points = placed(self.radius * direction, self.ambient_dimension, self.noise, rng)
        azimuth = np.arctan2(direction[:, 1], direction[:, 0]) % TURN
        factors = {"height": Factor(direction[:, -1]), "azimuth": Factor(azimuth, "circular", TURN)}
        return Latents(points, factors=factors, origin=Origin(data="sphere"))
