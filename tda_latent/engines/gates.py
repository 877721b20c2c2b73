"""What must be true before a foreign engine is called: every rule here fences a crash, a hang or a silent error.

Engines accept NaN as a missing edge, read either triangle of an asymmetric matrix, take the diagonal for vertex
births, compute in rings that are no field, and end the process on numbers too large for them. None of that gets
past these functions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, InvalidParameter

Floats = NDArray[np.float64]

LARGEST_FIELD = 46337
"""Largest prime whose products fit 31 bits; gudhi refuses larger fields."""

LARGEST_RIPSER_FIELD = 127
"""ripser.py keeps coefficients in 8 signed bits: from 131 on it dies, hangs or answers wrongly."""

LARGEST_RIPSER_INDEX = 2**55 - 1
"""ripser.py numbers the simplices of one dimension in 56 signed bits and ends the process beyond."""


def require_prime(field: int, engine: str = "auto") -> None:
    """Refuse coefficients that are no field, or that the engine cannot compute with.

    Raises
    ------
    InvalidParameter
        When ``field`` is not a prime up to 46337, or above 127 for the engine ripser.
    """
    if field < 2 or any(field % divisor == 0 for divisor in range(2, math.isqrt(field) + 1)):
        raise InvalidParameter(f"field is {field}, which is not prime; coefficients in Z/p need a prime p, such as 2.")
    if field > LARGEST_FIELD:
        raise InvalidParameter(f"field is {field}; the largest prime that the engines compute with is {LARGEST_FIELD}.")
    if engine == "ripser" and field > LARGEST_RIPSER_FIELD:
        raise InvalidParameter(
            f"field is {field}, but ripser computes in fields up to {LARGEST_RIPSER_FIELD} only; use engine: gudhi."
        )


def require_ripser_size(size: int, max_degree: int) -> None:
    """Refuse clouds whose simplices ripser cannot number.

    Raises
    ------
    InvalidInput
        When there are 2^55 or more sets of max_degree + 2 vertices: from 5338 points in degree 3.
    """
    if math.comb(size, max_degree + 2) > LARGEST_RIPSER_INDEX:
        raise InvalidInput(
            f"{size} points have more simplices of dimension {max_degree + 1} than the engine ripser can number; "
            "use engine: gudhi, or a subsample."
        )


def filtration_matrix(values: NDArray[Any]) -> Floats:
    """The values as an (n, n) float64 matrix of edge lengths that an engine may trust.

    Parameters
    ----------
    values : (n, n), n >= 1
        Symmetric and non-negative with a zero diagonal; +inf = this edge never enters. The triangle inequality is
        not needed.

    Raises
    ------
    InvalidInput
        For another shape, NaN, -infinity, a negative length, a diagonal that is not zero, or asymmetry; the first
        bad entry is named.
    """
    lengths = np.asarray(values, dtype=np.float64)
    if lengths.ndim != 2 or lengths.shape[0] != lengths.shape[1] or not len(lengths):
        raise InvalidInput(
            f"a distance matrix of shape {lengths.shape} was given; the rule is (n, n) with n >= 1. "
            "For a cloud of points use metric: euclidean."
        )
    _refuse(np.isnan(lengths), lengths, "is NaN; give every pair a length, and +inf to an edge that never enters")
    _refuse(lengths < 0, lengths, "is negative; lengths of edges are at least zero")
    _refuse(np.diag(np.diag(lengths) != 0), lengths, "is on the diagonal and must be zero; use np.fill_diagonal")
    _refuse(lengths != lengths.T, lengths, "differs from its mirror image; symmetrise first, with (D + D.T) / 2")
    return np.ascontiguousarray(lengths + 0.0)


def _refuse(bad: NDArray[np.bool_], lengths: Floats, rule: str) -> None:
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InvalidInput(f"entry ({row}, {column}) of the distance matrix, {lengths[row, column]:.17g}, {rule}.")
