"""One block of a comparison: all replicates of one model against all replicates of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.records import Measures, Record, Table
from tda_latent.registry import axioms_of, registry, step


@step("compare")
@dataclass(frozen=True)
class Compare:
    """Distances between the replicates of two models as one table.

    Parameters
    ----------
    distance : str
        Registered name of the distance.
    parameters : mapping
        Its parameters.
    rows : tuple of str
        Replicates of the first model.
    columns : tuple of str
        Replicates of the second model.
    same : bool
        Whether both are one model; then only pairs of different replicates are computed, the diagonal is 0.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[dict[str, Any]] = {"distance": "bottleneck"}
    distance: str
    parameters: dict[str, Any] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    same: bool = False

    def __call__(self, first: Sequence[Sequence[Record]], second: Sequence[Sequence[Record]]) -> Measures:
        """Subsamples of one replicate are nested measurements: their distances are averaged."""
        measure = registry().find("distance", self.distance).build(self.parameters)
        mirrored = self.same and "symmetry" in axioms_of(measure)
        values = np.zeros((len(first), len(second)))
        for i, left in enumerate(first):
            for j, right in enumerate(second):
                if self.same and i == j:
                    continue
                if mirrored and j < i:
                    values[i, j] = values[j, i]
                else:
                    values[i, j] = np.mean([measure(a, b) for a, b in zip(left, right, strict=True)])
        if np.isnan(values).any():
            raise InvalidInput(f"{self.distance} gave NaN; a distance gives a number, or infinity, or raises an error.")
        unit = str(getattr(measure, "unit", getattr(first[0][0], "unit", "")))
        return Measures(tables={"distance": Table(values, _column(self.rows), _column(self.columns), unit)})


def _column(names: Sequence[str]) -> np.ndarray:
    return np.array(list(names), dtype=np.str_)
