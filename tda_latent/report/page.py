"""Fill the page: every figure, table, parameter and provenance fact; every number links to its record."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tda_latent.experiment.coverage import pairs_of, values_of
from tda_latent.experiment.loading import reads
from tda_latent.experiment.outputs import drawings, figure_name, resolved_components, write_file
from tda_latent.experiment.results import Group, claims, measured_models, result_groups
from tda_latent.experiment.run import Outcome, Run, is_figure
from tda_latent.figures.canvas.seal import facts_of
from tda_latent.report import excerpts

_STATES = {True: "holds", False: "fails", None: "undecided"}


def write_report(run: Run, record: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.html`` into the folder of a run and give its path."""
    path = folder / "report.html"
    write_file(path, render_report(run, record["circumstances"]).encode())
    return path


def render_report(run: Run, circumstances: Mapping[str, Any]) -> str:
    """The page as text; ``circumstances`` is what `tda_latent.experiment.circumstances.provenance` collects."""
    anchors, listed = excerpts.anchors(run), excerpts.listed(run)
    environment = Environment(
        loader=PackageLoader("tda_latent", "report"),
        autoescape=select_autoescape(("html", "jinja")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "seconds": _seconds, "mebibytes": _mebibytes}
    page = environment.get_template("page.html.jinja")
    return page.render(
        experiment=run.experiment,
        run=run,
        style=Markup(resources.files("tda_latent.report").joinpath("style.css").read_text(encoding="utf-8")),
        finished=sum(outcome.done for outcome in run.outcomes.values()),
        groups=[_group(group, anchors) for group in result_groups(run)],
        claims=[{"group": name, "state": _STATES[o.holds], **vars(o)} for name, o in claims(run)],
        figures=_figures(run, anchors),
        undrawn=_undrawn(run),
        components=resolved_components(run),
        failed=excerpts.first(_failed(run)),
        caveats=excerpts.first([{"label": label, "text": o.caveat} for label, o in _ordered(run) if o.caveat]),
        skipped=_skipped(run),
        notices=excerpts.first(run.notices),
        records=[_record(run, label, anchors, run.outcomes[label]) for label in listed],
        circumstances=excerpts.circumstances_rows(circumstances),
        environments=excerpts.environment_rows(circumstances.get("environments", {})),
        packages=circumstances["packages"],
        replicates=len(run.experiment.replicates),
        trained=not any(reads(bound) for bound in run.plan.binding.models.values()),
    )


def _ordered(run: Run) -> list[tuple[str, Outcome]]:
    return [(label, run.outcomes[label]) for label in run.plan.tasks]


def number(value: float) -> str:
    """A number with four significant digits; infinity as a sign, an undefined value as a dash."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}".replace("-", "−")


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _mebibytes(value: float) -> str:
    return f"{value / 2**20:.0f} MiB" if value else "–"


def _group(group: Group, anchors: Mapping[str, str]) -> dict[str, Any]:
    scalars = group.scalars
    models = measured_models(scalars)
    return {
        "name": group.name,
        "pairs": pairs_of(group),
        "numbers": values_of(scalars),
        "contrasts": [
            {
                **vars(row),
                "between_spread": excerpts.spread(row.between),
                "within_spread": excerpts.spread(row.within),
                "anchor": anchors[row.label],
            }
            for row in group.contrasts()
        ],
        "models": models,
        "scalars": [
            {
                "analyzer": row.analyzer,
                "name": row.name,
                "unit": row.unit,
                "cells": [
                    excerpts.cell(row.values.get(model, []), row.missing.get(model, 0), anchors) for model in models
                ],
            }
            for row in scalars
        ],
    }


def _figures(run: Run, anchors: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for label, drawing in drawings(run).items():
        name = figure_name(label)
        found.append(
            {
                "name": name,
                "caption": drawing.caption or name,
                "anchor": anchors[label],
                "incomplete": facts_of(drawing.files["png"].tobytes()).get("incomplete", ""),
                "image": "data:image/svg+xml;base64," + base64.b64encode(drawing.files["svg"].tobytes()).decode(),
            }
        )
    return found


def _undrawn(run: Run) -> list[str]:
    """Names of the planned figures that have no drawing."""
    drawn = drawings(run)
    return [figure_name(label) for label in run.plan.tasks if is_figure(label) and label not in drawn]


def _failed(run: Run) -> list[dict[str, str]]:
    return [{"label": label, "reason": o.reason} for label, o in _ordered(run) if o.state == "failed"]


def _skipped(run: Run) -> list[dict[str, Any]]:
    reasons = dict.fromkeys(run.plan.skipped.values())
    return [
        {"reason": reason, **excerpts.first([label for label, why in run.plan.skipped.items() if why == reason])}
        for reason in reasons
    ]


def _record(run: Run, label: str, anchors: Mapping[str, str], outcome: Outcome) -> dict[str, Any]:
    task = run.plan.tasks[label]
    return {
        "label": label,
        "anchor": anchors[label],
        "use": f"{task.operator.kind} {task.operator.use}",
        "inputs": [{"label": source, "anchor": anchors[source]} for source in task.sources[:6]],
        "more": max(0, len(task.sources) - 6),
        "done": outcome.done,
        **vars(outcome),
    }
