"""The cheapest pairing of the finite bars of two diagrams, without ever looking at all pairs of bars.

The assignment is solved on the arcs to a few nearest bars; its prices then tell, for every pair that was left out,
whether it could be of use, and a search among blocks of bars finds those few that could. They are added and the
assignment goes on from where it stands, until no pair is left that could be of use: then the prices prove that the
pairing is the cheapest among all. The price of the diagonal starts at a ceiling little above what cannot be avoided
and is raised until no bar lies on a diagonal that is cheaper than in truth, which keeps all prices, and so the list
of arcs, short.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.nearest_bars import Blocks, Move, blocks_of, cheapest
from tda_latent.numerics.partial_assignment import (
    ALONE,
    UNDECIDED,
    Arcs,
    Side,
    arcs_of,
    open_prices,
    release,
    settle,
    side_of,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
COST_CEILING = 1e200
"""The cost of every dearer move; a pairing that needs such a move is repeated in a larger unit."""
EFFORT = 20_000_000_000
"""Arcs looked at in one assignment, about a minute; beyond, the diagrams are refused."""
ARCS = 50_000_000
"""Arcs held at a time, 2 GB; beyond, the diagrams are refused."""
NEIGHBOURS = 8
_FIRST_PRICE, _GROWTH = 4.0, 8.0
_SMALL_ROUNDS, _ADDED = 5, 3
_ROUNDING = 2.0**-50


class Pairing(NamedTuple):
    """Who is paired, and the prices that prove it the cheapest.

    partner : (m,) bar of the second diagram or -1, the diagonal
    prices, other_prices : (m,), (n,) in units to the power of the order: their sum is the cost of the pairing, and no
        two of them exceed the cost of a move between their bars, none that of its own move to the diagonal
    """

    partner: Integers
    prices: Floats
    other_prices: Floats


class _Task(NamedTuple):
    """What to pair: bars, what their moves cost, and what has been decided so far."""

    first: Floats
    blocks: Blocks
    move: Move
    left: Side
    right: Side


class _Pairs(NamedTuple):
    """Pairs of bars that are known to be of use."""

    first: Integers
    second: Integers
    cost: Floats


class _Near(NamedTuple):
    """The bars of the second diagram in blocks, and pairs with their lengths."""

    blocks: Blocks
    pairs: _Pairs


def nearest_pairs(first: Floats, second: Floats, exponent: float) -> tuple[_Near, Floats]:
    """The nearest few bars of each other for every bar, as pairs with their lengths, and the nearest length of each.

    Returns
    -------
    near
        What `cheapest_pairing` begins with. (m, n the numbers of bars, both >= 1.)
    (m + n,) float64
        Length of the move of each bar of the first, then of the second, to its nearest.
    """
    move = Move(exponent, 1.0, 1.0, np.inf)
    blocks = blocks_of(first), blocks_of(second)
    finds = []
    for bars, others in ((first, blocks[1]), (second, blocks[0])):
        nobody, endless = np.zeros(len(others.bars)), np.full(len(bars), np.inf)
        finds.append(cheapest(bars, others, move, nobody, endless, NEIGHBOURS))
    (owner, found, length), (other, back, again) = finds
    nearest = length[:: min(NEIGHBOURS, len(second))], again[:: min(NEIGHBOURS, len(first))]
    together = np.concatenate([owner, back]), np.concatenate([found, other]), np.concatenate([length, again])
    return _Near(blocks[1], _Pairs(*together)), np.concatenate(nearest)


def costs_of(lengths: Floats, move: Move) -> Floats:
    """What moves of these lengths cost."""
    with np.errstate(over="ignore"):
        return np.asarray(np.minimum((lengths / move.unit) ** move.order, move.ceiling))


def cheapest_pairing(first: Floats, diagonal: tuple[Floats, Floats], near: _Near, move: Move) -> Pairing:
    """The pairing with the least sum of costs over all bars.

    Parameters
    ----------
    first : (m, 2) finite bars, m >= 1
    diagonal : (m,), (n,) lengths of the moves of all bars to the diagonal
    near : the other diagram and pairs to begin with, as `nearest_pairs` returns them
    move : what a move costs; its unit is at most the longest move that no pairing avoids

    Raises
    ------
    InvalidInput
        When the search takes more than `EFFORT` or `ARCS`: bars much longer than their distance to a crowd of others,
        by the ten thousand.
    """
    rises, falls = (costs_of(lengths, move) for lengths in diagonal)
    price, growth, budget = _FIRST_PRICE, _GROWTH, EFFORT
    left, right = side_of(np.minimum(rises, price)), side_of(np.minimum(falls, price))
    task = _Task(first, near.blocks, move, left, right)
    cost = costs_of(near.pairs.cost, move)
    useful = cost < rises[near.pairs.first] + falls[near.pairs.second]
    pairs = _Pairs(near.pairs.first[useful], near.pairs.second[useful], cost[useful])
    rows, columns = _arcs(pairs, task)
    open_prices(columns, right, left)
    open_prices(rows, left, right)
    while True:
        pairs, budget = _paired_at_these_prices(task, pairs, budget)
        price, growth = price * growth, growth * _GROWTH
        if not _misled(left, rises, price) + _misled(right, falls, price):
            return Pairing(left.partner, left.price, right.price)


def _paired_at_these_prices(task: _Task, pairs: _Pairs, budget: int) -> tuple[_Pairs, int]:
    """Settle everybody, add the pairs that would be cheaper than the prices allow, and again until there is none."""
    left, right = task.left, task.right
    turn = 0
    while True:
        rows, columns = _arcs(pairs, task)
        tolerance = _ROUNDING * max(np.abs(left.price).max(), np.abs(right.price).max())
        if turn:
            release(rows, left, right, tolerance)
        for arcs, side, other in ((rows, left, right), (columns, right, left)):
            budget = settle(arcs, side, other, budget)
            _refuse_beyond(budget < 0 or len(pairs.cost) > ARCS, task)
        tolerance = _ROUNDING * max(np.abs(left.price).max(), np.abs(right.price).max())
        count = _ADDED << min(max(0, turn - _SMALL_ROUNDS), 30)
        new = _Pairs(*cheapest(task.first, task.blocks, task.move, right.price, left.price - tolerance, count))
        if turn >= _SMALL_ROUNDS:  # rounding may make a known pair look new, and must not go on for ever
            new = _unknown(new, pairs, len(right.price))
        if not len(new.cost):
            return pairs, budget
        pairs = _Pairs(*(np.concatenate(both) for both in zip(pairs, new, strict=True)))
        turn += 1


def _unknown(new: _Pairs, pairs: _Pairs, size: int) -> _Pairs:
    """The new pairs that are not among the others."""
    keep = np.isin(new.first * size + new.second, pairs.first * size + pairs.second, invert=True)
    return _Pairs(new.first[keep], new.second[keep], new.cost[keep])


def _misled(side: Side, falls: Floats, price: float) -> int:
    """Raise the price of the diagonal; how many were on it for less than the truth, and are undecided again."""
    misled = (side.partner == ALONE) & (side.alone < falls)
    side.alone[:] = np.minimum(falls, price)
    side.partner[misled] = UNDECIDED
    return int(np.count_nonzero(misled))


def _arcs(pairs: _Pairs, task: _Task) -> tuple[Arcs, Arcs]:
    rows = arcs_of(pairs.first, pairs.second, pairs.cost, len(task.left.price))
    return rows, arcs_of(pairs.second, pairs.first, pairs.cost, len(task.right.price))


def _refuse_beyond(is_too_much: bool, task: _Task) -> None:
    if is_too_much:
        raise InvalidInput(
            f"{len(task.left.price)} bars against {len(task.right.price)} could not be matched exactly within the "
            "limit of work: too many matchings are nearly as cheap. Analyse fewer points, or use sliced-wasserstein, "
            "or engine: hera with a relative_error."
        )
