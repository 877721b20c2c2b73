"""Small multiples: the same figure of several records, comparable at a glance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.figures.canvas.blank import sheet
from tda_latent.figures.canvas.marks import key_columns, room, write_notes
from tda_latent.figures.canvas.shortening import shortened
from tda_latent.figures.canvas.titles import write_titles
from tda_latent.figures.canvas.venues import VENUES, Figure, style

_TITLE = 15  # characters of a title on one inch
_CLOSE = 0.02  # inches between height and width of square axes


def panels(
    component: Any,
    records: Mapping[str, Any],
    columns: int | None = None,
    venue: str = "neurips",
    ratio: float | None = None,
) -> Figure:
    """One panel per record under its name, over the width of the text.

    Parameters
    ----------
    component : a figure component
        Its method ``sharing(records)``, if any, chooses the limits of all panels; an equal key is shown once, above.
        Its method ``across(records)``, if any, says how many panels come in a row. Where its constant ``square`` is
        true, the page is as high as it takes for axes as high as wide.
    records : what to draw, by the title of its panel; at least one
    columns : panels in a row; None = what the component says, or up to three, and two of four
    venue : one of `VENUES`
    ratio : height over width of one panel with its notes; None = the component's ``panel_ratio``, else 1. A method
        ``panel_ratio(record, across)`` says it where so many panels come in a row

    Returns
    -------
    matplotlib Figure
        Its ``axes`` hold the panels in the order of the records.
    """
    from tda_latent.figures.canvas.sheet import SheetAxes

    if not records:
        raise InvalidInput("no record was given; panels need at least one.")
    if hasattr(component, "sharing"):
        component = component.sharing(tuple(records.values()))
    with style(venue, VENUES[venue].text if venue in VENUES else None):
        across = columns or _across(component, tuple(records.values()))
        rows = math.ceil(len(records) / across)
        tall = ratio or _tallest(component, records, across)
        figure = sheet(tall * rows / across, "text")
        grid = figure.add_gridspec(rows, across)
        for index, (name, record) in enumerate(records.items()):
            ax = figure.add_subplot(grid[divmod(index, across)], axes_class=SheetAxes)
            figure.names[ax] = name
            ax.set_title(shortened([name], int(_TITLE * room(ax)))[0])
            component(record, ax=ax)
        _say_once(figure, across)
        write_titles(figure)
        write_notes(figure)
        if ratio is None and getattr(component, "square", False):
            _square(figure, rows)
    return figure


def single(component: Any, record: Any, venue: str = "neurips") -> Figure:
    """The figure of one record in the style of a venue, at the width that the component proposes."""
    with style(venue):
        drawn = component(record)
    return drawn if hasattr(drawn, "savefig") else drawn.figure


def _square(figure: Figure, rows: int) -> None:
    """Make the page as high as it takes for the axes to be as high as wide, and for the keys beside them."""
    for _ in range(3):  # from the second time on, labels have found their places
        figure.draw_without_rendering()
        lacking = max(_lacking(figure, ax) for ax in figure.axes)
        if abs(lacking) < _CLOSE:
            return
        figure.set_figheight(figure.get_figheight() + rows * lacking)


def _lacking(figure: Figure, ax: Any) -> float:
    """Inches that axes lack to be square, or as high as their key."""
    width, height = ax.get_position(original=True).size * figure.get_size_inches()
    legend = ax.get_legend()
    beside = legend.get_window_extent().height / figure.dpi if legend else 0.0
    return float(max(width, beside) - height)


def _across(component: Any, records: Sequence[Any]) -> int:
    """Panels in a row; four make a square."""
    if hasattr(component, "across"):
        return min(int(component.across(records)), len(records))
    return 2 if len(records) == 4 else min(3, len(records))


def _tallest(component: Any, records: Mapping[str, Any], across: int) -> float:
    asked = getattr(component, "panel_ratio", 1.0)
    return max(float(asked(record, across)) for record in records.values()) if callable(asked) else float(asked)


def _say_once(figure: Figure, across: int) -> None:
    """One key above all panels when theirs are equal, one colour bar; labels of the ordinate only where they change."""
    axes = list(figure.axes)
    _one_bar(figure, across)
    for index, ax in enumerate(axes):
        if index % across and ax.get_ylabel() == axes[index - index % across].get_ylabel():
            ax.set_ylabel("")
    legends = [ax.get_legend() for ax in axes]
    entries = [[text.get_text() for text in legend.get_texts()] if legend else [] for legend in legends]
    if len(axes) < 2 or not entries[0] or any(entry != entries[0] for entry in entries):
        return
    known = getattr(figure, "keys", {}).get(axes[0])
    handles, title = known or (legends[0].legend_handles, legends[0].get_title().get_text())
    names = [str(handle.get_label()) for handle in handles] if known else entries[0]
    for legend in legends:
        legend.remove()
    figure.legend(handles, names, title=title or None, loc="outside upper center",
                  ncols=key_columns(handles, figure.get_figwidth()))  # fmt: skip


def _one_bar(figure: Figure, across: int) -> None:
    """Of equal colour bars beside all panels, that at the end of the first row is kept."""
    bars = [figure.bars.get(ax) for ax in figure.axes]
    if any(bar is None for bar in bars) or len({_meaning(*bar) for bar in bars}) > 1:
        return
    for index, (bar, _) in enumerate(bars):
        if index != min(across, len(bars)) - 1:
            bar.ax.remove()


def _meaning(bar: Any, label: str) -> tuple[Any, ...]:
    """What a reader of a colour bar sees."""
    norm = bar.norm
    return label, bar.cmap.name, type(norm), norm.vmin, norm.vmax, getattr(norm, "gamma", None)
