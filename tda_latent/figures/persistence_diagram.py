"""Figure `persistence-diagram`: bars as points above the diagonal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidParameter
from tda_latent.figures import canvas
from tda_latent.records import PersistenceDiagram
from tda_latent.registry import figure

_MANY = 5000  # more points than this are drawn as an image inside the vector page


@figure("persistence-diagram")
@dataclass(frozen=True)
class DiagramPlot:
    """Births against deaths, one point per bar, degrees told apart by shape and colour.

    Bars that never die lie on the dashed line marked ∞. Bars still alive at a cut of the filtration are hollow, on the
    dotted line of the cut. Bars that coincide are one point whose area is proportional to their number.

    Parameters
    ----------
    degrees : list of integers or null
        Degrees to draw; null draws all.
    limits : pair of numbers or null
        Range of both axes; null fits the diagram. Give the same to diagrams that are to be compared.
    legend : bool
        Show the key, below the diagonal, where no bar can lie.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("edelsbrunner2002", "cohensteiner2007")
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    natural: ClassVar[bool] = True

    degrees: tuple[int, ...] | None = None
    limits: tuple[float, float] | None = None
    legend: bool = True

    def __post_init__(self) -> None:
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise InvalidParameter(f"limits are {self.limits}; the rule is low < high.")

    def __call__(self, record: PersistenceDiagram, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned."""
        chosen = _kept(record, self.degrees)
        low, high = self.limits or _limits(record, chosen)
        span = high - low
        top = high + 0.1 * span
        with canvas.drawing(ax, ratio=1.0) as ax:
            ax.plot([low, top], [low, top], color="0.6", linewidth=0.8, zorder=1, label="_diagonal")
            handles = [self._degree(ax, record, degree, top) for degree in chosen]
            self._lines(ax, record, chosen, (low, high, top))
            edge = 0.03 * span
            ax.set(xlim=(low - edge, top + edge), ylim=(low - edge, top + edge))
            ax.set_aspect("equal", adjustable="box")
            ax.set_xlabel(canvas.quantity("birth", record.unit))
            ax.set_ylabel(canvas.quantity("death", record.unit))
            canvas.note(ax, [canvas.not_exact(record)])
            if self.legend and handles:
                extra = _extra_keys(record, chosen)
                ax.legend(handles=handles + extra, loc="lower right", handlelength=1.2, borderaxespad=0.2)
        return ax

    def sharing(self, records: Iterable[PersistenceDiagram]) -> DiagramPlot:
        """The same figure with limits that fit all of these diagrams."""
        ranges = [_limits(record, _kept(record, self.degrees)) for record in records]
        shared = (min(low for low, _ in ranges), max(high for _, high in ranges))
        return replace(self, limits=self.limits or shared)

    def _degree(self, ax: Any, record: PersistenceDiagram, degree: int, top: float) -> Any:
        """Points of one degree; the artist for the key."""
        from matplotlib.lines import Line2D

        pairs, counts = np.unique(record.of_degree(degree), axis=0, return_counts=True)
        alive = np.isinf(pairs[:, 1])
        tops = np.where(alive, top if np.isinf(record.reach) else min(record.reach, top), pairs[:, 1])
        hollow = alive & bool(np.isfinite(record.reach))
        faces = np.where(hollow, "white", canvas.colour(degree))
        ax.scatter(
            pairs[:, 0],
            tops,
            s=12.0 * counts,
            marker=canvas.marker(degree),
            facecolors=faces,
            edgecolors=canvas.colour(degree),
            linewidths=np.where(hollow, 0.9, 0.0),
            alpha=0.75,
            zorder=3,
            clip_on=False,
            rasterized=len(pairs) > _MANY,
            label=f"_H{degree}",
        )
        total = len(record.of_degree(degree))
        label = f"{canvas.degree_name(degree)}: {total} bar{'' if total == 1 else 's'}"
        return Line2D([], [], linestyle="", marker=canvas.marker(degree), color=canvas.colour(degree), markersize=3.5,
                      label=label)  # fmt: skip

    def _lines(self, ax: Any, record: PersistenceDiagram, chosen: tuple[int, ...], levels: tuple[float, ...]) -> None:
        """The line of infinity, or of the cut, when a bar lies on it; ticks of both axes."""
        low, high, top = levels
        shown = np.isin(record.degrees, chosen)
        endless = bool((record.essential & shown).any())
        if endless:
            ax.axhline(top, color="0.4", linewidth=0.7, linestyle=(0, (4, 2)), zorder=1, label="_infinity")
        if (record.censored & shown).any():
            ax.axhline(min(record.reach, top), color="0.4", linewidth=0.7, linestyle=":", zorder=1, label="_cut")
        if record.error and 2 * record.error < top - low:  # points below are not certain
            ends = [low, top - 2 * record.error]
            ax.plot(ends, [low + 2 * record.error, top], color="0.6", linewidth=0.7, linestyle=":", label="_certain")
        canvas.ticks(ax.xaxis, (low, high))
        canvas.ticks(ax.yaxis, (low, high), top if endless else None)


def _kept(record: PersistenceDiagram, degrees: tuple[int, ...] | None) -> tuple[int, ...]:
    return tuple(range(record.max_degree + 1)) if degrees is None else degrees


def _limits(record: PersistenceDiagram, degrees: tuple[int, ...]) -> tuple[float, float]:
    values: NDArray[np.float64] = record.pairs[np.isin(record.degrees, degrees)]
    if record.censored.any():
        values = np.append(values, record.reach)
    return canvas.scale_limits(values)


def _extra_keys(record: PersistenceDiagram, chosen: tuple[int, ...]) -> list[Any]:
    """Entries that explain hollow points and large points, when there are any."""
    from matplotlib.lines import Line2D

    entries: list[Any] = []
    shown = np.isin(record.degrees, chosen)
    alive = int((record.censored & shown).sum())
    if alive:
        entries.append(
            Line2D([], [], linestyle="", marker="o", markersize=3.5, markerfacecolor="white", color="0.4",
                   label=f"hollow: {alive} alive at cut {canvas.short(record.reach)}")
        )  # fmt: skip
    table = np.column_stack([record.degrees, record.pairs])[shown]
    most = int(np.unique(table, axis=0, return_counts=True)[1].max(initial=1))
    if most > 1:
        entries.append(Line2D([], [], linestyle="", label=f"area: equal bars, up to {most}"))
    return entries
