"""``python -m benchmarks [SUITE ...]`` measures against every peer that is installed, and writes tables and a plot."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import environments, machine, report
from benchmarks.arena import Arena, to_terminal
from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.channel import ROOT, Limits
from benchmarks.environments import CACHE
from benchmarks.ledger import Ledger, digest_of_code, expectations
from benchmarks.plot import draw
from benchmarks.suites import batch, comparisons, distances, mapper, rips, scale, spanning, vectors
from benchmarks.timing import Table

SUITES: dict[str, Callable[[bool], Iterator[Cell]]] = {
    "rips": rips.cells,
    "batch": batch.cells,
    "spanning": spanning.cells,
    "distances": distances.cells,
    "mapper": mapper.cells,
    "vectors": vectors.cells,
    "comparisons": comparisons.cells,
    "scale": scale.cells,
}
TEXTS = ("promises", "engines", "runner")
"""Tables that are only printed."""
RESULTS = ROOT / "benchmarks" / "results"
LIMIT, QUICK_LIMIT, MEMORY = 150.0, 5.0, 12.0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join([*SUITES, *TEXTS])
    made.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {names}; all by default")
    made.add_argument("--install", action="store_true", help="install the peers that are missing, and stop")
    made.add_argument("--quick", action="store_true", help="small sizes, three minutes; written to .bench/quick")
    made.add_argument("--fresh", action="store_true", help="measure everything again; default: only what is missing")
    made.add_argument(
        "--only",
        metavar="CLOUD",
        action="append",
        default=[],
        help="these clouds; may be repeated; written to .bench/also",
    )
    made.add_argument("--also", metavar="FILE.py:FUNCTION", action="append", default=[],
                      help="one more Rips engine, points -> (deaths, bars); written to .bench/also")  # fmt: skip
    made.add_argument("--peer", metavar="NAME", action="append", default=[],
                      help="ours against these alone; may be repeated; written to .bench/also")  # fmt: skip
    made.add_argument("--limit", type=float, help=f"seconds for the fastest peer (default {LIMIT:g}; {QUICK_LIMIT:g})")
    made.add_argument("--memory", type=float, default=MEMORY, help="GiB for a contestant (default %(default)g)")
    made.add_argument("--output", type=Path, help="folder of results.json, README.md, speed.png and speed.svg")
    return made


def main() -> None:
    """Run the chosen suites."""
    arguments = parser().parse_args()
    known = [*SUITES, *TEXTS]
    if strange := [name for name in arguments.suites if name not in known]:
        parser().error(f"{strange[0]!r} is no suite; there are {', '.join(known)}.")
    if arguments.install:
        environments.install()
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is ended takes its workers with it
    chosen = arguments.suites or known
    folder = arguments.output or default_folder(arguments)
    ledger = Ledger(folder, arguments.fresh)
    run([name for name in chosen if name in SUITES], ledger, arguments)
    if ledger.rows:
        write(ledger, folder)
    for table in report.tables([row for row in ledger.rows if row.suite in chosen]):
        report.show(table)
    for name in chosen:
        if name in TEXTS:
            report.show(text(name))


def text(name: str) -> Table:
    """One of the tables that are only printed."""
    module = importlib.import_module(f"benchmarks.{name}")
    table: Table = getattr(module, name)()
    return table


def run(suites: list[str], ledger: Ledger, arguments: argparse.Namespace) -> None:
    """Every cell that the ledger does not hold yet."""
    limit = arguments.limit or (QUICK_LIMIT if arguments.quick else LIMIT)
    arena = Arena(Limits(limit, int(arguments.memory * 2**30)), digest_of_code(), to_terminal)
    ledger.machine = machine.facts()
    try:
        for name in suites:
            for cell in SUITES[name](arguments.quick):
                if arguments.only and cell.cloud not in arguments.only:
                    continue
                whole = with_engines(cell, arguments.also, arguments.peer)
                if not ledger.holds(whole):
                    ledger.add(arena.run(whole, *expectations(whole, ledger.before(whole), limit)))
    except KeyboardInterrupt:
        print("\ninterrupted; finished rows are kept, the same command goes on.", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        arena.close()


def default_folder(arguments: argparse.Namespace) -> Path:
    """Where results go: trials never touch those that are published."""
    if arguments.also or arguments.peer or arguments.only or arguments.limit:
        return CACHE / "also"
    return CACHE / "quick" if arguments.quick else RESULTS


def with_engines(cell: Cell, files: list[str], names: list[str]) -> Cell:
    """The cell with further engines of single Rips diagrams, each ``path.py:function``, and with the named peers."""
    kept = [one for one in cell.contestants if one.name == OURS or not names or one.name in names]
    if cell.suite == "rips" and cell.threads == 1:
        for text in files:
            path, _, function = text.rpartition(":")
            options = {"path": str(Path(path).resolve()), "function": function}
            kept.append(Contestant(f"{Path(path).stem}:{function}", "rips:from_file", options, information=True))
    return replace(cell, contestants=tuple(kept))


def write(ledger: Ledger, folder: Path) -> None:
    """The page and the plot beside ``results.json``."""
    ledger.write()
    (folder / "README.md").write_text(report.markdown(ledger.rows, ledger.machine), encoding="utf-8")
    draw(ledger.rows, folder)


if __name__ == "__main__":
    main()
