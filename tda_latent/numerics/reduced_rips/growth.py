"""Tables that outgrow their room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled

Vertices = NDArray[np.int32]
Keys = NDArray[np.int64]


@compiled
def longer(values: Vertices, needed: int) -> Vertices:
    """A copy with room for twice as many entries as needed."""
    copy = np.empty(2 * needed, np.int32)
    for k in range(len(values)):
        copy[k] = values[k]
    return copy


@compiled
def longer_table(rows: Vertices) -> Vertices:
    """A copy of an (m, k) table with room for twice as many rows."""
    copy = np.empty((2 * len(rows), rows.shape[1]), np.int32)
    for k in range(len(rows)):
        for q in range(rows.shape[1]):
            copy[k, q] = rows[k, q]
    return copy


@compiled
def longer_heap(keys: Keys) -> Keys:
    """A copy with room for twice as many keys."""
    copy = np.empty(2 * len(keys), np.int64)
    for k in range(len(keys)):
        copy[k] = keys[k]
    return copy
