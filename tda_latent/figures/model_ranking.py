"""Figure `model-ranking`: one number of every model, best first, with an interval over independent trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import IncompleteResult, unknown_name
from tda_latent.figures import canvas
from tda_latent.numerics.order_statistics import MedianInterval, median_interval, ranks_within
from tda_latent.records import Measures
from tda_latent.registry import figure

Floats = NDArray[np.float64]
_REFERENCE = " (reference)"


@figure("model-ranking")
@dataclass(frozen=True)
class ModelRanking:
    """One scalar of every model: a dot for each replicate, a bar at their median, a line over an exact interval.

    The interval reaches between two order statistics and covers the median of the trainings with the probability
    written below, whatever their distribution. On the right are ranks: replicates with the same name share their data,
    so that models are ranked within each of them; the middle rank is given with the least and the greatest. Dashed: the
    reference values that the measures carry for the number, where they are the same for all models.

    Parameters
    ----------
    scalar : str or null
        Name of the scalar; null takes the first of the first model.
    higher_is_better : bool
        Whether the model with the greatest values comes first.
    level : float
        Coverage that intervals should reach; with too few replicates they reach from least to greatest.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("david2003",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib", "scipy")

    scalar: str | None = None
    higher_is_better: bool = True
    level: Annotated[float, Field(gt=0, lt=1)] = 0.9

    @staticmethod
    def suits(record: Mapping[str, tuple[Measures, ...]]) -> bool:
        """Whether there is a scalar at all."""
        return any(measures.scalars for row in record.values() for measures in row)

    def __call__(self, record: Mapping[str, tuple[Measures, ...]], ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When no model has a number.
        UnknownName
            When no model has a scalar of that name.
        """
        name = self.scalar or _first(record)
        found = _values(record, name)
        rows = {model: median_interval(values, self.level) for model, values in found.items()}
        sign = -1 if self.higher_is_better else 1
        order = sorted(rows, key=lambda model: sign * rows[model].median)
        every = np.concatenate(list(found.values()))
        references = _references(record, name)
        low, high = _limits(every, references)
        beyond = high + 0.08 * (high - low)
        with canvas.drawing(ax, ratio=0.14 + 0.045 * len(order), width="text") as ax:
            for place, model in enumerate(order):
                _row(ax, np.clip(found[model], low, beyond), rows[model], (place, low, beyond))
            for text, value in references.items():
                if np.isfinite(value):
                    ax.axvline(value, color="0.35", linewidth=0.8, linestyle=(0, (4, 2)), zorder=1, label=f"_{text}")
            infinite = bool(np.isinf(every).any())
            margin = 0.02 * (high - low)
            ax.set(xlim=(low - margin, (beyond if infinite else high) + margin), ylim=(len(order) - 0.4, -0.6))
            ax.set_yticks(range(len(order)), order)
            ax.tick_params(axis="y", length=0)
            canvas.ticks(ax.xaxis, (low, high), beyond if infinite else None)
            ax.set_xlabel(canvas.quantity(name, _unit(record, name)))
            _ranks(ax, [found[model] for model in order], self.higher_is_better)
            canvas.note(ax, [_explanation(found, rows, references), _absent(record, found)])
        return ax


def _first(record: Mapping[str, tuple[Measures, ...]]) -> str:
    for row in record.values():
        for measures in row:
            for name in measures.scalars:
                return name
    raise IncompleteResult("no model has a scalar to rank; run the analyzer first.")


def _values(record: Mapping[str, tuple[Measures, ...]], name: str) -> dict[str, Floats]:
    """The defined values of each model that has any."""
    known = dict.fromkeys(scalar for row in record.values() for measures in row for scalar in measures.scalars)
    if name not in known:
        raise unknown_name("scalar", name, known)
    found = {
        model: np.array([measures[name] for measures in row if name in measures.scalars])
        for model, row in record.items()
    }
    kept = {model: values[~np.isnan(values)] for model, values in found.items()}
    kept = {model: values for model, values in kept.items() if len(values)}
    if not kept:
        raise IncompleteResult(f"{name!r} is not defined for any model, so there is nothing to rank.")
    return kept


def _unit(record: Mapping[str, tuple[Measures, ...]], name: str) -> str:
    return next(measures.scalars[name].unit for row in record.values() for measures in row if name in measures.scalars)


def _references(record: Mapping[str, tuple[Measures, ...]], name: str) -> dict[str, float]:
    """Reference values of the scalar that are one and the same number for every model and replicate."""
    found: dict[str, set[float]] = {}
    for row in record.values():
        for measures in row:
            for other, scalar in measures.scalars.items():
                if other.startswith(f"{name},") and other.endswith(_REFERENCE):
                    found.setdefault(other, set()).add(scalar.value)
    names = {other: other.removeprefix(f"{name},").removesuffix(_REFERENCE).strip() for other in found}
    return {names[other]: next(iter(values)) for other, values in found.items() if len(values) == 1}


def _limits(every: Floats, references: Mapping[str, float]) -> tuple[float, float]:
    return canvas.scale_limits(np.append(every, list(references.values())))


def _row(ax: Any, values: Floats, interval: MedianInterval, place: tuple[int, float, float]) -> None:
    """Marks of one model, spread a little so that equal values stay visible."""
    row, low, beyond = place
    spread = (np.arange(len(values)) % 3 - 1) * 0.13 * (len(values) > 1)
    ends, middle = np.clip([interval.low, interval.high], low, beyond), np.clip(interval.median, low, beyond)
    ax.plot(ends, [row, row], color=canvas.colour(0), linewidth=1.4, alpha=0.5, zorder=2, label="_interval")
    ax.scatter(values, row + spread, s=11, color=canvas.colour(0), alpha=0.75, linewidths=0, zorder=3, clip_on=False,
               label="_replicates")  # fmt: skip
    ax.plot([middle, middle], [row - 0.32, row + 0.32], color="black", linewidth=1.1, zorder=4, label="_median")


def _ranks(ax: Any, values: list[Floats], higher_is_better: bool) -> None:
    """Middle, least and greatest rank of each model over the replicates, right of its row."""
    if len(values) < 2 or len({len(row) for row in values}) > 1:
        return
    ranks = ranks_within(np.stack(values), higher_is_better)
    ax.text(1.02, -0.75, "rank", transform=ax.get_yaxis_transform(), fontsize=canvas.text_size(), va="bottom")
    for row, found in enumerate(ranks):
        text = f"{np.median(found):g}" + (f" ({found.min():g} to {found.max():g})" if np.ptp(found) else "")
        ax.text(1.02, row, text, transform=ax.get_yaxis_transform(), fontsize=canvas.text_size(), va="center",
                label="_rank")  # fmt: skip


def _explanation(
    found: Mapping[str, Floats], rows: Mapping[str, MedianInterval], references: Mapping[str, float]
) -> str:
    counts = sorted({len(values) for values in found.values()})
    dashed = f"; dashed: {', '.join(references)}" if references else ""
    if counts == [1]:
        return f"one replicate per model: no spread is known{dashed}"
    number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    coverage = 100 * min(row.coverage for row in rows.values())
    return (
        f"{number} replicates per model; bar: median; line: covers the median of all trainings with probability "
        f"{coverage:.4g} % or more{dashed}"
    )


def _absent(record: Mapping[str, tuple[Measures, ...]], found: Mapping[str, Floats]) -> str | None:
    absent = [model for model in record if model not in found]
    return f"not defined for {', '.join(absent)}" if absent else None
