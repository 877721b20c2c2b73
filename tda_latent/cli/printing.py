"""Results as text on a terminal: tables by rich, everything else by print."""

from __future__ import annotations

import math
import shutil
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tda_latent.experiment.costs import planned_cost
from tda_latent.experiment.results import Contrast, Group, ScalarRow, claims, result_groups
from tda_latent.records import Latents, PersistenceDiagram, Record
from tda_latent.registry import Component, parameters, summary, type_name

if TYPE_CHECKING:
    from tda_latent.api.experiments import Finished
    from tda_latent.api.information import Finding
    from tda_latent.experiment.run import Run

SHOWN_FAILURES = 10
SPREAD = "median [least, most] over replicates"


def console() -> Console:
    """A console as wide as the terminal; 110 columns where there is none."""
    return Console(width=max(80, shutil.get_terminal_size((110, 24)).columns), highlight=False, soft_wrap=False)


def results(run: Run) -> None:
    """Differences between models against the spread within, then claims."""
    for group in result_groups(run):
        contrasts = group.contrasts()
        if contrasts:
            console().print(contrast_table(group, contrasts, len(run.experiment.replicates)))
    for name, outcome in claims(run):
        verdict = {True: "HOLDS", False: "FAILS", None: "UNDECIDED"}[outcome.holds]
        place = f" [{name}]" if name else ""
        print(f"{verdict}{place}: {outcome.claim} ({outcome.that}; {outcome.why})")


def contrast_table(group: Group, contrasts: Sequence[Contrast], replicates: int) -> Table:
    """One row per distance and pair of models."""
    title = escape(f"Between models and within a model, {group.name or 'all data'}: {SPREAD}")
    table = Table(title=title, title_justify="left", caption=_legend(replicates), caption_justify="left")
    for name in ("distance", "models", "between", "within", "separation"):
        numeric = name not in ("distance", "models")
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    previous = ""
    for row in contrasts:
        if row.distance != previous:
            table.add_section()
        name = "" if row.distance == previous else row.distance + (" (plain baseline)" if row.baseline else "")
        between = spread(row.between, 3) + (f" INCOMPLETE, {row.missing} missing" if row.missing else "")
        table.add_row(
            escape(name),
            escape(f"{row.first} {'->' if row.directed else '-'} {row.second}"),
            escape(between),
            escape(spread(row.within, 3)),
            "-" if row.separation is None else f"{row.separation:.2f}",
        )
        previous = row.distance
    return table


def _legend(replicates: int) -> str:
    if replicates < 2:
        return "One replicate of each model: no spread within, so no difference can be judged."
    return (
        f"{replicates} replicates of each model. Separation: share of pairs (between, within) "
        "in which the distance between models is larger; 1 = always, 0.5 = no difference. Not a p-value."
    )


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Median and range of some numbers; those that are undefined (NaN) are counted, not averaged."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return "undefined" if values else "-"
    if len(known) < len(values):
        return f"{spread(known, digits)} ({len(values) - len(known)} undefined)"
    middle, low, high = (f"{value:.{digits}g}" for value in (statistics.median(values), min(values), max(values)))
    return middle if low == high else f"{middle} [{low}, {high}]"


def measures(run: Run) -> None:
    """Every scalar over the replicates of each model."""
    for group in result_groups(run):
        rows = group.scalars
        models = list(dict.fromkeys(model for row in rows for model in row.values))
        if not rows:
            continue
        table = Table(title=escape(f"Measures, {group.name or 'all data'}: {SPREAD}"), title_justify="left")
        for name in ("measure", *models):
            table.add_column(name, justify="right" if name in models else "left")
        previous = ""
        for row in rows:
            if row.analyzer != previous:
                table.add_section()
                table.add_row(f"[bold]{escape(row.analyzer)}[/bold]")
            cells = [escape(_cell(row, model)) for model in models]
            table.add_row(escape(f"  {row.name}" + (f" ({row.unit})" if row.unit else "")), *cells)
            previous = row.analyzer
        console().print(table)


def _cell(row: ScalarRow, model: str) -> str:
    missing = row.missing.get(model, 0)
    text = spread([value for value, _ in row.values.get(model, [])], 3)
    return text + (f" INCOMPLETE, {missing} missing" if missing else "")


def completeness(run: Run) -> None:
    """Say that a run is incomplete, what failed and why; nothing when it is whole."""
    failed = [(label, o) for label, o in run.outcomes.items() if o.state == "failed"]
    for label, outcome in failed[:SHOWN_FAILURES]:
        print(f"FAILED {label}: {outcome.reason}")
    if len(failed) > SHOWN_FAILURES:
        print(f"... and {len(failed) - SHOWN_FAILURES} more failures, all in record.json.")
    for reason, count in Counter(run.plan.skipped.values()).items():
        print(f"left out by design: {count} times, because it {reason}.")
    for text in run.notices:
        print(f"store: {text}")
    if not run.complete:
        done = run.count("computed") + run.count("cached")
        print(f"INCOMPLETE: {done} of {len(run.plan.tasks)} tasks have a result.")


def ending(done: Finished) -> None:
    """The last lines of a run: what was recomputed, the root digest, where the report is."""
    run = done.run
    completeness(run)
    if run.interrupted:
        print("Interrupted; run the same command again to go on where it stopped.")
    computed, cached = run.count("computed"), run.count("cached")
    print(
        "Nothing was recomputed." if run.complete and not computed else f"{computed} tasks computed, {cached} cached."
    )
    print(f"Root digest {run.root}")
    print(f"Measures: tda-latent results {done.source}")
    print(f"Report: {done.report}")


def plan(run: Run) -> None:
    """What a run would do."""
    table = Table(title=f"Plan of {run.experiment.name}", title_justify="left")
    for name in ("step", "tasks", "cached", "to compute", "seconds", "memory of one task"):
        table.add_column(name, justify="left" if name == "step" else "right")
    costs = planned_cost(run)
    for row in costs:
        memory = f"{row.peak_bytes / 2**20:.0f} MiB" if row.todo else "-"
        table.add_row(row.step, str(row.tasks), str(row.cached), str(row.todo), f"{row.seconds:.1f}", memory)
    console().print(table)
    todo, seconds = sum(row.todo for row in costs), sum(row.seconds for row in costs)
    print(f"{len(run.plan.tasks)} tasks, {len(run.plan.tasks) - todo} cached, {todo} to compute.")
    if todo:
        print(
            f"Estimated {seconds:.0f} s of one core, at most {max(r.peak_bytes for r in costs) / 2**20:.0f} MiB a task."
        )
    for label, reason in run.plan.skipped.items():
        print(f"left out: {label}, because it {reason}")


def status(run: Run) -> None:
    """One line per kind of task, then what failed or is missing."""
    done = sum(outcome.done for outcome in run.outcomes.values())
    print(f"{run.experiment.name}: {done} of {len(run.plan.tasks)} tasks have a result in {run.store.path}.")
    if run.complete:
        print(f"Complete. Root digest {run.root}")
    else:
        completeness(run)


def analysis(name: str, latents: Latents, found: Mapping[str, Record], size: int | None) -> None:
    """The results of ``analyze``, short."""
    print(f"{name}: {len(latents)} points in {latents.dimension} dimensions")
    if size is not None and len(latents) > size:
        print(f"Measured on a random sample of {size} of {len(latents)} points (--size changes it).")
    for label, record in found.items():
        table = Table(title=label, title_justify="left", show_header=False)
        facts = record.facts()
        if isinstance(record, PersistenceDiagram):
            facts |= _longest_bars(record)
        for fact, value in facts.items():
            table.add_row(escape(str(fact)), escape(str(value)))
        console().print(table)


def _longest_bars(diagram: PersistenceDiagram, count: int = 5) -> dict[str, Any]:
    facts = {}
    for degree in range(1, diagram.max_degree + 1):
        bars = sorted(diagram.finite(degree).tolist(), key=lambda bar: bar[0] - bar[1])[:count]
        shown = ", ".join(f"[{birth:.4g}, {death:.4g})" for birth, death in bars)
        facts[f"longest of degree {degree}"] = shown or "none"
    return facts


def components(found: Sequence[Component]) -> None:
    """Names, what they take and give, and one sentence each."""
    table = Table()
    for name in ("kind", "name", "takes -> gives", "what it is"):
        table.add_column(name)
    for component in found:
        takes = ", ".join(type_name(annotation) for annotation in component.inputs.values())
        table.add_row(
            component.kind, component.name, f"{takes} -> {type_name(component.output)}", summary(component.cls)
        )
    console().print(table)


def description(component: Component) -> None:
    """Docstring, parameters, declared properties and references of one component."""
    print(f"{component.kind} {component.name} (version {component.version}, {component.cls.__module__})")
    print(f"\n{(component.cls.__doc__ or '').split('Parameters')[0].strip()}\n")
    table = Table(title="Parameters", title_justify="left")
    for name in ("name", "accepts", "default", "meaning"):
        table.add_column(name)
    for row in parameters(component):
        table.add_row(row.name, escape(row.accepts), escape(row.default), escape(row.meaning))
    if table.row_count:
        console().print(table)
    facts = {"leaves alone": component.invariances, "axioms": component.axioms, "references": component.references}
    for name, values in facts.items():
        if values:
            print(f"{name}: {', '.join(values)}")


def findings(found: Sequence[Finding]) -> None:
    """What ``doctor`` found, problems marked."""
    for finding in found:
        print(f"{'ok     ' if finding.good else 'PROBLEM'} {finding.what}: {finding.detail}")
