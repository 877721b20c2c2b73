"""Figure `mapper-graph`: clusters as discs or pies, shared points as edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import IncompleteResult, unknown_name
from tda_latent.figures import canvas
from tda_latent.records import MapperGraph
from tda_latent.registry import figure

_FILLED = 0.10  # share of the drawing that all discs cover together, at most
_LARGEST, _SMALLEST = 0.045, 0.007  # radii of discs, in units of the longer side
_NO_CLASS = "0.85"
_ARC = 0.2  # step of an arc in radians


@figure("mapper-graph")
@dataclass(frozen=True)
class MapperPlot:
    """Nodes at their stored layout, area proportional to members; edges as wide as their overlap.

    Parameters
    ----------
    colour : text or null
        A lens (discs in the colour of its mean over the members) or a label column (pies of its classes, grey
        for members without one); null takes the first label, else the first lens, else one colour.
    legend : bool
        Show the classes right of the graph.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("singh2007",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    panel_ratio: ClassVar[float] = 1.45  # room for the key and a note for each panel
    natural: ClassVar[bool] = True

    colour: str | None = None
    legend: bool = True

    def __call__(self, record: MapperGraph, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When the graph carries no layout.
        UnknownName
            When ``colour`` names neither a lens nor a label of the graph.
        """
        if record.layout is None:
            raise IncompleteResult(
                "the Mapper graph has no layout; let the mapper analyzer compute one, or set your own with "
                "graph.replace(layout=positions), positions of shape (nodes, 2)."
            )
        name = self._chosen(record)
        with canvas.drawing(ax, ratio=0.8) as ax:
            ax.set_axis_off()
            ax.set_aspect("equal", adjustable="box")
            radii = _radii(record)
            _edges(ax, record)
            if name in record.composition:
                self._pies(ax, record, radii, str(name))
            else:
                self._discs(ax, record, radii, name)
            _frame(ax, record, radii)
            missing = name in record.composition and _unlabelled(record, str(name)).any()
            canvas.note(ax, [*_notes(record), f"grey: members without {name}" if missing else None])
        return ax

    def _chosen(self, record: MapperGraph) -> str | None:
        known = (*record.composition, *record.lens_names)
        if self.colour is not None and self.colour not in known:
            raise unknown_name("lens or label", self.colour, known)
        return self.colour or next(iter(known), None)

    def _discs(self, ax: Any, record: MapperGraph, radii: NDArray[np.float64], name: str | None) -> None:
        from matplotlib.collections import EllipseCollection

        size = 2 * radii
        discs = EllipseCollection(
            size, size, np.zeros_like(size), units="xy", offsets=record.layout, offset_transform=ax.transData,
            edgecolors="black", linewidths=0.3, zorder=3,
        )  # fmt: skip
        discs.set_label("_nodes")
        if name is None or not len(record):
            discs.set_facecolor(canvas.colour(0))
        else:
            discs.set_array(record.node_means(record.lens[:, record.lens_names.index(name)]))
            discs.set_cmap("viridis")
        ax.add_collection(discs)
        if name is not None and len(record):
            canvas.colour_bar(ax, discs, f"mean of {name}")

    def _pies(self, ax: Any, record: MapperGraph, radii: NDArray[np.float64], name: str) -> None:
        from matplotlib.collections import PolyCollection
        from matplotlib.patches import Patch

        classes = record.classes.get(name, np.arange(record.composition[name].shape[1]))
        counts = np.column_stack([record.composition[name], _unlabelled(record, name)])
        owners, wedges = _wedges(np.asarray(record.layout), radii, counts)
        colours = [canvas.colour(k) if k < len(classes) else _NO_CLASS for k in owners]
        pies = PolyCollection(wedges, facecolors=colours, edgecolors="black", linewidths=0.25, zorder=3)
        pies.set_label("_nodes")
        ax.add_collection(pies)
        if self.legend:
            handles = [Patch(facecolor=canvas.colour(k), edgecolor="black", linewidth=0.25, label=str(text))
                       for k, text in enumerate(classes)]  # fmt: skip
            canvas.key(ax, handles, title=name)


def _unlabelled(record: MapperGraph, name: str) -> NDArray[np.int64]:
    """(nodes,) members that are of no class."""
    return np.asarray((record.sizes - record.composition[name].sum(axis=1)).clip(min=0), dtype=np.int64)


def _radii(record: MapperGraph) -> NDArray[np.float64]:
    """(nodes,) radii with areas proportional to members, except that the smallest nodes stay visible."""
    if not len(record):
        return np.empty(0)
    side = _side(record)
    relative = np.sqrt(record.sizes / record.sizes.max())
    largest = min(_LARGEST, float(np.sqrt(_FILLED / (np.pi * (relative**2).sum()))))
    return np.asarray(side * np.maximum(largest * relative, _SMALLEST))


def _side(record: MapperGraph) -> float:
    return float(np.ptp(np.asarray(record.layout), axis=0).max(initial=0.0)) or 1.0


def _edges(ax: Any, record: MapperGraph) -> None:
    from matplotlib.collections import LineCollection

    widths = 0.3 + 2.2 * record.overlaps / record.overlaps.max(initial=1)
    lines = LineCollection(list(np.asarray(record.layout)[record.edges]), colors="0.65", linewidths=widths, zorder=1)
    lines.set_label("_edges")
    ax.add_collection(lines)


def _wedges(
    centres: NDArray[np.float64], radii: NDArray[np.float64], counts: NDArray[Any]
) -> tuple[list[int], list[NDArray[np.float64]]]:
    """Class and polygon of every slice of every pie."""
    owners: list[int] = []
    polygons: list[NDArray[np.float64]] = []
    for centre, radius, row in zip(centres, radii, np.asarray(counts, dtype=np.float64), strict=True):
        bounds = np.concatenate([[0.0], np.cumsum(row) / max(row.sum(), 1.0)]) * 2 * np.pi
        for index in np.flatnonzero(row):
            start, stop = bounds[index], bounds[index + 1]
            angles = np.pi / 2 - np.linspace(start, stop, 2 + int((stop - start) / _ARC))
            arc = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
            whole = np.isclose(stop - start, 2 * np.pi)
            owners.append(int(index))
            polygons.append(arc if whole else np.vstack([centre, arc]))
    return owners, polygons


def _frame(ax: Any, record: MapperGraph, radii: NDArray[np.float64]) -> None:
    """Limits that hold every disc whole."""
    if not len(record):
        ax.text(0.5, 0.5, "no nodes", ha="center", va="center", transform=ax.transAxes)
        return
    layout, margin = np.asarray(record.layout), float(radii.max()) + 0.01 * _side(record)
    (left, low), (right, high) = layout.min(axis=0) - margin, layout.max(axis=0) + margin
    ax.set(xlim=(left, right), ylim=(low, high))


def _notes(record: MapperGraph) -> list[str]:
    missing = len(record.uncovered)
    lines = [f"{missing} of {record.size} points lie in no node" if missing else f"all {record.size} points covered"]
    if len(record):
        lines.append(f"area: points in a node ({record.sizes.min()}–{record.sizes.max()})")
    if len(record.overlaps):
        lines.append(f"width: shared points ({record.overlaps.min()}–{record.overlaps.max()})")
    return ["; ".join(lines)]
