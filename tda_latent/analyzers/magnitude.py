"""`magnitude`: the effective number of points of a cloud over scales, and the area below it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.numerics.gaussian_twin import gaussian_twin
from tda_latent.numerics.magnitude import CONVERGED, convergence_scale, distinct_distances, magnitude_profile
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.scaling import scaled_distances
from tda_latent.records import Curve, Latents, Measures, Scalar
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_LARGEST = 3000
_UNITS = {"given": "1 / input distance", "median": "1 / median distance"}


@analyzer("magnitude")
@dataclass(frozen=True)
class Magnitude:
    """Magnitude of a cloud: how many points it seems to have at each scale, and the area below, a measure of diversity.

    From far away a cloud is one point, from near all of its points are seen. A cloud that has collapsed onto a few
    modes stays at their number over a long range of scales. No reference and no labels are needed.

    Parameters
    ----------
    stop : float or None
        Scale t up to which the area is taken, in one over the unit of distances; None = the convergence scale of the
        cloud. Areas of different clouds compare only up to the same stop and for as many points.
    metric : euclidean | cosine
        Distance between points: straight line, or angle in radians.
    scale : given | median
        Unit of the distances.
    resolution : int
        Scales at which the magnitude is computed.
    gaussian_clouds : int
        Gaussian clouds of as many different points and the same covariance that the relative area is computed of; 0 =
        none.

    Returns
    -------
    Measures
        Scalars ``area`` (integral of the magnitude from 0 to the stop), ``relative area`` (the area over points and
        stop, from 0 to 1: does not see the size of the cloud when the stop is its own) and ``relative area (Gaussian
        cloud)``; ``convergence scale`` (where the magnitude is 95 % of the different points), ``stop``, ``different
        points``, and ``largest error`` of a value by floating point.

        Curves ``magnitude`` and ``share of points`` over the scale.

    Notes
    -----
    Magnitude is the sum of the solution w of exp(-t D) w = 1 [leinster2013]; area and convergence after [limbeck2024].
    Points nearer than 1e-9 of the diameter count as one. The authors' code divides the area by the stop unless told
    ``scale=False``, and its values are trapezoids. O(n^3) for each scale, up to 3000 points.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("leinster2013", "limbeck2024")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")
    example: ClassVar[Mapping[str, Any]] = {"resolution": 8, "gaussian_clouds": 0}

    stop: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    metric: Literal["euclidean", "cosine"] = "euclidean"
    scale: Literal["given", "median"] = "given"
    resolution: Annotated[int, Field(ge=4, le=512)] = 32
    gaussian_clouds: Annotated[int, Field(ge=0)] = 1

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """The magnitude of the cloud.

        Raises
        ------
        InvalidInput
            For more than 3000 points, a point at the origin (cosine), most points at one place (scale: median), or
            points so close together that float64 cannot tell.
        """
        if len(latents) > _LARGEST:
            raise InvalidInput(
                f"{len(latents)} points; magnitude needs a linear system at every scale and is offered for up to "
                f"{_LARGEST}. Draw a sample, of equal size for all clouds that are compared."
            )
        matrix, divisor, *_ = scaled_distances(latents.points, None, self.scale, self.metric)
        distances = distinct_distances(matrix)
        converged = convergence_scale(distances)
        stop = self.stop or converged
        unit = _UNITS[self.scale] if self.metric == "euclidean" else "1 / radian"
        scalars = {
            "convergence scale": Scalar(converged, unit, f"magnitude is {CONVERGED:.0%} of the different points"),
            "different points": Scalar(len(distances), "points"),
            "points": Scalar(len(latents), "points"),
        }
        if math.isnan(stop):  # one place: the magnitude is 1 at all scales, which converge nowhere
            undefined = "one point has no scale"
            return Measures(scalars=scalars | {"relative area": Scalar(math.nan, "", undefined)})
        found = magnitude_profile(distances, stop, self.resolution)
        twins = (gaussian_twin(latents.points, rng)[: len(distances)] for _ in range(self.gaussian_clouds))
        chance = [self._relative_area(twin, divisor) for twin in twins] or [math.nan]
        share = found.values / len(distances)
        return Measures(
            scalars={
                "area": Scalar(found.area, f"points{unit[1:]}", "integral of the magnitude from 0 to the stop"),
                "relative area": Scalar(found.area / (len(distances) * stop), "", "area over points and stop"),
                "relative area (Gaussian cloud)": Scalar(
                    float(np.mean(chance)), "", "as many different points, same covariance, same rule for the stop"
                ),
                "stop": Scalar(stop, unit),
                "largest error": Scalar(found.error, "points", "of a value by floating point, a bound"),
            }
            | scalars,
            curves={
                "magnitude": Curve(found.scales, found.values, unit, "points", "scale", "magnitude"),
                "share of points": Curve(found.scales, share, unit, "", "scale", "magnitude over points"),
            },
        )

    def _relative_area(self, points: Floats, divisor: float) -> float:
        distances = distinct_distances(pairwise_distances(points, self.metric) / divisor)
        stop = self.stop or convergence_scale(distances)
        if math.isnan(stop):
            return math.nan
        return magnitude_profile(distances, stop, self.resolution).area / (len(distances) * stop)
