"""Figure `projection`: a two-dimensional view of latents, coloured by a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.figures import canvas
from tda_latent.records import Projection
from tda_latent.records.classes import has_value
from tda_latent.registry import figure

_MANY = 5000  # more points than this are drawn as an image inside the vector page
_CLASSES = 20  # integers with more different values than this are drawn as a quantity
_LONG = 14  # characters of a name that a key beside a narrow page has no room for
_ROUNDS = 8  # classes are drawn in turns, so that the last one does not hide the others


@figure("projection")
@dataclass(frozen=True)
class ProjectionPlot:
    """Scatter of a projection: classes by colour and shape, quantities by a colour bar, trust figures below.

    Circular factors have cyclic colours. Points without a value are pale grey, and their number is told.

    Parameters
    ----------
    colour : text or null
        Label column that colours the points; null takes the first one, if any.
    axes : pair of integers
        Which two coordinates to draw, from 0.
    size : float or null
        Area of a point in square points, above 0; null fits the room and the number of points.
    legend : bool
        Show the classes right of the axes.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("wong2011", "venna2001")
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    panel_ratio: ClassVar[float] = 2.0  # to begin with
    square: ClassVar[bool] = True
    natural: ClassVar[bool] = True

    colour: str | None = None
    axes: tuple[Annotated[int, Field(ge=0, le=2)], Annotated[int, Field(ge=0, le=2)]] = (0, 1)
    size: Annotated[float, Field(gt=0)] | None = None
    legend: bool = True

    @property
    def needs(self) -> tuple[str, ...]:
        """Something to colour by, where a colour is asked for."""
        return () if self.colour is None else ("labels or factors",)

    def __call__(self, record: Projection, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        UnknownName
            When ``colour`` is no label of the projection.
        InvalidInput
            When the projection has no such coordinate.
        """
        if max(self.axes) >= record.coordinates.shape[1]:
            raise InvalidInput(f"axes are {self.axes}, but the projection has {record.coordinates.shape[1]}.")
        if self.colour is not None and self.colour not in record.labels:
            raise unknown_name("label", self.colour, record.labels)
        name = self.colour or next(iter(record.labels), None)
        points = record.coordinates[:, self.axes]
        column = None if name is None else record.labels[name]
        is_there = np.ones(len(points), bool) if column is None else has_value(column)
        wide = column is not None and not _is_quantity(column) and _key_is_wide(column[is_there])
        with canvas.drawing(ax, ratio=0.75 if wide else 1.1, width="text" if wide else "column") as ax:
            if not is_there.all():
                self._scatter(ax, points[~is_there], len(points), color="0.85", edgecolors="0.7", label="_no value")
            if column is None:
                self._scatter(ax, points, color=canvas.colour(0))
            elif _is_quantity(column):
                self._quantity(ax, points[is_there], column[is_there], str(name), record.periods.get(str(name)))
            else:
                self._classes(ax, points[is_there], column[is_there], str(name))
            ax.set_aspect("equal", adjustable="datalim")
            ax.locator_params(nbins=5)
            ax.set_xlabel(record.axes[self.axes[0]])
            ax.set_ylabel(record.axes[self.axes[1]])
            missing = int((~is_there).sum())
            absent = f"; grey: {missing} without {name}" if missing else ""
            canvas.note(ax, [f"{record.method} view, {len(points)} points{absent}", *canvas.badge(record, self.axes)])
        return ax

    def _quantity(
        self, ax: Any, points: NDArray[np.float64], column: NDArray[Any], name: str, period: float | None
    ) -> None:
        values = column.astype(np.float64)
        if period is None:
            drawn = self._scatter(ax, points, c=values, cmap="viridis")
        else:
            drawn = self._scatter(ax, points, c=values % period, cmap="twilight", vmin=0.0, vmax=period)
        canvas.colour_bar(ax, drawn, name)

    def _scatter(self, ax: Any, points: NDArray[np.float64], total: int | None = None, **options: Any) -> Any:
        total = len(points) if total is None else total
        size = self.size or _area(canvas.room(ax), total)
        defaults: dict[str, Any] = {"s": size, "linewidths": 0.15, "edgecolors": "0.2", "label": "_points"}
        return ax.scatter(points[:, 0], points[:, 1], rasterized=total > _MANY, **(defaults | options))

    def _classes(self, ax: Any, points: NDArray[np.float64], column: NDArray[Any], name: str) -> None:
        from matplotlib.lines import Line2D

        classes, owners = np.unique(column, return_inverse=True)
        turns = np.arange(len(points)) % _ROUNDS
        for turn in range(_ROUNDS):
            for index, text in enumerate(classes):
                rows = (owners == index) & (turns == turn)
                if rows.any():
                    self._scatter(ax, points[rows], len(points), color=canvas.colour(index),
                                  marker=canvas.marker(index), label=f"_class {text}")  # fmt: skip
        if self.legend:
            handles = [
                Line2D([], [], linestyle="", marker=canvas.marker(k), color=canvas.colour(k), markersize=4,
                       markeredgecolor="0.2", markeredgewidth=0.3, label=str(text))
                for k, text in enumerate(classes)
            ]  # fmt: skip
            canvas.key(ax, handles, title=name)


def _area(inches: float, count: int) -> float:
    """Square points of one point: 6 for 1800 points on half a page, less on a smaller panel or for a larger cloud."""
    return float(np.clip(6.0 * (inches / 2.65) ** 2 * np.sqrt(1800 / max(count, 1)), 1.0, 16.0))


def _key_is_wide(column: NDArray[Any]) -> bool:
    """Whether the classes need a key that a narrow page has no room for."""
    names = [str(text) for text in np.unique(column)]
    return len(names) > _CLASSES or max(map(len, names), default=0) > _LONG


def _is_quantity(column: NDArray[Any]) -> bool:
    return column.dtype.kind == "f" or (column.dtype.kind in "iu" and len(np.unique(column)) > _CLASSES)
