"""Comma-separated text: strict numbers, a header if there is one, errors by line.

About a hundred bytes of memory a cell while reading; above some million cells ``.npy`` or ``.parquet`` serve better.
"""

from __future__ import annotations

import csv
import functools
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.sources.file.gate import appearance
from tda_latent.sources.file.layout import Parts, Request, parts_of
from tda_latent.sources.file.stored import Array, Stored
from tda_latent.sources.file.table import arrays_of_table, may_mix

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_CODE = re.compile(r"[+-]?0[0-9]+")  # 007 is a name, not a number
_NO_NUMBER = re.compile(rf"_|^{_CODE.pattern}$", re.MULTILINE)  # float() would accept both
_Rows = list[tuple[int, list[str]]]  # line number and cells


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in a ``.csv`` file.

    Raises
    ------
    InvalidInput
        With the line: ragged rows, broken quotes, an empty or non-finite cell, a cell that is no number in a
        column of numbers. Also for a foreign separator, and for a header that cannot be told from a point.
    """
    rows = _rows(path)
    names, rows = _header(rows, request.header)
    if not rows:
        raise InvalidInput("has a header but no rows of numbers below it; was the loop that filled it empty?")
    lines = [line for line, _ in rows]
    cells = zip(*(row for _, row in rows), strict=True)
    columns = {name: _column(name, lines, column, request) for name, column in zip(names, cells, strict=True)}
    return parts_of(*arrays_of_table(columns, request))


def _rows(path: Path) -> _Rows:
    rows: _Rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True, skipinitialspace=True)
            for row in reader:
                rows.append((reader.line_num, [cell.strip() for cell in row]))
                _require_as_wide(rows)
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num} is no proper csv: {error}. Check the quotes.") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"is no UTF-8 text ({error.reason}). It looks like {appearance(path)}.") from None
    while rows and not rows[-1][1]:
        rows.pop()
    if not rows:
        raise InvalidInput("holds only blank lines; write one row of numbers for each point.")
    strange = next((mark for cell in rows[0][1] for mark in ";\t|" if mark in cell), None)
    if strange:
        raise InvalidInput(f"seems to separate cells by {strange!r}; the rule is commas, with decimal points.")
    return rows


def _require_as_wide(rows: _Rows) -> None:
    """Refuse a row that is not as long as the first; a blank line is ragged unless only blank lines follow."""
    (first_line, first), (line, row) = rows[0], rows[-1]
    if row and len(rows) > 1 and not rows[-2][1]:
        raise InvalidInput(f"line {rows[-2][0]} is blank, with more rows below; remove it.")
    if row and len(row) != len(first):
        raise InvalidInput(
            f"line {line} has {len(row)} cells, but line {first_line} has {len(first)}; every row needs as many. "
            "Quote texts that hold a comma."
        )


def _header(rows: _Rows, given: bool | None) -> tuple[list[str], _Rows]:
    """Column names and the rows below; without a header the columns are named 0, 1, 2, ..."""
    if not (_has_header(rows) if given is None else given):
        return [str(position) for position in range(len(rows[0][1]))], rows
    names = list(rows[0][1])
    names[0] = names[0].lstrip("# ")  # numpy.savetxt(header=...)
    for position, name in enumerate(names):
        if not name:
            raise InvalidInput(
                f"column {position + 1} of the header has no name; if it is the index that pandas wrote, write the "
                "file with index=False, or name the column 'ids'."
            )
        if name in names[:position]:
            raise InvalidInput(f"the header names {name!r} twice; give each column its own name.")
    return names, rows[1:]


def _has_header(rows: _Rows) -> bool:
    """Whether the first row names the columns.

    It does when no cell is a number, and when its numbers are 0, 1, 2, ... above cells that are no whole numbers
    (pandas names columns so). Above whole numbers, two or more such cells are ambiguous.
    """
    first = rows[0][1]
    numeric = [position for position, cell in enumerate(first) if _number(cell) is not None]
    if not numeric:
        return all(not cell or not _is_missing(cell) for cell in first)
    if [first[position] for position in numeric] != [str(k) for k in range(len(numeric))] or len(rows) == 1:
        return False
    if not all(_WHOLE.fullmatch(rows[1][1][position]) for position in numeric):
        return True
    if len(numeric) > 1:
        raise InvalidInput(
            f"starts with {','.join(first)}, which can be a header or a point; say which by the parameter header "
            "(true or false)."
        )
    return False


def _number(cell: str) -> float | None:
    """The finite number that a cell spells in plain notation, or None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and cell.isascii() and "_" not in cell else None


def _is_missing(cell: str) -> bool:
    """Whether a cell is empty, says that there is no value, or spells a number that is not finite."""
    try:
        return not math.isfinite(float(cell))
    except ValueError:
        return cell.lower() in _MISSING


def _is_number(cell: str) -> bool:
    return _number(cell) is not None and not _CODE.fullmatch(cell)


def _column(name: str, lines: Sequence[int], cells: Sequence[str], request: Request) -> Stored:
    """A column as numbers or text; a mixed one fails when it is read, unless it has a meaning that allows text."""
    values = _numbers(cells)
    if values is not None:
        return Stored.of(values)
    known = not all(map(_is_missing, cells))
    if may_mix(name, request) or (known and not any(map(_is_number, cells))):
        return Stored.of(np.array(cells, dtype=np.str_))
    return Stored((len(cells),), np.dtype(np.float64), functools.partial(_refuse, name, lines, cells))


def _numbers(cells: Sequence[str]) -> Array | None:
    """int64 when every cell is a whole number, float64 when every cell is a finite number, else None."""
    text = "\n".join(cells)
    if not text.isascii() or _NO_NUMBER.search(text):
        return None
    try:
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        return None
    if "." not in text and all(map(_WHOLE.fullmatch, cells)):
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    return values if np.isfinite(values).all() else None


def _refuse(name: str, lines: Sequence[int], cells: Sequence[str]) -> Array:
    """Name the first cell of a column of numbers that is none."""
    line, cell = next((line, cell) for line, cell in zip(lines, cells, strict=True) if not _is_number(cell))
    where = f"line {line}, column {name!r}"
    if _is_missing(cell):
        raise InvalidInput(f"{where} holds {cell!r}; every coordinate is a finite number. Drop or repair that row.")
    raise InvalidInput(
        f"{where} holds {cell!r}, which is no finite number, though other cells of the column are. "
        f"Repair it, or name the column in labels if it is text."
    )
