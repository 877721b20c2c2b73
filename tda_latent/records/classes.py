"""Which points have a label, and the column of latents that says which class each of them belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.records.latents import Factor, Latents
from tda_latent.records.record import Array

MOST_CLASSES = 64
"""A column with more values than this is not taken for classes unless it is named."""
_MISSING = ("", "nan", "NaN", "None", "<NA>", "NaT", "NA")  # what NumPy, pandas and AnnData make of nothing


def has_value(column: Array) -> NDArray[np.bool_]:
    """(n,) whether a label says anything: no NaN, no empty text, no text that stands for a missing value.

    Such texts are nan, NaN, None, <NA>, NaT and NA, letter by letter: a class may be called ``none``. Every statistic
    of labels and every figure leaves out the points without a value.
    """
    if column.dtype.kind == "f":
        return np.asarray(~np.isnan(column))
    if column.dtype.kind in "SU":
        return np.asarray(~np.isin(column.astype(np.str_), _MISSING))
    return np.ones(len(column), dtype=np.bool_)


def numbered_classes(column: Array) -> tuple[Array, NDArray[np.int64]]:
    """Sorted names of the classes in a label column and (n,) the class number of each point, -1 without a label."""
    known = has_value(column)
    names, inverse = np.unique(column[known], return_inverse=True)
    classes = np.full(len(column), -1, dtype=np.int64)
    classes[known] = inverse.reshape(-1)
    return names, classes


def label_texts(column: Array) -> Array:
    """(n,) the labels as text, empty where a point has none."""
    return np.where(has_value(column), column.astype(np.str_), "")


def label_factor(column: Array) -> Factor | None:
    """A label column as what it is: classes, a quantity, or neither.

    Text, integers and booleans with at most 64 values are classes, other numbers a quantity, other texts neither.
    """
    if column.dtype.kind != "f" and len(np.unique(column)) <= MOST_CLASSES:
        return Factor(column, "categorical")
    return Factor(column, "real") if column.dtype.kind in "iuf" else None


def class_column(latents: Latents, name: str | None = None) -> Array | None:
    """(n,) text or integers of the named label column or categorical factor; some points may have no value.

    Parameters
    ----------
    name : None takes the first label column of text or integers with 1 to 64 values, then the first such factor;
        without one the answer is None

    Raises
    ------
    UnknownName
        When there is no such column.
    InvalidInput
        When the named column holds real numbers, or nothing.
    """
    factors = {key: factor.values for key, factor in latents.factors.items() if factor.kind == "categorical"}
    columns = factors | dict(latents.labels)
    if name is not None:
        if name not in columns:
            raise unknown_name("label column", name, columns)
        if columns[name].dtype.kind == "f":
            raise InvalidInput(f"label {name!r} holds real numbers; classes need text or integers. Bin it first.")
        if not has_value(columns[name]).any():
            raise InvalidInput(f"label {name!r} has no value on any of {len(latents)} points; name another column.")
        return columns[name]
    for column in (*latents.labels.values(), *factors.values()):
        if column.dtype.kind != "f" and 1 <= len(np.unique(column[has_value(column)])) <= MOST_CLASSES:
            return column
    return None
