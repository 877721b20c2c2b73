"""`intrinsic-dimension`: TwoNN and maximum likelihood, each over the density of the sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.intrinsic_dimension import (
    decimation,
    distinct_rows,
    maximum_likelihood,
    nearest_distances,
    stored_rounding,
    two_nn,
)
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Curve, Measures, Scalar
from tda_latent.registry import analyzer


@analyzer("intrinsic-dimension")
@dataclass(frozen=True)
class IntrinsicDimension:
    """Dimension that a cloud has at the scale of its nearest neighbours: TwoNN and maximum likelihood.

    Parameters
    ----------
    neighbours : int
        Number of nearest neighbours of the maximum-likelihood estimate; TwoNN always uses two.
    smallest : int
        Least number of points in a part of the decimation curve, above ``neighbours``.
    duplicates : "merge" | "refuse"
        Points that coincide have a neighbour at distance zero, which no estimator can use: they count as one
        point, or are an error.

    Returns
    -------
    Measures
        Scalars ``two-nn``, ``mle`` (of all distinct points), ``distinct points``. NaN for fewer than 3 distinct points,
        inf when the neighbours of every point are equally far (a lattice).

        Curves over the number of points, from the smallest parts to the whole cloud: ``two-nn`` and ``mle``, and
        ``two-nn spread`` and ``mle spread``, the standard deviation over disjoint parts (NaN for the whole).

    Notes
    -----
    Read the curves before the numbers: only where an estimate does not move with the size does it measure the
    cloud, and not the sample. Compare models at equal sizes; high dimensions are underestimated. O(n^2 d), less in
    few dimensions. [facco2017], [denti2022], [levina2005], [mackay2005].
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("facco2017", "denti2022", "levina2005", "mackay2005")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale")

    neighbours: Annotated[int, Field(ge=2)] = 10
    smallest: Annotated[int, Field(ge=3)] = 50
    duplicates: Literal["merge", "refuse"] = "merge"

    def __post_init__(self) -> None:
        if self.smallest <= self.neighbours:
            raise InvalidParameter(
                f"smallest={self.smallest} points cannot have neighbours={self.neighbours} others each; "
                "the rule is smallest > neighbours."
            )

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Measures:
        points = distinct_rows(latents.points)
        repeated = len(latents) - len(points)
        if repeated and self.duplicates == "refuse":
            raise InvalidInput(f"{repeated} points repeat another one; drop them or use duplicates: merge.")
        curve = decimation(points, self.neighbours, self.smallest, rng)
        whole, rounding = nearest_distances(points, self.neighbours), stored_rounding(points)
        curves = {}
        for name, table in (("two-nn", curve.two_nn), ("mle", curve.mle)):
            curves[name] = Curve(curve.sizes, table[:, 0], "points", "", "points", "intrinsic dimension")
            curves[f"{name} spread"] = Curve(curve.sizes, table[:, 1], "points", "", "points", "standard deviation")
        return Measures(
            scalars={
                "two-nn": Scalar(two_nn(whole, rounding), "dimensions", "from the ratio of the two nearest distances"),
                "mle": Scalar(
                    maximum_likelihood(whole, rounding), "dimensions", f"from {self.neighbours} nearest distances"
                ),
                "distinct points": Scalar(len(points), "points"),
            },
            curves=curves,
        )
