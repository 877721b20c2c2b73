"""What all figures share: sizes and fonts of venues, colours, notes, panels, export. The only shared module.

Nothing here changes Matplotlib's global state. A figure that is drawn without ``ax`` becomes a sheet of its
own: Matplotlib objects outside pyplot, so nothing stays open, nothing pops up and no backend is chosen. A notebook
shows the returned Axes (or Figure) because they carry ``_repr_png_``; in a script use `save`, or pass ``ax=`` from
``plt.subplots()`` to draw into a window of your own in your own style.
"""

from tda_latent.figures.canvas.blank import drawing, sheet
from tda_latent.figures.canvas.choice import default_figure
from tda_latent.figures.canvas.export import render, save
from tda_latent.figures.canvas.marks import (
    badge,
    colour_bar,
    incompleteness,
    key,
    mark_incomplete,
    not_exact,
    note,
    quantity,
    room,
    scale_limits,
    short,
    ticks,
)
from tda_latent.figures.canvas.palette import COLOURS, MARKERS, colour, dashes, degree_name, marker
from tda_latent.figures.canvas.panels import panels, single
from tda_latent.figures.canvas.seal import FORMATS, Origin, facts_of, origin_of
from tda_latent.figures.canvas.shortening import shortened
from tda_latent.figures.canvas.titles import entitle, title_lines
from tda_latent.figures.canvas.venues import VENUES, Axes, Figure, Venue, page, style, text_size

__all__ = [
    "COLOURS",
    "FORMATS",
    "MARKERS",
    "VENUES",
    "Axes",
    "Figure",
    "Origin",
    "Venue",
    "badge",
    "colour",
    "colour_bar",
    "dashes",
    "default_figure",
    "degree_name",
    "drawing",
    "entitle",
    "facts_of",
    "incompleteness",
    "key",
    "mark_incomplete",
    "marker",
    "not_exact",
    "note",
    "origin_of",
    "page",
    "panels",
    "quantity",
    "render",
    "room",
    "save",
    "scale_limits",
    "sheet",
    "short",
    "shortened",
    "single",
    "style",
    "text_size",
    "ticks",
    "title_lines",
]
