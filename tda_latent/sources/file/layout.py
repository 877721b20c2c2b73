"""From named arrays to the parts of a cloud: one convention for every format.

A format hands over a mapping from names to `Stored` arrays, which are read only when chosen. The names that
mean something are listed in the docstring of the package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import Factor, Latents, Origin
from tda_latent.records.latents import FactorKind
from tda_latent.sources.file.stored import Array, Stored, cloud, described, fetch, listing, missing

_IDS = ("ids", "id")
SCALES = ("scale", "std", "logvar")
_SINGLE = ("points", *_IDS, "labels", "label", "split", *SCALES)
_GROUPS = ("labels/", "label_", "factors/", "origin/")
_ORIGINS = ("model", "layer", "data", "replicate")


@dataclass(frozen=True)
class FactorColumn:
    """How the values of one factor are to be read.

    kind : "categorical" | "real" | "circular"
    period : length of one turn, for circular factors only
    """

    kind: FactorKind = "real"
    period: float | None = None

    def __post_init__(self) -> None:
        if (self.kind == "circular") != (self.period is not None):
            raise InvalidParameter(f"period is {self.period!r}: a circular factor has one, a {self.kind} one has none")
        if self.period is not None and not 0 < self.period < np.inf:
            raise InvalidParameter(f"period is {self.period!r}; the rule is a positive length of one turn")


@dataclass(frozen=True)
class Request:
    """Which arrays or columns are wanted; None leaves the choice to the convention."""

    key: str | None = None
    columns: tuple[str, ...] | None = None
    header: bool | None = None
    ids: str | None = None
    labels: tuple[str, ...] | None = None
    factors: Mapping[str, FactorColumn] | None = None
    scale: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Parts:
    """What a file says about its points, not checked yet."""

    points: Array
    ids: Array | None = None
    labels: Mapping[str, Array] = field(default_factory=dict)
    factors: Mapping[str, Factor] = field(default_factory=dict)
    scale: Array | None = None
    split: Array | None = None
    origin: Mapping[str, str] = field(default_factory=dict)

    def latents(self, source: str) -> Latents:
        """The record, checked; ``source`` is the digest of the file."""
        return Latents(
            points=self.points,
            ids=self.ids,
            labels=self.labels,
            factors=self.factors,
            scale=self.scale,
            split=self.split,
            origin=Origin(**self.origin, source=source),
        )


def parts_of(arrays: Mapping[str, Stored], request: Request) -> Parts:
    """The parts of a cloud, chosen from named arrays by the request, else by the convention.

    Raises
    ------
    InvalidInput
        When a name is missing (the nearest is offered), when the points cannot be told (every array is
        listed), or when an array has a shape or type that does not fit its role.
    """
    arrays, key = _inside(arrays, request.key)
    name = _points_name(arrays, key)
    return Parts(
        points=cloud(arrays, name),
        ids=_optional(arrays, request.ids, _IDS),
        labels=_labels(arrays, request.labels),
        factors=_factors(arrays, request.factors),
        scale=_scale(arrays, request.scale),
        split=_optional(arrays, request.split, ("split",)),
        origin=_origin(arrays),
    )


def columns_named(names: Iterable[str], request: Request) -> tuple[str, ...]:
    """Columns that a file with arrays of these names holds, told before any of them is read."""
    group = f"{(request.key or '').strip('/')}/"
    listed = list(names)
    inner = {name.removeprefix(group) for name in listed if name.startswith(group)} if request.key else set()
    inner = inner or set(listed)
    labels = request.labels if request.labels is not None else [name for name in inner if label_name(name) is not None]
    factors = request.factors if request.factors is not None else [n for n in inner if n.startswith("factors/")]
    held = {
        "ids": request.ids or inner & set(_IDS),
        "labels": labels,
        "factors": factors,
        "scale": request.scale or inner & set(SCALES),
    }
    return tuple(column for column, found in held.items() if found)


def _inside(arrays: Mapping[str, Stored], key: str | None) -> tuple[Mapping[str, Stored], str | None]:
    """The arrays of the group that the key names, or all of them and the key."""
    if not arrays:
        raise InvalidInput("holds no arrays; save at least one array of shape (n, d).")
    if key is None or key in arrays:
        return arrays, key
    key = key.strip("/")
    if key in arrays:
        return arrays, key
    group = {name.removeprefix(f"{key}/"): entry for name, entry in arrays.items() if name.startswith(f"{key}/")}
    if not group:
        raise missing("key", key, described(arrays))
    return group, None


def _points_name(arrays: Mapping[str, Stored], key: str | None) -> str:
    if key is not None or "points" in arrays:
        return key or "points"
    free = [name for name in arrays if name not in _SINGLE and not name.startswith(_GROUPS)]
    clouds = [name for name in free if len(arrays[name].shape) == 2 and arrays[name].is_numeric]
    for names in (clouds, free):
        if len(names) == 1:
            return names[0]
    found = f"{len(clouds)} arrays could be the points" if clouds else "no array could be the points"
    raise InvalidInput(
        f"{found}; name one as path::key, or save it as 'points'. It holds: {listing(described(arrays))}."
    )


def _only(arrays: Mapping[str, Stored], names: Iterable[str]) -> str | None:
    """The one of these names that exists, or None."""
    present = [name for name in names if name in arrays]
    if len(present) > 1:
        raise InvalidInput(
            f"holds {' and '.join(map(repr, present))}, which mean the same; name one in the parameters."
        )
    return present[0] if present else None


def _named(arrays: Mapping[str, Stored], kind: str, name: str, prefixes: tuple[str, ...] = ()) -> str:
    """The full name of an array that a parameter names, with or without its group."""
    for candidate in (name, *(prefix + name for prefix in prefixes)):
        if candidate in arrays:
            return candidate
    raise missing(kind, name, described(arrays))


def _optional(arrays: Mapping[str, Stored], wanted: str | None, usual: tuple[str, ...]) -> Array | None:
    name = _named(arrays, usual[0], wanted) if wanted is not None else _only(arrays, usual)
    return None if name is None else fetch(arrays, name)


def label_name(name: str) -> str | None:
    """The label that an array of this name holds by the convention, or None."""
    if name in ("labels", "label"):
        return "label"
    for prefix in ("labels/", "label_"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return None


def _labels(arrays: Mapping[str, Stored], wanted: tuple[str, ...] | None) -> dict[str, Array]:
    if wanted is not None:
        chosen = {name: _named(arrays, "label", name, ("labels/", "label_")) for name in wanted}
        return {name: fetch(arrays, full) for name, full in chosen.items()}
    found: dict[str, Array] = {}
    for full in arrays:
        name = label_name(full)
        if name is not None and name in found:
            raise InvalidInput(f"holds the label {name!r} twice, the second time as {full!r}; remove one.")
        if name is not None:
            found[name] = fetch(arrays, full)
    return found


def _factors(arrays: Mapping[str, Stored], wanted: Mapping[str, FactorColumn] | None) -> dict[str, Factor]:
    if wanted is not None:
        return {
            name: _factor(name, fetch(arrays, _named(arrays, "factor", name, ("factors/",))), column)
            for name, column in wanted.items()
        }
    full = [name for name in arrays if name.startswith("factors/")]
    facts = {name for name in full if name.endswith(("/kind", "/period")) and name.rpartition("/")[0] in arrays}
    return {
        name.removeprefix("factors/"): _factor(name, values, _stored_column(arrays, name, values))
        for name in full
        if name not in facts
        for values in [fetch(arrays, name)]
    }


def usual_kind(values: Array) -> FactorKind:
    """The kind of a factor by its dtype: floating-point numbers are real, anything else is categorical."""
    return "real" if values.dtype.kind == "f" else "categorical"


def _stored_column(arrays: Mapping[str, Stored], name: str, values: Array) -> FactorColumn:
    """Kind and period as the file states them, else by the dtype."""
    period = _single(arrays, f"{name}/period")
    kind = _single(arrays, f"{name}/kind") or (usual_kind(values) if period is None else "circular")
    try:
        return FactorColumn(kind, None if period is None else float(period))
    except ValueError as error:
        raise InvalidInput(f"{name!r} is described wrongly: {error}.") from None


def _single(arrays: Mapping[str, Stored], name: str) -> Any:
    """The one value of an array, or of a column that repeats it; None when there is no such array."""
    if name not in arrays:
        return None
    values = np.unique(fetch(arrays, name))
    if len(values) != 1:
        raise InvalidInput(f"{name!r} holds {len(values)} different values; the rule is one.")
    return values[0].item()


def _factor(name: str, values: Array, column: FactorColumn) -> Factor:
    if values.ndim != 1:
        raise InvalidInput(f"factor {name!r} has shape {values.shape}; the rule is one value for each point.")
    try:
        return Factor(values, column.kind, column.period)
    except InvalidInput as error:
        raise InvalidInput(f"factor {name!r}: {error}") from None


def _scale(arrays: Mapping[str, Stored], wanted: str | None) -> Array | None:
    """Posterior standard deviations, computed when the file holds log-variances."""
    name = _named(arrays, "scale", wanted) if wanted is not None else _only(arrays, SCALES)
    if name is None:
        return None
    values = cloud(arrays, name)
    if not name.endswith("logvar"):
        return values
    with np.errstate(over="ignore", under="ignore"):  # an infinite or zero deviation is refused with its row
        return np.asarray(np.exp(0.5 * values.astype(np.float64)))


def _origin(arrays: Mapping[str, Stored]) -> dict[str, str]:
    values = {name: _single(arrays, f"origin/{name}") for name in _ORIGINS}
    return {name: str(value) for name, value in values.items() if value is not None}
