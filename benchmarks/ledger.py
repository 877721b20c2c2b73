"""Rows on disk: what is finished is kept, so that a run that was stopped goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.cells import NOT_STARTED, OURS, Cell, Row
from benchmarks.channel import LEAST, PATIENCE, ROOT

FORMAT = "tda-latent/benchmarks@1"


class Ledger:
    """The rows of ``results.json`` in a folder, written after every cell.

    Parameters
    ----------
    folder : where the file lies
    fresh : start from nothing
    """

    def __init__(self, folder: Path, fresh: bool = False) -> None:
        self.path = folder / "results.json"
        self.rows: list[Row] = []
        self.machine: dict[str, Any] = {}
        if self.path.exists() and not fresh:
            held = json.loads(self.path.read_text(encoding="utf-8"))
            if held.get("format") == FORMAT:
                self.rows = [Row.from_json(row) for row in held["rows"]]
                self.machine = held["machine"]

    def holds(self, cell: Cell) -> bool:
        """Whether every contestant of a cell has its row."""
        names = {row.name for row in self.rows if row.cell == cell.key}
        return names >= {contestant.name for contestant in cell.contestants}

    def add(self, rows: Iterable[Row]) -> None:
        """Take the rows of a finished cell in the place of those it had."""
        new = list(rows)
        cells = {row.cell for row in new}
        self.rows = [row for row in self.rows if row.cell not in cells] + new
        self.write()

    def write(self) -> None:
        """The whole file, one row a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rows = ",\n".join(json.dumps(row.to_json()) for row in self.rows)
        head = json.dumps({"format": FORMAT, "machine": self.machine})[1:-1]
        part = self.path.with_suffix(".part")
        part.write_text(f'{{{head},\n"rows": [\n{rows}\n]}}\n', encoding="utf-8")
        part.replace(self.path)

    def before(self, cell: Cell) -> list[Row]:
        """Rows of the same task and cloud at the largest smaller size, or at this size with fewer threads."""
        same = [row for row in self.rows if (row.suite, row.task, row.cloud) == (cell.suite, cell.task, cell.cloud)]
        fewer = [row for row in same if row.size == cell.size and row.threads < cell.threads]
        if fewer:
            return fewer
        smaller = [row for row in same if row.size < cell.size and row.threads == cell.threads]
        largest = max((row.size for row in smaller), default=0)
        return [row for row in smaller if row.size == largest]


def expectations(cell: Cell, earlier: list[Row], limit: float) -> tuple[dict[str, float], dict[str, str]]:
    """From smaller cells: what contestants should take at least, and who is not worth starting.

    Not started is who would need more than twice the limit, and who was three times slower than the fastest peer and
    would now need more than a few seconds. The fastest peer is always started.

    Returns
    -------
    expected : seconds by name, growing with the square of the size; less than any engine's growth
    skipped : reasons by name
    """
    growth = {row.name: (cell.size / row.size) ** 2 for row in earlier}
    expected = {row.name: row.seconds * growth[row.name] for row in earlier if row.seconds and row.name != OURS}
    peers = {row.name for row in earlier if not row.information and row.name in expected}
    fastest = min(peers, key=expected.__getitem__, default="")
    skipped: dict[str, str] = {}
    for row in earlier:
        if row.name not in peers or row.name == fastest:
            if row.reason.startswith(NOT_STARTED):
                skipped[row.name] = row.reason
            continue
        took = f"{'over ' if row.bound else ''}{row.seconds:.2g} s with {row.size} points"
        slower = expected[row.name] / expected[fastest]
        if expected[row.name] > 2 * limit:
            skipped[row.name] = f"{NOT_STARTED}: {took} already"
        elif slower > PATIENCE and expected[row.name] > LEAST:
            least = "over " if row.bound else ""
            skipped[row.name] = f"{NOT_STARTED}: {took}, {least}{slower:.0f} times the fastest"
    return expected, skipped


def digest_of_code() -> str:
    """Eight digits that change when our numerical code does."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "tda_latent" / "numerics").rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:8]
