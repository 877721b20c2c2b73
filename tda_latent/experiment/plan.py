"""From a bound experiment to its tasks: a static graph, made before anything is computed.

    data -> split -> training sample -> model -> latents -> cloud -> analysis -> comparison block -> comparison
                                                                        \\-> figure                    \\-> figure

A task names its inputs by the labels of other tasks. Labels carry the author's names; keys (see
`tda_latent.experiment.identity.keys`) carry everything that can change a number, and nothing else.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tda_latent.experiment.binding import Binding, Bound, bind, is_grouped, is_trained_elsewhere, trains
from tda_latent.experiment.expansion import expanded, resolved
from tda_latent.experiment.file.config import Experiment
from tda_latent.experiment.identity.streams import Words, stream_words
from tda_latent.experiment.omissions import Provided, missing_columns, missing_context, missing_data
from tda_latent.registry import axioms_of

Tree = Any  # a task label, or a tuple or mapping of trees


@dataclass(frozen=True)
class Operator:
    """A component or step with its parameters, as plain data."""

    kind: str
    use: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def spelling(self) -> str:
        """Equal for operators that are written the same."""
        return json.dumps([self.kind, self.use, self.parameters], sort_keys=True, default=dict)


@dataclass(frozen=True)
class Cell:
    """One cloud: the coordinates of everything that is analysed."""

    data: str
    model: str
    replicate: str
    layer: str = ""
    subsample: str = ""

    @functools.cached_property
    def path(self) -> str:
        """The coordinates that apply, joined by slashes."""
        return "/".join(part for part in (self.data, self.model, self.replicate, self.layer, self.subsample) if part)


@dataclass(frozen=True)
class Task:
    """One unit of work: an operator, where its inputs come from, and its random stream.

    ``also`` lists components that the operator calls (the distance of a comparison, the figure of a drawing);
    their code and versions enter the key as well. A ``partial`` task runs without those of its inputs that failed,
    as long as one is there.
    """

    label: str
    operator: Operator
    inputs: Mapping[str, Tree] = field(default_factory=dict)
    stream: Words | None = None
    also: tuple[Operator, ...] = ()
    cell: Cell | None = None
    partial: bool = False

    @functools.cached_property
    def sources(self) -> tuple[str, ...]:
        """Labels of the tasks that this one waits for, each once."""
        return tuple(dict.fromkeys(leaf for tree in self.inputs.values() for leaf in leaves(tree)))


@dataclass
class Plan:
    """All tasks in an order in which each comes after its inputs, and what was left out and why."""

    experiment: Experiment
    binding: Binding
    tasks: dict[str, Task] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    _groups: dict[Cell, list[Cell]] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def provided(self) -> Provided:
        """What the sources provide, as far as it is known before they are asked."""
        return Provided(self.experiment, self.binding)

    def add(self, task: Task) -> str:
        """Add a task after the tasks that it waits for, and give its label."""
        self.tasks.setdefault(task.label, task)
        return task.label

    def add_cell(self, cell: Cell) -> None:
        """Add a cloud to the grid."""
        self.cells.append(cell)
        self._groups.setdefault(replace(cell, subsample=""), []).append(cell)

    def subsamples(self, model: str, replicate: str, data: str, layer: str) -> list[Cell]:
        """The clouds of one trained model: its subsamples, or the one cloud itself."""
        return self._groups.get(Cell(data, model, replicate, layer), [])


def leaves(tree: Tree) -> Iterator[str]:
    """The task labels in a tree of inputs, in order."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for branch in tree.values():
            yield from leaves(branch)
    else:
        for branch in tree:
            yield from leaves(branch)


def analysis_label(analyzer: str, cell: Cell) -> str:
    """Label of the task that applies an analyzer to one cloud."""
    return f"analysis/{analyzer}/{cell.path}"


def groups(experiment: Experiment) -> list[tuple[str, str]]:
    """(data, layer) pairs; models are compared within each of them."""
    return [(data, layer) for data in (tuple(experiment.data) or ("",)) for layer in experiment.layers]


def make_plan(experiment: Experiment, binding: Binding | None = None) -> Plan:
    """The tasks of a checked experiment."""
    plan = Plan(experiment, binding or bind(experiment))
    for data, layer in groups(experiment):
        for label, bound in plan.binding.models.items():
            reason = missing_data(plan.provided, bound, data)
            if reason is not None:
                plan.skipped[f"model/{data}/{label}"] = reason
            for replicate in experiment.replicates if reason is None else ():
                latents = _latents(plan, bound, Cell(data, label, replicate, layer))
                _clouds(plan, latents, Cell(data, label, replicate, layer))
    for label in plan.binding.analyzers:
        for cell in plan.cells:
            _analysis(plan, label, cell)
    for label, bound in plan.binding.distances.items():
        for data, layer in groups(experiment):
            _comparison(plan, label, bound, data, layer)
    for label, bound in plan.binding.figures.items():
        _figures(plan, label, bound)
    return plan


def _stream(plan: Plan, step: str, **axes: str) -> Words:
    return stream_words(plan.experiment.seed, step, axes)


def _source(plan: Plan, label: str, bound: Bound, inputs: Mapping[str, Tree], **axes: str) -> str:
    rng = _stream(plan, "train" if inputs else "source", **axes) if bound.component.uses_rng else None
    operator = Operator("source", bound.component.name, bound.entry.parameters)
    return plan.add(Task(label, operator, inputs, rng))


def _latents(plan: Plan, bound: Bound, cell: Cell) -> str:
    """Task that gives the latents of one model: trained and encoded, or read or generated as they are."""
    label = f"latents/{cell.path}"
    if not trains(bound.component):
        axes = {"data": cell.data, "model": cell.model, "replicate": cell.replicate, "layer": cell.layer}
        source = expanded(bound, plan.experiment, axes)
        return _source(plan, label, source, {}, **{name: axes[name] for name in source_axes(source)})
    experiment = plan.experiment
    data = _source(plan, f"data/{cell.data}", resolved(plan.binding.data[cell.data], experiment), {}, data=cell.data)
    hold_out = Operator("step", "hold-out", {"held_out": experiment.held_out})
    split = plan.add(Task(f"split/{cell.data}", hold_out, {"inputs": data}, _stream(plan, "hold-out", data=cell.data)))
    train = _training(plan, bound, cell, split)
    if is_trained_elsewhere(bound.component):
        axes = {"data": cell.data, "model": cell.model, "replicate": cell.replicate, "layer": ""}
        bound, train = expanded(bound, experiment, axes), data  # the split that the data bring tells what it has seen
    name = next(iter(bound.component.inputs))
    network_label = f"model/{cell.data}/{cell.model}/{cell.replicate}"
    network = _source(plan, network_label, bound, {name: train}, data=cell.data, replicate=cell.replicate)
    encode = Operator("step", "encode", {"layer": cell.layer} if cell.layer else {})
    return plan.add(Task(label, encode, {"network": network, "inputs": split}, cell=cell))


def _training(plan: Plan, bound: Bound, cell: Cell, split: str) -> str:
    """Task that gives what a model is trained on; one that was trained elsewhere has seen all training inputs."""
    elsewhere = is_trained_elsewhere(bound.component)
    sample = Operator("step", "training-sample", {"train": 1.0 if elsewhere else plan.experiment.train})
    stream = _stream(plan, "training-sample", data=cell.data, replicate="" if elsewhere else cell.replicate)
    return plan.add(Task(training_label(bound, cell), sample, {"inputs": split}, stream))


def training_label(bound: Bound, cell: Cell) -> str:
    """Label of the task that gives what a model was trained on."""
    if is_trained_elsewhere(bound.component):
        return f"trained-on/{cell.data}"
    return f"training-sample/{cell.data}/{cell.replicate}"


def source_axes(bound: Bound) -> tuple[str, ...]:
    """The axes that the stream of a source of points varies over."""
    return tuple(getattr(bound.instance, "varies", ("data", "model", "replicate", "layer")))


def context(bound: Bound, model: Bound, cell: Cell) -> dict[str, Tree]:
    """Labels of the tasks that give what an analyzer asks for beside its record, by argument."""
    labels = {
        "model": f"model/{cell.data}/{cell.model}/{cell.replicate}",
        "inputs": f"split/{cell.data}",
        "training": training_label(model, cell),
    }
    return {name: labels[name] for name in bound.component.context}


def _clouds(plan: Plan, latents: str, cell: Cell) -> None:
    sample = plan.experiment.sample
    count = plan.experiment.subsamples
    for index in range(count):
        name = f"s{index}" if count > 1 else ""
        part = Cell(cell.data, cell.model, cell.replicate, cell.layer, name)
        plan.add_cell(part)
        if sample is None:
            continue
        stream = _stream(plan, "subsample", data=cell.data, subsample=str(index))
        operator = Operator("step", "subsample", dict(sample))
        plan.add(Task(f"cloud/{part.path}", operator, {"latents": latents}, stream, cell=part))


def cloud_label(plan: Plan, cell: Cell) -> str:
    """Label of the task that gives the points of one cell."""
    whole = Cell(cell.data, cell.model, cell.replicate, cell.layer)
    return f"latents/{whole.path}" if plan.experiment.sample is None else f"cloud/{cell.path}"


def _analysis(plan: Plan, label: str, cell: Cell) -> str | None:
    """Label of the task that applies an analyzer to a cell, or None when it was left out with a reason."""
    name = analysis_label(label, cell)
    if name in plan.tasks:
        return name
    bound = plan.binding.analyzers[label]
    reason = missing_columns(plan.provided, bound, cell) or missing_context(plan.binding, bound, cell)
    given = cloud_label(plan, cell) if bound.on is None else _analysis(plan, bound.on, cell)
    if reason is None and given is None:
        reason = f"takes the result of {bound.on!r}, which was left out"
    if reason is not None or given is None:
        plan.skipped[name] = reason or ""
        return None
    argument = next(iter(bound.component.inputs))
    operator = Operator("analyzer", bound.component.name, bound.entry.parameters)
    axes = {"data": cell.data, "replicate": cell.replicate, "layer": cell.layer, "subsample": cell.subsample}
    stream = _stream(plan, label, **axes) if bound.component.uses_rng else None
    return plan.add(
        Task(
            name,
            operator,
            {argument: given, **context(bound, plan.binding.models[cell.model], cell)},
            stream,
            cell=cell,
        )
    )


def _comparison(plan: Plan, label: str, bound: Bound, data: str, layer: str) -> None:
    """Tasks of one matrix of distances: a block for each two models, then the blocks put together."""
    place = "/".join(part for part in (data, layer) if part)
    sides = _sides(plan, label, bound, data, layer)
    symmetric = "symmetry" in axioms_of(bound.instance)
    distance = Operator("distance", bound.component.name, bound.entry.parameters)
    blocks, pairs, models = [], [], tuple(sides)
    for i, left in enumerate(models):
        for j in range(i if symmetric else 0, len(models)):
            parameters = {
                "distance": distance.use,
                "parameters": dict(distance.parameters),
                "rows": plan.experiment.replicates,
                "columns": plan.experiment.replicates,
                "same": i == j,
            }
            inputs = {"first": sides[left], "second": sides[models[j]]}
            name = block_label(label, place, left, models[j])
            blocks.append(plan.add(Task(name, Operator("step", "compare", parameters), inputs, also=(distance,))))
            pairs.append((i, j))
    if not blocks:
        plan.skipped[comparison_label(label, data, layer)] = "has no model that provides what it compares"
        return
    parameters = {
        "distance": label,
        "symmetric": symmetric,
        "models": models,
        "replicates": plan.experiment.replicates,
        "pairs": tuple(pairs),
        "data": place,
        "settings": {"use": distance.use, **dict(distance.parameters)} | ({"on": bound.on} if bound.on else {}),
    }
    collect = Operator("step", "collect", parameters)
    plan.add(Task(comparison_label(label, data, layer), collect, {"blocks": tuple(blocks)}))


def block_label(distance: str, place: str, first: str, second: str) -> str:
    """Label of the task that compares the replicates of two models; ``place`` is data and layer."""
    return "/".join(part for part in ("block", distance, place, f"{first}~{second}") if part)


def comparison_label(distance: str, data: str, layer: str) -> str:
    """Label of the task that puts a comparison together."""
    return "/".join(part for part in ("comparison", distance, data, layer) if part)


def _sides(plan: Plan, label: str, bound: Bound, data: str, layer: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """For each model that can be compared: for each replicate the inputs of its subsamples."""
    sides = {}
    for model in plan.binding.models:
        rows = [plan.subsamples(model, replicate, data, layer) for replicate in plan.experiment.replicates]
        if not rows[0]:
            continue
        inputs = tuple(tuple(_input_label(plan, bound, cell) for cell in row) for row in rows)
        reason = missing_columns(plan.provided, bound, rows[0][0]) if bound.on is None else None
        if any(name not in plan.tasks for row in inputs for name in row):
            reason = f"takes the result of {bound.on!r}, which was left out"
        if reason is None:
            sides[model] = inputs
        else:
            plan.skipped[f"{comparison_label(label, data, layer)}/{model}"] = reason
    return sides


def _input_label(plan: Plan, bound: Bound, cell: Cell) -> str:
    return cloud_label(plan, cell) if bound.on is None else analysis_label(bound.on, cell)


def _figures(plan: Plan, label: str, bound: Bound) -> None:
    figure = Operator("figure", bound.component.name, bound.entry.parameters)
    for data, layer in groups(plan.experiment):
        if bound.entry.data is not None and data not in bound.entry.data:
            continue
        records, lacking = _drawn(plan, bound, data, layer)
        name = "/".join(
            part for part in ("figure", label, data if len(plan.experiment.data) > 1 else "", layer) if part
        )
        if not records:
            plan.skipped[name] = next(iter(lacking.values()), f"draws {bound.on!r}, which gives nothing here")
            continue
        plan.skipped |= {f"{name}/{model}": reason for model, reason in lacking.items()}
        parameters = {
            "figure": figure.use,
            "parameters": dict(figure.parameters),
            "venue": plan.experiment.venue,
            "caption": bound.entry.caption,
            "grouped": is_grouped(bound.component),
        }
        also: tuple[Operator, ...] = (figure,)
        partial, on = bound.entry.allow_missing, bound.on or ""
        if partial and on in plan.binding.distances:  # the figure puts the blocks together, as the comparison may never
            whole = plan.tasks[str(records[on])]
            records, also = {on: whole.inputs["blocks"]}, (figure, whole.operator)
            parameters["collect"] = dict(whole.operator.parameters)
        plan.add(Task(name, Operator("step", "draw", parameters), {"records": records}, also=also, partial=partial))


def _drawn(plan: Plan, bound: Bound, data: str, layer: str) -> tuple[Mapping[str, Tree], dict[str, str]]:
    """What a figure draws: one comparison, all replicates by model, or a panel per model; why models are left out."""
    on = bound.on or ""
    if on in plan.binding.distances:
        label = comparison_label(on, data, layer)
        return ({on: label} if label in plan.tasks else {}), {}
    chosen = bound.entry.replicate or plan.experiment.replicates[0]
    shown = plan.experiment.replicates if is_grouped(bound.component) else (chosen,)
    found: dict[str, Tree] = {}
    lacking: dict[str, str] = {}
    for model in plan.binding.models:
        clouds = (plan.subsamples(model, replicate, data, layer)[:1] for replicate in shown)  # no subsample is one
        labels = tuple(name for row in clouds for cell in row if (name := analysis_label(on, cell)) in plan.tasks)
        cell = plan.tasks[labels[0]].cell if labels else None
        if cell is None:
            continue
        reason = missing_columns(plan.provided, bound, cell)
        if reason is None:
            found[model] = labels if is_grouped(bound.component) else labels[0]
        else:
            lacking[model] = reason
    return found, lacking
