"""The folder of a run: figures, numbers and the record of how they were made, as plain files.

runs/NAME/  record.json  experiment.yaml  results.csv  figures/*.pdf|svg|png  report.html (written by `report`)
"""

from __future__ import annotations

import csv
import importlib.metadata
import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tda_latent.code.digest import foreign_sources, module_digests
from tda_latent.code.factory import Factory
from tda_latent.code.lookup import looking_in
from tda_latent.errors import StoreError
from tda_latent.experiment.file.documents import written
from tda_latent.experiment.identity.keys import STREAMS
from tda_latent.experiment.plan import Task
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.results import claims, rows
from tda_latent.experiment.run import Run, is_figure
from tda_latent.experiment.store.durable import Draft
from tda_latent.records import Drawing, sha256
from tda_latent.registry import identity

COLUMNS = (
    "kind", "data", "layer", "label", "quantity", "model", "replicate", "subsample", "model_2", "replicate_2",
    "value", "unit", "state", "key",
)  # fmt: skip


def make_folder(folder: Path) -> None:
    """The folder of a run, made before the run so that hours of work do not end at a closed door.

    Raises
    ------
    StoreError
        When it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> StoreError:
    reason = error.strerror or str(error)
    return StoreError(f"{folder} cannot be written: {reason}. Choose another folder with --output.")


def write_outputs(
    run: Run, folder: Path, circumstances: dict[str, Any], settings: Sequence[str] = (), *, kept: bool = True
) -> dict[str, Any]:
    """Write everything but the report, each file atomically, and give the record.

    Parameters
    ----------
    settings : changes to the experiment file such as ``"axes.replicates=5"``
    kept : whether the store gets a manifest of the run; a store that cannot take one is a notice, no failure

    Raises
    ------
    StoreError
        When the folder cannot be written.
    """
    found = drawings(run)
    files = {
        f"figures/{figure_name(label)}.{suffix}": data.tobytes()
        for label, drawing in found.items()
        for suffix, data in drawing.files.items()
    }
    files |= {"experiment.yaml": run.experiment.text.encode(), "results.csv": results_csv(run).encode()}
    digests = {name: sha256(content) for name, content in files.items()}
    record = manifest.plain(
        run_record(run, circumstances)
        | {"settings": list(settings), "output": str(folder.absolute()), "files": digests}
    )
    named = _kept(run, record) if kept else _kept_before(record, folder)
    try:
        for name in set(_written_before(folder)) - set(files):
            (folder / name).unlink(missing_ok=True)
        for name, content in files.items():
            write_file(folder / name, content)
        write_file(folder / "record.json", laid_out(named).encode())
    except OSError as error:
        raise _unwritable(folder, error) from error
    return named


def laid_out(record: Mapping[str, Any]) -> str:
    """A record as JSON that a person can read and a large run can afford: its parts and each of its tasks on a line."""
    lines = []
    for name, value in record.items():
        text = json.dumps(value)
        if name == "tasks" and value:
            tasks = ",\n".join(f"  {json.dumps(label)}: {json.dumps(task)}" for label, task in value.items())
            text = f"{{\n{tasks}\n }}"
        lines.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _kept(run: Run, record: dict[str, Any]) -> dict[str, Any]:
    """The record with the name of its manifest; without one, and with a notice, when the store cannot take it."""
    try:
        return {"run": manifest.save(run.store, record), **record}
    except StoreError as error:
        run.told.append(f"the manifest of this run was not written, so it cannot be verified later: {error}")
        return record | {"notices": run.notices}


def _kept_before(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The record that the run in this folder wrote, where nothing but time has passed since; else this one."""
    try:
        before: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        passed = before["root"], before["files"], before["resolved"]
    except (OSError, ValueError, KeyError, TypeError):
        return record
    return before if passed == (record["root"], record["files"], record["resolved"]) else record


def _written_before(folder: Path) -> list[str]:
    """Figures that an earlier run wrote here, by its own record; files of anyone else are none of ours."""
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        names = list(record["files"]) if record["format"] == manifest.FORMAT else []
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if isinstance(name, str) and re.fullmatch(r"figures/[^/]+\.(pdf|svg|png)", name)]


def figure_name(label: str) -> str:
    """Name of a figure's files, without suffix."""
    return label.removeprefix("figure/").replace("/", ".")


def drawings(run: Run) -> dict[str, Drawing]:
    """Every finished figure by the label of its task."""
    found = {}
    for label in run.plan.tasks:
        record = run.record(label) if is_figure(label) else None
        if isinstance(record, Drawing):
            found[label] = record
    return found


def run_record(run: Run, circumstances: dict[str, Any]) -> dict[str, Any]:
    """What was asked, what was done, and what came out, as plain JSON."""
    return {
        "format": manifest.FORMAT,
        "name": run.experiment.name,
        "experiment": run.experiment.text,
        "document": written(run.experiment.resolved),
        "folder": str(run.experiment.folder),
        "root": run.root,
        "complete": run.complete,
        "interrupted": run.interrupted,
        "counts": {state: run.count(state) for state in ("computed", "cached", "failed", "blocked", "waiting")},
        "resolved": resolved_components(run),
        "plugins": plugins(run),
        "modules": modules(run),
        "tasks": {label: _task_record(run.plan.tasks[label]) | vars(o) for label, o in run.outcomes.items()},
        "skipped": run.plan.skipped,
        "notices": run.notices,
        "claims": [{"group": group, **asdict(outcome)} for group, outcome in claims(run)],
        "store": str(run.store.path),
        "circumstances": circumstances,
    }


def _task_record(task: Task) -> dict[str, Any]:
    """What a task is, as far as its key fields do not say it: they hold content, not labels and paths."""
    path = task.operator.parameters.get("path")
    return {
        "kind": task.operator.kind,
        "use": task.operator.use,
        "inputs": task.inputs,
        "stream": task.stream,
    } | ({} if path is None else {"path": str(path)})


def plugins(run: Run) -> dict[str, Any]:
    """Distributions and sources of components and factories that are not ours, by ``kind:name``."""
    found = {}
    for component in sorted(run.recipes.components, key=lambda item: (item.kind, item.name)):
        files = foreign_sources(component.cls)
        if files:
            owners = importlib.metadata.packages_distributions()
            tops = sorted({owner for module in files for owner in owners.get(module.partition(".")[0], ())})
            found[f"{component.kind}:{component.name}"] = {
                "distributions": {owner: importlib.metadata.version(owner) for owner in tops},
                "sources": _sources(files),
            }
    with looking_in(run.experiment.folder):
        for factory in _factories(run):
            if files := Factory.of(factory).sources():
                found[f"factory:{factory}"] = {"distributions": {}, "sources": _sources(files)}
    return found


def _factories(run: Run) -> list[str]:
    """The factories of networks that were trained elsewhere, as the tasks name them: with the axes filled in."""
    given = [task.operator.parameters for task in run.plan.tasks.values() if task.operator.kind == "source"]
    return sorted({str(parameters["factory"]) for parameters in given if "factory" in parameters})


def _sources(files: Mapping[str, str]) -> dict[str, str]:
    return {module: _source(path) for module, path in sorted(files.items())}


def modules(run: Run) -> dict[str, str]:
    """Digest of every module that the components of a run are made of, so that a change can be given its name."""
    found = module_digests(STREAMS)
    for component in run.recipes.components:
        found |= module_digests(component.cls)
    return dict(sorted(found.items()))


def _source(path: str) -> str:
    """Text of a module; empty for a compiled one."""
    return Path(path).read_text(encoding="utf-8") if path.endswith(".py") else ""


def resolved_components(run: Run) -> dict[str, Any]:
    """Every component of the experiment with all parameters, defaults included, and the settings around them."""
    binding, experiment = run.plan.binding, run.experiment
    sections = {
        "data": binding.data,
        "models": binding.models,
        "analyzers": binding.analyzers,
        "distances": binding.distances,
        "figures": binding.figures,
    }
    found: dict[str, Any] = {
        name: {label: {**_identity(bound), "on": bound.on} for label, bound in section.items()}
        for name, section in sections.items()
    }
    found["settings"] = {
        "seed": experiment.seed,
        "replicates": list(experiment.replicates),
        "layers": [layer for layer in experiment.layers if layer],
        "subsamples": experiment.subsamples,
        "held_out": experiment.held_out,
        "train": experiment.train,
        "sample": dict(experiment.sample) if experiment.sample else "all points",
    }
    return found


def _identity(bound: Any) -> dict[str, Any]:
    return {**identity(bound.instance), "references": list(bound.component.references)}


def results_csv(run: Run) -> str:
    """Every number of the run as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows(run):
        writer.writerow({**row, "value": repr(row["value"])})
    return text.getvalue()


def write_file(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that a reader sees the old or the new one and never a part; equal bytes stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == data:
        return
    with Draft(path.parent, durable=True, prefix=".") as draft:
        draft.write(data)
        draft.replace(path)
