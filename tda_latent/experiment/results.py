"""What a run says: differences between models against the spread within a model, scalars, claims, rows for a file.

The unit of replication is an independently trained model. With one replicate there is no spread, and then no
difference is judged.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tda_latent.errors import IncompleteResult
from tda_latent.experiment.expectations import Outcome, judge
from tda_latent.experiment.keys import resolve
from tda_latent.experiment.plan import analysis_label, comparison_label, groups
from tda_latent.experiment.run import Run
from tda_latent.records import Comparison, Measures


@dataclass(frozen=True)
class Contrast:
    """One distance between two models beside the spread within each of them.

    between : distances between the replicates of the two; within : the same inside either model
    separation : share of (between, within) pairs in which between is larger, ties half; None without a spread
    label : task that holds the numbers; missing : pairs that were not computed
    """

    distance: str
    unit: str
    first: str
    second: str
    between: tuple[float, ...]
    within: tuple[float, ...]
    separation: float | None
    label: str
    missing: int
    baseline: bool = False


@dataclass(frozen=True)
class ScalarRow:
    """One scalar of one analyzer: its values over the replicates of each model, with the tasks they come from."""

    analyzer: str
    name: str
    unit: str
    values: dict[str, list[tuple[float, str]]]


class Group:
    """The results of one data set and layer; gives the numbers that claims ask for."""

    def __init__(self, run: Run, data: str, layer: str) -> None:
        self.run, self.data, self.layer = run, data, layer

    @property
    def name(self) -> str:
        """Data and layer, for headings."""
        return "/".join(part for part in (self.data, self.layer) if part)

    @cached_property
    def comparisons(self) -> dict[str, Comparison]:
        """The comparison of every distance; where blocks are missing, with NaN in their place."""
        found = {}
        for distance in self.run.plan.binding.distances:
            label = comparison_label(distance, self.data, self.layer)
            if label in self.run.plan.tasks:
                record = self.run.record(label)
                found[distance] = record if isinstance(record, Comparison) else self._partial(label)
        return found

    def _partial(self, label: str) -> Comparison:
        task = self.run.plan.tasks[label]
        _, collect = resolve(task.operator)
        return collect([self.run.record(block) for block in task.inputs["blocks"]])  # type: ignore[no-any-return]

    def contrasts(self) -> list[Contrast]:
        """All pairs of models under every distance, plain baselines last."""
        rows = []
        for distance, comparison in self.comparisons.items():
            names = comparison.names
            for i, first in enumerate(names):
                rows += [self._contrast(distance, comparison, first, second) for second in names[i + 1 :]]
        return sorted(rows, key=lambda row: row.baseline)

    def _contrast(self, distance: str, comparison: Comparison, first: str, second: str) -> Contrast:
        between = comparison.between(first, second)
        within = np.concatenate([comparison.within(first), comparison.within(second)])
        gaps = int(np.isnan(between).sum() + np.isnan(within).sum())
        component = self.run.plan.binding.distances[distance].component
        return Contrast(
            distance=distance,
            unit=comparison.unit,
            first=first,
            second=second,
            between=_numbers(between),
            within=_numbers(within),
            separation=separation(_numbers(between), _numbers(within)) if not gaps else None,
            label=comparison_label(distance, self.data, self.layer),
            missing=gaps,
            baseline=bool(getattr(component.cls, "baseline", False)),
        )

    def scalars(self) -> list[ScalarRow]:
        """Every scalar of every analyzer, subsamples averaged within their replicate."""
        rows: dict[tuple[str, str], ScalarRow] = {}
        for analyzer in self.run.plan.binding.analyzers:
            for model, label, record in self._measured(analyzer):
                for name, scalar in record.scalars.items():
                    row = rows.setdefault((analyzer, name), ScalarRow(analyzer, name, scalar.unit, {}))
                    row.values.setdefault(model, []).append((scalar.value, label))
        return list(rows.values())

    def _measured(self, analyzer: str) -> Iterator[tuple[str, str, Measures]]:
        for cell in self.run.plan.cells:
            label = analysis_label(analyzer, cell)
            if (cell.data, cell.layer) != (self.data, self.layer) or label not in self.run.plan.tasks:
                continue
            record = self.run.record(label)
            if isinstance(record, Measures):
                yield cell.model, label, record

    def between(self, distance: str, first: str, second: str) -> float:
        """Median distance between the replicates of two models."""
        return self._median(distance, self._comparison(distance).between(first, second))

    def within(self, distance: str, model: str | None) -> float:
        """Median distance between the replicates of one model, or over all models."""
        comparison = self._comparison(distance)
        models = comparison.names if model is None else (model,)
        return self._median(distance, np.concatenate([comparison.within(name) for name in models]))

    def separation(self, distance: str, first: str, second: str) -> float:
        """Share of pairs in which a between-distance exceeds a within-distance."""
        comparison = self._comparison(distance)
        within = np.concatenate([comparison.within(first), comparison.within(second)])
        found = separation(_numbers(comparison.between(first, second)), _numbers(within))
        if found is None:
            raise IncompleteResult(f"{distance}: separation needs at least two replicates of each model.")
        return found

    def value(self, name: str, model: str) -> float:
        """Median of a scalar over the replicates of a model; ``name`` is analyzer.scalar."""
        analyzer, _, scalar = name.partition(".")
        row = next((row for row in self.scalars() if (row.analyzer, row.name) == (analyzer, scalar)), None)
        if row is None or model not in row.values:
            raise IncompleteResult(f"{name} of {model} was not computed.")
        expected = len(self.run.experiment.replicates) * self.run.experiment.subsamples
        if len(row.values[model]) < expected:
            raise IncompleteResult(f"{name} of {model}: only {len(row.values[model])} of {expected} were computed.")
        return statistics.median(value for value, _ in row.values[model])

    def _comparison(self, distance: str) -> Comparison:
        if distance not in self.comparisons:
            raise IncompleteResult(f"{distance} was not computed.")
        return self.comparisons[distance]

    def _median(self, distance: str, values: np.ndarray) -> float:
        if not len(values):
            raise IncompleteResult(f"{distance}: one replicate has no spread; set axes: replicates to 2 or more.")
        if np.isnan(values).any():
            raise IncompleteResult(f"{distance}: {int(np.isnan(values).sum())} of {len(values)} pairs are missing.")
        return float(np.median(values))


def separation(between: tuple[float, ...], within: tuple[float, ...]) -> float | None:
    """Share of (between, within) pairs with between > within, ties counted half; None when either is empty.

    1 = every distance between the models exceeds every distance within one, 0.5 = no difference. A description of
    the replicates at hand (the probability of superiority [vargha2000]), not a p-value.
    """
    if not between or not within:
        return None
    wins = [1.0 if b > w else 0.5 if b == w else 0.0 for b in between for w in within]
    return sum(wins) / len(wins)


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values if not np.isnan(value))


def result_groups(run: Run) -> list[Group]:
    """The results by data set and layer."""
    return [Group(run, data, layer) for data, layer in groups(run.experiment)]


def claims(run: Run) -> list[tuple[str, Outcome]]:
    """Every claim of the file, judged in every group: (group name, outcome)."""
    return [(group.name, judge(entry, group)) for entry in run.experiment.expect for group in result_groups(run)]


def rows(run: Run) -> Iterator[dict[str, Any]]:
    """Every number of the run as flat rows (for ``results.csv``), each with the key of the task that made it."""
    for group in result_groups(run):
        place = {"data": group.data, "layer": group.layer}
        for scalar in group.scalars():
            for model, values in scalar.values.items():
                for value, label in values:
                    cell = run.plan.tasks[label].cell
                    yield {
                        "kind": "scalar", **place, "label": scalar.analyzer, "quantity": scalar.name,
                        "model": model, "replicate": cell.replicate if cell else "",
                        "subsample": cell.subsample if cell else "", "model_2": "", "replicate_2": "",
                        "value": value, "unit": scalar.unit, "key": run.outcomes[label].key,
                    }  # fmt: skip
        for distance, comparison in group.comparisons.items():
            label = comparison_label(distance, group.data, group.layer)
            for i, j in _pairs(comparison):
                yield {
                    "kind": "distance", **place, "label": distance, "quantity": "distance",
                    "model": str(comparison.models[i]), "replicate": str(comparison.replicates[i]), "subsample": "",
                    "model_2": str(comparison.models[j]), "replicate_2": str(comparison.replicates[j]),
                    "value": float(comparison.values[i, j]), "unit": comparison.unit, "key": run.outcomes[label].key,
                }  # fmt: skip


def _pairs(comparison: Comparison) -> Iterator[tuple[int, int]]:
    size = len(comparison)
    for i in range(size):
        for j in range(i + 1 if comparison.symmetric else 0, size):
            if i != j:
                yield i, j
