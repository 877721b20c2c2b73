"""Results as text on a terminal: tables by rich, everything else by print."""

from __future__ import annotations

import inspect
import math
import re
import shlex
import shutil
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tda_latent.experiment.costs import planned_cost
from tda_latent.experiment.coverage import pairs_of, values_of
from tda_latent.experiment.results import Contrast, Group, ScalarRow, claims, measured_models, result_groups
from tda_latent.records import Latents, PersistenceDiagram, Record
from tda_latent.registry import Component, parameters, summary, type_name

if TYPE_CHECKING:
    from tda_latent.api.experiments import Finished
    from tda_latent.api.information import Finding
    from tda_latent.experiment.file.expectations import Outcome
    from tda_latent.experiment.run import Run

SHOWN_FAILURES = 10
SHOWN_CAVEATS = 6
SPREAD = "median [least, most] over replicates"
_VERDICTS = {True: "HOLDS", False: "FAILS", None: "UNDECIDED"}
NARROW = 100  # columns below which numbers are shown shorter and may wrap


def console() -> Console:
    """A console as wide as the terminal; 110 columns where there is none."""
    return Console(width=max(80, shutil.get_terminal_size((110, 24)).columns), highlight=False, soft_wrap=False)


def _table(title: str, first: str, numbers: Sequence[str]) -> Table:
    """A table of a column of names, wide enough to be read on 80 columns, and columns of numbers."""
    table = Table(title=escape(title), title_justify="left", caption_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in numbers:
        table.add_column(escape(name), justify="right", overflow="fold")
    return table


def results(run: Run) -> None:
    """Differences between models against the spread within, then claims."""
    for group in result_groups(run):
        contrasts = group.contrasts()
        if contrasts:
            console().print(contrast_table(group, contrasts, len(run.experiment.replicates)))
    for name, outcome in claims(run):
        place = f" [{name}]" if name else ""
        print(f"{_VERDICTS[outcome.holds]}{place}: {outcome.claim}")
        print(*(f"  {line}" for line in _grounds(outcome)), sep="\n")


def _grounds(outcome: Outcome) -> Iterator[str]:
    """What a claim says, what was found, and what its controls did, a line each."""
    yield outcome.that
    yield outcome.why
    if failing := [control.instead for control in outcome.controls if control.holds is False]:
        yield f"fails, as it must, with {'; with '.join(failing)}"
    for control in outcome.controls:
        if control.holds is not False:
            verdict = "HOLDS and must not" if control.holds else "is undecided"
            yield f"{verdict} with {control.instead}: {control.why}"


def contrast_table(group: Group, contrasts: Sequence[Contrast], replicates: int) -> Table:
    """A block per distance, a row per pair of models."""
    title = f"Between models and within a model, {group.name or 'all data'}: {SPREAD}"
    table = _table(title, "models", ("between", "within", "separation"))
    found = pairs_of(group)
    table.caption = ("" if found.complete else f"INCOMPLETE: {found} distances. ") + _legend(replicates)
    digits = 3 if console().width >= NARROW else 2
    previous = ""
    for row in contrasts:
        if row.distance != previous:
            table.add_section()
            table.add_row(f"[bold]{escape(row.distance)}[/bold]" + (" (plain baseline)" if row.baseline else ""))
        table.add_row(
            escape(f"  {row.first} {'->' if row.directed else '-'} {row.second}"),
            escape(spread(row.between, digits) + _gaps(len(row.between), row.missing)),
            escape(spread(row.within, digits) + _gaps(len(row.within), row.missing_within)),
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
        models = measured_models(rows)
        if not rows:
            continue
        table = _table(f"Measures, {group.name or 'all data'}: {SPREAD}", "measure", models)
        found = values_of(rows)
        table.caption = None if found.complete else f"INCOMPLETE: {found} values."
        previous = ""
        for row in rows:
            if row.analyzer != previous:
                table.add_section()
                table.add_row(f"[bold]{escape(row.analyzer)}[/bold]")
            cells = [escape(_cell(row, model)) for model in models]
            table.add_row(escape(f"  {row.name or '(no result)'}" + (f" ({row.unit})" if row.unit else "")), *cells)
            previous = row.analyzer
        console().print(table)


def _cell(row: ScalarRow, model: str) -> str:
    values = [value for value, _ in row.values.get(model, [])]
    return spread(values, 3) + _gaps(len(values), row.missing.get(model, 0))


def _gaps(there: int, missing: int) -> str:
    return f" INCOMPLETE, n = {there} of {there + missing}" if missing else ""


def completeness(run: Run) -> None:
    """Say that a run is incomplete, what failed and why; nothing when it is whole."""
    failed = [(label, o) for label, o in run.outcomes.items() if o.state == "failed"]
    for label, outcome in failed[:SHOWN_FAILURES]:
        print(f"FAILED {label}: {outcome.reason}")
    if len(failed) > SHOWN_FAILURES:
        print(f"... and {len(failed) - SHOWN_FAILURES} more failures, all in record.json.")
    for reason, count in Counter(run.plan.skipped.values()).items():
        print(f"left out by design: {count} times, because it {reason}.")
    caveats = [(label, outcome.caveat) for label, outcome in run.outcomes.items() if outcome.caveat]
    for label, caveat in caveats[:SHOWN_CAVEATS]:
        print(f"not exact: {label}: {caveat}")
    if len(caveats) > SHOWN_CAVEATS:
        print(f"... and {len(caveats) - SHOWN_CAVEATS} more results are not exact; the report lists them all.")
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
    print(f"Root digest {run.root}{'' if run.complete else ' of an INCOMPLETE run'}")
    print(f"Measures: tda-latent results {shlex.quote(done.source)}")
    print(f"Report: {done.report}")


def plan(run: Run) -> None:
    """What a run would do."""
    title = f"Plan of {run.experiment.name}"
    table = _table(title, "step", ("tasks", "cached", "to do", "seconds", "memory"))
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
    count, dimension = len(latents), latents.dimension
    print(f"{name}: {count} point{'s' * (count > 1)} in {dimension} dimension{'s' * (dimension > 1)}")
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
    """Per kind: names, one sentence each, what they take and give."""
    for kind in dict.fromkeys(component.kind for component in found):
        table = Table(title=f"{kind}s", title_justify="left", box=None, show_header=False)
        table.add_column("name", no_wrap=True, style="bold")
        table.add_column("what it is")
        for component in (one for one in found if one.kind == kind):
            takes = ", ".join(type_name(annotation) for annotation in component.inputs.values())
            signature = f"{takes} -> {type_name(component.output)}" if takes else type_name(component.output)
            table.add_row(component.name, f"{escape(summary(component.cls))} [dim]{escape(signature)}[/dim]")
        console().print(table)
        print()


def description(component: Component) -> None:
    """Docstring, parameters, declared properties and references of one component."""
    print(f"{component.kind} {component.name} (version {component.version}, {component.cls.__module__})")
    before, _, after = (inspect.getdoc(component.cls) or "").partition("Parameters\n----------\n")
    print(f"\n{before.strip()}\n")
    table = Table(title="Parameters", title_justify="left")
    for name in ("name", "accepts", "default", "meaning"):
        table.add_column(name)
    for row in parameters(component):
        table.add_row(row.name, escape(row.accepts), escape(row.default), escape(row.meaning))
    if table.row_count:
        console().print(table)
    further = re.search(r"^[A-Z][A-Za-z ]+\n-{3,}\n.*", after, re.DOTALL | re.MULTILINE)  # Notes, Examples, ...
    print(f"\n{further[0].strip()}\n" if further else "")
    facts = {"unchanged by": component.invariances, "axioms": component.axioms, "references": component.references}
    for name, values in facts.items():
        if values:
            print(f"{name}: {', '.join(values)}")


def findings(found: Sequence[Finding]) -> None:
    """What ``doctor`` found, problems marked."""
    for finding in found:
        print(f"{'ok     ' if finding.good else 'PROBLEM'} {finding.what}: {finding.detail}")
