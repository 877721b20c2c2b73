"""`nearest-neighbour-w1`: the plain baseline that every topological comparison has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import median_distance, pairwise_distances
from tda_latent.records import Latents
from tda_latent.registry import distance


@distance("nearest-neighbour-w1")
@dataclass(frozen=True)
class NearestNeighbourW1:
    """Wasserstein distance between the distributions of nearest-neighbour distances of two clouds.

    Knows density and nothing of shape: where it separates models as well as a diagram of degree 0, the diagram has
    shown no topology. Not a metric on clouds: different clouds can have the same distances, so identity fails the other
    way round; symmetry and the triangle inequality hold.

    Parameters
    ----------
    scale : given | median
        Whether each cloud is divided by its median pairwise distance first.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("villani2009",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")
    baseline: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {}

    scale: Literal["given", "median"] = "median"

    @property
    def unit(self) -> str:
        """Unit of the distance."""
        return "median-normalised" if self.scale == "median" else "input distance"

    def __call__(self, a: Latents, b: Latents) -> float:
        return float(wasserstein_distance(self._nearest(a), self._nearest(b)))

    def _nearest(self, latents: Latents) -> NDArray[np.float64]:
        """(n,) distance of every point to its nearest other point."""
        if len(latents) < 2:
            raise InvalidInput("a cloud of one point has no nearest neighbour; bring at least two points.")
        distances = pairwise_distances(latents.points)
        divisor = median_distance(distances) if self.scale == "median" else 1.0
        np.fill_diagonal(distances, np.inf)
        return np.asarray(distances.min(axis=1) / divisor, dtype=np.float64)
