"""`nearest-neighbour-w1`: the plain baseline that every table carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.metric_cloud import EuclideanCloud, require_positive
from tda_latent.numerics.neighbour_balls import neighbour_squares, prepared
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.scaling import UNITS
from tda_latent.numerics.sliced import wasserstein_on_line
from tda_latent.numerics.threads import available_threads
from tda_latent.records import Latents
from tda_latent.registry import distance

Floats = NDArray[np.float64]


@distance("nearest-neighbour-w1")
@dataclass(frozen=True)
class NearestNeighbourW1:
    """Wasserstein distance between the nearest-neighbour distances of two clouds: the plain baseline of every table.

    A topological distance that tells models apart no better than this one has only measured how dense the clouds
    are.

    Parameters
    ----------
    scale : "median" | "given"
        Whether the distances of each cloud are first divided by its median pairwise distance.

    Returns
    -------
    float
        Area between the two distribution functions, in the unit of the scale.

    Raises
    ------
    InvalidInput
        For a cloud of one point, and for "median" when most points coincide.

    Notes
    -----
    Needs no pairing; sizes and dimensions may differ, but nearest neighbours come closer as a cloud grows, so compare
    equal sizes. Identity holds one way only (equal clouds are at 0, clouds at 0 may differ); symmetry and triangle
    hold. The median is exact up to 65,536 points and estimated to a thousandth or so beyond. O(n^2 d) time, little
    memory. [vallender1974] for the distance on a line.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("vallender1974",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba")
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")  # of the defaults

    scale: Literal["median", "given"] = "median"

    @property
    def unit(self) -> str:
        """Unit of the distance."""
        return UNITS[self.scale]

    def __call__(self, a: Latents, b: Latents) -> float:
        return wasserstein_on_line(self._nearest(a), self._nearest(b))

    def _nearest(self, latents: Latents) -> Floats:
        """(n,) distance of each point to its nearest other point, in the unit of the scale."""
        if len(latents) < 2:
            raise InvalidInput("a cloud of one point has no nearest neighbour; compare clouds of at least 2 points.")
        unit = 1.0
        if self.scale == "median":
            unit = require_positive(EuclideanCloud(latents.points).median(available_threads()).value)
        lengths = np.ldexp(np.sqrt(neighbour_squares(prepared(latents.points)[0], 1)), near_one(latents.points)[1])
        return np.asarray(lengths / unit, dtype=np.float64)
