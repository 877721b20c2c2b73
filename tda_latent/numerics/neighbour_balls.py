"""Who lies in the ball of whom, for clouds of many points in many dimensions: by matrix products, and exact.

Squared distances |x|^2 + |y|^2 - 2 x y come from one product of matrices, tens of times faster than differences. Their
rounding is bounded, and every comparison that lies within the bound is decided again by the differences of the
coordinates, so that results are those of the difference form: duplicates are at 0, and a point on a boundary is on it,
up to the rounding of stored numbers (`ties`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import comparison_rounding, first_beyond, lengths

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]
BLOCK_ENTRIES = 1 << 21  # 16 MiB of float64
_GATHERED = 1 << 20  # coordinates of pairs that are gathered at once
_DECIDED = 1 << 18  # pairs that are decided at once


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


class Balls(NamedTuple):
    """Balls around the points of a cloud that reach to the k-th nearest other.

    reach : (n,) their radius; widest : (n,) that and more than rounding could add
    near : (n,) length of the longest point of the cloud inside; scale : (n,) see `ties.first_beyond`
    """

    reach: Floats
    widest: Floats
    near: Floats
    scale: Floats


def neighbour_squares(cloud: Prepared, neighbours: int) -> Floats:
    """(n,) squared distance from each point to its k-th nearest other, 1 <= k < n, of the prepared points."""
    found = np.empty(len(cloud.points))
    for rows, block, slack in _blocks_of_others(cloud):
        found[rows] = _nearest_in(cloud, rows, block, slack, neighbours)[0]
    return found


def neighbour_balls(cloud: Prepared, neighbours: int, epsilon: float) -> Balls:
    """The ball of each point to its k-th nearest other, 1 <= k < n.

    Parameters
    ----------
    epsilon : relative rounding of all points to be compared as they were stored, see `ties.stored_epsilon`
    """
    far = lengths(cloud.points)
    reach, near, scale = np.zeros((3, len(far)))
    for rows, block, slack in _blocks_of_others(cloud):
        squares, insiders, columns = _nearest_in(cloud, rows, block, slack, neighbours)
        reach[rows] = np.sqrt(squares)
        np.maximum.at(near, insiders + rows.start, far[columns])
        block[block <= 4 * slack] = 0.0  # what the products do not tell from a copy
        scale[rows] = first_beyond(np.sqrt(block, out=block), reach[rows], near[rows], epsilon)
    ends = far + reach  # nobody inside is farther from the origin
    return Balls(reach, reach + 2 * comparison_rounding(scale, ends, ends, epsilon), near, scale)


def _blocks_of_others(cloud: Prepared) -> Iterator[tuple[slice, Floats, Floats]]:
    """Blocks of the squared distances within a cloud, +inf from each point to itself."""
    for rows, block, slack in _squared_blocks(cloud, cloud):
        places = np.arange(rows.start, rows.stop)
        block[places - rows.start, places] = np.inf
        yield rows, block, slack


def _nearest_in(
    cloud: Prepared, rows: slice, block: Floats, slack: Floats, neighbours: int
) -> tuple[Floats, Integers, Integers]:
    """(rows,) squared distances to the k-th nearest, and who is so near: (p,), (p,) places of rows and of points."""
    reach = np.partition(block, neighbours - 1, axis=1)[:, neighbours - 1]
    # whoever could be among the k nearest: the k-th product is off by the largest slack, and so is the candidate
    near, columns = np.nonzero(block <= (reach + 2 * slack.max(axis=1))[:, None])
    exact = _exact_squares(cloud.points[rows], cloud.points, near, columns)
    order = np.lexsort((exact, near))
    starts = np.searchsorted(near[order], np.arange(len(block)))
    found = exact[order][starts + neighbours - 1]
    is_inside = exact <= found[near]
    return found, near[is_inside], columns[is_inside]


def nearest_with_ties(cloud: Prepared, neighbours: int, epsilon: float) -> Iterator[tuple[Integers, Integers]]:
    """Each point with every other that is at most as far as its k-th nearest, but for rounding, 1 <= k < n.

    Parameters
    ----------
    epsilon : relative rounding of the points as they were stored, see `ties.stored_epsilon`

    Yields
    ------
    (p,), (p,) numbers of points and of their neighbours, for consecutive points; p >= k of each
    """
    balls, far = neighbour_balls(cloud, neighbours, epsilon), lengths(cloud.points)
    for rows, block, slack in _squared_blocks(cloud, cloud):
        own = Balls(*(part[rows, None] for part in balls))
        is_inside = _held(_Pairs(cloud.points[rows], cloud.points, block, slack), own, far[None], epsilon)
        places = np.arange(rows.start, rows.stop)
        is_inside[places - rows.start, places] = False
        tails, heads = np.nonzero(is_inside)
        yield tails + rows.start, heads


def within_balls(
    first: Prepared, first_balls: Balls, second: Prepared, second_balls: Balls, epsilon: float
) -> Iterator[tuple[slice, Flags, Flags]]:
    """Who of two clouds lies in the balls of the other, boundaries included up to rounding, by points of the first.

    Parameters
    ----------
    epsilon : as `neighbour_balls` took it

    Yields
    ------
    (slice, (rows, m), (rows, m))
        The rows; whether the second points lie in their balls; whether they lie in those of the second points.
    """
    far, other_far = lengths(first.points), lengths(second.points)
    their = Balls(*(part[None] for part in second_balls))
    for rows, block, slack in _squared_blocks(first, second):
        pairs = _Pairs(first.points[rows], second.points, block, slack)
        own = Balls(*(part[rows, None] for part in first_balls))
        yield rows, _held(pairs, own, other_far[None], epsilon), _held(pairs, their, far[rows, None], epsilon)


class _Pairs(NamedTuple):
    """Rows (n, d) and targets (m, d), their squared distances (n, m) by products, and how far these can be off."""

    rows: Floats
    targets: Floats
    block: Floats
    slack: Floats


def _held(pairs: _Pairs, balls: Balls, far: Floats, epsilon: float) -> Flags:
    """(n, m) whether balls hold points; what the products leave open is decided by differences, a part at a time.

    Parameters
    ----------
    balls : of the rows, (n, 1), or of the targets, (1, m); far : lengths of the others, (1, m) or (n, 1)
    """
    is_inside = np.asarray(pairs.block < balls.reach**2 - pairs.slack)
    is_open = pairs.block <= balls.widest**2 + pairs.slack
    is_open &= ~is_inside
    shape = pairs.block.shape
    reach, near, scale, far = (np.broadcast_to(part, shape) for part in (balls.reach, balls.near, balls.scale, far))
    places = np.flatnonzero(is_open)
    for start in range(0, len(places), _DECIDED):
        pair = np.unravel_index(places[start : start + _DECIDED], shape)
        apart = np.sqrt(_exact_squares(pairs.rows, pairs.targets, *pair))
        is_inside[pair] = apart <= reach[pair] + comparison_rounding(scale[pair], near[pair], far[pair], epsilon)
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
