"""`Comparison`: distances between models, with their replicates kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.records.record import Array, Record, frozen_map, numbers, texts

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Record):
    """A matrix of distances, one row per (model, replicate).

    values : (m, m) distances; inf is legal, NaN = not computed (a task failed or has not run)
    models : (m,) name of the model of each row
    replicates : (m,) text that tells independently trained replicates of one model apart
    distance : label of the distance; unit : unit of its values
    symmetric : False for directed dissimilarities (row = from, column = to)
    order : (m,) row numbers in dendrogram order, or None when not arranged
    tree : (m - 1, 4) linkage of the dendrogram as SciPy writes it, or None
    embedding : (m, 2) metric multidimensional scaling, in the unit, or None; stress : its normalised stress
    settings : parameters of the distance and of what it compares
    """

    values: Floats
    models: Array
    replicates: Array
    distance: str
    unit: str = ""
    symmetric: bool = True
    data: str = ""
    order: Array | None = None
    tree: Array | None = None
    embedding: Array | None = None
    stress: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = numbers(self.values, "values", (None, None), finite=False)
        size = len(values)
        if values.shape != (size, size):
            raise InvalidInput(f"values have shape {values.shape}; a comparison is a square matrix.")
        if (values < 0).any():
            raise InvalidInput(f"a distance is {np.nanmin(values):g}; distances are never negative.")
        if self.symmetric and not np.array_equal(values, values.T, equal_nan=True):
            raise InvalidInput("the matrix is not symmetric; mark directed dissimilarities with symmetric=False.")
        self.set(
            values=values,
            models=texts(self.models, "models", size),
            replicates=texts(self.replicates, "replicates", size),
            settings=frozen_map(self.settings),
        )
        pairs = list(zip(self.models.tolist(), self.replicates.tolist(), strict=True))
        if len(set(pairs)) < size:
            raise InvalidInput("two rows carry the same model and replicate; each row must be one trained model.")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """The different models in order of first appearance."""
        return tuple(dict.fromkeys(str(model) for model in self.models))

    @property
    def missing(self) -> int:
        """Number of pairs (i < j, or i != j when directed) that were not computed."""
        gaps = np.isnan(self.values)
        return int(np.triu(gaps, 1).sum() if self.symmetric else (gaps.sum() - np.trace(gaps)))

    def between(self, first: str, second: str) -> Floats:
        """Distances between replicates of two models; within one model each pair of replicates once."""
        rows, columns = np.flatnonzero(self.models == first), np.flatnonzero(self.models == second)
        block = self.values[np.ix_(rows, columns)]
        if first != second:
            return block.ravel()
        keep = np.triu(np.ones_like(block, dtype=bool), 1) if self.symmetric else ~np.eye(len(block), dtype=bool)
        return cast(Floats, block[keep])

    def within(self, model: str) -> Floats:
        """Distances between the replicates of one model: its seed-to-seed spread."""
        return self.between(model, model)

    def facts(self) -> dict[str, Any]:
        """Distance, unit, models and completeness."""
        total = len(self) * (len(self) - 1) // (2 if self.symmetric else 1)
        return {
            "distance": self.distance,
            "unit": self.unit or "unit-free",
            "models": ", ".join(self.names),
            "rows": len(self),
            "pairs": f"{total - self.missing} of {total}" + (" (INCOMPLETE)" if self.missing else ""),
        }
