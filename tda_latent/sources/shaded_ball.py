"""Images of a ball in the light: a sphere of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed
from tda_latent.numerics.rendering import shaded_balls
from tda_latent.numerics.shapes import TURN, sphere_directions
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("shaded-ball")
@dataclass(frozen=True)
class ShadedBall:
    """Images of a ball that is lit from any direction: a sphere in the space of pixels.

    Points are rows of pixels between 0 and 1. Factors: ``towards``, the cosine of the angle between the light and the
    eye (real, -1 is light from behind), and ``azimuth``, the direction of the light on the canvas (radians, period
    2 pi).

    Parameters
    ----------
    size : int
        Images.
    pixels : int
        Side of the square image.
    gloss : float
        How fast the brightness falls off; small values make the images a nearly linear picture of the sphere.
    noise : float
        Standard deviation of Gaussian noise added to each pixel.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine to the eye; 0 is even over the sphere, 5 at most.

    Notes
    -----
    Lambert's cosine, in the exponent, so that the side away from the light is no flat black [basri2003].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("basri2003",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 0, 1), 3: (1, 0, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20, "pixels": 8}

    size: Annotated[int, Field(ge=1)] = 500
    pixels: Annotated[int, Field(ge=4, le=256)] = 16
    gloss: Annotated[float, Field(gt=0, le=5)] = 0.5
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __call__(self, rng: Generator) -> Latents:
        light = sphere_directions(self.size, 2, self.unevenness, rng)
        factors = {
            "towards": Factor(light[:, 2]),
            "azimuth": Factor(np.arctan2(light[:, 1], light[:, 0]) % TURN, "circular", TURN),
        }
        images = shaded_balls(light, self.pixels, self.gloss)
        return Latents(placed(images, None, self.noise, rng), factors=factors, origin=Origin(data="shaded-ball"))
