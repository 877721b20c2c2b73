"""`example-radii-gap`: a distance of another distribution, between the results of its analyzer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tda_latent.records import Measures
from tda_latent.registry import distance


@distance("example-radii-gap")
@dataclass(frozen=True)
class RadiiGap:
    """Absolute difference of the median radii of two clouds.

    Parameters
    ----------
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    axioms: ClassVar[tuple[str, ...]] = ("symmetry", "triangle")

    def __call__(self, a: Measures, b: Measures) -> float:
        return abs(a.scalars["median radius"].value - b.scalars["median radius"].value)
