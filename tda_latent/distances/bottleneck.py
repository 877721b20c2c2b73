"""`bottleneck`: the largest move in the best matching of two diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from tda_latent.numerics.matching import bottleneck_distance
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("bottleneck")
@dataclass(frozen=True)
class Bottleneck:
    """Bottleneck distance between the bars of one degree, exact.

    Bars are matched to each other or to the diagonal, essential classes to each other; the distance is the longest move
    in the maximum norm. Infinite when the numbers of essential classes differ. A metric.

    Parameters
    ----------
    degree : int
        Degree of homology whose bars are compared.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("cohensteiner2007", "kerber2017")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    example: ClassVar[dict[str, Any]] = {"degree": 1}

    degree: Annotated[int, Field(ge=0, le=3)] = 1

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return bottleneck_distance(a.of_degree(self.degree), b.of_degree(self.degree))
