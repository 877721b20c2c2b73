"""Gaussian clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed, require_room
from tda_latent.numerics.shapes import TURN, circle_points, simplex_vertices, tilt
from tda_latent.records import Latents, Origin
from tda_latent.registry import source


@source("clusters")
@dataclass(frozen=True)
class Clusters:
    """Gaussian clusters around the vertices of a regular simplex or polygon: as many components, nothing else.

    Every two centres of a simplex are equally far apart, so that no pair of clusters is closer by construction. On a
    ring they are the corners of a regular polygon in the plane, from cluster to cluster; once neighbours touch, the
    ring itself is a loop. The label ``cluster`` names the cluster of each point: "0", "1", and so on.

    Parameters
    ----------
    size : int
        Points.
    count : int
        Clusters; they lie in count - 1 coordinates, at least 2, or on a ring in 2.
    arrangement : simplex | ring
        Where the centres are.
    spread : float
        Standard deviation of a cluster in each of these coordinates.
    separation : float
        Distance between any two centres, on a ring between neighbours; from about 8 spreads on the clusters do not
        touch.
    noise : float
        Standard deviation of the Gaussian blur in each ambient coordinate, in the unit of the points.
    ambient_dimension : int or None
        Coordinates of the space into which a random isometry carries the shape; None: its own.
    unevenness : float
        Chance of a cluster proportional to exp(unevenness * h), h falling from 1 for the first cluster to -1 for the
        last; 0 is even, 5 at most.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002",)
    provides: ClassVar[tuple[str, ...]] = ("labels",)
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    count: Annotated[int, Field(ge=1, le=100)] = 3
    arrangement: Literal["simplex", "ring"] = "simplex"
    spread: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    separation: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ambient_dimension: Annotated[int, Field(ge=1)] | None = None
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __post_init__(self) -> None:
        require_room(self.ambient_dimension, self.own_dimension)

    @property
    def own_dimension(self) -> int:
        """Coordinates in which the clusters lie before any isometry."""
        return 2 if self.arrangement == "ring" else max(2, self.count - 1)

    @property
    def betti(self) -> Mapping[int, tuple[int, ...]]:
        """Betti numbers by the characteristic of the field, at scales between the spread and the separation."""
        return {2: (self.count, 0), 3: (self.count, 0)}

    def __call__(self, rng: Generator) -> Latents:
        chance = tilt(np.linspace(1, -1, self.count), self.unevenness)
        cluster = rng.choice(self.count, self.size, p=chance / chance.sum())
        centres = np.zeros((self.count, self.own_dimension))
        if self.arrangement == "simplex":
            centres[:, : self.count - 1] = simplex_vertices(self.count, self.separation)
        elif self.count > 1:
            corners = TURN * np.arange(self.count) / self.count
            centres[:] = circle_points(corners, self.separation / (2 * np.sin(np.pi / self.count)))
        shape = centres[cluster] + self.spread * rng.standard_normal((self.size, self.own_dimension))
        return Latents(
            placed(shape, self.ambient_dimension, self.noise, rng),
            labels={"cluster": cluster.astype(np.str_)},
            origin=Origin(data="clusters"),
        )
