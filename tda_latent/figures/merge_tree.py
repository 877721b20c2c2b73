"""Figure `merge-tree`: the scales at which classes of a cloud run into each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.figures import canvas
from tda_latent.numerics.trees import brackets, leaf_order, ultrametric_tree
from tda_latent.records import Measures, Table
from tda_latent.registry import figure

TABLE = "class merge scale"
_LONG = 16  # characters of a name that a narrow page has no room for
_LINE = 16  # characters of the text of the axis on an inch
_NAMED = 7  # characters of a name for each inch of the page


@figure("merge-tree")
@dataclass(frozen=True)
class MergeTree:
    """Dendrogram of classes: two branches join at the scale at which the classes lie in one component.

    Classes that never merge join in a dotted line at ∞.

    Parameters
    ----------
    table : text
        Name of the table of merge scales in the measures.
    limits : pair of numbers or null
        Range of the axis of scale; null fits the tree.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("carlsson2010",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    natural: ClassVar[bool] = True

    table: str = TABLE
    limits: tuple[float, float] | None = None

    @staticmethod
    def suits(record: Measures) -> bool:
        """Whether the measures hold the table of merge scales."""
        return TABLE in record.tables

    def __call__(self, record: Measures, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        UnknownName
            When the measures have no such table.
        InvalidInput
            When the table is no symmetric table of merge scales of the same rows and columns.
        """
        from matplotlib.collections import LineCollection

        table = self._table(record)
        tree = ultrametric_tree(table.values)
        order = leaf_order(tree)
        low, high = self.limits or (0.0, canvas.scale_limits(tree[:, 2])[1])
        beyond = high + 0.1 * (high - low)
        infinite = np.isinf(tree[:, 2])
        names = [str(table.rows[leaf]) for leaf in order]
        wide = max(map(len, names)) > _LONG
        ratio = min(1.6, 0.3 + 0.055 * len(order)) * (0.5 if wide else 1.0)
        with canvas.drawing(ax, ratio=ratio, width="text" if wide else "column") as ax:
            names = canvas.shortened(names, int(_NAMED * canvas.room(ax)))
            lines = brackets(tree, order, beyond)[:, :, ::-1]
            for chosen, dots, label in ((~infinite, "-", "_merges"), (infinite, ":", "_never")):
                branches = LineCollection(list(lines[chosen]), colors="0.2", linewidths=1.0, linestyles=dots)
                branches.set_label(label)
                ax.add_collection(branches)
            for position, leaf in enumerate(order):
                ax.scatter([0.0], [position], s=16, color=canvas.colour(int(leaf)), marker=canvas.marker(int(leaf)),
                           edgecolors="0.2", linewidths=0.3, zorder=3, clip_on=False, label="_leaf")  # fmt: skip
            ax.set_yticks(range(len(order)), names)
            ax.tick_params(axis="y", length=0, pad=5)
            ax.spines["left"].set_visible(False)
            ax.set(xlim=(low, (beyond if infinite.any() else high) + 0.03 * (high - low)))
            ax.set_ylim(len(order) - 0.5, -0.5)
            canvas.ticks(ax.xaxis, (low, high), beyond if infinite.any() else None)
            ax.set_xlabel(canvas.quantity("merge scale", table.unit, line=int(_LINE * canvas.room(ax))))
        return ax

    def sharing(self, records: Iterable[Measures]) -> MergeTree:
        """The same figure with an axis of scale that fits all of these trees."""
        high = max(canvas.scale_limits(ultrametric_tree(self._table(record).values)[:, 2])[1] for record in records)
        return replace(self, limits=self.limits or (0.0, high))

    def _table(self, record: Measures) -> Table:
        if self.table not in record.tables:
            raise unknown_name("table", self.table, record.tables)
        table: Table = record.tables[self.table]
        if not np.array_equal(table.rows, table.columns):
            raise InvalidInput(f"table {self.table!r} has different rows and columns; a merge tree needs the same.")
        return table
