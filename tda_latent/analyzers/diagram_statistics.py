"""`diagram-statistics`: a persistence diagram in a few numbers per degree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.numerics.diagram_summaries import maximal_persistence, persistence_entropy, total_persistence
from tda_latent.records.diagram import PersistenceDiagram
from tda_latent.records.measures import Measures, Scalar
from tda_latent.registry import analyzer


@analyzer("diagram-statistics")
@dataclass(frozen=True)
class DiagramStatistics:
    """Number, length and evenness of the bars of every degree that the diagram was computed for.

    Parameters
    ----------
    order : float
        Exponent of the lifetimes in the total persistence.

    Returns
    -------
    Measures
        For each degree k from 0 to the highest computed, scalars ``Hk bars``, ``Hk essential`` (never die),
        ``Hk censored`` (alive at a cut of the filtration), and of the bars that die ``Hk persistence entropy`` (of the
        lifetimes, natural logarithm), ``Hk total persistence`` (sum of lifetimes to the order) and
        ``Hk maximal persistence``. A degree without bars has zeros.

    Notes
    -----
    O(m). [atienza2020], [cohensteiner2010].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("atienza2020", "cohensteiner2010")

    order: Annotated[float, Field(gt=0, le=100)] = 1.0

    def __call__(self, diagram: PersistenceDiagram) -> Measures:
        scalars: dict[str, Scalar] = {}
        for degree in range(diagram.max_degree + 1):
            scalars |= {f"H{degree} {name}": value for name, value in self._of_degree(diagram, degree).items()}
        return Measures(scalars=scalars)

    def _of_degree(self, diagram: PersistenceDiagram, degree: int) -> dict[str, Scalar]:
        chosen = diagram.degrees == degree
        finite, unit = diagram.finite(degree), diagram.unit
        power = unit if self.order == 1 else f"{unit}^{self.order:g}"
        return {
            "bars": Scalar(int(np.count_nonzero(chosen)), "bars", "bars of any kind"),
            "essential": Scalar(int(np.count_nonzero(diagram.essential & chosen)), "bars", "bars that never die"),
            "censored": Scalar(int(np.count_nonzero(diagram.censored & chosen)), "bars", "bars alive at the cut"),
            "persistence entropy": Scalar(persistence_entropy(finite), "nats", "evenness of the finite lifetimes"),
            "total persistence": Scalar(total_persistence(finite, self.order), power, "sum of finite lifetimes"),
            "maximal persistence": Scalar(maximal_persistence(finite), unit, "longest finite lifetime"),
        }
