"""`svcca`: dissimilarity by canonical correlations of principal directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.numerics.canonical import canonical_correlations, svcca_dissimilarity, unrelated_square_correlation
from tda_latent.numerics.pairing import paired_rows
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import distance


@distance("svcca")
@dataclass(frozen=True)
class SingularVectorCanonicalCorrelation:
    """One minus the mean canonical correlation of the principal directions of two clouds of the same inputs.

    Parameters
    ----------
    variance : float
        Of each cloud the fewest principal directions that hold this share of its variance, in (0, 1]; 1 keeps all, and
        the distance is that of plain canonical correlation analysis.

    Returns
    -------
    float
        Unit-free. 0 = the directions of the smaller cloud lie in those of the other; 1 = all uncorrelated.
        `correlation` sets the mean squared correlation beside that of unrelated clouds.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When all points of a cloud coincide, or more directions are kept than the shared inputs can tell apart.

    Notes
    -----
    [raghu2017]. Rows are paired by id. All kept directions count alike, whatever they hold; so with ``variance: 1``
    every invertible linear change of either cloud leaves it alone, and with less every rotation and scaling. *Unrelated
    clouds are not at 1*: independent Gaussian clouds of r and s directions and n inputs have a mean squared
    correlation of ``max(r, s) / (n - 1)``; use many times more inputs than directions. Directions within the rounding
    of the stored numbers are none. The authors' tutorial cuts at a share of the sum of singular values, not of their
    squares, which keeps more: values differ. Identity holds one way only; the triangle inequality fails for the mean of
    correlations. O(n (d + e)^2).
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("hotelling1936", "raghu2017")
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    variance: Annotated[float, Field(gt=0, le=1)] = 0.99

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids)
        return svcca_dissimilarity(a.points[rows], b.points[others], self.variance)

    def correlation(self, a: Latents, b: Latents) -> Measures:
        """The mean squared canonical correlation, and that of independent Gaussian clouds of as many directions."""
        rows, others = paired_rows(a.ids, b.ids)
        found = canonical_correlations(a.points[rows], b.points[others], self.variance)
        reference = unrelated_square_correlation(found.ranks, len(rows))
        return Measures(
            scalars={
                "square correlation": Scalar(float((found.correlations**2).mean()), "", "mean over directions"),
                "square correlation (reference)": Scalar(reference, "", "mean for independent Gaussian clouds"),
            }
        )
