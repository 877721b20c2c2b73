"""`rsa`: dissimilarity of the pairwise distances of two clouds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from tda_latent.numerics.distance_blocks import require_memory
from tda_latent.numerics.pairing import paired_rows
from tda_latent.numerics.similarity import rsa_dissimilarity
from tda_latent.records import Latents
from tda_latent.registry import distance

_BYTES = (
    40  # for each pair i, j of n^2: half-matrices of distances, order, steps, levels and ranks, and of the other cloud
)


@distance("rsa")
@dataclass(frozen=True)
class RepresentationalSimilarity:
    """One minus the correlation between the pairwise distances of two clouds of the same inputs.

    Parameters
    ----------
    metric : "euclidean" | "cosine"
        Distance between points; cosine is the angle as seen from the origin, which a shift of the cloud changes.
    correlation : "spearman" | "pearson"
        Of the ranks of the distances, or of the distances themselves, in which the longest ones count most.

    Returns
    -------
    float
        Unit-free: 0 = same order of distances (pearson: proportional up to a shift), 1 = unrelated, 2 = reversed.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When all distances of a cloud are equal, a point is the origin (cosine), or more than 20,000 inputs are shared,
        which would need more than 16 GiB.

    Notes
    -----
    [kriegeskorte2008]. Rows are paired by id. Distances that differ by rounding are ties, so that codes and lattices,
    turned or in other units, stay at 0. Toolboxes that correlate squared distances have other Pearson values and the
    same ranks. The triangle inequality fails: 1 - correlation grows with the square of
    a small angle. Identity holds one way only: with ranks every monotone change of the distances leaves it at 0.
    O(n^2 (d + log n)) time, O(n^2) memory.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("kriegeskorte2008",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    metric: Literal["euclidean", "cosine"] = "euclidean"
    correlation: Literal["spearman", "pearson"] = "spearman"

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids)
        require_memory(len(rows), _BYTES)
        return rsa_dissimilarity(a.points[rows], b.points[others], self.metric, self.correlation)
