"""The folder of a run: figures, numbers and the record of how they were made, as plain files.

runs/NAME/  record.json  experiment.yaml  results.csv  figures/*.pdf|svg|png  report.html (written by `report`)
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from tda_latent.errors import StoreError
from tda_latent.experiment.results import claims, rows
from tda_latent.experiment.run import Run, is_figure
from tda_latent.records import Drawing
from tda_latent.registry import identity

FORMAT = "tda-latent/run@1"
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


def write_outputs(run: Run, folder: Path, circumstances: dict[str, Any]) -> dict[str, Any]:
    """Write everything but the report, each file atomically, and give the record.

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
    record = run_record(run, circumstances) | {"files": sorted(files)}
    try:
        for name in set(_written_before(folder)) - set(files):
            (folder / name).unlink(missing_ok=True)
        for name, content in files.items():
            write_file(folder / name, content)
        write_file(folder / "experiment.yaml", run.experiment.text.encode())
        write_file(folder / "results.csv", results_csv(run).encode())
        write_file(folder / "record.json", (json.dumps(record, indent=1) + "\n").encode())
    except OSError as error:
        raise _unwritable(folder, error) from error
    return record


def _written_before(folder: Path) -> list[str]:
    """Figures that an earlier run wrote here, by its own record; files of anyone else are none of ours."""
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        names = record["files"] if record["format"] == FORMAT else []
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
        "format": FORMAT,
        "name": run.experiment.name,
        "root": run.root,
        "complete": run.complete,
        "interrupted": run.interrupted,
        "counts": {state: run.count(state) for state in ("computed", "cached", "failed", "blocked", "waiting")},
        "resolved": resolved_components(run),
        "tasks": {label: vars(outcome) for label, outcome in run.outcomes.items()},
        "skipped": run.plan.skipped,
        "notices": run.notices,
        "claims": [{"group": group, **vars(outcome)} for group, outcome in claims(run)],
        "store": str(run.store.path),
        "circumstances": circumstances,
    }


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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
