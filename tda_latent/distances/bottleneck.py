"""`bottleneck`: the largest move in the best matching of two diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("bottleneck")
@dataclass(frozen=True)
class Bottleneck:
    """Bottleneck distance: the largest move in the best matching of two diagrams, exact.

    Parameters
    ----------
    degree : int
        Homology degree of the bars, 0 to 3.

    Returns
    -------
    float
        In the unit of the diagrams; moves are measured by the larger change of birth and death. 0 only for equal
        diagrams, inf when the numbers of essential classes differ.

    Raises
    ------
    IncompatibleRecords
        When field, filtration, unit or reach differ, or a bar is censored.

    Notes
    -----
    A metric on diagrams. On clouds it is stable: moving every point by at most e moves the Vietoris-Rips diagram by
    at most 2 e [cohensteiner2007]. Blind to all moves but the largest. Milliseconds for thousands of typical
    bars, and memory in proportion to their number.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = (
        "cohensteiner2007",
        "efrat2001",
        "hopcroft1973",
        "kuhn1955",
        "mendelsohn1958",
    )
    libraries: ClassVar[tuple[str, ...]] = ("numba",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")

    degree: Annotated[int, Field(ge=0, le=3)] = 1

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return bottleneck_distance(a.of_degree(self.degree), b.of_degree(self.degree))
