"""From the columns of a table to the named arrays of the convention (see `layout`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.sources.file.layout import SCALES, Request, label_name
from tda_latent.sources.file.stored import Array, Stored, dtype_name, listing, missing

_SINGLE = ("points", "ids", "id", "split", *SCALES)


def has_meaning(name: str, request: Request) -> bool:
    """Whether a column is something else than a coordinate, by the request or by its name."""
    if name in (request.columns or ()):
        return False
    named = {request.key, request.ids, request.split, *(request.labels or ()), *(request.factors or ())}
    prefixes = ("factors/", "origin/", *(f"{scale}/" for scale in _scales(request)))
    return name in named or name in _SINGLE or label_name(name) is not None or name.startswith(prefixes)


def may_mix(name: str, request: Request) -> bool:
    """Whether a column may hold numbers beside text: ids, labels and splits are names, not quantities."""
    named = {request.ids, request.split, *(request.labels or ())}
    return name in named or name in ("ids", "id", "split") or label_name(name) is not None


def arrays_of_table(columns: Mapping[str, Stored], request: Request) -> tuple[dict[str, Stored], Request]:
    """Columns gathered into ``points``, ``scale`` and labels, and the request that fits them.

    A column of lists is the points by itself; otherwise the numeric columns without a meaning are the
    coordinates, in their order. Other columns without a meaning become labels.

    Raises
    ------
    InvalidInput
        When no coordinates are found, a named column is missing or holds text, or the deviations do not
        match the coordinates by name.
    """
    lists = _list_column(columns, request)
    free = [name for name in columns if not has_meaning(name, request) and name != lists]
    chosen = [] if lists else _coordinates(columns, free, request)
    arrays = dict(columns)
    arrays |= {f"labels/{n}": columns[n] for n in free if n not in chosen and _is_label(columns[n], request)}
    arrays["points"] = columns[lists] if lists else _stacked(columns, chosen)
    for prefix in _scales(request):
        deviations = [name for name in columns if name.startswith(f"{prefix}/")]
        if deviations:
            arrays[prefix] = _stacked(columns, _matching(deviations, prefix, chosen))
    return arrays, replace(request, key=None)


def _scales(request: Request) -> tuple[str, ...]:
    return SCALES if request.scale is None else (request.scale,)


def _list_column(columns: Mapping[str, Stored], request: Request) -> str | None:
    """The column whose entries are whole points, or None."""
    if request.key is not None and request.key not in columns:
        raise missing("column", request.key, columns)
    lists = [name for name, entry in columns.items() if len(entry.shape) == 2]
    if request.key is not None and request.key not in lists:
        raise InvalidInput(
            f"column {request.key!r} holds one value a row, not a point; a key names a column of lists. "
            "Name the coordinates in the parameter columns instead."
        )
    if request.columns is not None and request.key is None:
        return None
    free = [name for name in lists if name == "points" or not has_meaning(name, request)]
    preferred = request.key or ("points" if "points" in lists else None)
    if preferred is None and len(free) > 1:
        raise InvalidInput(f"columns {listing(free)} all hold lists; name the points as path::column.")
    return preferred or (free[0] if free else None)


def _coordinates(columns: Mapping[str, Stored], free: Sequence[str], request: Request) -> list[str]:
    for name in request.columns or ():
        if name not in columns:
            raise missing("column", name, columns)
        if not columns[name].is_numeric:
            raise InvalidInput(
                f"column {name!r} holds {dtype_name(columns[name].dtype)}, no numbers; leave it out of columns."
            )
    if request.columns is not None:
        chosen = list(request.columns)
    else:
        chosen = [name for name in free if columns[name].is_numeric and columns[name].dtype.kind != "b"]
    if not chosen:
        raise InvalidInput(
            f"has no column of numbers to serve as coordinates. It holds: {listing(columns)}. "
            "Are decimal points and separating commas used?"
        )
    return chosen


def _is_label(column: Stored, request: Request) -> bool:
    """Whether an unnamed column becomes a label: only when neither labels nor, for numbers, columns were chosen."""
    is_text = not column.is_numeric or column.dtype.kind == "b"
    return request.labels is None and len(column.shape) == 1 and (is_text or request.columns is None)


def _stacked(columns: Mapping[str, Stored], names: Sequence[str]) -> Stored:
    """Columns side by side as one array, read when asked for."""

    def read() -> Array:
        return np.column_stack([columns[name].read() for name in names])

    parts = [columns[name] for name in names]
    return Stored(
        shape=(parts[0].shape[0], len(parts)),
        dtype=np.result_type(*(part.dtype for part in parts)) if all(p.is_numeric for p in parts) else parts[0].dtype,
        read=read,
        promised=sum(part.promised for part in parts),
        stored=max(part.stored for part in parts),
    )


def _matching(deviations: Sequence[str], prefix: str, coordinates: Sequence[str]) -> list[str]:
    """The columns ``scale/NAME`` in the order of the coordinates."""
    wanted = [f"{prefix}/{name}" for name in coordinates]
    if set(wanted) != set(deviations):
        raise InvalidInput(
            f"columns {listing(deviations)} do not match the coordinates {listing(coordinates)}; "
            f"the rule is one column {prefix}/NAME for each coordinate NAME."
        )
    return wanted
