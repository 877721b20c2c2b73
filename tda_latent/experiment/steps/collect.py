"""Put the blocks of a comparison together and arrange the models for the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tda_latent.numerics.arrangement import dendrogram_order, multidimensional_scaling
from tda_latent.records import Comparison, Measures
from tda_latent.registry import step


@step("collect")
@dataclass(frozen=True)
class Collect:
    """The matrix of all models and replicates, with dendrogram order and multidimensional scaling when complete.

    Parameters
    ----------
    distance : str
        Label of the distance in the experiment.
    symmetric : bool
        Whether the distance is symmetric; then a block below the diagonal is the transpose of the one above.
    models : tuple of str
        Names of the models, in order.
    replicates : tuple of str
        Names of the replicates, in order.
    pairs : tuple of pairs of int
        Which block holds which two models, as positions in ``models``.
    data : str
        Name of the data and layer.
    settings : mapping
        Parameters of the distance, for captions.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("borg2005", "barjoseph2001")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    example: ClassVar[dict[str, Any]] = {"distance": "bottleneck"}
    distance: str
    symmetric: bool = True
    models: tuple[str, ...] = ()
    replicates: tuple[str, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    data: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, blocks: Sequence[Measures | None]) -> Comparison:
        """A block that is None was not computed: its cells are NaN and nothing is arranged."""
        size, count = len(self.replicates), len(self.models)
        values = np.full((size * count, size * count), np.nan)
        for (i, j), block in zip(self.pairs, blocks, strict=True):
            if block is None:
                continue
            table = block.tables["distance"].values
            values[i * size : (i + 1) * size, j * size : (j + 1) * size] = table
            if self.symmetric:
                values[j * size : (j + 1) * size, i * size : (i + 1) * size] = table.T
        np.fill_diagonal(values, 0.0)
        units = [block.tables["distance"].unit for block in blocks if block is not None]
        return Comparison(values, unit=units[0] if units else "", **self._names(), **self._arranged(values))

    def _names(self) -> dict[str, Any]:
        return {
            "models": np.repeat(np.array(self.models, dtype=np.str_), len(self.replicates)),
            "replicates": np.tile(np.array(self.replicates, dtype=np.str_), len(self.models)),
            "distance": self.distance,
            "symmetric": self.symmetric,
            "data": self.data,
            "settings": dict(sorted(self.settings.items())),  # keys know no order of names, so results must not either
        }

    def _arranged(self, values: np.ndarray) -> dict[str, Any]:
        if np.isnan(values).any() or len(values) < 2:
            return {}
        even = (values + values.T) / 2
        order, tree = dendrogram_order(even)
        embedding, stress = multidimensional_scaling(even)
        return {"order": order, "tree": tree, "embedding": embedding, "stress": stress}
