"""`magnitude-difference`: by how much the effective numbers of points of two clouds differ over all scales."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.numerics.magnitude import area_between, convergence_scale, distinct_distances
from tda_latent.numerics.scaling import scaled_distances
from tda_latent.records import Latents
from tda_latent.registry import distance

_LARGEST = 3000


@distance("magnitude-difference")
@dataclass(frozen=True)
class MagnitudeDifference:
    """Area between the magnitudes of two clouds over scales: a difference in diversity.

    Parameters
    ----------
    stop : float or None
        Scale t up to which the area is taken, in one over the unit of distances; None = the larger convergence scale of
        the two. Values of different pairs compare only up to the same stop.
    scale : given | median
        Unit of the distances; median makes clouds of different size comparable.
    resolution : int
        Scales at which the magnitudes are computed.

    Returns
    -------
    float
        In points per unit of distance. 0 for clouds with the same distances, and for clouds of one point.

    Raises
    ------
    InvalidInput
        For more than 3000 points, points so close together that float64 cannot tell, or, with scale: median, a cloud
        most of whose points coincide.

    Notes
    -----
    MagDiff of [limbeck2024], whose code divides it by the stop unless told ``scale=False`` and stops at the median
    convergence scale of the clouds; magnitude after [leinster2013]. Neither pairing nor a common space is needed. Two
    clouds of different numbers of points differ by these alone: draw samples of one size. Not a metric with stop: None,
    where the triangle inequality fails, and different clouds may have one magnitude.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("leinster2013", "limbeck2024")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")
    example: ClassVar[Mapping[str, Any]] = {"resolution": 8}

    stop: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    scale: Literal["given", "median"] = "given"
    resolution: Annotated[int, Field(ge=4, le=512)] = 32

    @property
    def unit(self) -> str:
        """Points per unit of the distances."""
        return "points / input distance" if self.scale == "given" else "points / median distance"

    def __call__(self, a: Latents, b: Latents) -> float:
        first, second = (self._distances(cloud) for cloud in (a, b))
        scales = [scale for scale in map(convergence_scale, (first, second)) if not math.isnan(scale)]
        if not scales:
            return 0.0
        return area_between(first, second, self.stop or max(scales), self.resolution)

    def _distances(self, cloud: Latents) -> NDArray[np.float64]:
        if len(cloud) > _LARGEST:
            raise InvalidInput(
                f"{len(cloud)} points; magnitude needs a linear system at every scale and is offered for up to "
                f"{_LARGEST}. Draw samples of one size."
            )
        return distinct_distances(scaled_distances(cloud.points, None, self.scale).matrix)
