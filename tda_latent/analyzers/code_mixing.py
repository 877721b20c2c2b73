"""`code-mixing`: codes that take some coordinates from one input and the rest from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out_codes
from tda_latent.records.gallery import Gallery, Shape, pictures, value_range
from tda_latent.records.latents import Latents
from tda_latent.records.model import Model
from tda_latent.registry import analyzer


@analyzer("code-mixing")
@dataclass(frozen=True)
class CodeMixing:
    """Table of mixed codes: each row gives some coordinates, each column all others.

    Parameters
    ----------
    rows : int
        Random inputs whose codes stand on the left.
    columns : int
        As many others whose codes stand above.
    coordinates : tuple of int
        Coordinates from 0 that come from the row; empty = the more active half, the coordinates whose codes vary
        most over the cloud (one of an odd number more).
    shape : auto, curve, or [height, width] or [height, width, channels]
        Of an input, as for interpolation-strips.

    Returns
    -------
    Gallery
        First row and first column: reconstructions of the inputs that are mixed. Where the rows' coordinates carry one
        attribute and the others another one, rows share the first and columns share the second.

    Notes
    -----
    Style mixing [karras2019] for codes of one layer.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("karras2019",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    needs: ClassVar[tuple[str, ...]] = ("ids", "decoder")
    example: ClassVar[Mapping[str, Any]] = {"rows": 2, "columns": 3}

    rows: Annotated[int, Field(ge=1, le=30)] = 4
    columns: Annotated[int, Field(ge=1, le=30)] = 7
    coordinates: tuple[Annotated[int, Field(ge=0)], ...] = ()
    shape: Shape = "auto"

    def __call__(self, latents: Latents, model: Model, inputs: Latents, rng: Generator) -> Gallery:
        """Mixtures of codes of the cloud.

        Raises
        ------
        InvalidInput
            For fewer points than rows and columns together, a coordinate that codes do not have, fewer than two
            coordinates, or a model of another cloud.
        """
        found = held_out_codes(model, latents, inputs)
        codes = np.asarray(latents.points, dtype=np.float64)
        from_row = self._from_row(codes)
        if len(codes) < self.rows + self.columns:
            raise InvalidInput(
                f"the cloud has {len(codes)} points, and {self.rows} rows with {self.columns} columns mix "
                f"{self.rows + self.columns} different ones; ask for fewer."
            )
        drawn = codes[rng.choice(len(codes), self.rows + self.columns, replace=False)]
        down, across = drawn[: self.rows], drawn[self.rows :]
        mixed = np.where(from_row, down[:, None], across[None])
        table = np.zeros((self.rows + 1, self.columns + 1, codes.shape[1]))
        table[0, 1:], table[1:, 0], table[1:, 1:] = across, down, mixed
        cells = found.asked.decode(table.reshape(-1, codes.shape[1])).reshape(*table.shape[:2], -1)
        shown = np.ones(table.shape[:2], dtype=bool)
        shown[0, 0] = False
        low, high = value_range(found.inputs.points)
        return Gallery(
            pictures(cells, self.shape),
            rows=np.array(["", *[f"row {k + 1}" for k in range(self.rows)]]),
            columns=np.array(["", *[f"column {k + 1}" for k in range(self.columns)]]),
            low=low,
            high=high,
            shown=shown,
            title=f"Codes with coordinates {_listed(from_row)} of the row and the rest of the column",
        )

    def _from_row(self, codes: NDArray[np.float64]) -> NDArray[np.bool_]:
        width = codes.shape[1]
        if width < 2:
            raise InvalidInput("codes have 1 coordinate; mixing takes some coordinates from each of two codes.")
        strange = [k for k in self.coordinates if k >= width]
        if strange:
            raise InvalidInput(f"coordinate {strange[0]} does not exist; codes have the coordinates 0 to {width - 1}.")
        order = np.argsort(-codes.var(axis=0), kind="stable")
        chosen = np.zeros(width, dtype=bool)
        chosen[list(self.coordinates) or order[: (width + 1) // 2]] = True
        return chosen


def _listed(chosen: NDArray[np.bool_]) -> str:
    numbers = np.flatnonzero(chosen).tolist()
    return ", ".join(map(str, numbers)) if len(numbers) <= 10 else f"{numbers[0]}, {numbers[1]}, ... ({len(numbers)})"
