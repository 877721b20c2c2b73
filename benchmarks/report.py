"""The tables, as Markdown and on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rich.console
import rich.table

from benchmarks.cells import OURS, Row
from benchmarks.clouds import DESCRIPTIONS
from benchmarks.exponents import exponents
from benchmarks.summary import cells_of, is_peer, lead
from benchmarks.timing import Table

HEADINGS = (
    "cloud", "n", "dim", "thr", "library", "time", "times ours", "memory", "times ours", "d_B H0", "d_B H1", "remark",
)  # fmt: skip
TITLES = {
    "rips": "Vietoris-Rips persistence in degrees 0 and 1, from points to diagrams",
    "batch": "Many subsamples in one call",
    "spanning": "Degree 0 alone",
    "distances": "Distances between diagrams",
    "mapper": "Mapper",
    "vectors": "Vectors of 1000 diagrams",
    "comparisons": "Two clouds: RTD, MTop-Div, precision and recall, density and coverage",
    "scale": "Beyond what a matrix of distances can hold",
}


def tables(rows: Iterable[Row]) -> list[Table]:
    """One table for every suite, then the leads over the fastest peer, then the exponents."""
    held = list(rows)
    found = [leads(held)] if any(is_peer(row) for row in held) else []
    for suite in dict.fromkeys(row.suite for row in held):
        of_suite = [row for row in held if row.suite == suite]
        for task in dict.fromkeys(row.task for row in of_suite):
            title = f"{TITLES.get(suite, suite)}: {task}"
            found.append(Table(title, HEADINGS, [line(row) for row in of_suite if row.task == task]))
    slopes = [(e.suite, e.cloud, e.name, f"{e.slope:.2f}", f"{e.smallest} to {e.largest}") for e in exponents(held)]
    if slopes:
        found.append(Table("Time grows as n to the power of", ("suite", "cloud", "library", "power", "n"), slopes))
    return found


def leads(rows: Iterable[Row]) -> Table:
    """Every cell in one line: the fastest peer, and how many times faster ours is."""
    lines = []
    for (suite, task, cloud, size, threads), of_cell in cells_of(rows).items():
        found = lead(of_cell)
        if found is not None:
            factor = f"{'> ' if found.bound else ''}{digits(found.factor)}"
            lines.append((suite, task, cloud, str(size), str(threads), found.name, factor))
    return Table(
        "How many times faster than the fastest peer",
        ("suite", "task", "cloud", "n", "thr", "fastest peer", "times faster"),
        lines,
    )


def line(row: Row) -> tuple[str, ...]:
    """A row as text. "> x" is a lower bound: the peer was stopped there."""
    least = "> " if row.bound else ""
    is_ours = row.name == OURS
    remark = "; ".join(
        filter(None, [row.reason, _difference(row), row.note, "not counted as a peer" if row.information else ""])
    )
    return (
        row.cloud,
        str(row.size),
        str(row.dimension),
        str(row.threads),
        f"**{row.name}**" if is_ours else f"{row.name} {row.version}".strip(),
        f"{least}{duration(row.seconds)}" if row.seconds is not None else "-",
        "" if is_ours else "-" if row.ratio is None else f"{least}{digits(row.ratio)}",
        "" if row.memory is None else f"{least}{row.memory:.0f} MB" if row.memory >= 1 else "< 1 MB",
        f"{least}{digits(row.memory_ratio)}" if row.memory_ratio is not None and not is_ours else "",
        "" if row.h0 is None else f"{row.h0:.1g}",
        "" if row.h1 is None else f"{row.h1:.1g}",
        remark,
    )


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 1e-3:
        return f"{1e6 * seconds:.3g} µs"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def digits(number: float) -> str:
    """Two digits that count, no power of ten."""
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def markdown(rows: Iterable[Row], machine: dict[str, Any]) -> str:
    """The whole page."""
    held = list(rows)
    libraries = ", ".join(f"{name} {version}" for name, version in machine.get("libraries", {}).items())
    clouds = "; ".join(f"{name}: {DESCRIPTIONS[name]}" for name in DESCRIPTIONS if any(r.cloud == name for r in held))
    states = len({row.code for row in held if row.code})
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; see `benchmarks/`. Times are medians of calls that take turns; *times ours* is the "
        "peer's figure over ours, so that more is better for us. `> x`: the peer was stopped there, at its limit or "
        "once it was three times slower than the fastest peer; *not started*: at a smaller size it was so slow that "
        "it could only be stopped. Memory is the peak above what was held after import, each in a process of its "
        "own. d_B is the bottleneck distance to our answer in the unit of the points "
        "(for more than 4000 bars that of the bars in order, which is no smaller).",
        "",
        "![How many times faster than the fastest peer](speed.png)",
        "",
        f"Machine: {machine.get('processor')}, {machine.get('cores')} cores, {machine.get('memory')}, "
        f"{machine.get('system')}, Python {machine.get('python')}; {libraries}.",
        "",
        f"Clouds: {clouds}.",
        "",
    ]
    if states > 1:
        lines += [f"Rows come from {states} states of our code; `--fresh` measures all of them again.", ""]
    for table in tables(held):
        lines += [f"## {table.title}", "", _row(table.headings), _row(["---"] * len(table.headings))]
        lines += [_row(cells) for cells in table.rows] + [""]
    return "\n".join(lines)


def show(found: Table) -> None:
    """Print one table; numbers to the right."""
    table = rich.table.Table(title=found.title, title_justify="left")
    for position, heading in enumerate(found.headings):
        left = position == 0 or heading in ("library", "remark", "task", "fastest peer", "it said")
        table.add_column(heading, justify="left" if left else "right")
    for cells in found.rows:
        table.add_row(*(cell.replace("**", "") for cell in cells))
    rich.console.Console(width=150, highlight=False).print(table)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _difference(row: Row) -> str:
    return "" if row.difference is None else f"differs by {row.difference:.1g}"
