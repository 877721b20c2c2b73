"""The cheapest way to pair two sides when everyone may also stay alone, each for a price of its own.

Members of one side are joined to members of the other by arcs, each with a cost >= 0. Everyone is either paired with
one neighbour, at the cost of the arc, or stays alone. The linear program has a dual: a price for everyone, such that

    price[member] + price[neighbour] <= cost of their arc,        price[member] <= what staying alone costs,

and the sum of all prices is a lower bound on every solution. We keep such prices at all times, and pair or leave alone
only where the inequality is an equality; when nobody is left undecided, the solution meets the bound: it is optimal.
The undecided of one side are settled one after the other along a shortest alternating path [jonker1987], found by
Dijkstra's algorithm on what the inequalities leave over: first one side, for which an undecided neighbour is as good
a partner as any, then those of the other side whom nobody chose. Both are one function with the sides exchanged.

Only arcs with a small cost matter, so the arcs are a short list, and most searches end after a few steps because
staying alone is always a way out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
UNDECIDED, ALONE = -2, -1


class Arcs(NamedTuple):
    """The arcs of one side, grouped by its members.

    start : (m + 1,) where the arcs of each member begin
    head : (a,) the neighbour at the other end
    cost : (a,) finite, >= 0
    """

    start: Integers
    head: Integers
    cost: Floats


class Side(NamedTuple):
    """One side of the assignment and what has been decided about it, in place.

    alone : (m,) cost of staying alone, >= 0
    price : (m,) dual variables
    partner : (m,) member of the other side, `ALONE`, or `UNDECIDED`
    """

    alone: Floats
    price: Floats
    partner: Integers


class _Search(NamedTuple):
    """What one search knows of the other side: scratch, clean between searches.

    distance : (n,) shortest way found to each neighbour, inf = not met; reached_from : (n,) the member before it
    met, visited : (n,) neighbours in the order they were met, and in the order their way became final
    key, item : binary heap of ways and neighbours, with outdated entries
    """

    distance: Floats
    reached_from: Integers
    met: Integers
    visited: Integers
    key: Floats
    item: Integers


def side_of(alone: Floats) -> Side:
    """A side about which nothing is decided, at price 0."""
    return Side(alone, np.zeros(len(alone)), np.full(len(alone), UNDECIDED, dtype=np.int64))


@compiled
def arcs_of(member: Integers, head: Integers, cost: Floats, size: int) -> Arcs:
    """Arcs in any order, grouped by member."""
    start = np.zeros(size + 1, np.int64)
    for arc in range(len(member)):
        start[member[arc]] += 1
    total = 0
    for k in range(size + 1):  # start[k] becomes the end of the group before, and moves on as the group fills
        start[k], total = total, total + start[k]
    arcs = Arcs(start, np.empty(total, np.int64), np.empty(total))
    for arc in range(len(member)):
        place = start[member[arc]]
        arcs.head[place], arcs.cost[place] = head[arc], cost[arc]
        start[member[arc]] += 1
    for k in range(size, 0, -1):
        start[k] = start[k - 1]
    start[0] = 0
    return arcs


@compiled
def open_prices(arcs: Arcs, side: Side, other: Side) -> None:
    """Raise the price of each undecided member as far as its arcs allow, and decide what is then plain."""
    for member in range(len(side.price)):
        if side.partner[member] != UNDECIDED:
            continue
        price, choice = side.alone[member], ALONE
        for arc in range(arcs.start[member], arcs.start[member + 1]):
            head = arcs.head[arc]
            room = arcs.cost[arc] - other.price[head]
            if room < price or (room == price and choice >= 0 and other.partner[choice] != UNDECIDED):
                price, choice = room, head
        side.price[member] = price
        if choice == ALONE:
            side.partner[member] = ALONE
        elif other.partner[choice] == UNDECIDED:
            side.partner[member], other.partner[choice] = choice, member


@compiled
def settle(arcs: Arcs, side: Side, other: Side, budget: int) -> int:
    """Decide about every undecided member of one side at the least total cost; prices stay feasible.

    Returns what is left of a budget of arcs to look at; below zero, the work was left off unfinished. One shortest
    path for each member, as long as its neighbourhood is crowded: O(a log a) at worst, a few arcs mostly.
    """
    size, room = len(other.price), len(arcs.head) + 1
    search = _Search(
        np.full(size, np.inf), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64),
        np.empty(room), np.empty(room, np.int64),
    )  # fmt: skip
    for root in range(len(side.price)):
        if side.partner[root] != UNDECIDED:
            continue
        best, last, end, met, visited, seen = _shortest_way(root, arcs, side, other, search)
        for k in range(visited):
            head = search.visited[k]
            ahead = best - search.distance[head]
            side.price[other.partner[head]] += ahead
            other.price[head] -= ahead
        side.price[root] += best
        _pass_on(side, other, search.reached_from, last, end)
        for k in range(met):
            search.distance[search.met[k]] = np.inf
        budget -= seen
        if budget < 0:
            return budget
    return budget


@compiled
def _shortest_way(
    root: int, arcs: Arcs, side: Side, other: Side, search: _Search
) -> tuple[float, int, int, int, int, int]:
    """The shortest way from an undecided member to somebody who can stay alone or a neighbour that is not paired.

    Returns its length, its last member, the neighbour that this takes or `ALONE`, and how many neighbours were met,
    how many were visited, how many arcs seen.
    """
    member, travelled, waiting, met, visited, seen = root, 0.0, 0 * root, 0, 0, 0
    best, last, end = np.inf, root, ALONE
    while True:
        way_out = travelled + max(side.alone[member] - side.price[member], 0.0)
        if way_out < best:
            best, last, end = way_out, member, ALONE
        for arc in range(arcs.start[member], arcs.start[member + 1]):
            head = arcs.head[arc]
            length = travelled + max(arcs.cost[arc] - side.price[member] - other.price[head], 0.0)
            if length >= best or length >= search.distance[head]:
                continue
            if other.partner[head] < 0:
                best, last, end = length, member, head
                continue
            if search.distance[head] == np.inf:
                search.met[met] = head
                met += 1
            search.distance[head], search.reached_from[head] = length, member
            waiting = _push(search.key, search.item, waiting, length, head)
        seen += 1 + arcs.start[member + 1] - arcs.start[member]
        head, waiting = _nearest_open(search, waiting, best)
        if head < 0:
            return best, last, end, met, visited, seen
        search.visited[visited] = head
        visited += 1
        member, travelled = other.partner[head], search.distance[head]


@compiled
def _pass_on(side: Side, other: Side, reached_from: Integers, last: int, end: int) -> None:
    """Give the end of the way to its last member, that member's partner to the one before, back to the root."""
    member, taken = last, end
    while True:
        given = side.partner[member]
        side.partner[member] = taken
        if taken >= 0:
            other.partner[taken] = member
        if given < 0:  # the root had nothing to give
            return
        member, taken = reached_from[given], given


@compiled
def release(arcs: Arcs, side: Side, other: Side, tolerance: float) -> None:
    """Lower the price of members whom a new arc makes too dear, and leave them and their partners undecided."""
    for member in range(len(side.price)):
        price = side.alone[member]
        for arc in range(arcs.start[member], arcs.start[member + 1]):
            price = min(price, arcs.cost[arc] - other.price[arcs.head[arc]])
        if price < side.price[member] - tolerance:
            side.price[member] = price
            if side.partner[member] >= 0:
                other.partner[side.partner[member]] = UNDECIDED
            side.partner[member] = UNDECIDED


@compiled
def _push(key: Floats, item: Integers, size: int, value: float, name: int) -> int:
    """Add to a binary heap; its new size."""
    place = size
    while place > 0 and key[(place - 1) // 2] > value:
        key[place], item[place] = key[(place - 1) // 2], item[(place - 1) // 2]
        place = (place - 1) // 2
    key[place], item[place] = value, name
    return size + 1


@compiled
def _nearest_open(search: _Search, size: int, best: float) -> tuple[int, int]:
    """Take the nearest neighbour off the heap, past outdated entries; -1 when none is nearer than `best`."""
    while size > 0 and search.key[0] < best:
        value, name = search.key[0], search.item[0]
        size -= 1
        _sift_down(search.key, search.item, size)
        if value == search.distance[name]:
            return name, size
    return -1, size


@compiled
def _sift_down(key: Floats, item: Integers, size: int) -> None:
    """Move the entry behind the heap's end to the root and down to its place."""
    value, name = key[size], item[size]
    place, child = 0, 1
    while child < size:
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if key[child] >= value:
            break
        key[place], item[place] = key[child], item[child]
        place, child = child, 2 * child + 1
    key[place], item[place] = value, name
