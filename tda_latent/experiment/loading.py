"""Reading an experiment file: all problems found and reported together, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tda_latent.experiment.documents import Document, override, read_document

from tda_latent.errors import ConfigError, InvalidInput
from tda_latent.experiment.binding import Binding, Bound, bind, trains
from tda_latent.experiment.config import Experiment, assemble, skeleton_problems
from tda_latent.experiment.plan import Plan, expanded, groups, make_plan, resolved
from tda_latent.sources.file.uri import template_fields

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
    experiment = check_skeleton(document, Path(path))
    binding = bind(experiment)
    problems = binding.problems + source_problems(experiment, binding)
    if problems:
        raise ConfigError(document.problem(place, text) for place, text in problems)
    return make_plan(experiment, binding)


def check_skeleton(document: Document, path: Path) -> Experiment:
    """The experiment in a document whose keys and types are right; components are not looked at yet."""
    problems = skeleton_problems(document.value)
    if problems:
        raise ConfigError(document.problem(place, text) for place, text in problems)
    texts = [source.text if not source.is_line else f"# {source.text}" for source in document.sources]
    return assemble(document.value, path.resolve().parent, "\n".join(texts))


def source_problems(experiment: Experiment, binding: Binding) -> list[tuple[tuple[str | int, ...], str]]:
    """Templates with unknown fields, files that do not exist, and one file passed off as several replicates."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for label, bound in binding.models.items():
        path = bound.entry.parameters.get("path")
        if trains(bound) or not isinstance(path, str):
            continue
        place = ("models", label, "path")
        try:
            names = template_fields(path)
        except InvalidInput as error:
            found.append((place, str(error)))
            continue
        strange = [name for name in names if name not in FIELDS]
        if strange:
            known = ", ".join(f"{{{name}}}" for name in FIELDS)
            found.append((place, f"the path has the unknown field {{{strange[0]}}}; known are {known}."))
        elif len(experiment.replicates) > 1 and not {"replicate", "seed"} & set(names):
            found.append((place, _one_file(len(experiment.replicates))))
        else:
            found += [(place, text) for text in _missing_files(experiment, bound)]
    for label, bound in binding.data.items():
        if isinstance(bound.entry.parameters.get("path"), str):
            name = str(resolved(bound, experiment).entry.parameters["path"]).partition("::")[0]
            found += [] if Path(name).exists() else [(("data", label, "path"), f"{name} does not exist.")]
    return found


def _one_file(replicates: int) -> str:
    return (
        f"the path has no {{replicate}} field, so {replicates} replicates would be one and the same file; "
        "replicates are independently trained models. Write the field, or set axes: replicates: 1."
    )


def _missing_files(experiment: Experiment, bound: Bound) -> list[str]:
    names = []
    for data, layer in groups(experiment):
        for replicate in experiment.replicates:
            axes = {"data": data, "model": bound.label, "replicate": replicate, "layer": layer}
            path = str(expanded(bound, experiment, axes).entry.parameters["path"])
            names.append(path.partition("::")[0])
    absent = [name for name in dict.fromkeys(names) if not Path(name).exists()]
    if not absent:
        return []
    more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
    return [f"{absent[0]} does not exist{more}; paths are taken from the folder of the experiment file."]
