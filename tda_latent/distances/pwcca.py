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

    Parameters
    ----------
    variance : float
        Of each cloud the fewest principal directions that hold this share of its variance, in (0, 1]; 1, as published,
        keeps all.

    Returns
    -------
    float
        Unit-free. 0 = every direction that matters to the first cloud is one of the second; 1 = none is.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When all points of a cloud coincide, or more directions are kept than the shared inputs can tell apart.

    Notes
    -----
    [morcos2018]. Rows are paired by id. The weight of a canonical variate is the sum over the coordinates of the first
    cloud of its absolute inner products with them. These sums depend on the axes: *turning the first cloud changes the
    value* [kornblith2019], while with ``variance: 1`` any invertible linear change of the second leaves it alone. It is
    directed (the symmetry fails), identity holds one way only, and the triangle inequality fails. Independent clouds
    are not at 1, see svcca. O(n (d + e)^2).
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("morcos2018", "kornblith2019")
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity",)
    invariances: ClassVar[tuple[str, ...]] = ("translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    variance: Annotated[float, Field(gt=0, le=1)] = 1.0

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids)
        return pwcca_dissimilarity(a.points[rows], b.points[others], self.variance)
