"""`wasserstein`: the least total move between two diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tda_latent.numerics.matching import wasserstein_distance
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("wasserstein")
@dataclass(frozen=True)
class Wasserstein:
    """Wasserstein distance of a named order and ground norm between the bars of one degree, exact.

    The order-th root of the least sum of order-th powers of moves; bars go to bars or to the diagonal, essential
    classes to each other. Infinite when the numbers of essential classes differ. A metric.

    Parameters
    ----------
    order : float
        Power of the moves in the sum, at least 1; large orders approach the bottleneck distance.
    ground : 1 | 2 | "inf"
        Norm in which a move in the plane of birth and death is measured.
    degree : int
        Degree of homology whose bars are compared.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("cohensteiner2010", "kerber2017")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    example: ClassVar[dict[str, Any]] = {"order": 2, "ground": 2, "degree": 1}

    order: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    ground: Literal[1, 2, "inf"]
    degree: Annotated[int, Field(ge=0, le=3)] = 1

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return wasserstein_distance(a.of_degree(self.degree), b.of_degree(self.degree), self.order, self.ground)
