"""Figure `betti-curves`: a curve per replicate, the mean and the range of each model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import IncompatibleRecords, IncompleteResult, InvalidInput
from tda_latent.figures import canvas
from tda_latent.records import Vectors
from tda_latent.registry import figure


@figure("betti-curves")
@dataclass(frozen=True)
class CurvesOverReplicates:
    """Betti curves (or landscapes, silhouettes) of several models, with the spread over independent replicates.

    Thin lines are replicates, the thick line is their mean, and the band reaches from the smallest to the largest
    replicate at each scale. The figure states the number of replicates and calls the band what it is: it is no
    confidence interval.

    Parameters
    ----------
    layer : int
        Which layer to draw of summaries that have several (landscapes), from 0.
    limits : pair of numbers or null
        Range of the axis of scale; null fits the curves.
    legend : bool
        Show the models above the axes.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("edelsbrunner2010",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    natural: ClassVar[bool] = True

    layer: Annotated[int, Field(ge=0)] = 0
    limits: tuple[float, float] | None = None
    legend: bool = True

    def __call__(self, record: Mapping[str, tuple[Vectors, ...]], ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When a model has no replicate.
        IncompatibleRecords
            When the curves are different summaries, or replicates of one model lie on different grids.
        """
        first = _checked(record)
        with canvas.drawing(ax, ratio=0.7) as ax:
            handles = []
            for index, (model, replicates) in enumerate(record.items()):
                curves = np.stack([_curve(vectors, self.layer) for vectors in replicates])
                handles.append(_draw(ax, replicates[0].grid, curves, index, model))
            ax.set_xlim(*(self.limits or _span(record)))
            ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
            ax.set_xlabel(canvas.quantity("scale", first.grid_unit))
            ax.set_ylabel(_ordinate(first))
            if self.legend:
                canvas.key(ax, handles, above=True)
            canvas.note(ax, [_explanation(record)])
        return ax

    def sharing(self, records: Iterable[Mapping[str, tuple[Vectors, ...]]]) -> CurvesOverReplicates:
        """The same figure with an axis of scale that fits all of these curves."""
        spans = [_span(record) for record in records]
        shared = (min(low for low, _ in spans), max(high for _, high in spans))
        return replace(self, limits=self.limits or shared)


def _checked(record: Mapping[str, tuple[Vectors, ...]]) -> Vectors:
    """The first curve, after checking that all of them can share axes."""
    empty = [model for model, replicates in record.items() if not replicates]
    if empty or not record:
        who = f"model {empty[0]!r} has" if empty else "there is"
        raise IncompleteResult(f"{who} no replicate to draw; run the analyzer for it or leave it out.")
    first = next(iter(record.values()))[0]
    for model, replicates in record.items():
        for vectors in replicates:
            for name in ("name", "degree", "unit", "grid_unit"):
                found, wanted = getattr(vectors, name), getattr(first, name)
                if found != wanted:
                    raise IncompatibleRecords(
                        f"curves of {model!r} have {name} {found!r}, others {wanted!r}; draw them in two figures."
                    )
            if not np.array_equal(vectors.grid, replicates[0].grid):
                raise IncompatibleRecords(
                    f"replicates of {model!r} lie on different grids; give the analyzer one range for all of them."
                )
    return first


def _curve(vectors: Vectors, layer: int) -> NDArray[np.float64]:
    if vectors.rows_grid is not None:
        raise InvalidInput(f"{vectors.name} is an image, not a curve; draw it with the figure 'vectors'.")
    if vectors.values.ndim == 1:
        return vectors.values
    if layer >= len(vectors.values):
        raise InvalidInput(f"layer {layer} was asked for, but {vectors.name} has {len(vectors.values)}.")
    return np.asarray(vectors.values[layer], dtype=np.float64)


def _span(record: Mapping[str, tuple[Vectors, ...]]) -> tuple[float, float]:
    grids = [vectors.grid for replicates in record.values() for vectors in replicates if len(vectors.grid)]
    low, high = min((grid[0] for grid in grids), default=0.0), max((grid[-1] for grid in grids), default=1.0)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def _draw(ax: Any, grid: NDArray[np.float64], curves: NDArray[np.float64], index: int, model: str) -> Any:
    colour, dashes = canvas.colour(index), canvas.dashes(index)
    ax.fill_between(grid, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.18, linewidth=0,
                    label=f"_range {model}")  # fmt: skip
    for curve in curves:
        ax.plot(grid, curve, color=colour, linewidth=0.4, alpha=0.7, label=f"_replicate {model}")
    return ax.plot(grid, curves.mean(axis=0), color=colour, linewidth=1.5, linestyle=dashes, label=str(model))[0]


def _ordinate(vectors: Vectors) -> str:
    if vectors.name == "betti-curve":
        return f"Betti number $\\beta_{{{vectors.degree}}}$"
    return canvas.quantity(f"{vectors.name}, {canvas.degree_name(vectors.degree)}", vectors.unit, line=26)


def _explanation(record: Mapping[str, tuple[Vectors, ...]]) -> str:
    counts = sorted({len(replicates) for replicates in record.values()})
    if counts == [1]:
        return "one replicate per model: no spread is known"
    if len(counts) == 1:
        number = f"{counts[0]} replicates"
    else:
        number = "replicates (" + ", ".join(f"{model}: {len(group)}" for model, group in record.items()) + ")"
    return f"thin: replicates; thick: their mean; band: smallest to largest of {number}"
