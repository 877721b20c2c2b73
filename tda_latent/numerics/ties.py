"""Which distances of a cloud are equal but for rounding.

Codes, lattices and binary latents have many equal distances. Written down after a rotation or a change of unit they
differ in the last digit, and an order among them would be an order of rounding errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS = 8
"""Units of the last place of a coordinate by which two equal distances may come out unequal."""
_MOST = 1e-4  # of a distance, that storage as float32 counts for
LEVEL = 2
"""Roundings that the values of one level may span; a longer run of near values is a continuum."""


def stored_epsilon(points: NDArray[Any]) -> float:
    """Relative rounding of the numbers as they are stored: that of float32 for float32, else of float64."""
    return float(np.finfo(np.float32 if points.dtype == np.float32 else np.float64).eps)


def distance_rounding(points: NDArray[Any], largest: float) -> float:
    """By how much two equal distances of a stored cloud may differ, in the unit of its coordinates.

    Parameters
    ----------
    points : (n, d) finite, where they were stored: far from the origin they are known less well
    largest : the largest distance

    Notes
    -----
    Far from the origin float32 knows a cloud so badly that all distances would count as equal. The rounding of storage
    therefore counts up to a ten-thousandth of the largest distance.
    """
    extent = _STEPS * float(np.abs(points).max()) * float(np.sqrt(points.shape[1]))
    stored = min(stored_epsilon(points) * extent, _MOST * largest)
    return max(stored, float(np.finfo(np.float64).eps) * extent)


def level_ranks(values: Floats, rounding: float) -> Floats:
    """Ranks from 1, with ties sharing their mean; values that differ by rounding are ties.

    Parameters
    ----------
    values : (m,) finite
    rounding : by how much equal values may differ, >= 0; with 0 only equal ones are ties

    Returns
    -------
    (m,)
        Values each within ``rounding`` of the next make up one level when all of them lie within twice it. A
        longer run is a continuum, in which neighbours are near by chance: it keeps its order.

    Notes
    -----
    O(m log m).
    """
    order = np.argsort(values)
    ordered = values[order]
    steps = np.diff(ordered)
    opens = np.concatenate([[True], steps > rounding])
    starts = np.flatnonzero(opens)
    sizes = np.diff(starts, append=len(values))
    is_long = ordered[starts + sizes - 1] - ordered[starts] > LEVEL * rounding
    opens[1:] |= np.repeat(is_long, sizes)[1:] & (steps > 0)
    starts = np.flatnonzero(opens)
    sizes = np.diff(starts, append=len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return ranks


def reach_rounding(points: NDArray[Any], reach: Floats) -> Floats:
    """(n,) by how much a distance from each point may be off, for distances near its reach.

    Parameters
    ----------
    points : (n, d) finite, of one float type
    reach : (n,) distances, in the unit of the points

    Notes
    -----
    The rounding of storage counts up to a ten-thousandth of the reach, see `distance_rounding`.
    """
    ends = np.linalg.norm(np.asarray(points, dtype=np.float64), axis=1) + reach
    stored = np.minimum(_STEPS * stored_epsilon(points) * ends, _MOST * reach)
    return np.asarray(np.maximum(stored, _STEPS * np.finfo(np.float64).eps * ends), dtype=np.float64)
