"""For each bar of one diagram the bars of another that are cheapest to move to, less a discount that each gives.

The bars of the other diagram are cut into blocks of neighbours: strips by birth, cut by death. A block whose bounding
box is too far away, even at the largest discount in it, is passed over whole; so a search looks at a few blocks, and
nothing is ever stored for all pairs.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, inlined

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
BLOCK = 16


class Move(NamedTuple):
    """What a move in the plane costs: (l_p length / unit) ** order, at most the ceiling.

    exponent : p, one of 1, 2, inf
    order : >= 1
    unit : > 0
    ceiling : > 0, may be inf
    """

    exponent: float
    order: float
    unit: float
    ceiling: float


class Blocks(NamedTuple):
    """Bars in blocks of up to `BLOCK` neighbours.

    bars : (n, 2) regrouped; name : (n,) their rows in the diagram
    boxes : (b, 4) least and greatest birth, least and greatest death of each block
    """

    bars: Floats
    name: Integers
    boxes: Floats


def blocks_of(bars: Floats) -> Blocks:
    """Group (n, 2) bars, n >= 1, into blocks; O(n log n)."""
    width = BLOCK * max(1, math.isqrt(len(bars) // BLOCK))  # bars in a strip
    strip = np.empty(len(bars), dtype=np.int64)
    strip[np.argsort(bars[:, 0], kind="stable")] = np.arange(len(bars)) // width
    name = np.lexsort((bars[:, 1], strip))
    grouped = np.ascontiguousarray(bars[name])
    start = np.arange(0, len(bars), BLOCK)
    low, high = np.minimum.reduceat(grouped, start), np.maximum.reduceat(grouped, start)
    return Blocks(grouped, name, np.column_stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]]))


@inlined
def length_of(right: float, up: float, exponent: float) -> float:
    """The l_p norm of a vector with entries >= 0, p in (1, 2, inf), without overflow or underflow on the way."""
    small, large = min(right, up), max(right, up)
    if exponent == np.inf or small == 0.0:
        return large
    if exponent == 1.0:
        return large + small
    return large * math.sqrt(1.0 + (small / large) ** 2)


@inlined
def cost_of(right: float, up: float, move: Move) -> float:
    """Cost of a move by this much in birth and death, both >= 0."""
    ratio = length_of(right, up, move.exponent) / move.unit
    if move.order == 1.0:
        cost = ratio
    elif move.order == 2.0:
        cost = ratio * ratio
    else:
        cost = ratio**move.order
    return min(cost, move.ceiling)


@inlined
def _lot(row: int, column: int) -> int:
    """A fixed random-looking number of a pair: among equally cheap bars every row prefers others."""
    mixed = (row * 0x9E3779B1 + column * 0x85EBCA77) & 0x7FFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0x7FFFFFFF
    return mixed ^ (mixed >> 13)


class _Hunt(NamedTuple):
    """What is looked for, and the finds for one bar.

    bars : (m, 2); blocks : of n bars; move : what to pay; limit : (m,), as for `cheapest`
    offer : (n,) discounts in the order of the blocks
    keys, lots, places : (count + 1,) cost less discount, lot, and place in the blocks of the best so far, ascending
    """

    bars: Floats
    blocks: Blocks
    move: Move
    limit: Floats
    offer: Floats
    keys: Floats
    lots: Integers
    places: Integers


@compiled
def cheapest(
    bars: Floats, blocks: Blocks, move: Move, discount: Floats, limit: Floats, count: int
) -> tuple[Integers, Integers, Floats]:
    """The `count` cheapest bars of the blocks for each bar, as far as cost - discount stays below its limit.

    Parameters
    ----------
    bars : (m, 2); blocks : of n bars; move : what to pay
    discount : (n,) in the order of the diagram that the blocks were made of
    limit : (m,)
    count : how many at most for each bar

    Returns
    -------
    (a,) bars, (a,) their finds, (a,) costs
        Grouped by bar, cheapest first; which of equally cheap ones is left to `_lot`.
    """
    size = len(blocks.bars)
    offer, largest = np.empty(size), np.full(len(blocks.boxes), -np.inf)
    for k in range(size):
        offer[k] = discount[blocks.name[k]]
        largest[k // BLOCK] = max(largest[k // BLOCK], offer[k])
    count = min(count, size)
    best = np.empty(count + 1), np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
    hunt = _Hunt(bars, blocks, move, limit, offer, best[0], best[1], best[2])
    found = np.empty(len(bars) * min(count, 16) + count, np.int64)
    owner, cost = np.empty(len(found), np.int64), np.empty(len(found))
    bound = np.empty(len(blocks.boxes))
    total = 0
    for row in range(len(bars)):
        home = _bound_blocks(bars[row], blocks.boxes, move, largest, bound)
        held = _scan(row, home, hunt, 0 * row)
        for block in range(len(bound)):
            worst = limit[row] if held < count else hunt.keys[count - 1]
            if block != home and bound[block] < limit[row] and bound[block] <= worst:
                held = _scan(row, block, hunt, held)
        if total + held > len(found):
            found, owner, cost = _doubled(found), _doubled(owner), _doubled(cost)
        for k in range(held):
            place = hunt.places[k]
            owner[total], found[total] = row, blocks.name[place]
            right, up = abs(bars[row, 0] - blocks.bars[place, 0]), abs(bars[row, 1] - blocks.bars[place, 1])
            cost[total] = cost_of(right, up, move)
            total += 1
    return owner[:total], found[:total], cost[:total]


@compiled
def least_positive_length(first: Floats, second: Floats, exponent: float) -> float:
    """Shortest move between different bars of two diagrams; inf when there are none. O(m n)."""
    least = np.inf
    for i in range(len(first)):
        for j in range(len(second)):
            length = length_of(abs(first[i, 0] - second[j, 0]), abs(first[i, 1] - second[j, 1]), exponent)
            if 0.0 < length < least:
                least = length
    return least


@compiled
def _doubled(values: NDArray[Any]) -> NDArray[Any]:
    """The same values with room for as many again."""
    wider = np.empty(2 * len(values), values.dtype)
    for k in range(len(values)):
        wider[k] = values[k]
    return wider


@compiled
def _bound_blocks(bar: Floats, boxes: Floats, move: Move, largest: Floats, bound: Floats) -> int:
    """Fill in the least that any bar of each block can cost after its discount; the block of the least bound."""
    home = 0
    for block in range(len(boxes)):
        right = max(boxes[block, 0] - bar[0], bar[0] - boxes[block, 1], 0.0)
        up = max(boxes[block, 2] - bar[1], bar[1] - boxes[block, 3], 0.0)
        bound[block] = cost_of(right, up, move) - largest[block]
        if bound[block] < bound[home]:
            home = block
    return home


@compiled
def _scan(row: int, block: int, hunt: _Hunt, held: int) -> int:
    """Look at one block and keep the cheapest bars seen so far in order of (key, lot); how many are held."""
    keys, lots, places = hunt.keys, hunt.lots, hunt.places
    birth, death = hunt.bars[row, 0], hunt.bars[row, 1]
    count = len(keys) - 1
    for place in range(block * BLOCK, min((block + 1) * BLOCK, len(hunt.offer))):
        right, up = abs(birth - hunt.blocks.bars[place, 0]), abs(death - hunt.blocks.bars[place, 1])
        key = cost_of(right, up, hunt.move) - hunt.offer[place]
        if key >= hunt.limit[row] or (held == count and key > keys[count - 1]):
            continue
        lot = _lot(row, hunt.blocks.name[place])
        k = held
        while k > 0 and (keys[k - 1] > key or (keys[k - 1] == key and lots[k - 1] > lot)):
            keys[k], lots[k], places[k] = keys[k - 1], lots[k - 1], places[k - 1]
            k -= 1
        keys[k], lots[k], places[k] = key, lot, place
        held = min(held + 1, count)
    return held
