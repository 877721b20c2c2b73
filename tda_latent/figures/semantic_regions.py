"""Figure `semantic-regions`: a map whose regions carry the names of the classes that live there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.figures import canvas
from tda_latent.numerics.density_regions import Region, apart, density_region
from tda_latent.records import Projection
from tda_latent.records.classes import has_value
from tda_latent.registry import figure

Floats = NDArray[np.float64]
_MOST, _FEW = 40, 12  # classes; those that a narrow page has room for
_FILLED = 0.4  # of the map that names may cover
_ROOM, _MARGIN = 0.3, 0.02  # around the points for densities, around everything that is drawn; of the width
_NARROWEST = 0.6  # height over width of a flat map, and width over height of a slim one
_CHARACTER, _LINE = 0.56, 1.4  # width of a bold character with its halo and height of a line, in the size of the text
_MANY = 5000  # more points than this are drawn as an image inside the vector page
_ASIDE = 0.75  # of a label's own height: labels farther from their region get a line to it


@figure("semantic-regions")
@dataclass(frozen=True)
class SemanticRegions:
    """Points of a map in pale colours, the densest region of each class outlined, its name at the median of the region.

    Points without a class are grey and in no region. Names that do not fit the map are shortened. An experiment leaves
    models without labels and factors out.

    Parameters
    ----------
    label : text or null
        Label column that names the regions; null takes the first with at most 40 different values.
    share : float
        Of the points of a class that its region holds.
    axes : pair of integers
        Which two coordinates to draw, from 0.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("wong2011", "scott1992")
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib", "scipy")
    panel_ratio: ClassVar[float] = 2.0  # to begin with
    square: ClassVar[bool] = True

    needs: ClassVar[tuple[str, ...]] = ("labels or factors",)

    label: str | None = None
    share: Annotated[float, Field(gt=0, lt=1)] = 0.7
    axes: tuple[Annotated[int, Field(ge=0, le=2)], Annotated[int, Field(ge=0, le=2)]] = (0, 1)

    @staticmethod
    def suits(record: Projection) -> bool:
        """Whether a label has few enough values to name regions."""
        return any(_is_named(column) for column in record.labels.values())

    def __call__(self, record: Projection, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        UnknownName
            When ``label`` is no label of the projection.
        InvalidInput
            When no label names regions, or the projection has no such coordinate.
        """
        if max(self.axes) >= record.coordinates.shape[1]:
            raise InvalidInput(f"axes are {self.axes}, but the projection has {record.coordinates.shape[1]}.")
        name = self._name(record)
        points = record.coordinates[:, self.axes]
        is_there = has_value(record.labels[name])
        classes, owners = np.unique(record.labels[name][is_there], return_inverse=True)
        named = points[is_there]
        with canvas.drawing(ax, ratio=1.1, width="column" if len(classes) <= _FEW else "text") as ax:
            colours = [canvas.colour(int(owner)) for owner in owners]
            style = {"s": 3, "linewidths": 0, "rasterized": len(points) > _MANY}
            ax.scatter(points[~is_there, 0], points[~is_there, 1], c="0.8", label="_no class", **style)
            ax.scatter(named[:, 0], named[:, 1], c=colours, alpha=0.35, label="_points", **style)
            around = _limits(points, _ROOM)
            regions = [density_region(named[owners == k], around, self.share) for k in range(len(classes))]
            for index, region in enumerate(regions):
                _outline(ax, region, canvas.colour(index))
            limits = _limits(np.vstack([points, *(region.corners for region in regions)]), _MARGIN)
            ax.set(xlim=(limits[0][0], limits[1][0]), ylim=(limits[0][1], limits[1][1]))
            ax.set_aspect("equal", adjustable="box")
            ax.set(xticks=[], yticks=[], xlabel=record.axes[self.axes[0]], ylabel=record.axes[self.axes[1]])
            _write(ax, [str(text) for text in classes], np.array([region.anchor for region in regions]), limits)
            holds = f"{record.method} view; a region holds {100 * self.share:.0f} % of its {name}"
            missing = int((~is_there).sum())
            canvas.note(
                ax, [holds, f"grey: {missing} without {name}" if missing else None, *canvas.badge(record, self.axes)]
            )
        return ax

    def _name(self, record: Projection) -> str:
        if self.label is None:
            fitting = [name for name, column in record.labels.items() if _is_named(column)]
            if not fitting:
                raise InvalidInput(f"no label of this map has at most {_MOST} different values to name regions by.")
            return fitting[0]
        if self.label not in record.labels:
            raise unknown_name("label", self.label, record.labels)
        if not _is_named(record.labels[self.label]):
            raise InvalidInput(f"label {self.label!r} has more than {_MOST} different values; choose classes.")
        return self.label


def _outline(ax: Any, region: Region, colour: str) -> None:
    if len(region.x) > 1 and len(region.y) > 1 and region.level < region.density.max():
        grid = (region.x, region.y, region.density)
        ax.contourf(*grid, levels=[region.level, region.density.max()], colors=[colour], alpha=0.18)
        ax.contour(*grid, levels=[region.level], colors=[colour], linewidths=0.8)


def _is_named(column: NDArray[Any]) -> bool:
    return column.dtype.kind != "f" and 1 <= len(np.unique(column[has_value(column)])) <= _MOST


def _limits(points: Floats, share: float) -> tuple[Floats, Floats]:
    low, high = points.min(axis=0), points.max(axis=0)
    longest = max(float((high - low).max()), 1e-300)
    margin = share * longest + np.maximum(0.0, _NARROWEST * longest - (high - low)) / 2
    return low - margin, high + margin


def _write(ax: Any, names: list[str], anchors: Floats, limits: tuple[Floats, Floats]) -> None:
    """Names at their anchors, moved apart where they would overlap, with a line to the anchor when far from it."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.patheffects import withStroke

    size = FontProperties(size=canvas.text_size()).get_size_in_points() / 72
    unit = float((limits[1] - limits[0])[0]) / (0.9 * canvas.room(ax))  # of the map, on an inch of the page
    wide, high = (limits[1] - limits[0]) / (unit * size)  # of the map, in sizes of the text
    names = canvas.shortened(names, int(min(0.5 * wide, _FILLED * wide * high / (_LINE * len(names))) / _CHARACTER))
    sizes = unit * size * np.array([[_CHARACTER * len(name) + 0.3, _LINE] for name in names])
    places = apart(anchors, sizes, limits)
    halo = [withStroke(linewidth=1.8, foreground="white")]
    for index, (name, place, anchor) in enumerate(zip(names, places, anchors, strict=True)):
        if np.abs(place - anchor).max() > _ASIDE * sizes[index, 1]:
            ax.plot(*np.stack([anchor, place], axis=1), color="0.3", linewidth=0.5, label="_leader")
        ax.text(*place, name, ha="center", va="center", fontsize=canvas.text_size(), fontweight="bold",
                path_effects=halo, zorder=5)  # fmt: skip
