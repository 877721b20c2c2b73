"""`persim-bottleneck`: persim's bottleneck distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.engines.persim_distances import persim_bottleneck
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("persim-bottleneck")
@dataclass(frozen=True)
class PersimBottleneck:
    """Bottleneck distance computed by persim, for cross-checks and for numbers published with it.

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
    A metric on diagrams, equal to ``bottleneck``. To 2000 bars together; beyond 200 in a process of its own, which is
    stopped after five minutes: persim's matching does not end on some large diagrams with ties.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("cohensteiner2007", "saul2019")
    libraries: ClassVar[tuple[str, ...]] = ("persim", "scipy")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")

    degree: Annotated[int, Field(ge=0, le=3)] = 1

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return persim_bottleneck(a.of_degree(self.degree), b.of_degree(self.degree))
