"""Small multiples: the same figure of several records, comparable at a glance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.figures.canvas.marks import key_columns, write_notes
from tda_latent.figures.canvas.venues import VENUES, Figure, sheet, style


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
        Its constant ``most_across``, if any, is how many panels fit in a row.
    records : what to draw, by the title of its panel; at least one
    columns : panels in a row; None = up to three, or ``most_across``
    venue : one of `VENUES`
    ratio : height over width of one panel with its notes; None = the component's ``panel_ratio``, else 1. A method
        ``panel_ratio(record)`` says it for a panel over the whole width

    Returns
    -------
    matplotlib Figure
        Its ``axes`` hold the panels in the order of the records.
    """
    from tda_latent.figures.canvas.sheet import SheetAxes

    if not records:
        raise InvalidInput("no record was given; panels need at least one.")
    across = columns or min(getattr(component, "most_across", 3), len(records))
    rows = math.ceil(len(records) / across)
    if hasattr(component, "sharing"):
        component = component.sharing(tuple(records.values()))
    with style(venue, VENUES[venue].text if venue in VENUES else None):
        tall = ratio or _tallest(component, records)
        figure = sheet(tall * rows / across, "text")
        grid = figure.add_gridspec(rows, across)
        for index, (name, record) in enumerate(records.items()):
            ax = figure.add_subplot(grid[divmod(index, across)], axes_class=SheetAxes, title=name)
            component(record, ax=ax)
        _say_once(figure, across)
        write_notes(figure)
    return figure


def single(component: Any, record: Any, venue: str = "neurips") -> Figure:
    """The figure of one record in the style of a venue, at the width that the component proposes."""
    with style(venue):
        drawn = component(record)
    return drawn if hasattr(drawn, "savefig") else drawn.figure


def _tallest(component: Any, records: Mapping[str, Any]) -> float:
    asked = getattr(component, "panel_ratio", 1.0)
    return max(float(asked(record)) for record in records.values()) if callable(asked) else float(asked)


def _say_once(figure: Figure, across: int) -> None:
    """One key above all panels when theirs are equal; labels of the ordinate only where they change."""
    axes = list(figure.axes)
    for index, ax in enumerate(axes):
        if index % across and ax.get_ylabel() == axes[index - index % across].get_ylabel():
            ax.set_ylabel("")
    legends = [ax.get_legend() for ax in axes]
    entries = [[text.get_text() for text in legend.get_texts()] if legend else [] for legend in legends]
    if len(axes) < 2 or not entries[0] or any(entry != entries[0] for entry in entries):
        return
    handles, title = legends[0].legend_handles, legends[0].get_title().get_text()
    for legend in legends:
        legend.remove()
    figure.legend(handles, entries[0], title=title or None, loc="outside upper center",
                  ncols=key_columns(handles, figure.get_figwidth()))  # fmt: skip
