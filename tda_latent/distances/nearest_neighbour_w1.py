"""`nearest-neighbour-w1`: the plain baseline that every table carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.numerics.scaling import UNITS, scaled_distances
from tda_latent.numerics.sliced import wasserstein_on_line
from tda_latent.records import Latents
from tda_latent.registry import distance


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
    hold. O(n^2 d) time, O(n^2) memory. [vallender1974] for the distance on a line.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("vallender1974",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")

    scale: Literal["median", "given"] = "median"

    @property
    def unit(self) -> str:
        """Unit of the distance."""
        return UNITS[self.scale]

    def __call__(self, a: Latents, b: Latents) -> float:
        return wasserstein_on_line(self._nearest(a), self._nearest(b))

    def _nearest(self, latents: Latents) -> np.ndarray:
        """(n,) distance of each point to its nearest other point, in the unit of the scale."""
        if len(latents) < 2:
            raise InvalidInput("a cloud of one point has no nearest neighbour; compare clouds of at least 2 points.")
        matrix = scaled_distances(latents.points, None, self.scale).matrix.copy()
        np.fill_diagonal(matrix, np.inf)
        return np.asarray(matrix.min(axis=1))
