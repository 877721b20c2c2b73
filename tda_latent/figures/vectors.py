"""Figure `vectors`: one vectorised diagram, as curves or as an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.figures import canvas
from tda_latent.records import Vectors
from tda_latent.registry import figure

_SHADES = (0.0, 0.85)  # part of the colour map that layers take; its light end is hard to see on white


@figure("vectors")
@dataclass(frozen=True)
class VectorsPlot:
    """A Betti curve or silhouette as a line, a landscape as a line per layer, a persistence image as an image.

    Parameters
    ----------
    legend : bool
        Show the numbers of the layers right of the axes.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("bubenik2015", "adams2017")
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    natural: ClassVar[bool] = True

    legend: bool = True

    def __call__(self, record: Vectors, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned."""
        name = f"{record.name}, {canvas.degree_name(record.degree)}"
        with canvas.drawing(ax, ratio=0.75) as ax:
            if record.rows_grid is not None:
                image = ax.pcolormesh(record.grid, record.rows_grid, record.values, cmap="viridis", shading="nearest",
                                      rasterized=True)  # fmt: skip
                canvas.colour_bar(ax, image, canvas.quantity(name, record.unit))
                ax.set_xlabel(canvas.quantity("birth", record.grid_unit))
                ax.set_ylabel(canvas.quantity("lifetime", record.grid_unit, line=26))
            else:
                self._curves(ax, record, np.atleast_2d(record.values))
                ax.set_xlabel(canvas.quantity("scale", record.grid_unit))
                ax.set_ylabel(canvas.quantity(name, record.unit, line=26))
        return ax

    def _curves(self, ax: Any, record: Vectors, layers: NDArray[np.float64]) -> None:
        import matplotlib as mpl

        shades = mpl.colormaps["viridis"](np.linspace(*_SHADES, max(len(layers), 2)))
        lines = [
            ax.plot(record.grid, layer, color=shades[k], linestyle=canvas.dashes(k), label=f"layer {k}")[0]
            for k, layer in enumerate(layers)
        ]
        if self.legend and len(layers) > 1:
            canvas.key(ax, lines)
