"""`plot`: the natural figure of a record, on the reader's own axes."""

from __future__ import annotations

from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.figures.canvas import default_figure
from tda_latent.figures.canvas.choice import draws, spoken
from tda_latent.records import Record
from tda_latent.registry import registry


def plot(record: Record, ax: Any = None, figure: str | None = None, **parameters: Any) -> Any:
    """Draw a record and give the Axes (a multi-panel figure gives its Figure).

    Parameters
    ----------
    record : any record that a registered figure draws
    ax : matplotlib Axes to draw on, or None for a new figure
    figure : name of a figure, or None for the natural one of the record's type
    parameters : of the figure

    Raises
    ------
    InvalidInput
        When no figure, or not the one named, draws this kind of record.
    """
    if figure is None:
        component = type(default_figure(record))
        return component(**parameters)(record, ax)
    found = registry().find("figure", figure)
    if not draws(found, record):
        raise InvalidInput(
            f"{figure} draws {spoken(found)}, not a {type(record).__name__}; without figure= its natural one is drawn."
        )
    return found.build(parameters)(record, ax)
