"""Quadratic image patches: a Klein bottle of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.isometry import placed
from tda_latent.numerics.rendering import quadratic_patches
from tda_latent.numerics.shapes import angles
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("patches")
@dataclass(frozen=True)
class Patches:
    """Small patches with an edge or a line in any direction: a Klein bottle in the space of pixels.

    Patch = sin(phase) q + cos(phase) q^2 for a linear ramp q, centred and of length one: the model of high-contrast
    patches of natural images. Factors: ``orientation`` of the ramp (radians, period pi) and ``line``, the cosine of the
    phase, which is all of the phase that has a meaning on the whole bottle (real: 1 a bright border on both sides, 0 an
    edge, -1 a bright line).

    Parameters
    ----------
    size : int
        Images.
    pixels : int
        Side of the square patch.
    noise : float
        Standard deviation of Gaussian noise added to each pixel.
    unevenness : float
        Density proportional to exp(unevenness * h), h the cosine of twice the orientation; 0 is even in orientation and
        phase, 5 at most.

    Notes
    -----
    [carlsson2008]. Over Z/2 two loops and a void like a torus; over other prime fields one loop and no void.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("carlsson2008",)
    provides: ClassVar[tuple[str, ...]] = ("factors",)
    betti: ClassVar[Mapping[int, tuple[int, ...]]] = {2: (1, 2, 1), 3: (1, 1, 0)}
    example: ClassVar[dict[str, object]] = {"size": 20}

    size: Annotated[int, Field(ge=1)] = 500
    pixels: Annotated[int, Field(ge=3, le=64)] = 3
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    unevenness: Annotated[float, Field(ge=0, le=5)] = 0.0

    def __call__(self, rng: Generator) -> Latents:
        doubled, phase = angles(self.size, 2, self.unevenness, rng).T
        # half a turn covers the bottle once: (orientation + pi, phase) is the patch of (orientation, -phase)
        orientation = doubled / 2
        images = quadratic_patches(orientation, phase, self.pixels)
        return Latents(
            placed(images, None, self.noise, rng),
            factors={"orientation": Factor(orientation, "circular", np.pi), "line": Factor(np.cos(phase))},
            origin=Origin(data="patches"),
        )
