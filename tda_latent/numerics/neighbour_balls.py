"""Who lies in the ball of whom, for clouds of many points in many dimensions: by matrix products, and exact.

Squared distances |x|^2 + |y|^2 - 2 x y come from one product of matrices, tens of times faster than differences. Their
rounding is bounded, and every comparison that lies within the bound is decided again by the differences of the
coordinates, so that results are those of the difference form: duplicates are at 0, and a point on a boundary is on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import comparison_rounding, lengths

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]
BLOCK_ENTRIES = 1 << 21  # 16 MiB of float64
_GATHERED = 1 << 20  # coordinates of pairs that are decided at once


class Prepared(NamedTuple):
    """A cloud as the functions of this module take it.

    points : (n, d) coordinates divided by a power of two, for differences
    centred : (n, d) those minus a common centre, for products
    squares : (n,) squared lengths of the centred points
    """

    points: Floats
    centred: Floats
    squares: Floats


def prepared(*clouds: NDArray[Any]) -> tuple[Prepared, ...]:
    """Clouds of one space, brought near one and near the origin together; the exact shift does not matter."""
    whole = np.concatenate([np.asarray(cloud, dtype=np.float64) for cloud in clouds])
    (centred, _), (plain, _) = near_one(whole), over_power_of_two(whole)
    ends = np.cumsum([len(cloud) for cloud in clouds])[:-1]
    parts = zip(np.split(plain, ends), np.split(centred, ends), strict=True)
    return tuple(Prepared(points, moved, np.einsum("nd,nd->n", moved, moved)) for points, moved in parts)


def neighbour_squares(cloud: Prepared, neighbours: int) -> Floats:
    """(n,) squared distance from each point to its k-th nearest other, 1 <= k < n, of the prepared points."""
    found = np.empty(len(cloud.points))
    for rows, block, slack in _squared_blocks(cloud, cloud):
        places = np.arange(rows.start, rows.stop)
        block[places - rows.start, places] = np.inf
        reach = np.partition(block, neighbours - 1, axis=1)[:, neighbours - 1]
        # whoever could be among the k nearest: the k-th product is off by the largest slack, and so is the candidate
        near, columns = np.nonzero(block <= (reach + 2 * slack.max(axis=1))[:, None])
        exact = _exact_squares(cloud.points[rows], cloud.points, near, columns)
        order = np.lexsort((exact, near))
        starts = np.searchsorted(near[order], np.arange(len(block)))
        found[rows] = exact[order][starts + neighbours - 1]
    return found


def nearest_with_ties(cloud: Prepared, neighbours: int, epsilon: float) -> Iterator[tuple[Integers, Integers]]:
    """Each point with every other that is at most as far as its k-th nearest, but for rounding, 1 <= k < n.

    Parameters
    ----------
    epsilon : relative rounding of the points as they were stored, see `ties.stored_epsilon`

    Yields
    ------
    (p,), (p,) numbers of points and of their neighbours, for consecutive points; p >= k of each
    """
    reach, far = np.sqrt(neighbour_squares(cloud, neighbours)), lengths(cloud.points)
    ends = far + reach  # no neighbour is farther from the origin
    widest = reach + 2 * comparison_rounding(reach, ends, ends, epsilon)
    for rows, block, slack in _squared_blocks(cloud, cloud):
        tails, heads = np.nonzero(block <= (widest[rows] ** 2)[:, None] + slack)
        is_other = heads != tails + rows.start
        tails, heads = tails[is_other], heads[is_other]
        apart = np.sqrt(_exact_squares(cloud.points[rows], cloud.points, tails, heads))
        tails += rows.start
        near = np.zeros(len(far))
        is_inside = apart <= reach[tails]
        np.maximum.at(near, tails[is_inside], far[heads[is_inside]])
        is_near = apart <= reach[tails] + comparison_rounding(reach[tails], near[tails], far[heads], epsilon)
        yield tails[is_near], heads[is_near]


def within_balls(
    first: Prepared, first_squares: Floats, second: Prepared, second_squares: Floats
) -> Iterator[tuple[slice, Flags, Flags]]:
    """Who of two clouds lies in the balls of the other, boundaries included, for consecutive points of the first.

    Yields
    ------
    (slice, (rows, m), (rows, m))
        The rows; whether the second points lie in their balls; whether they lie in those of the second points.
    """
    for rows, block, slack in _squared_blocks(first, second):
        ends = first.points[rows], second.points
        own = _at_most(*ends, block, slack, first_squares[rows, None])
        yield rows, own, _at_most(*ends, block, slack, second_squares[None])


def _at_most(first: Floats, second: Floats, block: Floats, slack: Floats, squares: Floats) -> Flags:
    """Whether squared distances are at most the bounds, those that the products leave open by differences."""
    apart = block - squares
    is_inside = apart < 0
    near, columns = np.nonzero(np.abs(apart) <= slack)
    bounds = np.broadcast_to(squares, block.shape)[near, columns]
    is_inside[near, columns] = _exact_squares(first, second, near, columns) <= bounds
    return is_inside


def _squared_blocks(first: Prepared, second: Prepared) -> Iterator[tuple[slice, Floats, Floats]]:
    """Rows, their squared distances by products, and how far these can be off."""
    # a product of d terms is off by at most d eps |x| |y|, a square by d eps |x|^2, and centring by eps (|x| + |y|)
    # times the distance; 8 (d + 8) eps (|x|^2 + |y|^2) is more than all of it together
    unit = 8.0 * (first.points.shape[1] + 8) * np.finfo(np.float64).eps
    step = max(1, BLOCK_ENTRIES // len(second.points))
    for start in range(0, len(first.points), step):
        rows = slice(start, min(start + step, len(first.points)))
        sums = first.squares[rows, None] + second.squares
        yield rows, sums - 2.0 * (first.centred[rows] @ second.centred.T), unit * sums


def _exact_squares(first: Floats, second: Floats, rows: Integers, columns: Integers) -> Floats:
    """Squared distances of pairs of rows, in the difference form, summed in one order whoever comes first."""
    found = np.empty(len(rows))
    step = max(1, _GATHERED // first.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        apart = first[rows[part]] - second[columns[part]]
        found[part] = np.einsum("nd,nd->n", apart, apart)
    return found
