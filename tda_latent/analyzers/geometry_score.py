"""`geometry-score`: for how long a cloud has how many loops, over random landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.engines.living_times import living_times
from tda_latent.numerics.gaussian_twin import gaussian_twin
from tda_latent.numerics.living_times import geometry_score
from tda_latent.records import Curve, Latents, Measures, Scalar
from tda_latent.registry import analyzer


@analyzer("geometry-score")
@dataclass(frozen=True)
class GeometryScore:
    """Mean relative living times: the share of a witness filtration during which a cloud has 0, 1, 2, ... loops.

    Parameters
    ----------
    landmarks : int
        Random landmarks of each draw; fewer where the cloud has fewer points.
    share : float
        gamma: the filtration ends at this part of the longest distance from a point to a landmark.
    counts : int
        Numbers of loops that are told apart, from 0 on.
    draws : int
        How often landmarks are drawn.

    Returns
    -------
    Measures
        Curves ``relative living times`` (mean over draws), their ``standard error``, and ``relative living times
        (Gaussian cloud)`` of a cloud of the same size and covariance. Scalars ``most frequent number of loops``,
        ``expected number of loops``, ``share beyond`` (more loops than are told apart); ``score to a Gaussian cloud``
        beside that ``between two Gaussian clouds (reference)``, which is what chance makes of clouds of this size; and
        ``score between halves of the draws``, what the landmarks alone make: a score below either says nothing.

    Notes
    -----
    [khrulkov2018], on weak witness complexes in plain distances, gudhi's; the authors draw landmarks with repetition,
    which leaves fewer of them. Two clouds are compared by the distance of
    the same name. Published settings are share 1/8 with 32 landmarks for clouds in the plane, and 1/128 with 64 for
    images, where the filtration may end before a loop shows; the result depends on both and on the size of the cloud,
    so compare equal settings and sizes. It tells loops apart, and neither components nor scale: published as a test of
    generators, today a baseline.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("khrulkov2018", "desilva2004")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi")
    example: ClassVar[Mapping[str, Any]] = {"landmarks": 8, "draws": 4}

    landmarks: Annotated[int, Field(ge=3, le=128)] = 64
    share: Annotated[float, Field(gt=0, le=1)] = 1 / 8
    counts: Annotated[int, Field(ge=2, le=1000)] = 100
    draws: Annotated[int, Field(ge=2)] = 100

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """The living times of the cloud.

        Raises
        ------
        InvalidInput
            When all points coincide, or when it would take much more than half an hour.
        """
        found = self._times(latents.points, rng)
        twins = [self._times(gaussian_twin(latents.points, rng), rng).mean(axis=0) for _ in range(2)]
        mean = found.mean(axis=0)
        numbers = np.arange(self.counts, dtype=np.float64)
        halves = found[: self.draws // 2].mean(axis=0), found[self.draws // 2 :].mean(axis=0)

        def curve(values: Any) -> Curve:
            return Curve(numbers, values, "loops", "", "number of loops", "share of the filtration")

        return Measures(
            scalars={
                "most frequent number of loops": Scalar(int(mean.argmax()), "loops"),
                "expected number of loops": Scalar(mean @ numbers, "loops"),
                "share beyond": Scalar(max(1.0 - mean.sum(), 0.0), "", f"with {self.counts} loops or more"),
                "score to a Gaussian cloud": Scalar(geometry_score(mean, twins[0]), "", "from 0 to 2"),
                "score between two Gaussian clouds (reference)": Scalar(
                    geometry_score(*twins), "", "of the same size and covariance: what chance makes"
                ),
                "score between halves of the draws": Scalar(geometry_score(*halves), "", "what the landmarks make"),
            },
            curves={
                "relative living times": curve(mean),
                "standard error": curve(found.std(axis=0, ddof=1) / np.sqrt(self.draws)),
                "relative living times (Gaussian cloud)": curve(twins[0]),
            },
        )

    def _times(self, points: Any, rng: Generator) -> Any:
        return living_times(points, self.landmarks, self.share, self.counts, self.draws, rng)
