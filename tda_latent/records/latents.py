"""`Latents`: a cloud of latent points together with everything known about each point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.records.record import Array, Record, freeze, frozen_map, numbers, texts

FactorKind = Literal["categorical", "real", "circular"]
SPLITS = ("train", "test", "prior", "generated", "path")
_CHUNK = 1 << 22  # entries checked at a time, so that a memory-mapped file is never held whole


@dataclass(frozen=True, eq=False, repr=False)
class Origin(Record):
    """Where latents come from; empty text where a fact does not apply.

    ``model``, ``layer``, ``data`` are names, ``replicate`` tells independently trained models apart, ``source``
    is the content digest of the file or record that the points were read from.
    """

    model: str = ""
    layer: str = ""
    data: str = ""
    replicate: str = ""
    source: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Factor(Record):
    """A generative factor known for every point.

    values : (n,) numbers (real, circular) or text/integers (categorical)
    kind : "categorical" | "real" | "circular"
    period : length of one turn, > 0, for circular factors only
    """

    values: Array
    kind: FactorKind = "real"
    period: float | None = None

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if self.kind not in ("categorical", "real", "circular"):
            raise InvalidInput(f"factor kind is {self.kind!r}; the rule is categorical, real or circular.")
        if (self.kind == "circular") != (self.period is not None):
            raise InvalidInput(f"period is {self.period!r} for a {self.kind} factor; only circular factors have one.")
        if self.period is not None and not self.period > 0:
            raise InvalidInput(f"period is {self.period!r}; the rule is a positive length of one turn.")
        if self.kind == "categorical":
            self.set(values=texts(values, "factor values", len(values)))
        else:
            self.set(values=numbers(values, "factor values", (None,)))


@dataclass(frozen=True, eq=False, repr=False)
class Latents(Record):
    """A finite cloud of points, one row per input.

    points : (n, d) float32 or float64, n >= 1, d >= 1, finite; kept without a copy when read-only (memory maps).
        A symmetric (n, n) matrix of distances, for metric: precomputed, may hold +infinity: "this edge never enters"
    ids : (n,) text or integers, all different: the same id in two clouds means the same input
    labels : named (n,) columns of text, integers or numbers
    factors : named `Factor` columns
    scale : (n, d) posterior standard deviations, > 0, in the unit of the points
    split : (n,) text out of train, test, prior, generated, path
    origin : `Origin`

    Raises
    ------
    InvalidInput
        For a wrong shape, NaN or infinity (the first bad row is named), repeated ids, a non-positive scale.
    """

    points: Array
    ids: Array | None = None
    labels: Mapping[str, Array] = field(default_factory=dict)
    factors: Mapping[str, Factor] = field(default_factory=dict)
    scale: Array | None = None
    split: Array | None = None
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        points = _cloud(self.points, "points")
        size = len(points)
        labels = {name: texts(column, f"label {name!r}", size) for name, column in self.labels.items()}
        self.set(points=points, labels=frozen_map(labels), factors=frozen_map(self.factors))
        for name, factor in self.factors.items():
            if not isinstance(factor, Factor) or len(factor.values) != size:
                raise InvalidInput(f"factor {name!r} must be a Factor with {size} values, one for each point.")
        if self.ids is not None:
            self.set(ids=_distinct(texts(self.ids, "ids", size)))
        if self.split is not None:
            self.set(split=_known_splits(texts(self.split, "split", size)))
        if self.scale is not None:
            self.set(scale=_positive(_cloud(self.scale, "scale"), points.shape))

    def __len__(self) -> int:
        return len(self.points)

    @property
    def dimension(self) -> int:
        """Number of coordinates of each point."""
        return int(self.points.shape[1])

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> Latents:
        """The chosen rows, in the order given, with their ids, labels, factors, scale and split."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if not len(chosen):
            raise InvalidInput("no row was chosen; latents need at least one point.")
        factors = {name: factor.replace(values=factor.values[chosen]) for name, factor in self.factors.items()}
        return self.replace(
            points=self.points[chosen],
            ids=None if self.ids is None else self.ids[chosen],
            labels={name: column[chosen] for name, column in self.labels.items()},
            factors=factors,
            scale=None if self.scale is None else self.scale[chosen],
            split=None if self.split is None else self.split[chosen],
        )

    def matching(self, ids: Array | None) -> Latents:
        """The rows with these ids, in their order.

        Raises
        ------
        InvalidInput
            When either side has no ids, or an id is not among these.
        """
        if ids is None or self.ids is None:
            raise InvalidInput("rows are matched by their ids, and these latents have none. Give ids to both sides.")
        order = np.argsort(self.ids, kind="stable")
        places = np.searchsorted(self.ids, ids, sorter=order).clip(max=len(order) - 1)
        rows = order[places]
        strange = self.ids[rows] != ids
        if strange.any():
            raise InvalidInput(
                f"id {ids[strange].tolist()[0]!r} is not among these inputs; both sides must come from one data set."
            )
        return self.take(rows)

    def facts(self) -> dict[str, Any]:
        """Size, dimension, columns and origin."""
        origin = "/".join(part for part in (self.origin.model, self.origin.data, self.origin.replicate) if part)
        return {
            "points": len(self),
            "dimension": self.dimension,
            "labels": ", ".join(self.labels) or "none",
            "factors": ", ".join(self.factors) or "none",
            "posterior_scale": "yes" if self.scale is not None else "no",
            "origin": origin or "unknown",
        }


def _cloud(value: Any, name: str) -> Array:
    """The value as a finite 2-D float array; float32 and float64 are kept as they are."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise InvalidInput(f"{name} has dtype {array.dtype}; the rule is real numbers. Convert it to float64 first.")
    if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        array = array.astype(np.float64)
    if array.ndim != 2 or not array.shape[0] or not array.shape[1]:
        raise InvalidInput(
            f"{name} has shape {array.shape}; the rule is (n, d) with n, d >= 1. "
            "Flatten each input to one row, or pick a layer and a pooling."
        )
    rows = max(1, _CHUNK // array.shape[1])
    for start in range(0, len(array), rows):
        bad = ~np.isfinite(array[start : start + rows]).all(axis=1)
        if bad.any():
            if name == "points" and _is_filtration_matrix(array):
                break
            first = start + int(np.argmax(bad))
            raise InvalidInput(f"{name} row {first} holds NaN or infinity; drop or repair such rows first.")
    return freeze(array)


def _is_filtration_matrix(array: Array) -> bool:
    """Whether +infinity may stand here: a symmetric matrix of distances, in which it means "no edge"."""
    square = array.shape[0] == array.shape[1] and not array.diagonal().any()
    return square and bool((array >= 0).all()) and bool(np.array_equal(array, array.T))


def _distinct(ids: Array) -> Array:
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise InvalidInput(f"id {values[counts > 1][0]!r} occurs more than once; ids must name one input each.")
    return ids


def _known_splits(split: Array) -> Array:
    strange = sorted(set(split.tolist()) - set(SPLITS))
    if strange:
        raise InvalidInput(f"split holds {strange[0]!r}; the rule is one of {', '.join(SPLITS)}.")
    return split


def _positive(scale: Array, shape: tuple[int, ...]) -> Array:
    if scale.shape != shape:
        raise InvalidInput(f"scale has shape {scale.shape}; the rule is {shape}, a deviation for each coordinate.")
    if not (scale > 0).all():
        raise InvalidInput("scale holds zero or negative values; posterior standard deviations are positive.")
    return scale
