"""Reading an experiment file: all problems found and reported together, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tda_latent.errors import ConfigError, InvalidInput, InvalidParameter, nearest_name
from tda_latent.experiment.binding import Binding, Bound, bind, is_trained_elsewhere, trains
from tda_latent.experiment.expansion import expanded, is_template, resolved
from tda_latent.experiment.file.config import Experiment, assemble
from tda_latent.experiment.file.documents import Document, override, read_document
from tda_latent.experiment.file.mending import mended
from tda_latent.experiment.file.skeleton import Problem, skeleton_problems
from tda_latent.experiment.identity.keys import parts_of
from tda_latent.experiment.plan import Plan, groups, make_plan, source_axes
from tda_latent.sources.file.gate import require_file, require_folder
from tda_latent.sources.file.uri import split_uri, template_fields

FIELDS = ("model", "data", "replicate", "seed", "layer")


def load_plan(path: str | Path, settings: Sequence[str] = ()) -> Plan:
    """The plan of an experiment file, with ``--set``-style changes applied.

    Raises
    ------
    ConfigError
        With every problem of the file as ``file:line:column: sentence`` and the offending line.
    """
    document = read_document(Path(path))
    for setting in settings:
        document = override(document, setting)
    broken = skeleton_problems(document.value)
    if broken:
        found = dict.fromkeys([*broken, *_behind(document, Path(path), broken)])
        raise ConfigError(document.problem(place, text) for place, text in found)
    experiment = _experiment(document, document.value, Path(path))
    binding = bind(experiment)
    problems = binding.problems + source_problems(experiment, binding)
    if problems:
        raise ConfigError(document.problem(place, text) for place, text in problems)
    return make_plan(experiment, binding)


def _experiment(document: Document, value: Mapping[str, Any], path: Path) -> Experiment:
    """The experiment of a value whose keys and types are right; components are not looked at yet."""
    texts = [source.text if not source.is_line else f"# {source.text}" for source in document.sources]
    return assemble(value, path.resolve().parent, "\n".join(texts))


def _behind(document: Document, path: Path, broken: Sequence[Problem]) -> list[Problem]:
    """Problems of components and references in a file whose skeleton is broken, as far as they can be known."""
    sound = mended(document.value, broken)
    if sound is None:
        return []
    binding = bind(_experiment(document, sound.value, path))
    return [sound.written(problem) for problem in binding.problems if not sound.follows(problem)]


def source_problems(experiment: Experiment, binding: Binding) -> list[Problem]:
    """Templates with unknown fields, files that do not exist, and one cloud passed off as several."""
    found: list[Problem] = []
    for label, bound in binding.models.items():
        try:
            problem = _axis_problem(experiment, bound) or _missing_file(_sources(experiment, bound))
        except (InvalidInput, InvalidParameter) as error:
            problem = str(error)
        if problem:
            found.append((("models", label, *_place(bound, problem)), problem))
    for label, bound in binding.data.items():
        if problem := _missing_file([resolved(bound, experiment)]):
            found.append((("data", label, "path"), problem))
    return found


def _place(bound: Bound, problem: str) -> tuple[str, ...]:
    """The parameter that a problem begins with, else the first one that is a template: where it is shown."""
    given = bound.entry.parameters
    names = [name for name in given if problem.removeprefix("the ").startswith(f"{name} ")]
    names += [name for name, value in given.items() if is_template(value)]
    return tuple(names[:1]) or (("path",) if "path" in bound.entry.parameters else ())


def _axis_problem(experiment: Experiment, bound: Bound) -> str | None:
    """A field of no axis, or an axis along which a model cannot change."""
    given = bound.entry.parameters if reads(bound) else {}
    texts = {name: value for name, value in given.items() if is_template(value)}
    fields = {field for text in texts.values() for field in template_fields(text)}
    for name, text in texts.items():
        if problem := _strange_field(name, text):
            return problem
    if trains(bound.component):
        return _layer_problem(experiment, bound) or _replicate_problem(experiment, bound, fields, ())
    if len(experiment.layers) > 1 and "layer" not in fields:
        return f"{bound.label!r} has no {{layer}} field, so {len(experiment.layers)} layers would be the same points."
    varies = source_axes(bound) if bound.component.uses_rng else ()
    if problem := _replicate_problem(experiment, bound, fields, varies):
        return problem
    if "data" not in varies and len(experiment.data) > 1 and "data" not in fields:
        return f"{bound.label!r} has no {{data}} field, so {len(experiment.data)} data sets would give the same points."
    return None


def _strange_field(name: str, text: str) -> str | None:
    """A field that is no axis, or an axis in double braces."""
    doubled = next((field for field in FIELDS if f"{{{{{field}}}}}" in text), None)
    if doubled:
        return f"the {name} holds {{{{{doubled}}}}}; double braces stand for braces as such. Write {{{doubled}}}."
    strange = sorted(set(template_fields(text)) - set(FIELDS))
    if not strange:
        return None
    close = nearest_name(strange[0], FIELDS)
    hint = f" Did you mean {{{close}}}?" if close else ""
    known = ", ".join(f"{{{field}}}" for field in FIELDS)
    return f"the {name} has the unknown field {{{strange[0]}}}.{hint} Known: {known}."


def reads(bound: Bound) -> bool:
    """Whether the points of a model, or the model itself, come from files."""
    return not trains(bound.component) or is_trained_elsewhere(bound.component)


def _replicate_problem(
    experiment: Experiment, bound: Bound, fields: Collection[str], varies: Collection[str]
) -> str | None:
    """Replicates that cannot differ."""
    if not reads(bound) or "replicate" in varies or len(experiment.replicates) < 2 or {"replicate", "seed"} & {*fields}:
        return None
    return (
        f"{bound.label!r} has no {{replicate}} field, so {len(experiment.replicates)} replicates would be the same "
        "points; replicates are independently trained models. Write the field, or set axes: replicates: 1."
    )


def _layer_problem(experiment: Experiment, bound: Bound) -> str | None:
    """A layer that a model trained here does not have; "" stands for its codes."""
    known = ("", *getattr(bound.instance, "layers", ()))
    strange = [layer for layer in experiment.layers if layer not in known]
    if not strange:
        return None
    if len(known) == 1:
        return f"{bound.label!r} has codes only, and no layer {strange[0]!r}; leave out axes: layers."
    close = nearest_name(strange[0], known)
    hint = f" Did you mean {close!r}?" if close else ""
    return f"{bound.label!r} has no layer {strange[0]!r}.{hint} Its layers: {', '.join(known[1:])}."


def _sources(experiment: Experiment, bound: Bound) -> list[Bound]:
    """The source of every cloud of a model, its templates filled in and its parameters checked."""
    if not reads(bound):
        return [resolved(bound, experiment)]
    axes = [
        {"data": data, "model": bound.label, "replicate": replicate, "layer": layer}
        for data, layer in groups(experiment)
        for replicate in experiment.replicates
    ]
    if not any(is_template(value) for value in bound.entry.parameters.values()):
        axes = axes[:1]
    filled = [expanded(bound, experiment, values) for values in axes]
    for item in filled:
        item.component.build(item.entry.parameters)
    return filled


def _missing_file(sources: Sequence[Bound]) -> str | None:
    """What is wrong with the files that some sources read, as far as a look at their folder tells."""
    given = {
        str(item.entry.parameters["path"]): getattr(item.component.cls, "reads_folder", False)
        for item in sources
        if "path" in item.entry.parameters
    }
    reasons = {}
    for path, is_folder in {split_uri(name)[0]: is_folder for name, is_folder in given.items()}.items():
        try:
            (require_folder if is_folder else require_file)(Path(path))
            parts_of(Path(path))
        except InvalidInput as error:
            reasons[path] = str(error).removeprefix(f"{path}: ")
    if not reasons:
        return None
    path, reason = next(iter(reasons.items()))
    more = f" The same holds for {len(reasons) - 1} more files." if len(reasons) > 1 else ""
    return f"{path} {reason}{more} Relative paths start at the folder of the experiment file."
