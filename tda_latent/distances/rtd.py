"""`rtd`: representation topology divergence of two clouds of the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cross_rips import total_length
from tda_latent.numerics.cross_barcode import paired_cross_matrix, quantile_scaled
from tda_latent.numerics.pairing import paired_rows
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.records import Latents
from tda_latent.registry import distance

Array = NDArray[Any]


@distance("rtd")
@dataclass(frozen=True)
class RepresentationTopologyDivergence:
    """Representation topology divergence: clusters and loops of the same inputs that one cloud has and the other lacks.

    Parameters
    ----------
    quantile : float
        Distances of each cloud are divided by this quantile of them, in (0, 1].
    batch : int
        Largest number of inputs in one barcode. The sum of bars grows with it: compare values of equal size only.
    batches : int
        Random batches averaged over, when there are more inputs than one batch holds.
    seed : int
        Which batches are drawn; no other randomness enters.
    combine : mean | max
        Of the two directions: the mean, as published, or the larger.

    Returns
    -------
    float
        Sum of the lengths of the bars, in units of the quantile. 0 when both clouds have equal distances up to scale.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 2 are shared.
    InvalidInput
        When the quantile of the distances is zero, because too many points coincide.

    Notes
    -----
    [barannikov2022], in degree 1 as published: a bar lives from where inputs that one cloud joins are joined in it to
    where they are in the other, or is a loop that only the closer of both has. Rows are paired by id; inputs
    that only one cloud has are left out. Identity holds one way only, and the triangle inequality fails. 500 inputs
    take well under a second.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("barannikov2022",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "gudhi")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)
    unit: ClassVar[str] = "quantile-normalised"

    quantile: Annotated[float, Field(gt=0, le=1)] = 0.9
    batch: Annotated[int, Field(ge=2)] = 500
    batches: Annotated[int, Field(ge=1)] = 10
    seed: Annotated[int, Field(ge=0)] = 0
    combine: Literal["mean", "max"] = "mean"

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids, least=2)
        first, second = a.points[rows], b.points[others]
        if len(rows) <= self.batch:
            return self._of_batch(first, second)
        rng = np.random.default_rng(self.seed)
        chosen = [rng.choice(len(rows), self.batch, replace=False) for _ in range(self.batches)]
        return float(np.mean([self._of_batch(first[part], second[part]) for part in chosen]))

    def _of_batch(self, first: Array, second: Array) -> float:
        w, other = (quantile_scaled(pairwise_distances(points), self.quantile) for points in (first, second))
        lengths = [total_length(paired_cross_matrix(*pair), 1) for pair in ((w, other), (other, w))]
        return float(np.mean(lengths)) if self.combine == "mean" else max(lengths)
