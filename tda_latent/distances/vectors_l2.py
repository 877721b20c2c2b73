"""`vectors-l2`: the L2 distance between two summaries of diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tda_latent.errors import IncompatibleRecords
from tda_latent.records import Vectors
from tda_latent.registry import distance

_SAME = ("name", "degree", "unit", "grid_unit", "integral_weight")
_SAME_ARRAYS = ("grid", "rows_grid")


@distance("vectors-l2")
@dataclass(frozen=True)
class VectorsL2:
    """L2 distance between two summaries of diagrams: Betti curves, landscapes, silhouettes, persistence images.

    Returns
    -------
    float
        Square root of the integral of the squared difference over the grid (cell size times sum; summed over the
        layers of a landscape), so that a finer grid approximates the same number.

    Raises
    ------
    IncompatibleRecords
        When summary, degree, units, grid or number of layers differ.

    Notes
    -----
    A metric on summaries. On diagrams two that differ may share a summary. O(size of the grid).
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("bubenik2015", "adams2017")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")

    def __call__(self, a: Vectors, b: Vectors) -> float:
        _require_same_grid(a, b)
        return float(np.sqrt(a.integral_weight) * np.linalg.norm(a.values - b.values))


def _require_same_grid(a: Vectors, b: Vectors) -> None:
    for name in _SAME:
        left, right = getattr(a, name), getattr(b, name)
        if left != right:
            raise IncompatibleRecords(
                f"the summaries have different {name}: {left!r} and {right!r}; compute both with the same setting."
            )
    for name in _SAME_ARRAYS:
        if not _equal(getattr(a, name), getattr(b, name)):
            raise IncompatibleRecords(f"the summaries have different {name}; fix start and stop of the analyzer.")
    if a.values.shape != b.values.shape:
        raise IncompatibleRecords(
            f"the summaries have shapes {a.values.shape} and {b.values.shape}; use the same number of layers."
        )


def _equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    return bool(np.array_equal(left, right))
