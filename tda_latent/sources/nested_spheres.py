"""Small spheres of many dimensions inside a large one: the data set of the topological autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.numerics.isometry import placed
from tda_latent.numerics.shapes import sphere_directions
from tda_latent.records import Latents, Origin
from tda_latent.registry import source

OUTER = "outer"


@source("nested-spheres")
@dataclass(frozen=True)
class NestedSpheres:
    """Spheres of the same dimension, some small ones side by side and a large one around them all.

    Half of the points lie on the large sphere. The label ``sphere`` is ``outer`` or the number of the small sphere,
    "0", "1", and so on; ids are sphere-00000, ... in the order of the rows, small spheres first.

    Parameters
    ----------
    size : int
        Points.
    count : int
        Small spheres.
    dimension : int
        Dimension k of all spheres, which lie in k + 1 coordinates.
    radius : float
        Of the small spheres.
    outer_radius : float
        Of the large sphere, around the origin.
    spread : float
        Centres are normal with deviation spread / sqrt(k) in each coordinate, so that they lie about so far from the
        origin. In few dimensions some come much nearer or farther, and small spheres may touch each other or the
        large one.
    noise : float
        Standard deviation of the Gaussian blur in each coordinate, in the unit of the points.

    Notes
    -----
    The defaults are those of [moor2020] (size 10,000). There, points of one small sphere are about 7 apart, points of
    two of them 16, points of the large one 35: the small spheres are clusters, the large one is a haze of lone points.
    In a linear picture that haze lies among the clusters as well as around them.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("moor2020",)
    provides: ClassVar[tuple[str, ...]] = ("labels", "ids")
    example: ClassVar[dict[str, object]] = {"size": 40, "count": 3, "dimension": 5}

    size: Annotated[int, Field(ge=1)] = 10_000
    count: Annotated[int, Field(ge=1, le=100)] = 10
    dimension: Annotated[int, Field(ge=1, le=1000)] = 100
    radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0
    outer_radius: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 25.0
    spread: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    def __call__(self, rng: Generator) -> Latents:
        owner = self._owners()
        centres = rng.normal(0.0, self.spread / np.sqrt(self.dimension), (self.count, self.dimension + 1))
        centres = np.concatenate([centres, np.zeros((1, self.dimension + 1))])
        radii = np.append(np.full(self.count, self.radius), self.outer_radius)
        points = centres[owner] + radii[owner, None] * sphere_directions(self.size, self.dimension, 0.0, rng)
        names = np.array([*map(str, range(self.count)), OUTER])
        return Latents(
            placed(points, None, self.noise, rng),
            ids=np.array([f"sphere-{row:05d}" for row in range(self.size)]),
            labels={"sphere": names[owner]},
            origin=Origin(data="nested-spheres"),
        )

    def _owners(self) -> NDArray[np.int64]:
        """(size,) number of the sphere of each point; the small ones share what the large one leaves evenly."""
        inner = self.size // 2
        small = np.sort(np.arange(inner) % self.count)
        return np.concatenate([small, np.full(self.size - inner, self.count)])
