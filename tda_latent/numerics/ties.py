"""Which distances of a cloud are equal but for rounding.

Codes, lattices and binary latents have many equal distances. Written down after a rotation or a change of unit they
differ in the last digit, and an order among them would be an order of rounding errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.powers import over_power_of_two

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_STORED = 4  # units of the last place of a point's length; a turn in those digits moves its distances by one at most
_ADDED = 8  # the same for sums of many coordinates in float64
_SUMMED = 1e-12  # of a distance, that such sums and a change of unit count for
_MOST = 1e-4  # of a distance, that storage as float32 counts for
_TYPICAL = 0.9  # quantile of the lengths of points that speaks for a cloud, whatever a few far ones do
_TILE = 1 << 18  # distances compared at once: the roundings of a block take several times its memory
_EPSILON = float(np.finfo(np.float64).eps)
LEVEL = 2
"""Roundings that the values of one level may span; a longer run of near values is a continuum."""


def stored_epsilon(*clouds: NDArray[Any]) -> float:
    """Relative rounding of the numbers as they are stored, the coarsest of all; that of float64 for integers."""
    kinds = [cloud.dtype if cloud.dtype.kind == "f" else np.dtype(np.float64) for cloud in clouds]
    return max(_EPSILON, *(float(np.finfo(kind).eps) for kind in kinds))


def singular_rounding(points: NDArray[Any], singular: Floats) -> float:
    """Singular value of a centred cloud up to which a direction holds nothing but rounding, in the unit of the points.

    Parameters
    ----------
    points : (n, d) finite, where and as they were stored, up to a power of two (`powers.over_power_of_two`): far from
        the origin they are known less well
    singular : singular values of the points, centred

    Notes
    -----
    Errors of one unit in the last place, independent of each other, make a matrix whose largest singular value is about
    that unit times the longest row and the longest column together [latala2005]; twice it, because in grids and
    repeated rows they are not independent. The decomposition itself rounds the largest value.
    """
    wide = np.asarray(points, dtype=np.float64)
    longest = float(np.linalg.norm(wide, axis=1).max() + np.linalg.norm(wide, axis=0).max())
    return max(2.0 * stored_epsilon(points) * longest, _EPSILON * max(points.shape) * float(singular.max(initial=0.0)))


def lengths(points: NDArray[Any]) -> Floats:
    """(n,) lengths of (n, d) points, float64; squares stay in its range."""
    wide, exponent = over_power_of_two(np.asarray(points, dtype=np.float64))
    return np.asarray(np.ldexp(np.linalg.norm(wide, axis=1), exponent), dtype=np.float64)


def distance_rounding(points: NDArray[Any], largest: float) -> float:
    """By how much two equal distances of a stored cloud may differ, in the unit of its coordinates.

    Parameters
    ----------
    points : (n, d) finite, where they were stored: far from the origin they are known less well
    largest : the largest distance

    Notes
    -----
    Far from the origin float32 knows a cloud so badly that all distances would count as equal. The rounding of storage
    therefore counts up to a ten-thousandth of the largest distance. A tenth of the points may be as far as they like,
    but where distances are taken after centring, the mean that these draw along rounds all points in float64.
    """
    both = 2 * float(np.quantile(lengths(points), _TYPICAL, method="lower"))
    wide, exponent = over_power_of_two(np.asarray(points, dtype=np.float64))
    mean = 2 * float(np.ldexp(np.linalg.norm(wide.mean(axis=0)), exponent))
    stored = min(_STORED * stored_epsilon(points) * both, _MOST * largest)
    return max(stored, _ADDED * _EPSILON * max(both, mean))


def comparison_rounding(reach: Floats, near: Floats, far: Floats, epsilon: float) -> Floats:
    """By how much two distances from one point may differ and be equal.

    Parameters
    ----------
    reach : of about the distances, see `first_beyond`
    near, far : lengths of the two targets, where they were stored (all broadcast)
    epsilon : relative rounding of storage, see `stored_epsilon`

    Notes
    -----
    Only the targets count: the point is common to both distances, and where it is much farther than they are, its
    rounding moves both alike. So a far point has no more neighbours than another. The rounding of storage counts up to
    a ten-thousandth of the reach, see `distance_rounding`.
    """
    stored = np.minimum(_STORED * epsilon * (near + far), _MOST * reach)
    return np.asarray(np.maximum(stored, _ADDED * _EPSILON * (near + far + reach)), dtype=np.float64)


def first_beyond(block: Floats, reach: Floats, near: Floats, epsilon: float) -> Floats:
    """(n,) the reach, or the first distance beyond where the reach is nothing but rounding, as among copies.

    Parameters
    ----------
    block : (n, m) distances; reach : (n,), of each point that to one of its targets
    near : (n,) largest length of a target within reach; epsilon : see `stored_epsilon`

    Notes
    -----
    What rounding counts up to a ten-thousandth of. Copies that were turned in float32, or stored in another type in
    the other cloud, are not quite at 0 of each other; what says that they are copies is how far the others are.
    """
    sure = 2 * _STORED * epsilon * near
    found = np.array(reach, dtype=np.float64)
    copies = np.flatnonzero(reach <= sure)
    if len(copies):
        apart = block[copies]
        others = np.where(apart > sure[copies, None], apart, np.inf).min(axis=1)
        found[copies] = np.where(np.isfinite(others), others, found[copies])
    return found


def rounded_reach(reach: Floats, rounding: float) -> Floats:
    """(n,) how far equal distances may be off beyond those in (n,): at most a ten-thousandth, where little is far.

    Parameters
    ----------
    rounding : of all distances of the cloud, see `distance_rounding`; 0 leaves that of arithmetic in float64
    """
    return np.asarray(reach + np.maximum(np.minimum(rounding, _MOST * reach), _SUMMED * reach), dtype=np.float64)


def within_reach(block: Floats, reach: Floats, far: Floats, epsilon: float) -> Flags:
    """(n, m) which targets are at most so far from each point, but for rounding.

    Parameters
    ----------
    block : (n, m) distances; reach : (n,), of each point that to one of its targets
    far : (m,) lengths of the targets, where they were stored; epsilon : see `stored_epsilon`
    """
    found = np.empty(block.shape, dtype=np.bool_)
    step = max(1, _TILE // max(1, len(far)))
    for start in range(0, len(block), step):
        rows = slice(start, start + step)
        own = reach[rows, None]
        near = np.where(block[rows] <= own, far, 0.0).max(axis=1)
        scale = first_beyond(block[rows], reach[rows], near, epsilon)
        found[rows] = block[rows] <= own + comparison_rounding(scale[:, None], near[:, None], far, epsilon)
    return found


def level_bounds(values: Floats, rounding: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many values lie on lower levels than each, and how many on lower ones or its own: its ranks, from the one on.

    Parameters
    ----------
    values : (m,) finite
    rounding : by how much equal values may differ, >= 0; with 0 only equal ones are ties

    Notes
    -----
    Values each within ``rounding`` of the next make up one level when all of them lie within twice it. A longer run is
    a continuum, in which neighbours are near by chance: it keeps its order. O(m log m).
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
    below, upto = np.empty((2, len(values)), dtype=np.int64)
    below[order], upto[order] = np.repeat(starts, sizes), np.repeat(starts + sizes, sizes)
    return below, upto


def level_ranks(values: Floats, rounding: float) -> Floats:
    """(m,) ranks from 1, with ties sharing their mean; values that differ by rounding are ties, see `level_bounds`."""
    below, upto = level_bounds(values, rounding)
    return np.asarray((below + 1 + upto) / 2, dtype=np.float64)
