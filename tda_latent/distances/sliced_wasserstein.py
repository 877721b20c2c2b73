"""`sliced-wasserstein`: diagrams compared along lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.numerics.sliced import sliced_wasserstein_distance
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("sliced-wasserstein")
@dataclass(frozen=True)
class SlicedWasserstein:
    """Sliced Wasserstein distance: diagrams projected onto lines, the mean of the distances on the lines.

    Parameters
    ----------
    degree : int
        Homology degree of the bars, 0 to 3.
    directions : int
        Number of lines, evenly spread over a half circle; none is drawn at random.

    Returns
    -------
    float
        In the unit of the diagrams. Essential classes have no finite projection: they are matched among themselves
        and add the sum of the moves of their births; inf when their numbers differ.

    Raises
    ------
    IncompatibleRecords
        When field, filtration, unit or reach differ, or a bar is censored.

    Notes
    -----
    At most 2 sqrt(2) times the 1-Wasserstein distance with ground inf, and no less than a fraction of it that
    depends on the number of bars [carriere2017]. Symmetry and the triangle inequality hold for every number of
    directions, and equal diagrams are at distance 0; so are, for few directions, some diagrams that differ.
    O(directions m log m): for diagrams too large for an exact matching.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("carriere2017",)
    libraries: ClassVar[tuple[str, ...]] = ("numba",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")

    degree: Annotated[int, Field(ge=0, le=3)] = 1
    directions: Annotated[int, Field(ge=1, le=10_000)] = 100

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return sliced_wasserstein_distance(a.of_degree(self.degree), b.of_degree(self.degree), self.directions)
