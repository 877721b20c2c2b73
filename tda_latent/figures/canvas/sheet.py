"""Matplotlib's Figure and Axes with the setting they were drawn in; imported only when something is drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.artist import allow_rasterization
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tda_latent.figures.canvas.export import render
from tda_latent.figures.canvas.venues import Setting, setting_in_force


class Sheet(Figure):
    """A figure outside pyplot that is always drawn and saved in the setting it was made in.

    Matplotlib reads sizes of late ticks and the kind of embedded fonts when it draws, not when artists are made.
    """

    def __init__(self, setting: Setting, **options: Any) -> None:
        super().__init__(**options)
        self.setting = setting
        self.notes: dict[Any, list[str]] = {}  # small print below the figure, by axes
        self.names: dict[Any, str] = {}  # of panels, by axes
        self.keys: dict[Any, tuple[list[Any], str | None]] = {}  # whole keys, by axes, where names are shortened
        self.titles: dict[Any, str] = {}  # of the records in panels, by axes
        self.bars: dict[Any, tuple[Any, str]] = {}  # colour bars and their texts, by axes

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: Any) -> None:
        """Draw in the sheet's own setting."""
        with setting_in_force(self.setting):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save in the sheet's own setting, with a layout that does not depend on earlier drawing."""
        with setting_in_force(self.setting):
            for ax in self.axes:  # the layout engine starts from where axes are: bring them back to their cells
                if place := ax.get_subplotspec():
                    ax.set_position(place.get_position(self))
                    ax.set_in_layout(True)
            self.draw_without_rendering()
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        return render(self, "png", dots=150)


class SheetAxes(Axes):
    """Axes on a `Sheet`; a notebook shows the whole sheet when a cell ends with them."""

    def _repr_png_(self) -> bytes:
        return render(self.figure, "png", dots=150)
