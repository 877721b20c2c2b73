"""`neighbour-overlap`: how many nearest neighbours of the same inputs differ between two clouds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.numerics.neighbour_overlap import neighbour_overlaps, unrelated_overlap
from tda_latent.numerics.pairing import paired_rows
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import distance


@distance("neighbour-overlap")
@dataclass(frozen=True)
class NeighbourOverlap:
    """Mean Jaccard distance between the k nearest neighbours of each input in two clouds of the same inputs.

    Parameters
    ----------
    neighbours : int
        k, below the number of shared inputs.

    Returns
    -------
    float
        Unit-free. 0 = the same neighbours everywhere, 1 = none in common. `overlap` sets the mean overlap beside that
        of unrelated clouds.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When no more than k inputs are shared.

    Notes
    -----
    [jaccard1912] of neighbourhoods. Rows are paired by id; inputs that only one cloud has are left out and are nobody's
    neighbours. Any change that keeps the order of distances leaves it alone, so identity holds one way only; symmetry
    and triangle hold among clouds of the same ids, because the Jaccard distance is a metric on sets. Unrelated clouds
    have a mean overlap of about ``k / (2 n)``, so k must stay small beside n. All neighbours at the distance of the
    k-th, up to rounding, are taken: in a cloud of few distinct points there are many, and unrelated clouds overlap
    more, as the reference does. O(n^2 (d + e)) time, little memory.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("jaccard1912",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    neighbours: Annotated[int, Field(ge=1)] = 10

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids)
        return float(1.0 - neighbour_overlaps(a.points[rows], b.points[others], self.neighbours).values.mean())

    def overlap(self, a: Latents, b: Latents) -> Measures:
        """The mean Jaccard index, and that of clouds whose neighbours have nothing to do with each other."""
        rows, others = paired_rows(a.ids, b.ids)
        found = neighbour_overlaps(a.points[rows], b.points[others], self.neighbours)
        reference = unrelated_overlap(found.sizes)
        return Measures(
            scalars={
                "overlap": Scalar(float(found.values.mean()), "", "mean Jaccard index of the nearest neighbours"),
                "overlap (reference)": Scalar(reference, "", "mean for neighbours drawn at random"),
            }
        )
