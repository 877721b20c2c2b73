"""Labels and factors of a cloud as numbers that a linear map can predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.numerics.disentanglement import Target, target_of
from tda_latent.records.classes import has_value, label_factor
from tda_latent.records.latents import Factor, Latents

Floats = NDArray[np.float64]
Columns = Literal["factors", "labels"]


class Attribute(NamedTuple):
    """What is known about points under one name.

    rows : (m,) points that it is known of, ascending
    target : kind, (m,) classes and (m, q) columns to predict
    titles : name of each direction: one for a quantity or two classes, two for an angle, one per class otherwise
    """

    rows: NDArray[np.int64]
    target: Target
    titles: tuple[str, ...]

    @property
    def columns(self) -> Floats:
        """(n, titles) numbers that each direction predicts."""
        return self.target.columns if len(self.titles) > 1 else self.target.columns[:, -1:]

    def shuffled(self, order: NDArray[np.int64]) -> Attribute:
        """The same values at other points, those of an (m,) order in place of its own."""
        target = self.target
        return self._replace(target=target._replace(classes=target.classes[order], columns=target.columns[order]))


def attributes_of(
    latents: Latents, columns: Columns, names: Sequence[str] = (), least: int = 2
) -> dict[str, Attribute]:
    """Attributes that vary, by name.

    Parameters
    ----------
    latents : (n, k) with such columns
    columns : where to look. Label columns of text, integers or booleans with at most 64 values are classes, other
        numbers are quantities, other texts are no attribute; factors know what they are. Points without a value, or
        with an infinite one, are left out of the attribute
    names : those wanted; empty = all
    least : attributes that fewer points have are left out

    Raises
    ------
    UnknownName
        When a name does not exist.
    InvalidInput
        When none varies among so many points.
    """
    known = latents.factors if columns == "factors" else latents.labels
    strange = [name for name in names if name not in known]
    if strange:
        raise unknown_name("attribute", strange[0], known)
    found = {}
    for name in names or known:
        column = latents.factors[name].values if columns == "factors" else latents.labels[name]
        rows = np.flatnonzero(np.isfinite(column) if column.dtype.kind == "f" else has_value(column))
        if len(rows) < least:
            continue
        own = latents if len(rows) == len(latents) else latents.take(rows)
        factor = own.factors[name] if columns == "factors" else label_factor(own.labels[name])
        if factor is not None and len(np.unique(factor.values)) > 1:
            found[name] = _attribute(name, factor, rows)
    if not found:
        raise InvalidInput(
            f"no attribute varies among the {columns} of these {len(latents)} points ({', '.join(known) or 'none'}), "
            f"{least} of which must have it; name other columns or take more points."
        )
    return found


def _attribute(name: str, factor: Factor, rows: NDArray[np.int64]) -> Attribute:
    target = target_of(factor.values, factor.kind, factor.period, len(factor.values), "width")
    if factor.kind == "circular":
        return Attribute(rows, target, (f"{name} (cosine)", f"{name} (sine)"))
    values = [str(value) for value in np.unique(factor.values).tolist()]
    if factor.kind == "real" or len(values) == 2:
        return Attribute(rows, target, (name,))
    return Attribute(rows, target, tuple(f"{name} = {value}" for value in values))


def complete_attributes(
    latents: Latents, columns: Columns, names: Sequence[str] = (), least: int = 2
) -> tuple[Latents, dict[str, Attribute]]:
    """The points that all of `attributes_of` are known of, and their attributes."""
    found = attributes_of(latents, columns, names, least)
    rows = np.arange(len(latents))
    for attribute in found.values():
        rows = np.intersect1d(rows, attribute.rows)
    if len(rows) == len(latents):
        return latents, found
    if len(rows) < least:
        raise InvalidInput(
            f"{len(rows)} points have all of {', '.join(found)}, and the rule is {least}; name fewer attributes."
        )
    left = latents.take(rows)
    return left, attributes_of(left, columns, tuple(found), least)
