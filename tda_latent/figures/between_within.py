"""Figure `between-within`: distances between models beside the distances between replicates of one model."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import IncompleteResult
from tda_latent.figures import canvas
from tda_latent.records import Comparison
from tda_latent.registry import figure

_PAIRS = 15  # with more pairs of models, each model is set against all others together


@figure("between-within")
@dataclass(frozen=True)
class BetweenWithin:
    """Every distance as a mark: within a model (circles, above) and between models (triangles, below).

    Bars mark medians. The dashed line is the largest distance within any model: what training again can do by itself.
    Distances that share a replicate depend on each other, so the marks of a row are no independent sample.

    Parameters
    ----------
    limits : pair of numbers or null
        Range of the distances; null runs from 0 to the largest finite one.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("anderson2001",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)

    limits: tuple[float, float] | None = None

    def __call__(self, record: Comparison, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When no pair has been computed.
        """
        groups = _groups(record)
        if not groups:
            raise IncompleteResult("no distance between two trained models was computed; run the comparison first.")
        low, high = self.limits or (0.0, canvas.scale_limits(record.values)[1])
        beyond = high + 0.1 * (high - low)
        within = np.concatenate([values for inner, _, values in groups if inner] or [np.empty(0)])
        infinite = any(np.isinf(values).any() for _, _, values in groups)
        with canvas.drawing(ax, ratio=min(1.2, 0.16 + 0.035 * len(groups)), width="text") as ax:
            for row, (inner, _, values) in enumerate(groups):
                _strip(ax, np.minimum(values, beyond), row, inner)
            if len(within) and np.isfinite(within).all():
                ax.axvline(within.max(), color="0.4", linewidth=0.7, linestyle=(0, (4, 2)), zorder=1, label="_largest")
            ax.set_yticks(range(len(groups)), [name for _, name, _ in groups])
            ax.tick_params(axis="y", length=0)
            margin = 0.02 * (high - low)
            ax.set(xlim=(low - margin, (beyond if infinite else high) + margin), ylim=(len(groups) - 0.4, -0.6))
            canvas.ticks(ax.xaxis, (low, high), beyond if infinite else None)
            ax.set_xlabel(canvas.quantity(record.distance, record.unit))
            canvas.note(ax, [canvas.incompleteness(record), _explanation(record, len(within))])
        return ax

    def sharing(self, records: Iterable[Comparison]) -> BetweenWithin:
        """The same figure with a range that fits all of these comparisons."""
        high = max(canvas.scale_limits(record.values)[1] for record in records)
        return replace(self, limits=self.limits or (0.0, high))


def _groups(record: Comparison) -> list[tuple[bool, str, NDArray[np.float64]]]:
    """(is within, name, distances) of each row of the figure; empty groups are left out."""
    names = record.names
    groups = [(True, f"within {name}", record.within(name)) for name in names]
    pairs = list(itertools.combinations(names, 2))
    if len(pairs) <= _PAIRS:
        groups += [(False, f"{a} to {b}", _both_ways(record, a, b)) for a, b in pairs]
    else:
        groups += [(False, f"{name} to others", np.concatenate([_both_ways(record, name, other) for other in names
                                                                if other != name])) for name in names]  # fmt: skip
    computed = [(inner, name, values[~np.isnan(values)]) for inner, name, values in groups]
    return [group for group in computed if len(group[2])]


def _both_ways(record: Comparison, a: str, b: str) -> NDArray[np.float64]:
    there = record.between(a, b)
    return there if record.symmetric else np.concatenate([there, record.between(b, a)])


def _strip(ax: Any, values: NDArray[np.float64], row: int, inner: bool) -> None:
    """Marks of one group, spread a little so that equal distances stay visible, and their median."""
    spread = (np.arange(len(values)) % 3 - 1) * 0.13 * (len(values) > 1)
    colour = canvas.colour(0 if inner else 1)
    ax.scatter(values, row + spread, s=11, marker="o" if inner else "^", color=colour, alpha=0.75, linewidths=0,
               zorder=3, clip_on=False, label="_within" if inner else "_between")  # fmt: skip
    middle = float(np.median(values))
    ax.plot([middle, middle], [row - 0.32, row + 0.32], color="black", linewidth=1.1, zorder=4, label="_median")


def _explanation(record: Comparison, within: int) -> str:
    if not within:
        return "one replicate per model: the spread within a model is unknown; bar: median"
    counts = sorted({int((record.models == name).sum()) for name in record.names})
    number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{number} replicates per model; bar: median; dashed: largest distance within a model"
