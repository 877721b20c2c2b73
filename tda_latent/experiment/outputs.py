"""The folder of a run: figures, numbers and the record of how they were made, as plain files.

runs/NAME/  record.json  experiment.yaml  results.csv  figures/*.pdf|svg|png  report.html (written by `report`)
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tda_latent.errors import StoreError
from tda_latent.experiment.results import claims, rows
from tda_latent.experiment.run import Run, is_figure
from tda_latent.records import Drawing
from tda_latent.registry import identity

COLUMNS = (
    "kind", "data", "layer", "label", "quantity", "model", "replicate", "subsample", "model_2", "replicate_2",
    "value", "unit", "key",
)  # fmt: skip


def write_outputs(run: Run, folder: Path, circumstances: dict[str, Any]) -> dict[str, Any]:
    """Write everything but the report, each file atomically, and give the record.

    Raises
    ------
    StoreError
        When the folder cannot be written.
    """
    record = run_record(run, circumstances)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for old in (folder / "figures").iterdir():
            if old.suffix in (".pdf", ".svg", ".png") and old.stem not in drawings(run):
                old.unlink()
        for name, drawing in drawings(run).items():
            for suffix, data in drawing.files.items():
                write_file(folder / "figures" / f"{name}.{suffix}", data.tobytes())
        write_file(folder / "experiment.yaml", run.experiment.text.encode())
        write_file(folder / "results.csv", results_csv(run).encode())
        write_file(folder / "record.json", (json.dumps(record, indent=1) + "\n").encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{folder} cannot be written: {reason}. Choose another folder with --output.") from error
    return record


def drawings(run: Run) -> dict[str, Drawing]:
    """Every finished figure by file name."""
    found = {}
    for label in run.plan.tasks:
        record = run.record(label) if is_figure(label) else None
        if isinstance(record, Drawing):
            found[label.removeprefix("figure/").replace("/", "-")] = record
    return found


def run_record(run: Run, circumstances: dict[str, Any]) -> dict[str, Any]:
    """What was asked, what was done, and what came out, as plain JSON."""
    return {
        "format": "tda-latent/run@1",
        "name": run.experiment.name,
        "root": run.root,
        "complete": run.complete,
        "interrupted": run.interrupted,
        "counts": {state: run.count(state) for state in ("computed", "cached", "failed", "blocked", "waiting")},
        "resolved": resolved_components(run),
        "tasks": {label: vars(outcome) for label, outcome in run.outcomes.items()},
        "skipped": run.plan.skipped,
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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    os.chmod(name, 0o644)
    os.replace(name, path)
