"""`Representatives`: for every bar the simplices that open and close it, and a cycle or cocycle that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.records.record import Record, freeze

Integers = NDArray[np.int64]
Kind = Literal["cycle", "cocycle", "simplices"]
KINDS = ("cycle", "cocycle", "simplices")


class Representative(NamedTuple):
    """What one bar of degree d looks like in the cloud; numbers are rows of the points.

    simplices : (k, d + 1) vertices of oriented simplices; swapping two vertices of a row flips its sign
    coefficients : (k,) in 1..p-1
    birth : (d + 1,) vertices of the simplex that opens the bar
    killing : (d + 2,) vertices of the simplex that closes it, or None
    """

    simplices: Integers
    coefficients: Integers
    birth: Integers
    killing: Integers | None


@dataclass(frozen=True, eq=False, repr=False)
class Representatives(Record):
    """One representative for each of m bars, of degrees up to d; tables are padded with -1 on the right.

    kind : "cycle", "cocycle", or "simplices" for birth and killing simplices without a chain
    births : (m, d + 1) vertices of the simplex that opens each bar: a vertex, edge, triangle, ...
    killers : (m, d + 2) vertices of the simplex that closes it; all -1 where nothing does
    simplices : (s, d + 1) oriented simplices of the chains, bar after bar
    coefficients : (s,) their coefficients in Z/p, in 1..p-1
    offsets : (m + 1,) bar k owns the rows offsets[k]:offsets[k + 1] of simplices

    A cycle is made of simplices that have entered when its bar is born, and is a boundary from the death on. In
    degree 1 it is stored as closed walks: edges in walking order, every point once in a walk, see `walks`. A cocycle
    is closed at all scales in [birth, death), and no coboundary there; simplices that enter at the death or later are
    left out.

    **Representatives are not unique.** Any other chain of the class would do, the choice depends on the engine and
    on the order of equal lengths, and a cycle that looks short need not be the shortest. Where simplices enter
    together, which of them opens or closes a bar is a matter of that order too; only their diameters are facts.

    Raises
    ------
    InvalidInput
        For tables that do not fit together, a vertex that a simplex has twice, or walks that do not close.
    """

    kind: Kind
    births: Integers
    killers: Integers
    simplices: Integers
    coefficients: Integers
    offsets: Integers

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInput(f"kind is {self.kind!r}; the rule is one of {', '.join(KINDS)}.")
        births = _table(self.births, "births")
        width = max(int((births >= 0).sum(axis=1).max(initial=1)), 1)
        simplices = _fitted(_table(self.simplices, "simplices"), width, "simplices")
        self.set(
            births=_fitted(births, width, "births"),
            killers=_fitted(_table(self.killers, "killers"), width + 1, "killers"),
            simplices=simplices,
            coefficients=freeze(np.asarray(self.coefficients, dtype=np.int64).reshape(-1)),
            offsets=freeze(np.asarray(self.offsets, dtype=np.int64).reshape(-1)),
        )
        self._check()

    @classmethod
    def of(
        cls,
        kind: Kind,
        births: Sequence[Any],
        killers: Sequence[Any],
        chains: Sequence[tuple[Any, Any]] = (),
    ) -> Self:
        """Representatives from one entry for each bar.

        Parameters
        ----------
        kind : "cycle", "cocycle" or "simplices"
        births : vertices of the simplex that opens each bar
        killers : vertices of the simplex that closes it, or None
        chains : (simplices (k, degree + 1), coefficients (k,)) of each bar; nothing for kind "simplices"
        """
        width = max((len(birth) for birth in births), default=1)
        chains = chains or [((), ())] * len(births)
        rows = [_padded(np.asarray(chain, dtype=np.int64), width) for chain, _ in chains]
        empty = np.empty((0, width), dtype=np.int64)
        return cls(
            kind=kind,
            births=np.concatenate([empty, *(_padded([birth], width) for birth in births)]),
            killers=np.concatenate(
                [_padded(empty, width + 1), *(_padded([() if k is None else k], width + 1) for k in killers)]
            ),
            simplices=np.concatenate([empty, *rows]),
            coefficients=np.concatenate([np.empty(0, dtype=np.int64), *(np.asarray(values) for _, values in chains)]),
            offsets=np.cumsum([0, *map(len, rows)]),
        )

    def __len__(self) -> int:
        return len(self.births)

    def __getitem__(self, bar: int) -> Representative:
        """The representative of one bar, without padding."""
        if not -len(self) <= bar < len(self):
            raise IndexError(f"bar {bar} of {len(self)}")
        bar %= len(self)
        rows = slice(self.offsets[bar], self.offsets[bar + 1])
        degree = int(self.degrees[bar])
        killing = self.killers[bar, : degree + 2]
        return Representative(
            self.simplices[rows, : degree + 1],
            self.coefficients[rows],
            self.births[bar, : degree + 1],
            killing if killing[0] >= 0 else None,
        )

    def __iter__(self) -> Iterator[Representative]:
        return (self[bar] for bar in range(len(self)))

    @property
    def degrees(self) -> Integers:
        """(m,) degree of each bar."""
        return cast(Integers, (self.births >= 0).sum(axis=1) - 1)

    @property
    def are_killed(self) -> NDArray[np.bool_]:
        """(m,) True where a simplex closes the bar."""
        return self.killers[:, 0] >= 0

    def walks(self, bar: int) -> list[Integers]:
        """Closed walks of a cycle of degree 1: points in walking order, the first one not repeated at the end.

        Raises
        ------
        InvalidInput
            When the representative is no cycle of degree 1.
        """
        one = self[bar]
        if self.kind != "cycle" or len(one.birth) != 2:
            raise InvalidInput(
                f"bar {bar} has a {self.kind} of degree {len(one.birth) - 1}; only cycles of degree 1 are walks."
            )
        return [one.simplices[start:stop, 0] for start, stop in _closed_ranges(one.simplices)]

    def taken(self, order: NDArray[Any]) -> Representatives:
        """The representatives of these bars, in this order."""
        sizes = np.diff(self.offsets)[order]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        rows = np.repeat(self.offsets[:-1][order] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return self.replace(
            births=self.births[order],
            killers=self.killers[order],
            simplices=self.simplices[rows],
            coefficients=self.coefficients[rows],
            offsets=offsets,
        )

    def renumbered(self, rows: NDArray[Any]) -> Representatives:
        """The same with vertex k called rows[k]: for representatives of some points of a larger cloud."""
        names = np.append(np.asarray(rows, dtype=np.int64), -1)  # the padding -1 picks the last
        tables = {name: names[getattr(self, name)] for name in ("births", "killers", "simplices")}
        return self.replace(**tables)

    def facts(self) -> dict[str, Any]:
        """Kind, number of bars, and number of simplices in all chains."""
        return {"kind": self.kind, "bars": len(self), "simplices": len(self.simplices), "unique": False}

    def _check(self) -> None:
        sizes, degrees = np.diff(self.offsets), self.degrees
        if len(self.offsets) != len(self) + 1 or self.offsets[0] != 0 or (sizes < 0).any():
            raise InvalidInput(f"offsets must rise from 0, one more than there are bars ({len(self)}).")
        if self.offsets[-1] != len(self.simplices) or len(self.coefficients) != len(self.simplices):
            raise InvalidInput(
                f"offsets end at {self.offsets[-1]}, with {len(self.simplices)} simplices and "
                f"{len(self.coefficients)} coefficients; the three must agree."
            )
        if len(self.killers) != len(self):
            raise InvalidInput(f"{len(self)} births but {len(self.killers)} killers; give one row for each bar.")
        if (sizes > 0 if self.kind == "simplices" else sizes == 0).any():
            raise InvalidInput("every bar needs a chain, except with kind simplices, where none may have one.")
        _check_simplices(self.births, degrees + 1, "birth")
        _check_simplices(self.killers, np.where(self.are_killed, degrees + 2, 0), "killing")
        _check_simplices(self.simplices, np.repeat(degrees + 1, sizes), "chain")
        if (self.coefficients < 1).any():
            raise InvalidInput("a coefficient is below 1; the rule is 1 to p-1, and zeros are left out.")
        if self.kind == "cycle":
            for bar in np.flatnonzero(degrees == 1).tolist():
                _closed_ranges(self[bar].simplices)


def _table(value: Any, name: str) -> Integers:
    table = np.asarray(value)
    if table.ndim != 2 or (table.size and table.dtype.kind not in "iu"):
        raise InvalidInput(
            f"{name} has shape {table.shape} and dtype {table.dtype}; the rule is a table of row numbers."
        )
    return table.astype(np.int64)


def _padded(rows: Any, width: int) -> Integers:
    """The rows as (k, width), filled with -1 on the right."""
    table = np.asarray(rows, dtype=np.int64)
    table = table.reshape(len(table), -1) if len(table) else table.reshape(0, 0)
    if table.shape[1] > width:
        raise InvalidInput(f"a simplex has {table.shape[1]} vertices, but the bars say at most {width}.")
    filled = np.full((len(table), width), -1, dtype=np.int64)
    filled[:, : table.shape[1]] = table
    return filled


def _fitted(table: Integers, width: int, name: str) -> Integers:
    """The table with exactly so many columns; only padding may be cut off."""
    if (table[:, width:] >= 0).any():
        raise InvalidInput(f"{name} holds simplices of more than {width} vertices; births say the degrees.")
    return cast(Integers, freeze(_padded(table[:, :width], width)))


def _check_simplices(table: Integers, counts: Integers, name: str) -> None:
    """Refuse rows that do not hold exactly so many different vertices, at their left."""
    inside = np.arange(table.shape[1]) < counts[:, None]
    if ((table >= 0) != inside).any() or (table < -1).any():
        row = table[((table >= 0) != inside).any(axis=1) | (table < -1).any(axis=1)][0]
        raise InvalidInput(f"a {name} simplex has the vertices {row.tolist()}, which do not fit the degree of its bar.")
    ordered = np.sort(table, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise InvalidInput(f"a {name} simplex has a vertex twice.")


def _closed_ranges(edges: Integers) -> list[tuple[int, int]]:
    """Ranges of rows that are closed walks, one after the other: a walk ends when it is back at its first point."""
    ranges, start = [], 0
    rows = edges.tolist()
    for place, (tail, head) in enumerate(rows):
        if place > start and rows[place - 1][1] != tail:
            raise InvalidInput(f"the edge {[tail, head]} of a cycle does not go on from {rows[place - 1]}; give walks.")
        if head == rows[start][0]:
            ranges.append((start, place + 1))
            start = place + 1
    if start != len(rows):
        raise InvalidInput(f"the walk that starts at point {rows[start][0]} does not come back to it.")
    return ranges
