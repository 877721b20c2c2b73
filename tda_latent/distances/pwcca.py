"""`pwcca`: dissimilarity by canonical correlations, weighted by what they explain of the first cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.numerics.canonical import pwcca_dissimilarity
from tda_latent.numerics.pairing import paired_rows
from tda_latent.records import Latents
from tda_latent.registry import distance


@distance("pwcca")
@dataclass(frozen=True)
class ProjectionWeightedCanonicalCorrelation:
    """One minus the projection-weighted mean canonical correlation of two clouds of the same inputs.

    *What only the wider cloud holds does not count*: a cloud and one that is among its coordinates are at 0.

    Parameters
    ----------
    variance : float
        Of each cloud the fewest principal directions that hold this share of its variance, in (0, 1]; 1, as published,
        keeps all.

    Returns
    -------
    float
        Unit-free. 0 = every direction of the cloud with fewer directions is one of the other; 1 = none is.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When all points of a cloud coincide, or more directions are kept than the shared inputs can tell apart.

    Notes
    -----
    [morcos2018], with the weights of the cloud that has fewer directions, as its authors' code has them; of the first
    when both have as many, so that it is directed (the symmetry fails) only then. Rows are paired by id. The weight of
    a canonical variate is the sum over the coordinates of that cloud of its absolute inner products with them. These
    sums depend on the axes: *turning that cloud changes the value* [kornblith2019], while with ``variance: 1`` any
    invertible linear change of the other leaves it alone. Directions within the rounding of the stored numbers are
    none. Identity holds one way only, and the triangle inequality fails. Independent clouds are not at 1, see svcca.
    O(n (d + e)^2).
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("morcos2018", "kornblith2019")
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity",)
    invariances: ClassVar[tuple[str, ...]] = ("translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    variance: Annotated[float, Field(gt=0, le=1)] = 1.0

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids)
        return pwcca_dissimilarity(a.points[rows], b.points[others], self.variance)
