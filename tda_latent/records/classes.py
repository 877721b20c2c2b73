"""The column of latents that says which class each point belongs to."""

from __future__ import annotations

import numpy as np

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.records.latents import Latents
from tda_latent.records.record import Array

MOST_CLASSES = 64
"""A column with more values than this is not taken for classes unless it is named."""


def class_column(latents: Latents, name: str | None = None) -> Array | None:
    """(n,) text or integers of the named label column or categorical factor.

    Parameters
    ----------
    name : None takes the first label column of text or integers with at most 64 values, then the first such factor;
        without one the answer is None

    Raises
    ------
    UnknownName
        When there is no such column.
    InvalidInput
        When the named column holds real numbers.
    """
    factors = {key: factor.values for key, factor in latents.factors.items() if factor.kind == "categorical"}
    columns = factors | dict(latents.labels)
    if name is not None:
        if name not in columns:
            raise unknown_name("label column", name, columns)
        if columns[name].dtype.kind == "f":
            raise InvalidInput(f"label {name!r} holds real numbers; classes need text or integers. Bin it first.")
        return columns[name]
    for column in (*latents.labels.values(), *factors.values()):
        if column.dtype.kind != "f" and len(np.unique(column)) <= MOST_CLASSES:
            return column
    return None
