"""`cka`: dissimilarity by linear centred kernel alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tda_latent.numerics.pairing import paired_rows
from tda_latent.numerics.similarity import cka_dissimilarity
from tda_latent.records import Latents
from tda_latent.registry import distance


@distance("cka")
@dataclass(frozen=True)
class CenteredKernelAlignment:
    """One minus linear centred kernel alignment of two clouds of the same inputs.

    Parameters
    ----------
    debiased : bool
        Use the unbiased estimator, which does not report similarity merely because there are few points for the
        number of coordinates; needs 4 points.

    Returns
    -------
    float
        Unit-free. 0 = alike up to rotation, shift and one common scale; 1 = unrelated (debiased: up to 2, when
        related the other way round).

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When all points of a cloud coincide.

    Notes
    -----
    [kornblith2019], debiased by [song2012]. Rows are paired by id; inputs that only one cloud has are left out.
    The triangle inequality fails: 1 - cosine grows with the square of a small angle, so two half-steps add up to less
    than the whole step. Identity holds one way only (equal clouds are at 0). *Dominated by the directions of largest
    variance*: one input that is far from all others in both clouds makes unrelated clouds alike, and a far shift of
    some inputs makes a cloud unlike itself, though nothing else about it changed [davari2023]; set a distance without
    such directions, such as neighbour-overlap, beside it.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("kornblith2019", "song2012", "williams2021", "davari2023")
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    debiased: bool = False

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids, least=4 if self.debiased else 3)
        return cka_dissimilarity(a.points[rows], b.points[others], self.debiased)
