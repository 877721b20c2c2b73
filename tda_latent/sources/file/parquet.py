"""Parquet tables, by pyarrow: columns of numbers, of text, and of lists (one point each)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.sources.file.gate import appearance
from tda_latent.sources.file.layout import Parts, Request, parts_of
from tda_latent.sources.file.stored import Array, Stored
from tda_latent.sources.file.table import arrays_of_table, has_meaning


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in a ``.parquet`` file; only the columns that are used are read.

    Raises
    ------
    InvalidInput
        For what is no Parquet file, ragged or missing entries (with the row), a column that is neither number nor
        text while the coordinates are not named.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise missing_library("pyarrow", "reading .parquet files") from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            return parts_of(*arrays_of_table(_columns(file, path, request), request))
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"cannot be read as Parquet ({reason}). It looks like {appearance(path)}.") from None


def _columns(file: Any, path: Path, request: Request) -> dict[str, Stored]:
    rows, stored = file.metadata.num_rows, path.stat().st_size
    columns: dict[str, Stored] = {}
    for field in file.schema_arrow:
        name = field.name
        if name in columns:
            raise InvalidInput(f"holds two columns {name!r}; give each its own name.")
        kind, width = _dtype(field.type)
        if kind is None:
            if request.columns is None and not has_meaning(name, request):
                raise InvalidInput(
                    f"column {name!r} has type {field.type}, neither number nor text; name the coordinates in columns."
                )
            continue
        if name.startswith("__index_level_") and not has_meaning(name, request) and request.columns is None:
            raise InvalidInput(
                f"column {name!r} is an index that pandas wrote; give ids: {name}, or write it with index=False."
            )
        shape = (rows,) if width is None else (rows, width)
        promised = rows * max(kind.itemsize, 16 if kind.kind == "U" else 1) * max(width or 1, 1)
        columns[name] = Stored(shape, kind, functools.partial(_read, file, name), promised, stored)
    return columns


def _dtype(kind: Any) -> tuple[np.dtype[Any] | None, int | None]:
    """NumPy dtype of a column (None = neither number nor text) and length of its lists (-1 = unknown)."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return _dtype(kind.value_type)
    if types.is_fixed_size_list(kind):
        return _dtype(kind.value_type)[0], int(kind.list_size)
    if types.is_list(kind) or types.is_large_list(kind):
        return _dtype(kind.value_type)[0], -1
    if types.is_string(kind) or types.is_large_string(kind):
        return np.dtype("U"), None
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return np.dtype(kind.to_pandas_dtype()), None
    return None, None


def _read(file: Any, name: str) -> Array:
    from pyarrow import types

    column = file.read(columns=[name]).column(name).combine_chunks()
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise InvalidInput(f"column {name!r} has no value in row {row}; drop or fill such rows first.")
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_list(column.type) or types.is_large_list(column.type) or types.is_fixed_size_list(column.type):
        return _points(column, name)
    if types.is_string(column.type) or types.is_large_string(column.type):
        return np.array(column.to_pylist(), dtype=np.str_)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _points(column: Any, name: str) -> Array:
    """A column of lists of equal length as a 2-D array."""
    lengths = column.value_lengths().to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(lengths != lengths[:1])
    if len(odd):
        raise InvalidInput(
            f"column {name!r} is ragged: row {odd[0]} has {lengths[odd[0]]} values, row 0 has {lengths[0]}. "
            "Pool the entries of each row to one length first."
        )
    values = column.flatten()
    width = int(lengths[0]) if len(lengths) else 0
    if values.null_count:
        row = int(np.argmax(values.is_null().to_numpy(zero_copy_only=False))) // width
        raise InvalidInput(f"column {name!r} misses a value in row {row}; drop or fill such rows first.")
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(len(lengths), width)
