"""Figure `distance-matrix`: distances between all models and replicates, in the order of their dendrogram."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import IncompleteResult
from tda_latent.figures import canvas
from tda_latent.numerics.trees import brackets
from tda_latent.records import Comparison
from tda_latent.registry import figure

_NUMBERS, _NAMES = 12, 45  # up to so many rows cells carry numbers, and rows their names
_SHARE, _CELL = 0.6, 2.6  # part of the width that the matrix gets, and font sizes that a number takes


@figure("distance-matrix")
@dataclass(frozen=True)
class DistanceMatrix:
    """Matrix of distances, one row per model and replicate, under the dendrogram that orders it.

    Rows and columns have the same order; white lines part neighbours of different models. Pairs that were not computed
    are hatched and counted below; infinite distances are grey and marked ∞.

    Parameters
    ----------
    order : text
        dendrogram: the order and tree stored in the comparison; given: its own rows, without a tree.
    limits : pair of numbers or null
        Range of the colours; null runs from 0 to the largest finite distance.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("barjoseph2001",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    natural: ClassVar[bool] = True

    order: Literal["dendrogram", "given"] = "dendrogram"
    limits: tuple[float, float] | None = None

    def __call__(self, record: Comparison, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When every pair is there but the comparison was not arranged. An unfinished comparison cannot be arranged
            and is drawn in the order given.
        """
        rows = self._rows(record)
        values = record.values[np.ix_(rows, rows)]
        with canvas.drawing(ax, ratio=0.95, width="column" if len(record) <= 5 else "text") as ax:
            shown = np.ma.masked_invalid(values)
            low, high = self.limits or (0.0, canvas.scale_limits(values)[1])
            image = ax.imshow(shown, cmap="viridis", vmin=low, vmax=high, interpolation="nearest")
            _special_cells(ax, values)
            if len(rows) <= _NUMBERS and _has_room(ax, len(rows)):
                _numbers(ax, values, image)
            _names(ax, record, rows)
            canvas.colour_bar(ax, image, canvas.quantity(record.distance, record.unit))
            if self._arranged(record):
                _dendrogram(ax, np.asarray(record.tree), rows)
            gap = "no dendrogram: it needs every pair" if record.missing and self.order == "dendrogram" else None
            direction = None if record.symmetric else "directed: from the row to the column"
            canvas.note(ax, [canvas.incompleteness(record), gap, direction])
        return ax

    def sharing(self, records: Iterable[Comparison]) -> DistanceMatrix:
        """The same figure with colours that mean the same in all of these matrices."""
        high = max(canvas.scale_limits(record.values)[1] for record in records)
        return replace(self, limits=self.limits or (0.0, high))

    def _arranged(self, record: Comparison) -> bool:
        return self.order == "dendrogram" and record.order is not None and record.tree is not None

    def _rows(self, record: Comparison) -> NDArray[np.int64]:
        if self._arranged(record):
            return np.asarray(record.order, dtype=np.int64)
        if self.order == "dendrogram" and not record.missing and len(record) > 1:
            raise IncompleteResult(
                "the comparison carries no dendrogram; arrange it first, or draw it with order: given."
            )
        return np.arange(len(record))


def _special_cells(ax: Any, values: NDArray[np.float64]) -> None:
    """Hatch what was not computed; grey with ∞ for infinite distances."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    def cells(mask: NDArray[np.bool_]) -> list[Any]:
        return [Rectangle((column - 0.5, row - 0.5), 1, 1) for row, column in np.argwhere(mask)]

    missing, infinite = np.isnan(values), np.isinf(values)
    if missing.any():
        ax.add_collection(PatchCollection(cells(missing), facecolor="white", edgecolor="0.5", hatch="/////",
                                          linewidth=0.0, label="_missing"))  # fmt: skip
    if infinite.any():
        ax.add_collection(PatchCollection(cells(infinite), facecolor="0.85", linewidth=0.0, label="_infinite"))
        for row, column in np.argwhere(infinite):
            ax.text(column, row, "∞", ha="center", va="center", fontsize=canvas.text_size())


def _has_room(ax: Any, rows: int) -> bool:
    """Whether a cell is wide enough for a number."""
    from matplotlib.font_manager import FontProperties

    points = FontProperties(size=canvas.text_size()).get_size_in_points()
    return canvas.room(ax) * 72 * _SHARE / rows > _CELL * points


def _numbers(ax: Any, values: NDArray[np.float64], image: Any) -> None:
    """Every finite distance in its cell, black or white, whichever reads better."""
    for (row, column), value in np.ndenumerate(values):
        if not np.isfinite(value):
            continue
        red, green, blue, _ = image.cmap(image.norm(value))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        text = canvas.short(value) if not 0 < value < 1 else f"{value:.2g}"
        ax.text(column, row, text, ha="center", va="center", fontsize=canvas.text_size(),
                color="white" if dark else "black")  # fmt: skip


def _names(ax: Any, record: Comparison, rows: NDArray[np.int64]) -> None:
    """Names of rows on both axes, and lines between neighbours of different models."""
    models, replicates = record.models[rows], record.replicates[rows]
    alone = all(len(record.within(name)) == 0 for name in record.names)
    texts = [str(m) if alone else f"{m} · {r}" for m, r in zip(models, replicates, strict=True)]
    if len(rows) <= _NAMES:
        ax.set_yticks(range(len(rows)), texts)
        ax.set_xticks(range(len(rows)), texts, rotation=90)
    else:
        ax.set(xticks=[], yticks=[])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    for cut in np.flatnonzero(models[1:] != models[:-1]) + 0.5:
        ax.axhline(cut, color="white", linewidth=1.2)
        ax.axvline(cut, color="white", linewidth=1.2)


def _dendrogram(ax: Any, tree: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
    """The tree above the matrix, its leaves over their columns."""
    from matplotlib.collections import LineCollection

    top = canvas.scale_limits(tree[:, 2])[1]
    above = ax.inset_axes((0.0, 1.01, 1.0, 0.16), label="dendrogram")
    lines = LineCollection(list(brackets(tree, rows, 1.15 * top)), colors="0.25", linewidths=0.7)
    above.add_collection(lines)
    above.set(xlim=(-0.5, len(rows) - 0.5), ylim=(0, 1.2 * top))
    above.set_axis_off()
