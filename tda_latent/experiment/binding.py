"""Entries of an experiment joined to their components, and to each other by what their signatures take and give."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tda_latent.errors import UnknownName, nearest_name
from tda_latent.experiment.file.config import Entry, Experiment
from tda_latent.experiment.file.expectations import Labels, claim_problems
from tda_latent.experiment.file.skeleton import ROLES, Problem
from tda_latent.records import Comparison, Latents, Model
from tda_latent.registry import Component, problems, registry, type_name
from tda_latent.registry.parameters import Path

KINDS = {"data": "source", "models": "source", "analyzers": "analyzer", "distances": "distance", "figures": "figure"}


@dataclass(frozen=True)
class Bound:
    """One entry with its component; ``on`` is the label whose result it takes, None for the clouds themselves."""

    entry: Entry
    component: Component
    on: str | None = None

    @functools.cached_property
    def instance(self) -> Any:
        """The component with the entry's parameters."""
        return self.component.build(self.entry.parameters)

    @property
    def label(self) -> str:
        """The author's label of the entry."""
        return self.entry.label


@dataclass
class Binding:
    """All entries of an experiment, bound; ``problems`` lists what is wrong as (path in the file, sentence).

    ``broken`` holds the labels of entries that are wrong themselves; nothing is said of what only follows from them.
    """

    data: dict[str, Bound] = field(default_factory=dict)
    models: dict[str, Bound] = field(default_factory=dict)
    analyzers: dict[str, Bound] = field(default_factory=dict)
    distances: dict[str, Bound] = field(default_factory=dict)
    figures: dict[str, Bound] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


def input_type(component: Component) -> Any:
    """The annotation of the first input of a component."""
    return next(iter(component.inputs.values()), None)


def takes(annotation: Any, given: Any) -> bool:
    """Whether every record of type ``given`` fits an argument annotated so (unions are understood)."""
    wanted = typing.get_args(annotation) or (annotation,)
    offered = typing.get_args(given) or (given,)
    return all(any(isinstance(w, type) and isinstance(o, type) and issubclass(o, w) for w in wanted) for o in offered)


def is_grouped(component: Component) -> bool:
    """Whether a figure takes all replicates of all models at once (a mapping of tuples)."""
    return typing.get_origin(input_type(component)) is not None and not _is_union(input_type(component))


def drawn_type(component: Component) -> Any:
    """The record type that a figure draws, also inside a mapping of tuples."""
    annotation = input_type(component)
    if not is_grouped(component):
        return annotation
    inner = typing.get_args(annotation)[-1]
    return typing.get_args(inner)[0] if typing.get_args(inner) else inner


def trains(component: Component) -> bool:
    """Whether a source trains on data (it takes latents or gives a `Model`)."""
    return takes(component.output, Model) or bool(component.inputs)


def is_trained_elsewhere(component: Component) -> bool:
    """Whether a source of models reads one that was trained outside, instead of training it."""
    return bool(getattr(component.cls, "trained_elsewhere", False))


def bind(experiment: Experiment) -> Binding:
    """Join every entry to its component and its input; nothing is computed."""
    binding = Binding()
    for section in KINDS:
        _components(binding, section, getattr(experiment, section), getattr(binding, section))
    _check_sources(binding, experiment)
    _check_labels(binding, experiment)
    _join(binding, "analyzers", binding.analyzers)
    _join(binding, "distances", binding.distances)
    _join_figures(binding)
    _check_cycles(binding)
    labels = Labels(
        tuple(experiment.models),
        tuple(experiment.distances),
        tuple(experiment.analyzers),
        experiment.layers,
        tuple(experiment.data),
    )
    binding.problems += claim_problems(experiment.expect, labels)
    return binding


def _components(binding: Binding, section: str, entries: Mapping[str, Entry], bound: dict[str, Bound]) -> None:
    kind = KINDS[section]
    for label, entry in entries.items():
        binding.broken.add(label)
        if not entry.use:
            known = ", ".join(registry().names(kind))
            binding.problems.append(
                ((section, label), f"`use: NAME` is missing; the name of one {kind} out of: {known}.")
            )
            continue
        try:
            component = registry().find(kind, entry.use)
        except UnknownName as error:
            binding.problems.append(((section, label, "use"), str(error)))
            continue
        found = problems(component.cls, entry.parameters)
        binding.problems += [
            ((section, label, *item.path), _with_roles(item.path, item.text, section)) for item in found
        ]
        if not found:
            bound[label] = Bound(entry, component)
            binding.broken.discard(label)


def _with_roles(path: Path, text: str, section: str) -> str:
    """The sentence about an unknown parameter, with the roles that an entry of this section can have."""
    if len(path) != 1 or not text.startswith("unknown parameter") or not ROLES[section]:
        return text
    return f"{text} Beside parameters, {section} have: {', '.join(ROLES[section])}."


def _check_sources(binding: Binding, experiment: Experiment) -> None:
    for label, bound in binding.data.items():
        if bound.component.inputs:
            text = f"{bound.entry.use!r} trains a model; it belongs into the section `models`."
            binding.problems.append((("data", label, "use"), text))
    names = registry().names("source")
    for label, entry in experiment.models.items():
        if not experiment.data and entry.use in names and trains(registry().find("source", entry.use)):
            text = (
                f"{label!r} needs data to train on, or to encode if it is trained: add a section `data`, for instance "
                "{digits: {use: digits}}."
            )
            binding.problems.append((("models", label), text))
            return


def _check_labels(binding: Binding, experiment: Experiment) -> None:
    for label in experiment.distances:
        if label in experiment.analyzers:
            text = f"{label!r} is the label of an analyzer too, and a figure could mean either; rename one of them."
            binding.problems.append((("distances", label), text))
    for label, entry in experiment.figures.items():
        if entry.replicate is not None and entry.replicate not in experiment.replicates:
            known = ", ".join(experiment.replicates[:10])
            text = f"there is no replicate {entry.replicate!r}; the replicates are {known}."
            binding.problems.append((("figures", label, "replicate"), text))
        for index, name in enumerate(entry.data or ()):
            if name not in experiment.data:
                _unknown_label(binding, ("figures", label, "data", index), name, "data set", experiment.data)


def _join(binding: Binding, section: str, bound: dict[str, Bound]) -> None:
    for label, item in list(bound.items()):
        wanted = input_type(item.component)
        if item.entry.on is None and takes(wanted, Latents):
            continue
        on = item.entry.on or _only_match(binding, label, wanted)
        if on in binding.broken or (on is None and binding.broken):
            continue
        if on is None:
            text = f"`on: LABEL` is missing: {item.entry.use!r} takes {type_name(wanted)}, say of which analyzer."
            binding.problems.append(((section, label), text + _suggest(binding, wanted)))
        elif on not in binding.analyzers:
            _unknown_label(binding, (section, label, "on"), on, "analyzer", binding.analyzers)
        elif not takes(wanted, binding.analyzers[on].component.output):
            given = type_name(binding.analyzers[on].component.output)
            text = f"{item.entry.use!r} takes {type_name(wanted)}, but {on!r} gives {given}."
            binding.problems.append(((section, label, "on"), text + _suggest(binding, wanted)))
        else:
            bound[label] = Bound(item.entry, item.component, on)


def _join_figures(binding: Binding) -> None:
    outputs = {name: bound.component.output for name, bound in binding.analyzers.items()}
    outputs |= dict.fromkeys(binding.distances, Comparison)
    for label, item in list(binding.figures.items()):
        wanted = drawn_type(item.component)
        fitting = [name for name, given in outputs.items() if takes(wanted, given)]
        on = item.entry.on or (fitting[0] if len(fitting) == 1 else None)
        if on in binding.broken or (on is None and binding.broken):
            continue
        if on is None:
            options = f" One of: {', '.join(fitting)}." if fitting else " Nothing in this file gives one."
            text = f"`of: LABEL` is missing: {item.entry.use!r} draws {type_name(wanted)}.{options}"
            binding.problems.append((("figures", label), text))
        elif on not in outputs:
            _unknown_label(binding, ("figures", label, "of"), on, "analyzer or distance", outputs)
        elif on not in fitting:
            text = f"{item.entry.use!r} draws {type_name(wanted)}, but {on!r} gives {type_name(outputs[on])}."
            binding.problems.append((("figures", label, "of"), text))
        else:
            binding.figures[label] = Bound(item.entry, item.component, on)


def _only_match(binding: Binding, label: str, wanted: Any) -> str | None:
    fitting = [name for name, b in binding.analyzers.items() if name != label and takes(wanted, b.component.output)]
    return fitting[0] if len(fitting) == 1 else None


def _suggest(binding: Binding, wanted: Any) -> str:
    fitting = [name for name, bound in binding.analyzers.items() if takes(wanted, bound.component.output)]
    return f" Analyzers that give it: {', '.join(fitting)}." if fitting else ""


def _unknown_label(binding: Binding, path: Path, name: str, what: str, known: Mapping[str, Any]) -> None:
    close = nearest_name(name, known)
    hint = f" Did you mean {close!r}?" if close else ""
    listed = ", ".join(known) or "none"
    binding.problems.append((path, f"no {what} is labelled {name!r} in this file.{hint} Labels: {listed}."))


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _check_cycles(binding: Binding) -> None:
    for label in binding.analyzers:
        seen = [label]
        while (on := binding.analyzers[seen[-1]].on if seen[-1] in binding.analyzers else None) is not None:
            if on in seen:
                text = f"analyzers take each other's results in a circle: {' -> '.join([*seen, on])}."
                binding.problems.append((("analyzers", label, "on"), text))
                return
            seen.append(on)
