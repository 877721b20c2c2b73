"""`persim-wasserstein`: persim's Wasserstein distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.engines.persim_distances import persim_wasserstein
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("persim-wasserstein")
@dataclass(frozen=True)
class PersimWasserstein:
    """Wasserstein distance of order 1 with Euclidean ground computed by persim, which knows no other.

    Parameters
    ----------
    degree : int
        Homology degree of the bars, 0 to 3.

    Returns
    -------
    float
        In the unit of the diagrams. persim leaves out essential classes; here they are compared before the call,
        and inf is returned when their numbers differ.

    Notes
    -----
    A metric on diagrams, equal to ``wasserstein`` with order 1 and ground 2. To 2000 bars together.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("cohensteiner2010", "saul2019")
    libraries: ClassVar[tuple[str, ...]] = ("persim", "scipy", "scikit-learn")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")

    degree: Annotated[int, Field(ge=0, le=3)] = 1

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return persim_wasserstein(a.of_degree(self.degree), b.of_degree(self.degree))
