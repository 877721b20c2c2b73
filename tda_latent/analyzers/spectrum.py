"""`spectrum`: how many directions of the latent space are in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.spectrum import (
    condition,
    directions_needed,
    effective_rank,
    participation_ratio,
    principal_deviations,
    variance_shares,
)
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Curve, Measures, Scalar
from tda_latent.registry import analyzer


@analyzer("spectrum")
@dataclass(frozen=True)
class Spectrum:
    """How the variance of a cloud spreads over its principal directions: effective rank and participation ratio.

    Parameters
    ----------
    variance_fraction : float
        Share of the variance that ``directions needed`` has to hold.

    Returns
    -------
    Measures
        Scalars: ``effective rank`` (exponential of the entropy of the variance shares), ``effective rank of
        deviations`` (the same of the singular values, as [roy2007] defines it), ``participation ratio``,
        ``directions needed``, ``rank`` (directions with any variance above rounding), ``condition`` (largest over
        smallest deviation, inf when a direction is unused), ``total variance`` (divisor n). The ranks are 0 when all
        points coincide.

        Curves: ``explained variance`` (cumulative share) and ``variance`` (of each direction), by rank.

    Notes
    -----
    There are min(n, d) directions; centring uses up one of them when n <= d, which counts as unused. k directions
    of equal variance give k for both effective ranks and the participation ratio. O(n d min(n, d)).
    [roy2007], [gao2017].
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("roy2007", "gao2017")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")

    variance_fraction: Annotated[float, Field(gt=0, le=1)] = 0.95

    def __call__(self, latents: Latents) -> Measures:
        deviations = principal_deviations(latents.points)
        near = over_power_of_two(deviations)[0]  # the squares of large or tiny ones leave float64
        with np.errstate(over="ignore", under="ignore"):  # of a cloud at 1e200 the variance is infinite in float64
            variances = deviations**2
        shares = variance_shares(near)
        ranks = np.arange(1, len(shares) + 1, dtype=np.float64)
        needed = directions_needed(shares, self.variance_fraction)
        held = f"directions that hold {100 * self.variance_fraction:g} % of the variance"
        unit = "squared input distance"
        return Measures(
            scalars={
                "effective rank": Scalar(effective_rank(near**2), "directions", "exp entropy of the variance shares"),
                "effective rank of deviations": Scalar(
                    effective_rank(deviations), "directions", "exp entropy of the normalised singular values"
                ),
                "participation ratio": Scalar(participation_ratio(near**2), "directions"),
                "directions needed": Scalar(needed, "directions", held),
                "rank": Scalar(
                    int(np.count_nonzero(deviations)), "directions", "directions with variance above rounding"
                ),
                "condition": Scalar(condition(deviations), "", "largest over smallest standard deviation"),
                "total variance": Scalar(float(variances.sum()), unit),
            },
            curves={
                "explained variance": Curve(ranks, np.cumsum(shares), "", "", "direction", "cumulative share"),
                "variance": Curve(ranks, variances, "", unit, "direction", "variance"),
            },
        )
