"""Images of a rotating figure: a circle of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed
from tda_latent.numerics.rendering import rotated_figures
from tda_latent.numerics.shapes import TURN, angles
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("rotating-shape")
@dataclass(frozen=True)
class RotatingShape:
    """Images of one figure in all directions: a circle in the space of pixels.

    Points are rows of pixels between 0 and 1. The factor ``angle`` is the direction in radians, with period 2 pi; the
    figures have no rotational symmetry, so that one turn is one way around the circle.

    Parameters
    ----------
    size : int
        Images.
    figure : {"comma", "heart"}
        What turns: a comma has no symmetry at all, a heart is its own mirror image.
    pixels : int
        Side of the square image.
    softness : float
        Width of the edge of the figure as a share of half the image; soft edges make the circle of images smooth.
    noise : float
        Standard deviation of Gaussian noise added to each pixel.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the angle; 0 is even by angle, 5 at most.

    Notes
    -----
    Drawn from the signed distance to the outline. Images turn about their centre, so that equal steps of the angle are
    steps of nearly equal length; a dSprites-like set [matthey2017] with its topology known.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("matthey2017",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 1), 3: (1, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20, "pixels": 8}

    size: Annotated[int, Field(ge=1)] = 500
    figure: Literal["comma", "heart"] = "comma"
    pixels: Annotated[int, Field(ge=4, le=256)] = 24
    softness: Annotated[float, Field(gt=0, le=1)] = 0.1
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __call__(self, rng: Generator) -> Latents:
        angle = angles(self.size, 1, self.unevenness, rng)[:, 0]
        images = rotated_figures(angle, self.figure, self.pixels, self.softness)
        return Latents(
            placed(images, None, self.noise, rng),
            factors={"angle": Factor(angle, "circular", TURN)},
            origin=Origin(data="rotating-shape"),
        )
