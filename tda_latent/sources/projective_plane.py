"""The real projective plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import line_directions, veronese_points
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("projective-plane")
@dataclass(frozen=True)
class ProjectivePlane:
    """Lines through the origin of space as points in five dimensions: the projective plane.

    The Veronese embedding: two points lie radius * sin(angle between the lines) apart. Over Z/2 it has a loop and a
    void, over other prime fields neither. Factors: ``azimuth`` of the line (radians, period pi, undefined at the pole)
    and ``elevation``, the absolute height of its unit vector (real).

    Parameters
    ----------
    size : int
        Points.
    radius : float
        Radius of the sphere whose opposite points are glued.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own 5.
    unevenness : float
        Density proportional to exp(unevenness * h), h twice the squared elevation less one; 0 is even
        by area, 5 at most.

    Notes
    -----
    Lengths of curves are those of the sphere of that radius.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 1, 1), 3: (1, 0, 0)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, 5)

    def __call__(self, rng: Generator) -> Latents:
        lines = line_directions(self.size, self.unevenness, rng)
        points = placed(veronese_points(lines, self.radius), self.ambient_dimension, self.noise, rng)
        azimuth = np.arctan2(lines[:, 1], lines[:, 0]) % np.pi
        factors = {"azimuth": Factor(azimuth, "circular", np.pi), "elevation": Factor(np.abs(lines[:, 2]))}
        return Latents(points, factors=factors, origin=Origin(data="projective-plane"))
