"""Images of a blob on a periodic canvas: a torus of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed
from tda_latent.numerics.rendering import shifted_blobs
from tda_latent.numerics.shapes import TURN, angles
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("shifted-blob")
@dataclass(frozen=True)
class ShiftedBlob:
    """Images of a Gaussian blob anywhere on a canvas without edges: a torus in the space of pixels.

    What leaves the canvas on one side enters on the other. Points are rows of pixels between 0 and 1. Factors:
    ``right`` and ``down``, the centre of the blob in canvases (period 1).

    Parameters
    ----------
    size : int
        Images.
    pixels : int
        Side of the square image.
    width : float
        Standard deviation of the blob as a share of the canvas.
    noise : float
        Standard deviation of Gaussian noise added to each pixel.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of the turn to the right; 0 is even, 5 at most.

    Notes
    -----
    Shifts act on the images by isometries, up to exp(-2 (pi width pixels)^2) of aliasing; the torus is flat and even.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 2, 1), 3: (1, 2, 1)}
    example: ClassVar[dict[str, object]] = {"size": 20, "pixels": 8}

    size: Annotated[int, Field(ge=1)] = 500
    pixels: Annotated[int, Field(ge=4, le=256)] = 24
    width: Annotated[float, Field(gt=0, le=0.25)] = 0.15
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __call__(self, rng: Generator) -> Latents:
        shift = angles(self.size, 2, self.unevenness, rng) / TURN
        images = shifted_blobs(shift, self.pixels, self.width)
        right, down = shift.T
        return Latents(
            placed(images, None, self.noise, rng),
            factors={"right": Factor(right, "circular", 1.0), "down": Factor(down, "circular", 1.0)},
            origin=Origin(data="shifted-blob"),
        )
