"""`geometry-score`: by how much two clouds differ in the time that they have 0, 1, 2, ... loops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.engines.living_times import living_times
from tda_latent.numerics.living_times import geometry_score
from tda_latent.records import Latents
from tda_latent.registry import distance


@distance("geometry-score")
@dataclass(frozen=True)
class GeometryScoreDistance:
    """Geometry score: squared difference of the mean relative living times of loops of two clouds.

    Parameters
    ----------
    landmarks : int
        Random landmarks of each draw; fewer where a cloud has fewer points.
    share : float
        gamma: a filtration ends at this part of the longest distance from a point to a landmark.
    counts : int
        Numbers of loops that are told apart, from 0 on.
    draws : int
        How often landmarks are drawn in each cloud.
    seed : int
        Which landmarks are drawn; no other randomness enters.

    Returns
    -------
    float
        From 0 to 2. Monte Carlo: about 2 / draws is within chance.

    Raises
    ------
    InvalidInput
        When all points of a cloud coincide, or when it would take much more than half an hour.

    Notes
    -----
    [khrulkov2018]. Neither pairing nor a common space is needed, and the scale of a cloud does not matter. It sees the
    number of loops alone: clouds with different components, or with loops of different size, may have score 0. Compare
    clouds of one size. A squared distance: the triangle inequality fails.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("khrulkov2018", "desilva2004")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale")
    unit: ClassVar[str] = ""
    example: ClassVar[Mapping[str, Any]] = {"landmarks": 8, "draws": 4}

    landmarks: Annotated[int, Field(ge=3, le=128)] = 64
    share: Annotated[float, Field(gt=0, le=1)] = 1 / 8
    counts: Annotated[int, Field(ge=2, le=1000)] = 100
    draws: Annotated[int, Field(ge=2)] = 100
    seed: Annotated[int, Field(ge=0)] = 0

    def __call__(self, a: Latents, b: Latents) -> float:
        return geometry_score(*(self._mean(cloud) for cloud in (a, b)))

    def _mean(self, cloud: Latents) -> Any:
        rng = np.random.default_rng(self.seed)
        return living_times(cloud.points, self.landmarks, self.share, self.counts, self.draws, rng).mean(axis=0)
