"""How far two records are apart: the number that moved most, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.records import PersistenceDiagram, Record
from tda_latent.records.record import Array

TOLERANCE = {"float64": 1e-9, "float32": 1e-5}
NO_RESULT = {"Latents": ("origin",), "Comparison": ("order", "tree", "embedding", "stress"), "MapperGraph": ("layout",)}
"""Where a record comes from and where figures put its parts: no result, and any rounding can turn it around."""


@dataclass(frozen=True)
class Change:
    """How far two records of one type are apart.

    largest : largest difference of two numbers (diagrams: bottleneck distance over all degrees); inf = not comparable
    relative : the same as a share of what the tolerance allows; at most 1 = within
    where : the number that moved most, or why the records cannot be compared
    """

    largest: float
    relative: float
    where: str


def change(old: Record, new: Record) -> Change:
    """How far two records are apart, whatever the reason."""
    if type(old) is not type(new):
        return Change(math.inf, math.inf, f"a {type(old).__name__} became a {type(new).__name__}")
    if isinstance(old, PersistenceDiagram) and isinstance(new, PersistenceDiagram):
        apart = {degree: degree_distance(old, new, degree) for degree in range(max(old.max_degree, new.max_degree) + 1)}
        degree = max(apart, key=lambda item: apart[item])
        return Change(apart[degree], math.inf, f"bottleneck distance in degree {degree}")
    skipped = NO_RESULT.get(type(old).__name__, ())
    first, second = (dict(_leaves(record.packed(), skipped)) for record in (old, new))
    if set(first) != set(second):
        names = sorted(set(first) ^ set(second))
        return Change(math.inf, math.inf, f"{names[0]} is only in one of them")
    worst = Change(0.0, 0.0, "")
    for name, value in first.items():
        found = _apart(name, value, second[name])
        worst = max(worst, found, key=lambda item: (item.relative, item.largest))
    return worst


def _leaves(packed: tuple[Any, Mapping[str, Array]], skipped: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Every number, text and array of a packed record by its place."""
    tree, arrays = packed

    def walk(place: str, item: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(item, Mapping) and "$array" in item:
            yield place, arrays[item["$array"]]
        elif isinstance(item, Mapping) and "$float" in item:
            yield place, float(item["$float"])
        elif isinstance(item, Mapping):
            inner = item["fields"] if "fields" in item else dict(item["$map"])
            for name, branch in inner.items():
                yield from walk(f"{place}.{name}" if place else name, branch)
        elif isinstance(item, list):
            for index, branch in enumerate(item):
                yield from walk(f"{place}.{index}", branch)
        else:
            yield place, item

    yield from ((place, item) for place, item in walk("", tree) if place.partition(".")[0] not in skipped)


def _apart(name: str, old: Any, new: Any) -> Change:
    """How far two leaves are apart; texts and counts are equal or not comparable."""
    first, second = np.asarray(old), np.asarray(new)
    if first.dtype.kind != "f" or second.dtype.kind != "f":
        same = first.shape == second.shape and bool((first == second).all())
        return Change(0.0, 0.0, name) if same else Change(math.inf, math.inf, f"{name} differs")
    if first.shape != second.shape or first.dtype != second.dtype:
        return Change(math.inf, math.inf, f"{name} has shape {first.shape} and then {second.shape}")
    wide, other = first.astype(np.float64), second.astype(np.float64)
    finite = np.isfinite(wide)
    if not np.array_equal(wide[~finite], other[~finite], equal_nan=True) or not np.isfinite(other[finite]).all():
        return Change(math.inf, math.inf, f"{name} is infinite or undefined in one of them")
    largest = float(np.abs(wide[finite] - other[finite]).max(initial=0.0))
    size = float(np.maximum(np.abs(wide[finite]), np.abs(other[finite])).max(initial=0.0))
    allowed = TOLERANCE.get(first.dtype.name, TOLERANCE["float64"]) * size
    return Change(largest, largest / allowed if allowed else 0.0, name)


def degree_distance(old: PersistenceDiagram, new: PersistenceDiagram, degree: int, cut: float = math.inf) -> float:
    """Bottleneck distance in one degree; bars that live beyond a cut end there in both."""
    bars = []
    for diagram in (old, new):
        pairs = diagram.of_degree(degree)
        pairs = np.minimum(pairs, cut)
        bars.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return bottleneck_distance(bars[0], bars[1])
