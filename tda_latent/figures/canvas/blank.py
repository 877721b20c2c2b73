"""A blank sheet to draw on, in the setting in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tda_latent.figures.canvas.venues import Axes, Figure, Width, current, page, setting_in_force


@contextmanager
def drawing(ax: Axes | None, ratio: float = 0.75, width: Width = "column") -> Iterator[Axes]:
    """The given axes, with the caller's own style untouched; or axes on a new sheet in the style in force.

    Parameters
    ----------
    ax : axes to draw into, or None
    ratio : height over width of a new sheet
    width : proposed width of a new sheet
    """
    if ax is not None:
        yield ax
        return
    from tda_latent.figures.canvas.sheet import SheetAxes

    with setting_in_force():
        yield sheet(ratio, width).add_subplot(axes_class=SheetAxes)


def sheet(ratio: float, width: Width) -> Figure:
    """A new empty figure of the setting in force, laid out so that labels never overlap axes."""
    from tda_latent.figures.canvas.sheet import Sheet

    inches = page(width)[0]
    return Sheet(setting=current(), figsize=(inches, inches * ratio), layout="constrained")
