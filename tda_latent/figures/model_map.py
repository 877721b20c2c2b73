"""Figure `model-map`: models placed so that distances in the plane resemble their distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import IncompleteResult
from tda_latent.figures import canvas
from tda_latent.records import Comparison
from tda_latent.registry import figure


@figure("model-map")
@dataclass(frozen=True)
class ModelMap:
    """The stored multidimensional scaling of a comparison: a point per trained model, hulls around replicates.

    The stress, how much the plane distorts the distances, is written below. The axes have a unit but no meaning.

    Parameters
    ----------
    legend : bool
        Show the models right of the map.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("kruskal1964",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)

    legend: bool = True

    @staticmethod
    def suits(record: Comparison) -> bool:
        """Whether the comparison carries an embedding."""
        return record.embedding is not None

    def __call__(self, record: Comparison, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When the comparison carries no embedding.
        """
        if record.embedding is None:
            why = canvas.incompleteness(record) or "the comparison was not arranged"
            raise IncompleteResult(f"there is no embedding to draw ({why}); run what is missing and arrange it.")
        places = np.asarray(record.embedding, dtype=np.float64)
        with canvas.drawing(ax, ratio=0.8) as ax:
            handles = [_model(ax, places[record.models == name], k, name) for k, name in enumerate(record.names)]
            ax.set_aspect("equal", adjustable="datalim")
            ax.margins(0.08)
            ax.locator_params(nbins=5)
            ax.set_xlabel(canvas.quantity("MDS 1", record.unit))
            ax.set_ylabel(canvas.quantity("MDS 2", record.unit))
            if self.legend:
                canvas.key(ax, handles)
            stress = "stress not recorded" if record.stress is None else f"stress {record.stress:.3g}"
            canvas.note(ax, [canvas.incompleteness(record), f"{record.distance}; {stress}"])
        return ax


def _model(ax: Any, places: NDArray[np.float64], index: int, name: str) -> Any:
    """Replicates of one model and the hull, or line, that joins them; the artist for the key."""
    colour = canvas.colour(index)
    ring = places[_hull(places)]
    if len(ring) > 2:
        ax.fill(ring[:, 0], ring[:, 1], facecolor=colour, edgecolor=colour, alpha=0.2, linewidth=0.8, zorder=1,
                label=f"_hull {name}")  # fmt: skip
    elif len(ring) == 2:
        ax.plot(ring[:, 0], ring[:, 1], color=colour, alpha=0.5, linewidth=0.8, zorder=1, label=f"_hull {name}")
    return ax.scatter(
        places[:, 0], places[:, 1], s=22, color=colour, marker=canvas.marker(index), edgecolors="white",
        linewidths=0.4, zorder=3, label=str(name),
    )  # fmt: skip


def _hull(points: NDArray[np.float64]) -> list[int]:
    """Rows on the convex hull in the order of a walk around it (monotone chain); both ends of a straight set."""
    order = [int(row) for row in np.lexsort((points[:, 1], points[:, 0]))]

    def chain(rows: list[int]) -> list[int]:
        kept: list[int] = []
        for row in rows:
            while len(kept) > 1 and _turn(points[kept[-2]], points[kept[-1]], points[row]) <= 0:
                kept.pop()
            kept.append(row)
        return kept

    return chain(order)[:-1] + chain(order[::-1])[:-1] if len(order) > 1 else order


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
