"""Figure `boundary-matrix`: where the neighbours of each class lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.figures import canvas
from tda_latent.numerics.trees import leaf_order, ultrametric_tree
from tda_latent.records import Measures, Table
from tda_latent.registry import figure

TABLE, MERGES = "class boundary", "class merge scale"
_NUMBERS = 12  # classes up to which cells carry numbers
_HALF = 18  # classes whose names fit beside a matrix of half a page
_NAMED = 5  # characters of a name for each inch of the page
_DENSE = 8.5  # names below each other on an inch


@figure("boundary-matrix")
@dataclass(frozen=True)
class BoundaryMatrix:
    """Matrix of classes: how much of the neighbourhood of the row's class lies in the column's class.

    Classes that run into each other early stand side by side, where the measures tell merge scales. Cells without a
    value are grey.

    Parameters
    ----------
    table : text
        Name of the table in the measures, ``class boundary`` or ``boundary over chance`` for instance.
    limits : pair of numbers or null
        Range of the colours; null runs from 0 to the largest value.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("gower1969",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    square: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Any]] = {"table": MERGES}

    table: str = TABLE
    limits: tuple[float, float] | None = None

    @staticmethod
    def suits(record: Measures) -> bool:
        """Whether the measures hold the table of boundaries."""
        return TABLE in record.tables

    def across(self, records: Iterable[Measures]) -> int:
        """Two matrices in a row, large enough for numbers and names; one where there are many classes."""
        return 2 if all(len(self._table(record).rows) <= _HALF for record in records) else 1

    def __call__(self, record: Measures, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        UnknownName
            When the measures have no such table.
        InvalidInput
            When its rows are not its columns.
        """
        from matplotlib.colors import PowerNorm

        table = self._table(record)
        order = _order(record, table)
        values, names = table.values[np.ix_(order, order)], [str(table.rows[row]) for row in order]
        low, high = self.limits or (0.0, canvas.scale_limits(values)[1])
        with canvas.drawing(ax, ratio=0.9, width="column" if len(names) <= 8 else "text") as ax:
            ax.set_facecolor("0.9")
            norm = PowerNorm(0.5, low, high)  # the small shares off the diagonal are what one looks for
            image = ax.imshow(np.ma.masked_invalid(values), cmap="viridis", norm=norm, interpolation="nearest")
            if len(names) <= _NUMBERS:
                _numbers(ax, values, image)
            every = math.ceil(len(names) / (_DENSE * canvas.room(ax)))
            named = canvas.shortened(names, int(_NAMED * canvas.room(ax)))[::every]
            ax.set_xticks(range(0, len(names), every), named, rotation=90)
            ax.set_yticks(range(0, len(names), every), named)
            if self.table != MERGES:
                ax.set(xlabel="class of the neighbours", ylabel="class of the points")
            ax.tick_params(length=0)
            for side in ax.spines.values():
                side.set_visible(False)
            canvas.colour_bar(ax, image, canvas.quantity(self.table, table.unit))
            canvas.note(ax, [_reference(record), f"one class in {every} is named" if every > 1 else None])
        return ax

    def sharing(self, records: Iterable[Measures]) -> BoundaryMatrix:
        """The same figure with colours that mean the same in all of these matrices."""
        high = max(canvas.scale_limits(self._table(record).values)[1] for record in records)
        return replace(self, limits=self.limits or (0.0, high))

    def _table(self, record: Measures) -> Table:
        if self.table not in record.tables:
            raise unknown_name("table", self.table, record.tables)
        table: Table = record.tables[self.table]
        if not np.array_equal(table.rows, table.columns):
            raise InvalidInput(f"table {self.table!r} has different rows and columns; boundaries need the same.")
        return table


def _order(record: Measures, table: Table) -> NDArray[np.int64]:
    """Rows of the table in the order of the merge tree, where the measures have one of the same classes."""
    merges = record.tables.get(MERGES)
    if merges is None or not np.array_equal(merges.rows, table.rows):
        return np.arange(len(table.rows))
    return leaf_order(ultrametric_tree(merges.values))


def _numbers(ax: Any, values: NDArray[np.float64], image: Any) -> None:
    """Every value in its cell, black or white, whichever reads better."""
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            text = f"{value:.2f}".removeprefix("0") if value < 10 else canvas.short(value)
            ax.text(column, row, text, ha="center", va="center", fontsize=canvas.text_size(),
                    color="white" if dark else "black")  # fmt: skip


def _reference(record: Measures) -> str | None:
    """The share of edges between classes beside that of permuted labels."""
    names = ("boundary fraction", "boundary fraction by chance")
    if any(name not in record.scalars for name in names):
        return None
    found, chance = (record[name] for name in names)
    return f"edges between classes: {found:.3g}, by chance {chance:.3g}"
