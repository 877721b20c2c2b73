"""What a page of bounded size shows of a run of any size, and the sentence about what it leaves out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from tda_latent.experiment.run import Run

MOST_RECORDS = 1000
MOST_LINES = 100  # of failures, caveats and notices
MOST_PARTS = 8  # of a list among the circumstances
MOST_VALUES = 12  # of one model in one cell of a table
_FIRST = ("comparison/", "figure/")


def listed(run: Run) -> list[str]:
    """Labels of the records that the page lists, in the order of the plan.

    Of a large run these are the tasks without a result, then comparisons and figures, then the first others.
    """
    labels = list(run.plan.tasks)
    if len(labels) <= MOST_RECORDS:
        return labels
    ranks = {label: (run.outcomes[label].done, not label.startswith(_FIRST)) for label in labels}
    kept = set(sorted(labels, key=ranks.__getitem__)[:MOST_RECORDS])
    return [label for label in labels if label in kept]


def anchors(run: Run) -> dict[str, str]:
    """Where on the page a task is described: at its record, or where records are explained."""
    shown = {label: f"record-{index}" for index, label in enumerate(listed(run))}
    return {label: shown.get(label, "records") for label in run.plan.tasks}


def first(lines: Sequence[Any]) -> dict[str, Any]:
    """The first lines of a list, and how many more there are."""
    return {"shown": list(lines[:MOST_LINES]), "more": max(0, len(lines) - MOST_LINES)}


def spread(values: Sequence[float]) -> dict[str, Any] | None:
    """Median and range of some numbers; None of none."""
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "count": len(values)}


def cell(found: Sequence[tuple[float, str]], missing: int, places: Mapping[str, str]) -> dict[str, Any]:
    """The values of one model: each with its place on the page, or their spread when they are many."""
    many = len(found) > MOST_VALUES
    return {
        "values": [] if many else [{"value": value, "anchor": places[label]} for value, label in found],
        "spread": spread([value for value, _ in found]) if many else None,
        "anchor": places[found[0][1]] if found else "records",
        "missing": missing,
        "there": len(found),
    }


def circumstances_rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Circumstances as names and texts, nested ones flattened; packages and environments have places of their own."""
    rows: list[tuple[str, str]] = []
    for name, value in found.items():
        if name in ("packages", "environments") or value in ({}, [], ""):
            continue
        if isinstance(value, Mapping):
            rows += [(f"{_title(name)}: {inner}", _text(part)) for inner, part in value.items()]
        else:
            rows.append((_title(name), _text(value)))
    return rows


def environment_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line for each environment that results were computed in."""
    return [
        {
            "digest": digest[:12],
            "results": facts["results"],
            "differs": [f"{name}: {here} → {there}" for name, (here, there) in facts.get("differs", {}).items()],
            "unknown": facts.get("unknown", ""),
        }
        for digest, facts in found.items()
    ]


def _title(name: str) -> str:
    return name.replace("_", " ").replace("tda latent", "tda_latent")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        more = f"; and {len(value) - MOST_PARTS} more" if len(value) > MOST_PARTS else ""
        return ("; ".join(_text(part) for part in value[:MOST_PARTS]) or "none") + more
    return str(value)
