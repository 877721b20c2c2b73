"""Labels and factors of a cloud as numbers that a linear map can predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.numerics.disentanglement import Target, target_of
from tda_latent.records.latents import Factor, Latents

Floats = NDArray[np.float64]
Columns = Literal["factors", "labels"]
_MOST_CLASSES = 64  # a column with more values is a quantity, or names points


class Attribute(NamedTuple):
    """What is known about every point under one name.

    target : kind, (n,) classes and (n, q) columns to predict
    titles : name of each direction: one for a quantity or two classes, two for an angle, one per class otherwise
    """

    target: Target
    titles: tuple[str, ...]

    @property
    def columns(self) -> Floats:
        """(n, titles) numbers that each direction predicts."""
        return self.target.columns if len(self.titles) > 1 else self.target.columns[:, -1:]

    def of_rows(self, rows: NDArray[np.int64]) -> Attribute:
        """The same attribute of these points in place of its own."""
        target = self.target
        return self._replace(target=target._replace(classes=target.classes[rows], columns=target.columns[rows]))


def attributes_of(latents: Latents, columns: Columns, names: Sequence[str] = ()) -> dict[str, Attribute]:
    """Attributes that vary, by name.

    Parameters
    ----------
    latents : (n, k) with such columns
    columns : where to look. Label columns of text, integers or booleans with at most 64 values are classes, other
        numbers are quantities, other texts are no attribute; factors know what they are
    names : those wanted; empty = all

    Raises
    ------
    UnknownName
        When a name does not exist.
    InvalidInput
        When none varies.
    """
    known = latents.factors if columns == "factors" else latents.labels
    strange = [name for name in names if name not in known]
    if strange:
        raise unknown_name("attribute", strange[0], known)
    found = {}
    for name in names or known:
        factor = latents.factors[name] if columns == "factors" else _label(latents, name)
        if factor is not None and len(np.unique(factor.values)) > 1:
            found[name] = _attribute(name, factor)
    if not found:
        raise InvalidInput(
            f"no attribute varies among the {columns} of these {len(latents)} points ({', '.join(known) or 'none'}); "
            "name other columns or take more points."
        )
    return found


def _attribute(name: str, factor: Factor) -> Attribute:
    target = target_of(factor.values, factor.kind, factor.period, len(factor.values), "width")
    if factor.kind == "circular":
        return Attribute(target, (f"{name} (cosine)", f"{name} (sine)"))
    values = [str(value) for value in np.unique(factor.values).tolist()]
    if factor.kind == "real" or len(values) == 2:
        return Attribute(target, (name,))
    return Attribute(target, tuple(f"{name} = {value}" for value in values))


def _label(latents: Latents, name: str) -> Factor | None:
    column = latents.labels[name]
    if column.dtype.kind != "f" and len(np.unique(column)) <= _MOST_CLASSES:
        return Factor(column, "categorical")
    return Factor(column, "real") if column.dtype.kind in "iuf" else None
