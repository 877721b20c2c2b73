"""`mtop-div`: manifold topology divergence of two clouds in one space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cross_rips import total_length
from tda_latent.errors import IncompatibleRecords
from tda_latent.numerics.cross_barcode import cross_matrix
from tda_latent.records import Latents
from tda_latent.registry import distance

Array = NDArray[Any]


@distance("mtop-div")
@dataclass(frozen=True)
class ManifoldTopologyDivergence:
    """Manifold topology divergence: topology that one cloud has and another cloud in the same space does not fill.

    Parameters
    ----------
    degree : int
        Degree of the Cross-Barcode, 1 as published, or 2.
    batch : int
        Largest number of points of the cloud that is asked about.
    base_batch : int
        Largest number of points of the cloud that may fill it, best many times more: distances among them count as 0.
    batches : int
        Random batches averaged over, when a cloud has more points than a batch holds.
    seed : int
        Which batches are drawn; no other randomness enters.
    direction : both | forward | backward
        forward: what the first cloud has and the second does not fill, such as a loop of the data where a generator
        puts nothing; backward: the reverse; both: their mean.

    Returns
    -------
    float
        Sum of the lengths of the bars, in the unit of the points. 0 when all points of the first lie in the second.

    Raises
    ------
    IncompatibleRecords
        When the clouds have different numbers of coordinates.
    InvalidInput
        When the batches would need too much memory.

    Notes
    -----
    [barannikov2021]. Nothing is paired, and nothing is normalised: both clouds must live in one space, so that only a
    common motion changes nothing. The sum grows with the batches: compare values of equal batches only. Identity holds
    one way only, and up to sampling when batches are drawn; symmetry holds for direction: both alone; the triangle
    inequality fails.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("barannikov2021",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "gudhi")
    axioms: ClassVar[tuple[str, ...]] = ("identity",)
    invariances: ClassVar[tuple[str, ...]] = ("permutation",)
    unit: ClassVar[str] = "input distance"

    degree: Annotated[int, Field(ge=1, le=2)] = 1
    batch: Annotated[int, Field(ge=2)] = 100
    base_batch: Annotated[int, Field(ge=2)] = 1000
    batches: Annotated[int, Field(ge=1)] = 20
    seed: Annotated[int, Field(ge=0)] = 0
    direction: Literal["both", "forward", "backward"] = "both"

    def __call__(self, a: Latents, b: Latents) -> float:
        if a.dimension != b.dimension:
            raise IncompatibleRecords(
                f"the clouds have {a.dimension} and {b.dimension} coordinates; mtop-div compares clouds in one space. "
                "Clouds of the same inputs in different spaces are compared by rtd."
            )
        pairs = {"forward": [(a, b)], "backward": [(b, a)], "both": [(a, b), (b, a)]}[self.direction]
        return float(np.mean([self._one_way(first.points, second.points) for first, second in pairs]))

    def _one_way(self, first: Array, second: Array) -> float:
        """Mean over the batches of what the first has and the second lacks."""
        if len(first) <= self.batch and len(second) <= self.base_batch:
            return total_length(cross_matrix(first, second), self.degree)
        rng = np.random.default_rng(self.seed)
        lengths = []
        for _ in range(self.batches):
            parts = [
                points[rng.choice(len(points), min(size, len(points)), replace=False)]
                for points, size in ((first, self.batch), (second, self.base_batch))
            ]
            lengths.append(total_length(cross_matrix(*parts), self.degree))
        return float(np.mean(lengths))
