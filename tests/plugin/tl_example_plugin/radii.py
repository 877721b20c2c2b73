"""`example-radii`: an analyzer of another distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import analyzer
from tl_example_plugin.centring import distances_to_the_mean


@analyzer("example-radii")
@dataclass(frozen=True)
class Radii:
    """Median and an upper quantile of the distances of the points to their mean.

    Parameters
    ----------
    quantile : float
        The upper quantile, between 0 and 1.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")

    quantile: Annotated[float, Field(ge=0, le=1)] = 0.9

    def __call__(self, latents: Latents) -> Measures:
        radii = distances_to_the_mean(latents.points)
        unit = "input distance"
        return Measures(
            scalars={
                "median radius": Scalar(float(np.median(radii)), unit),
                "upper radius": Scalar(float(np.quantile(radii, self.quantile)), unit),
            }
        )
