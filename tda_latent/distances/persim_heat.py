"""`persim-heat`: persim's distance of the heat kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.engines.persim_distances import persim_heat
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("persim-heat")
@dataclass(frozen=True)
class PersimHeat:
    """Distance in the feature space of the heat (scale-space) kernel on diagrams, computed by persim.

    Parameters
    ----------
    sigma : float
        Time of the heat flow, a squared length in the unit of the diagrams: a bar is blurred by sqrt(2 sigma).
        Its meaning depends on the unit, so there is no default.
    degree : int
        Homology degree of the bars, 0 to 3.

    Returns
    -------
    float
        In one over the unit of the diagrams. inf when the numbers of essential classes differ.

    Raises
    ------
    InvalidInput
        When essential classes are born at different values, which the kernel cannot measure.

    Notes
    -----
    A metric on diagrams of finite bars [reininghaus2015]. persim returns NaN when the squared distance of nearly
    equal diagrams rounds below zero; here that is 0. O(m n) in Python loops, to 2000 bars together.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("reininghaus2015", "saul2019")
    libraries: ClassVar[tuple[str, ...]] = ("persim",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    example: ClassVar[dict[str, float]] = {"sigma": 0.4}

    sigma: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    degree: Annotated[int, Field(ge=0, le=3)] = 1

    @property
    def unit(self) -> str:
        """Unit of the distance."""
        return "1 / unit of the diagrams"

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        return persim_heat(a.of_degree(self.degree), b.of_degree(self.degree), self.sigma)
