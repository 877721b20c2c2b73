"""From rows to what a reader wants: how many times faster than the fastest peer, and than each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from benchmarks.cells import OURS, Row


class Lead(NamedTuple):
    """How many times faster ours is than the fastest peer of a cell.

    bound : the fastest peer was stopped, so that the truth is at least this
    """

    factor: float
    name: str
    bound: bool


def cells_of(rows: Iterable[Row]) -> dict[tuple[str, str, str, int, int], list[Row]]:
    """Rows by cell, in order."""
    held: dict[tuple[str, str, str, int, int], list[Row]] = {}
    for row in rows:
        held.setdefault(row.cell, []).append(row)
    return held


def is_peer(row: Row) -> bool:
    """A peer with a ratio, measured or at least."""
    return row.name != OURS and not row.information and row.ratio is not None


def lead(rows: Iterable[Row]) -> Lead | None:
    """The smallest ratio of a cell; None when no peer has one.

    A peer that was stopped counts with the time it had taken. One that was stopped early only because another was
    faster has a larger ratio than that other, and never decides.
    """
    peers = [row for row in rows if is_peer(row)]
    if not peers:
        return None
    fastest = min(peers, key=lambda row: row.ratio or 0.0)
    return Lead(fastest.ratio or 0.0, fastest.name, fastest.bound)
