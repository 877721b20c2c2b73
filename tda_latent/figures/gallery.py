"""Figure `gallery`: decoded pictures or curves in rows and columns, with their captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import unknown_name
from tda_latent.figures import canvas
from tda_latent.records import Gallery
from tda_latent.registry import figure

_GAP = 0.06  # between two cells, in widths of a cell
_LINE = 1.25  # height of a line of text, in its size
_CURVE_RATIO = 0.7  # height over width of a cell with a curve
_CROWDED = 1  # cells that a caption of a column may take before others are left out
_CHARACTER = 0.45  # mean width of a character, in its size
_POINTS = 72.0  # in an inch
_TITLE = 1.3  # size of a title, in that of small text
_WIDEST, _SMALLEST = 0.9, 0.16  # inches of a cell
_TALLEST = 18.0  # inches of a drawing, unless cells would be too small
_LONG, _LARGE = 8.0, 0.22  # inches: of a page, and of cells, for two galleries to come side by side
_SMALL = 1.3  # lines of text between the upper edges of two rows, at least, for each line of their captions


class _Layout(NamedTuple):
    """Places in inches: size of a cell, room on the left, upper edges of the rows, the line of column captions."""

    cell: tuple[float, float]
    left: float
    tops: tuple[float, ...]
    heading: float
    size: float

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Left and upper edge of a cell, downwards from the upper edge of the drawing."""
        return self.left + column * self.cell[0] * (1 + _GAP), self.tops[row]

    def total(self, record: Gallery) -> tuple[float, float]:
        """Width and height of the drawing."""
        rows, columns = record.images.shape[:2]
        x, y = self.corner(rows - 1, columns - 1)
        return x + self.cell[0], y + self.cell[1]


@figure("gallery")
@dataclass(frozen=True)
class GalleryPlot:
    """Pictures as they are, dark to light, from the lowest to the highest value of the data; curves as lines.

    Captions of columns stand above, those of rows on the left, those of single pictures above each. Numbers about
    the pictures stand below.

    Parameters
    ----------
    cmap : text
        Colours of pictures without channels, a name that Matplotlib knows.
    title : bool
        Write the title of the gallery above the pictures.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    natural: ClassVar[bool] = True

    cmap: str = "gray"
    title: bool = True

    def __post_init__(self) -> None:
        from matplotlib import colormaps

        if self.cmap not in colormaps:
            raise unknown_name("colour map", self.cmap, colormaps)

    def across(self, records: Sequence[Gallery]) -> int:
        """Two galleries in a row where that keeps their pictures large, and the page would be long otherwise."""
        inches, points = canvas.page("text")
        whole, half = ([_layout(record, inches / part, points) for record in records] for part in (1, 2))
        long = sum(layout.total(record)[1] for layout, record in zip(whole, records, strict=True)) > _LONG
        return 2 if long and min(min(layout.cell) for layout in half) >= _LARGE else 1

    def panel_ratio(self, record: Gallery, across: int = 1) -> float:
        """Height over width of a panel, with title and numbers."""
        inches, points = canvas.page("text")
        inches /= across
        titled = canvas.title_lines(record.title, inches, _TITLE * points) if self.title else 0
        lines = (titled and 1.6 * titled + 0.6) + 1.6 * bool(record.scalars) + 0.6
        return (_layout(record, inches, points).total(record)[1] + lines * points / _POINTS) / inches

    def __call__(self, record: Gallery, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet over the width of the text; the axes are returned."""
        ratio = self.panel_ratio(record) if ax is None else 1.0
        with canvas.drawing(ax, ratio=ratio, width="text") as ax:
            layout = _layout(record, canvas.room(ax), _points())
            ax.set_axis_off()
            for row, column in np.ndindex(record.images.shape[:2]):
                if record.shown is None or record.shown[row, column]:
                    self._cell(ax, record, layout, (row, column))
            _captions(ax, record, layout)
            width, height = layout.total(record)
            ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
            ax.set_aspect("equal", adjustable="box")
            if self.title and record.title:
                canvas.entitle(ax, record.title)
            canvas.note(ax, [_numbers(record)])
        return ax

    def _cell(self, ax: Any, record: Gallery, layout: _Layout, place: tuple[int, int]) -> None:
        image = record.images[place]
        (x, y), (width, height) = layout.corner(*place), layout.cell
        share = (image.astype(np.float64) - record.low) / (record.high - record.low)
        if record.is_curves:
            ax.plot(x + width * _positions(image.shape[1]), y + height * (1 - np.clip(share[0], 0, 1)),
                    color=canvas.colour(0), linewidth=0.8, label="_curve")  # fmt: skip
            ax.plot([x, x + width, x + width, x, x], [y, y, y + height, y + height, y], color="0.8", linewidth=0.4,
                    label="_frame")  # fmt: skip
            return
        drawn = np.clip(share, 0, 1) if image.ndim == 3 else image
        ax.imshow(drawn, cmap=self.cmap, vmin=record.low, vmax=record.high, extent=(x, x + width, y + height, y),
                  interpolation="nearest", aspect="equal", label="_picture")  # fmt: skip


def _positions(count: int) -> NDArray[np.float64]:
    return np.linspace(0, 1, count) if count > 1 else np.full(1, 0.5)


def _numbers(record: Gallery) -> str | None:
    """The scalars in one line; their unit once, when it is one and no name says it."""
    units = {scalar.unit for scalar in record.scalars.values()}
    unit = (
        next(iter(units)) if len(units) == 1 and not any(units & set(name.split()) for name in record.scalars) else ""
    )
    line = "; ".join(f"{name} {canvas.short(scalar.value)}" for name, scalar in record.scalars.items())
    return f"{line} ({unit})" if unit else line or None


def _points() -> float:
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=canvas.text_size()).get_size_in_points())


def _layout(record: Gallery, inches: float, points: float) -> _Layout:
    """Cells as wide as the page allows beside the captions of rows, and not wider than an inch."""
    size = points / _POINTS
    rows, columns, height, wide = record.images.shape[:4]
    lines = np.array([1 + str(text).count("\n") if text else 0 for text in record.rows.tolist()])
    longest = max(len(line) for text in record.rows.tolist() for line in str(text).split("\n"))
    left = size * (_CHARACTER * longest + 0.8) if longest else 0.0
    ratio = _CURVE_RATIO if record.is_curves else height / wide
    least = max(_SMALLEST, _SMALLEST / ratio)
    width = min(_WIDEST, (inches - left - size) / (columns * (1 + _GAP)), max(least, _TALLEST / (rows * ratio)))
    heading = size * _LINE if any(str(text) for text in record.columns.tolist()) else 0.0
    captioned = np.zeros(rows, bool) if record.captions is None else (record.captions != "").any(axis=1)
    above = np.where(captioned, size * _LINE + _GAP * width, _GAP * width)
    above += np.maximum(0.0, _SMALL * size * lines - (1 + _GAP) * width * ratio)
    tops = heading + np.cumsum(above) - above[0] * (not captioned[0]) + width * ratio * np.arange(rows)
    return _Layout((width, width * ratio), left, tuple(tops.tolist()), heading, size)


def _captions(ax: Any, record: Gallery, layout: _Layout) -> None:
    width, height = layout.cell
    style = {"fontsize": canvas.text_size(), "clip_on": False}
    for row, text in enumerate(record.rows.tolist()):
        x, y = layout.corner(row, 0)
        ax.text(x - 0.5 * layout.size, y + height / 2, str(text), ha="right", va="center", linespacing=1.0, **style)
    widest = max(len(str(text)) for text in record.columns.tolist())
    every = int(np.ceil((_CHARACTER * widest + 0.5) * layout.size / (width * (1 + _GAP))))
    for column, text in enumerate(record.columns.tolist()):
        if column % every and every > _CROWDED:
            continue
        x, y = layout.corner(0, column)
        ax.text(x + width / 2, layout.heading - 0.3 * layout.size, str(text), ha="center", va="bottom", **style)
    for (row, column), text in np.ndenumerate(record.captions if record.captions is not None else np.empty((0, 0))):
        x, y = layout.corner(row, column)
        ax.text(x + width / 2, y - 0.25 * layout.size, str(text), ha="center", va="bottom", **style)
