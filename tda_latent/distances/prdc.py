"""`prdc`: what generated points miss of real ones, by precision, recall, density or coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tda_latent.errors import IncompatibleRecords
from tda_latent.numerics.prdc import Prdc, expected_coverage, prdc
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import distance


@distance("prdc")
@dataclass(frozen=True)
class PrecisionRecallDensityCoverage:
    """How far one cloud is from standing for another: the shortfall of precision, recall, density or coverage.

    Parameters
    ----------
    statistic : coverage | density | precision | recall
        coverage: real points whose neighbourhood holds a generated point; recall: real points in the neighbourhood of
        a generated one; precision: generated points in the neighbourhood of a real one; density: how many
        neighbourhoods hold a generated point, relative to k.
    neighbours : int
        k: the neighbourhood of a point is the ball to its k-th nearest other point of its own cloud.

    Returns
    -------
    float
        Unit-free. The first cloud is real, the second generated. One minus the statistic, 0 = nothing missing, 1 =
        nothing hit; for density its deviation from 1 in either direction. `statistics` gives the statistics
        themselves.

    Raises
    ------
    IncompatibleRecords
        When the clouds have different numbers of coordinates.
    InvalidInput
        When a cloud has no more than k points.

    Notes
    -----
    [kynkaanniemi2019] and, for density and coverage, [naeem2020]; balls include their boundary, up to the rounding of
    the numbers as they are stored. Nothing is paired and nothing normalised: both clouds must live in one space. The
    symmetry fails: precision of one direction is recall of the other, and density and coverage ask another question
    when the clouds change places. The triangle inequality fails. Identity holds one way only, and for density not at
    all: equal clouds have density (k + 1) / k.

    *The value for equal laws is not 0.* For independent draws of one continuous distribution, n real and m generated,
    density is 1 on average and coverage ``1 - prod_{i=1..k} (n - i) / (n + m - i)``, about ``1 - 2^-k`` for n = m.
    Precision and recall have no such value: they fall with the dimension, to 0.48 in 1000 dimensions; hold them
    against two halves of the real cloud. All depend on n, m and k: compare values of equal sizes. O((n + m)^2 d).
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("kynkaanniemi2019", "naeem2020")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    invariances: ClassVar[tuple[str, ...]] = ("permutation",)

    statistic: Literal["coverage", "density", "precision", "recall"] = "coverage"
    neighbours: Annotated[int, Field(ge=1)] = 5

    @property
    def axioms(self) -> tuple[str, ...]:
        """Equal clouds are at 0, but for density."""
        return () if self.statistic == "density" else ("identity",)

    def __call__(self, a: Latents, b: Latents) -> float:
        return abs(1.0 - float(getattr(self._prdc(a, b), self.statistic)))

    def statistics(self, a: Latents, b: Latents) -> Measures:
        """All four as they are printed in papers, with the values that equal laws give where there are such."""
        found = self._prdc(a, b)
        reference = expected_coverage(len(a), len(b), self.neighbours)
        scalars = {name: Scalar(value) for name, value in found._asdict().items()}
        return Measures(
            scalars=scalars
            | {
                "density (reference)": Scalar(1.0, "", "mean for two draws of one distribution"),
                "coverage (reference)": Scalar(reference, "", "mean for two draws of one distribution"),
            }
        )

    def _prdc(self, a: Latents, b: Latents) -> Prdc:
        if a.dimension != b.dimension:
            raise IncompatibleRecords(
                f"the clouds have {a.dimension} and {b.dimension} coordinates; prdc compares clouds in one space. "
                "Clouds of the same inputs in different spaces are compared by neighbour-overlap."
            )
        return prdc(a.points, b.points, self.neighbours)
