"""What a run says: differences between models against the spread within a model, scalars, claims, rows for a file.

The unit of replication is an independently trained model. With one replicate there is no spread, and then no
difference is judged.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tda_latent.errors import IncompleteResult, unknown_name
from tda_latent.experiment.binding import takes
from tda_latent.experiment.file.expectations import Outcome, is_judged, judge
from tda_latent.experiment.identity.keys import resolve
from tda_latent.experiment.plan import Cell, analysis_label, block_label, comparison_label, groups
from tda_latent.experiment.run import Run
from tda_latent.records import Comparison, Measures


@dataclass(frozen=True)
class Contrast:
    """One distance between two models beside the spread within each of them.

    between : distances between the replicates of the two; within : the same inside either model
    separation : share of (between, within) pairs in which between is larger, ties half; None without a spread
    label : task that holds the numbers
    missing, missing_within : pairs of either kind that were not computed; with any, there is no separation
    directed : whether ``between`` holds the distances from the first to the second only
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
    missing_within: int = 0
    baseline: bool = False
    directed: bool = False


@dataclass(frozen=True)
class ScalarRow:
    """One scalar of one analyzer: for each model one value per replicate, with the task that it comes from.

    A value over several subsamples of a replicate is their mean; the task is then the first of theirs. ``missing``
    counts, for each model, replicates without a value; NaN means "not defined for this input". An analyzer without a
    single result has one row, without a name.
    """

    analyzer: str
    name: str
    unit: str
    values: dict[str, list[tuple[float, str]]]
    missing: dict[str, int]


class Group:
    """The results of one data set and layer; gives the numbers that claims ask for."""

    def __init__(self, run: Run, data: str, layer: str) -> None:
        self.run, self.data, self.layer = run, data, layer

    @property
    def name(self) -> str:
        """Data and layer, for headings."""
        return "/".join(part for part in (self.data, self.layer) if part)

    def elsewhere(self, data: str) -> Group:
        """The results of another data set at the same layer."""
        return Group(self.run, data, self.layer)

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
                others = names[i + 1 :] if comparison.symmetric else [name for name in names if name != first]
                rows += [self._contrast(distance, comparison, first, second) for second in others]
        return sorted(rows, key=lambda row: row.baseline)

    def _contrast(self, distance: str, comparison: Comparison, first: str, second: str) -> Contrast:
        between = comparison.between(first, second)
        within = np.concatenate([comparison.within(first), comparison.within(second)])
        gaps, gaps_within = int(np.isnan(between).sum()), int(np.isnan(within).sum())
        component = self.run.plan.binding.distances[distance].component
        return Contrast(
            distance=distance,
            unit=comparison.unit,
            first=first,
            second=second,
            between=_numbers(between),
            within=_numbers(within),
            separation=separation(_numbers(between), _numbers(within)) if not gaps + gaps_within else None,
            label=comparison_label(distance, self.data, self.layer),
            missing=gaps,
            missing_within=gaps_within,
            baseline=bool(getattr(component.cls, "baseline", False)),
            directed=not comparison.symmetric,
        )

    @cached_property
    def scalars(self) -> list[ScalarRow]:
        """Every scalar of every analyzer, subsamples averaged within their replicate."""
        rows: dict[tuple[str, str], ScalarRow] = {}
        parts: dict[tuple[str, str, str, str], list[tuple[float, str]]] = {}
        done: Counter[tuple[str, str, str]] = Counter()
        for analyzer, cell, label, record in self.measured():
            done[analyzer, cell.model, cell.replicate] += 1
            for name, scalar in record.scalars.items():
                rows.setdefault((analyzer, name), ScalarRow(analyzer, name, scalar.unit, {}, {}))
                parts.setdefault((analyzer, name, cell.model, cell.replicate), []).append((scalar.value, label))
        subsamples = self.run.experiment.subsamples
        for (analyzer, name, model, _), found in parts.items():
            if len(found) == subsamples:
                mean = sum(value for value, _ in found) / subsamples
                rows[analyzer, name].values.setdefault(model, []).append((mean, found[0][1]))
        for analyzer in dict.fromkeys(name for name, _, _ in self._to_measure()):
            if analyzer not in {row.analyzer for row in rows.values()}:
                rows[analyzer, ""] = ScalarRow(analyzer, "", "", {}, {})
        for row in rows.values():
            for model in self._models(row.analyzer):
                whole = [done[row.analyzer, model, name] == subsamples for name in self.run.experiment.replicates]
                row.missing[model] = whole.count(False)
        return list(rows.values())

    def measured(self) -> Iterator[tuple[str, Cell, str, Measures]]:
        """(analyzer, cell, task, measures) of every cloud that was measured, replicates and subsamples in order."""
        for analyzer, cell, label in self._to_measure():
            record = self.run.record(label)
            if isinstance(record, Measures):
                yield analyzer, cell, label, record

    def unmeasured(self) -> Iterator[tuple[str, Cell]]:
        """(analyzer, cell) of every cloud that was to be measured and has no result."""
        for analyzer, cell, label in self._to_measure():
            if not self.run.outcomes[label].done:
                yield analyzer, cell

    def _to_measure(self) -> Iterator[tuple[str, Cell, str]]:
        """(analyzer, cell, task) of every cloud of this group that some analyzer with measures was planned for."""
        plan = self.run.plan
        for analyzer, bound in plan.binding.analyzers.items():
            for cell in plan.cells if takes(bound.component.output, Measures) else ():
                label = analysis_label(analyzer, cell)
                if (cell.data, cell.layer) == (self.data, self.layer) and label in plan.tasks:
                    yield analyzer, cell, label

    def _models(self, analyzer: str) -> list[str]:
        """The models that an analyzer was planned for."""
        plan, first = self.run.plan, self.run.experiment.replicates[0]
        cells = {model: plan.subsamples(model, first, self.data, self.layer) for model in plan.binding.models}
        return [model for model, row in cells.items() if row and analysis_label(analyzer, row[0]) in plan.tasks]

    def between(self, distance: str, first: str, second: str) -> float:
        """Median distance between the replicates of two models."""
        return self._median(distance, self._comparison(distance, first, second).between(first, second))

    def within(self, distance: str, model: str | None) -> float:
        """Median distance between the replicates of one model, or over all models."""
        comparison = self._comparison(distance, *([model] if model else []))
        models = comparison.names if model is None else (model,)
        return self._median(distance, np.concatenate([comparison.within(name) for name in models]))

    def separation(self, distance: str, first: str, second: str) -> float:
        """Share of pairs in which a between-distance exceeds a within-distance."""
        comparison = self._comparison(distance, first, second)
        within = self._whole(distance, np.concatenate([comparison.within(first), comparison.within(second)]))
        found = separation(tuple(self._whole(distance, comparison.between(first, second))), tuple(within))
        if found is None:
            raise IncompleteResult(f"{distance}: separation needs at least two replicates of each model.")
        return found

    def value(self, name: str, model: str) -> float:
        """Median of ``analyzer.scalar`` over the replicates of a model; NaN where it is undefined for one of them."""
        return self._over_replicates(name, model, statistics.median)

    def lowest(self, name: str, model: str) -> float:
        """The same, the least of the replicates."""
        return self._over_replicates(name, model, min)

    def highest(self, name: str, model: str) -> float:
        """The same, the greatest of the replicates."""
        return self._over_replicates(name, model, max)

    def _over_replicates(self, name: str, model: str, summary: Callable[[list[float]], float]) -> float:
        analyzer, _, scalar = name.partition(".")
        rows = {row.name: row for row in self.scalars if row.analyzer == analyzer and row.name}
        if rows and scalar not in rows:
            raise unknown_name(f"scalar of {analyzer}", scalar, rows)
        values = [value for value, _ in rows[scalar].values.get(model, [])] if rows else []
        expected = len(self.run.experiment.replicates)
        if len(values) < expected:
            raise IncompleteResult(f"{name} of {model} has a value for only {len(values)} of {expected} replicates.")
        return math.nan if any(map(math.isnan, values)) else summary(values)

    def _comparison(self, distance: str, *models: str) -> Comparison:
        if distance not in self.comparisons:
            raise IncompleteResult(f"{distance} was not computed.")
        absent = [model for model in models if model not in self.comparisons[distance].names]
        if absent:
            raise IncompleteResult(f"{distance} leaves {absent[0]} out; `tda-latent plan` tells why.")
        return self.comparisons[distance]

    def _whole(self, distance: str, values: np.ndarray) -> np.ndarray:
        if np.isnan(values).any():
            raise IncompleteResult(f"{distance}: {int(np.isnan(values).sum())} of {len(values)} pairs are missing.")
        return values

    def _median(self, distance: str, values: np.ndarray) -> float:
        if not len(values):
            raise IncompleteResult(f"{distance}: one replicate has no spread; set axes: replicates to 2 or more.")
        return float(np.median(self._whole(distance, values)))


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
    """Every claim of the file, judged in every group that it speaks of: (group name, outcome)."""
    found = result_groups(run)
    return [
        (group.name, judge(entry, group))
        for entry in run.experiment.expect
        for group in found
        if is_judged(entry, group.data, group.layer)
    ]


def measured_models(rows: Sequence[ScalarRow]) -> list[str]:
    """The models that some row was planned for, those without a single value among them."""
    found = dict.fromkeys(model for row in rows for model in row.missing)
    return list(found | dict.fromkeys(model for row in rows for model in row.values))


def rows(run: Run) -> Iterator[dict[str, Any]]:
    """Every number of the run as flat rows (for ``results.csv``), each with the key of the task that made it."""
    for group in result_groups(run):
        yield from _scalar_rows(group)
        yield from _distance_rows(group)


def _scalar_rows(group: Group) -> Iterator[dict[str, Any]]:
    """One row for each scalar of each cloud, subsamples apart; one for each cloud that could not be measured."""
    for analyzer, cell, label, record in group.measured():
        for name, scalar in record.scalars.items():
            yield {
                "kind": "scalar", "data": group.data, "layer": group.layer, "label": analyzer, "quantity": name,
                "model": cell.model, "replicate": cell.replicate, "subsample": cell.subsample,
                "model_2": "", "replicate_2": "", "value": scalar.value, "unit": scalar.unit, "state": "computed",
                "key": group.run.outcomes[label].key,
            }  # fmt: skip
    for analyzer, cell in group.unmeasured():
        yield {
            "kind": "scalar", "data": group.data, "layer": group.layer, "label": analyzer, "quantity": "",
            "model": cell.model, "replicate": cell.replicate, "subsample": cell.subsample, "model_2": "",
            "replicate_2": "", "value": math.nan, "unit": "", "state": "missing", "key": "",
        }  # fmt: skip


def _distance_rows(group: Group) -> Iterator[dict[str, Any]]:
    """One row for each pair of models and replicates, with the key of its block; NaN where it is missing."""
    outcomes = group.run.outcomes
    for distance, comparison in group.comparisons.items():
        for i, j in _pairs(comparison):
            names = (str(comparison.models[i]), str(comparison.models[j]))
            label = block_label(distance, group.name, *names)
            value = float(comparison.values[i, j])
            yield {
                "kind": "distance", "data": group.data, "layer": group.layer, "label": distance,
                "quantity": "distance", "model": str(comparison.models[i]), "replicate": str(comparison.replicates[i]),
                "subsample": "", "model_2": str(comparison.models[j]), "replicate_2": str(comparison.replicates[j]),
                "value": value, "unit": comparison.unit, "state": "computed" if outcomes[label].done else "missing",
                "key": outcomes[label].key if outcomes[label].done else "",
            }  # fmt: skip


def _pairs(comparison: Comparison) -> Iterator[tuple[int, int]]:
    size = len(comparison)
    for i in range(size):
        for j in range(i + 1 if comparison.symmetric else 0, size):
            if i != j:
                yield i, j
