"""Titles of records: said once above panels that share one, else beside the name of each; wrapped where long."""

from __future__ import annotations

from typing import Any

from tda_latent.figures.canvas.marks import room, wrapped
from tda_latent.figures.canvas.venues import Axes

_SHARE = 0.9  # of the room that a line may take
_LINE = 1.2 / 72  # inches of a line, for each point of its size


def entitle(ax: Axes, title: str) -> None:
    """Write the title of a record above its axes, beside a name that they have; panels wait for `write_titles`."""
    sheet = ax.get_figure(root=True)
    if ax in getattr(sheet, "names", {}):
        sheet.titles[ax] = title
    else:
        ax.set_title(_beside(ax.get_title(), ax, title))


def title_lines(title: str, inches: float, points: float) -> int:
    """How many lines a title of this size takes in this room; 0 for none."""
    return len(wrapped([title], _SHARE * inches, points).splitlines())


def write_titles(sheet: Any) -> None:
    """One title above all panels when theirs are equal; else each beside its name, for which the page grows."""
    titles = set(sheet.titles.values())
    if len(titles) == 1 and len(sheet.titles) == len(sheet.axes):
        size = sheet.axes[0].title.get_fontsize()
        sheet.suptitle(wrapped(titles, _SHARE * sheet.get_figwidth(), size), fontsize=size)
        return
    grown = 0.0
    for ax, title in sheet.titles.items():
        size = ax.title.get_fontsize()
        text = _beside(ax.get_title(), ax, title)
        more = len(text.splitlines()) - title_lines(title, room(ax), size)
        grown = max(grown, more * size * _LINE * ax.get_subplotspec().get_gridspec().nrows)
        ax.set_title(text)
    sheet.set_figheight(sheet.get_figheight() + grown)


def _beside(name: str, ax: Axes, title: str) -> str:
    return wrapped([f"{name}: {title}" if name else title], _SHARE * room(ax), ax.title.get_fontsize())
