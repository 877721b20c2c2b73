"""Figure `barcode`: bars as lines from birth to death."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidParameter
from tda_latent.figures import canvas
from tda_latent.records import PersistenceDiagram
from tda_latent.registry import figure

_GAP = 0.06  # space between two degrees, as a share of all bars
_THICK = 0.62  # height of a bar, as a share of its row


@figure("barcode")
@dataclass(frozen=True)
class Barcode:
    """Bars from birth to death, grouped by degree, sorted by birth and then death.

    Bars that never die run to the right edge and end in an arrow; bars still alive at a cut of the filtration end there
    in a hollow arrow.

    Parameters
    ----------
    top : int
        Longest bars of each degree to draw, 1 or more; where bars are left out, "top k of N" is written.
    degrees : list of integers or null
        Degrees to draw; null draws all.
    limits : pair of numbers or null
        Range of the axis of scale; null fits the diagram.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("ghrist2008",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)

    top: Annotated[int, Field(ge=1)] = 40
    degrees: tuple[int, ...] | None = None
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise InvalidParameter(f"limits are {self.limits}; the rule is low < high.")

    def __call__(self, record: PersistenceDiagram, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned."""
        degrees = tuple(range(record.max_degree + 1)) if self.degrees is None else self.degrees
        low, high = self.limits or _limits(record)
        end = high + 0.08 * (high - low)
        groups = {degree: _longest(record.of_degree(degree), self.top) for degree in degrees}
        rows = max(1, sum(len(bars) for bars in groups.values()))
        with canvas.drawing(ax, ratio=0.8) as ax:
            base, middles, names = 0.0, [], []
            for degree, bars in groups.items():
                height = max(len(bars), _GAP * 3 * rows)  # room for the name of a degree with few bars
                _draw(ax, bars, degree, base + (height - len(bars)) / 2, (end, record.reach, 2 * (record.error or 0.0)))
                middles.append(base + height / 2)
                names.append(_name(degree, len(bars), len(record.of_degree(degree))))
                base += height + _GAP * rows
            ax.set_yticks(middles, names)
            ax.tick_params(axis="y", length=0)
            ax.spines["left"].set_visible(False)
            ax.set(
                xlim=(low - 0.01 * (high - low), end + 0.02 * (high - low)),
                ylim=(max(base - _GAP * rows, 1) + 0.5, -0.5),
            )
            canvas.ticks(ax.xaxis, (low, high))
            ax.set_xlabel(canvas.quantity("scale", record.unit))
            alive = int(record.censored.sum())
            canvas.note(ax, [f"{alive} bars alive at the cut {record.reach:.4g}: their deaths are unknown"
                             if alive else None, canvas.not_exact(record)])  # fmt: skip
        return ax

    def sharing(self, records: Iterable[PersistenceDiagram]) -> Barcode:
        """The same figure with an axis of scale that fits all of these diagrams."""
        ranges = [_limits(record) for record in records]
        shared = (min(low for low, _ in ranges), max(high for _, high in ranges))
        return replace(self, limits=self.limits or shared)


def _limits(record: PersistenceDiagram) -> tuple[float, float]:
    reach = [record.reach] if record.censored.any() else []
    return canvas.scale_limits(np.append(record.pairs, reach))


def _longest(bars: NDArray[np.float64], top: int) -> NDArray[np.float64]:
    """The ``top`` longest bars, in the order of birth, then death."""
    kept = np.sort(np.argsort(-(bars[:, 1] - bars[:, 0]), kind="stable")[:top])
    return bars[kept]


def _name(degree: int, shown: int, total: int) -> str:
    name = canvas.degree_name(degree)
    return f"{name}\ntop {shown} of {total}" if shown < total else f"{name}\n{total} bar{'' if total == 1 else 's'}"


def _draw(ax: Any, bars: NDArray[np.float64], degree: int, base: float, ends: tuple[float, float, float]) -> None:
    """Lines of one degree from row ``base`` on, faint where not certain, and arrows on those that do not end."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    edge, reach, doubt = ends
    rows = base + 0.5 + np.arange(len(bars))
    alive = np.isinf(bars[:, 1])
    stops = np.where(alive, min(reach, edge), bars[:, 1])
    low, high = rows - _THICK / 2, rows + _THICK / 2
    faces = [to_rgba(canvas.colour(degree), 1.0 if sure else 0.35) for sure in bars[:, 1] - bars[:, 0] > doubt]
    corners = [(bars[:, 0], low), (stops, low), (stops, high), (bars[:, 0], high)]
    lines = PolyCollection(list(np.stack([np.column_stack(corner) for corner in corners], axis=1)),
                           facecolors=faces, linewidths=0.0)  # fmt: skip
    lines.set_label(f"_H{degree}")
    ax.add_collection(lines)
    hollow = np.isfinite(reach)
    ax.scatter(
        stops[alive],
        rows[alive],
        marker=">",
        s=14,
        facecolors="white" if hollow else canvas.colour(degree),
        edgecolors=canvas.colour(degree),
        linewidths=0.8,
        zorder=3,
        clip_on=False,
        label=f"_alive{degree}",
    )
