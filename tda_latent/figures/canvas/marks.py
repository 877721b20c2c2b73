"""Pieces that several figures draw: notes below the axes, keys beside them, colour bars, infinity, units."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.figures.canvas.shortening import shortened
from tda_latent.figures.canvas.venues import Axes, Figure, setting_in_force, text_size
from tda_latent.records import Comparison, Projection, Record

WARNING = "#b3001b"
_POINTS_PER_INCH = 72.0
_PER_INCH, _HANDLE = 18, 7  # characters of a key on one inch, and those that its handle takes
_BESIDE, _ROWS, _MARK, _FEWEST = 0.45, 14, 4, 3  # of a key beside axes: share of their room, rows, handle, least name
_KEPT = (("seed agreement",), ("trustworthiness", "continuity"), ("stress", "rank correlation"))
_CHARACTER = 0.42  # mean width of a character of the text font, in units of its size


def quantity(name: str, unit: str, line: int = 38) -> str:
    """Text of an axis: the name and its unit, if it has one and does not name it, on two lines when long."""
    if not unit or f" {unit} " in f" {name} ":
        return name
    return f"{name} ({unit})" if len(name) + len(unit) < line else f"{name}\n({unit})"


def not_exact(record: Record) -> str | None:
    """The line that says how far a record is from exact, if it is."""
    return f"not exact: {record.caveat}" if record.caveat else None


def badge(record: Projection, axes: Sequence[int] = (0, 1)) -> list[str]:
    """The trust figures of a map in a few short lines: what it keeps near and far, what it lost and invented.

    They are of all coordinates: where ``axes``, those drawn, are fewer, the first line says so. The agreement of seeds
    is left out where the map has none.
    """
    trust = dict(record.trust)
    chance = trust.pop("seed agreement by chance", None)
    if "seed agreement" in trust and chance is not None and "seed" not in record.settings:
        del trust["seed agreement"]
    groups = [[f"{name} {trust.pop(name):.2f}" for name in names if name in trust] for names in _KEPT]
    features = []
    for name in ("components", "loops"):
        if name in trust:
            count, lost, invented = (int(trust.pop(key)) for key in (name, f"{name} lost", f"{name} invented"))
            features.append(f"{count} {name if count != 1 else name[:-1]}, {lost} lost, {invented} invented")
    rest = [f"{name} {value:.3g}" for name, value in trust.items()]
    lines = [", ".join(line) for line in (rest, *groups) if line] + ["; ".join(features)] * bool(features)
    beside = f"seed agreement {record.trust.get('seed agreement', 0.0):.2f}"
    if chance is not None:
        lines = [line.replace(beside, f"{beside} (chance {chance:.2f})") for line in lines]
    return [*_left_aside(record.coordinates.shape[1], axes, bool(lines)), *lines]


def _left_aside(count: int, axes: Sequence[int], is_trusted: bool) -> list[str]:
    """The line about a drawing of fewer coordinates than a map has."""
    drawn = sorted({axis + 1 for axis in axes})
    if len(drawn) == count:
        return []
    which = f"coordinate{'s' * (len(drawn) > 1)} {' and '.join(map(str, drawn))} of {count}"
    return [which + f"; these figures are of the {count}-D map" * is_trusted]


def short(value: float) -> str:
    """A number in at most three significant digits; infinity as its sign."""
    return "∞" if np.isposinf(value) else f"{value:.3g}"


def note(ax: Axes, lines: Iterable[str | None]) -> None:
    """Write small lines below the figure, or below foreign axes; None is left out, long lines are wrapped.

    On a sheet of ours the notes of all panels are gathered: said once when they are equal, else panel by panel.
    """
    texts = [line for line in lines if line]
    if not texts:
        return
    figure = ax.get_figure(root=True)
    if hasattr(figure, "notes"):
        figure.notes[ax] = texts
        write_notes(figure)
        return
    labelled = ax.axison and bool(ax.get_xlabel())
    ax.annotate(
        wrapped(texts, ax.get_position().width * figure.get_figwidth()),
        xy=(0.5, 0.0),
        xycoords=ax.xaxis.label if labelled else "axes fraction",
        xytext=(0, -3),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=text_size(),
        fontweight=_weight(texts),
        annotation_clip=False,
    )


def write_notes(sheet: Any) -> None:
    """The notes of a sheet as one text below everything: unnamed when they hold for every panel."""
    said = list(sheet.notes.values())
    if not said:
        return
    if len(said) == len(sheet.axes) and all(texts == said[0] for texts in said):
        texts = said[0]
    else:
        texts = [f"{sheet.names.get(ax, ax.get_title())}: {'; '.join(lines)}" for ax, lines in sheet.notes.items()]
    text = wrapped(texts, sheet.get_figwidth())
    sheet.supxlabel(text, fontsize=text_size(), fontweight=_weight(text.split("\n")))


def _weight(texts: Sequence[str]) -> str:
    return "bold" if any("INCOMPLETE" in text for text in texts) else "normal"


def wrapped(texts: Iterable[str], inches: float, font: float | str | None = None) -> str:
    """The texts below each other in lines of at most about this width; ``font`` is a size, None = that of notes."""
    from matplotlib.font_manager import FontProperties

    size = FontProperties(size=text_size() if font is None else font).get_size_in_points()
    wide = max(20, int(inches * _POINTS_PER_INCH / (size * _CHARACTER)))
    return "\n".join("\n".join(textwrap.wrap(line, wide)) for line in texts)


def key(ax: Axes, handles: Sequence[Any], title: str | None = None, above: bool = False) -> Any:
    """A legend right of the axes, or above them, where it covers no data.

    Beside the axes it takes at most 45 % of their room: names are shortened, and entries that do not fit are counted.
    """
    names = [str(handle.get_label()) for handle in handles]
    sheet = ax.get_figure(root=True)
    if hasattr(sheet, "keys"):
        sheet.keys[ax] = (list(handles), title)
    if above:
        columns = key_columns(handles, room(ax))
        place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.01)}
    else:
        place = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.0)}
        across = max(1, int(_BESIDE * room(ax) * _PER_INCH / (_MARK + _FEWEST)))
        columns = min(across, 1 + (len(handles) - 1) // _ROWS)
        names = shortened(names, int(_BESIDE * room(ax) * _PER_INCH / columns) - _MARK)
        if len(names) > columns * _ROWS:
            kept = columns * _ROWS - 1
            names, handles = [*names[:kept], f"… {len(names) - kept} more"], [*handles[:kept], _nothing()]
    return ax.legend(
        handles=handles,
        labels=names,
        title=title,
        borderaxespad=0.0,
        ncols=columns,
        handlelength=2.0 if above else 1.6,
        columnspacing=0.8,
        alignment="left",
        **place,
    )


def _nothing() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="")


def key_columns(handles: Sequence[Any], inches: float) -> int:
    """How many entries of a key fit side by side."""
    longest = max((len(handle.get_label()) for handle in handles), default=1)
    return max(1, min(len(handles), int(inches * _PER_INCH / (longest + _HANDLE))))


def room(ax: Axes) -> float:
    """Inches of the page that the axes and their labels share, across."""
    place = ax.get_subplotspec()
    columns = place.get_gridspec().ncols if place else 1
    return float(ax.get_figure(root=True).get_figwidth()) / int(columns)


def colour_bar(ax: Axes, mappable: Any, label: str) -> Any:
    """A colour bar right of the axes, exactly as high as they are."""
    bar = ax.figure.colorbar(mappable, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)), label=label)
    bar.outline.set_visible(False)
    sheet = ax.get_figure(root=True)
    if hasattr(sheet, "bars"):
        sheet.bars[ax] = (bar, label)
    return bar


def ticks(axis: Any, limits: tuple[float, float], infinity: float | None = None) -> None:
    """Round ticks inside the limits; one more, marked ∞, at the position that stands for infinity."""
    from matplotlib.ticker import MaxNLocator

    low, high = limits
    places = [float(tick) for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
    places = [tick if abs(tick) > 1e-9 * (high - low) else 0.0 for tick in places]
    names = [f"{tick:.6g}".replace("-", "\N{MINUS SIGN}") for tick in places]
    if infinity is not None:
        free = [infinity - place > 0.09 * (high - low) for place in places]
        places = [*(place for place, keep in zip(places, free, strict=True) if keep), infinity]
        names = [*(name for name, keep in zip(names, free, strict=True) if keep), "∞"]
    axis.set_ticks(places, names)


def scale_limits(values: NDArray[Any]) -> tuple[float, float]:
    """From zero (or the smallest negative value) to the largest finite value; (0, 1) when there is none."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    return (low, high) if high > low else (low, low + 1.0)


def mark_incomplete(figure: Figure, there: int, planned: int) -> None:
    """Write across the top of a figure, above its title, that it shows fewer results than were planned."""
    lines = [f"incomplete: {there} of {planned}", *figure.get_suptitle().splitlines()]
    with setting_in_force(getattr(figure, "setting", None)):
        figure.suptitle("\n".join(lines), color=WARNING, fontweight="bold", fontsize="medium")


def incompleteness(comparison: Comparison) -> str | None:
    """The sentence that a figure of an unfinished comparison must carry; None when every pair is there."""
    if not comparison.missing:
        return None
    pairs = len(comparison) * (len(comparison) - 1) // (2 if comparison.symmetric else 1)
    return f"INCOMPLETE: {comparison.missing} of {pairs} pairs missing"
