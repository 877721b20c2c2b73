"""``python -m benchmarks [promises engines distances]`` prints the tables, all of them by default."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import rich.console
import rich.table

from benchmarks.distances import distances
from benchmarks.engines import engines
from benchmarks.promises import promises
from benchmarks.timing import Table

BENCHMARKS: dict[str, Callable[[], list[Table]]] = {
    "promises": lambda: [promises()],
    "engines": lambda: [engines()],
    "distances": distances,
}


def show(found: Table) -> None:
    """Print one table; numbers to the right."""
    table = rich.table.Table(title=found.title, title_justify="left")
    for position, heading in enumerate(found.headings):
        table.add_column(heading, justify="left" if position == 0 else "right")
    for row in found.rows:
        table.add_row(*row)
    rich.console.Console(width=110, highlight=False).print(table)


def main() -> None:
    """Run the chosen benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    names = parser.parse_args().names
    if strange := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"{strange[0]!r} is no benchmark; there are {', '.join(BENCHMARKS)}.")
    for name in names or BENCHMARKS:
        for table in BENCHMARKS[name]():
            show(table)


if __name__ == "__main__":
    main()
