"""Every step of the reduced Vietoris-Rips sweep once more, slowly, from its definition and nothing of the package."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def all_edges(lengths, reach=np.inf):
    """Edges a < b of finite length up to reach, by (length, smaller, larger vertex): (m, 2)."""
    tails, heads = np.triu_indices(len(lengths), 1)
    values = lengths[tails, heads]
    kept = (values <= reach) & np.isfinite(values)
    tails, heads, values = tails[kept], heads[kept], values[kept]
    order = np.lexsort((heads, tails, values))
    return np.stack([tails[order], heads[order]], axis=1)


def entrance_times(lengths):
    """(n, n) place of every edge in the order; those that never enter, and the diagonal, come after all others."""
    edges = all_edges(lengths)
    times = np.full(lengths.shape, len(edges) + 1)
    times[edges[:, 0], edges[:, 1]] = times[edges[:, 1], edges[:, 0]] = np.arange(len(edges))
    return times


def empty_lunes(lengths, reach=np.inf):
    """The edges with no third vertex whose two edges to them come earlier: a set of pairs. O(n^3)."""
    times = entrance_times(lengths)
    return {
        (a, b)
        for a, b in all_edges(lengths, reach).tolist()
        if np.maximum(times[a], times[b]).min() >= times[a, b]  # a and b themselves count as never joined
    }


def kruskal(size, edges):
    """Which of the edges, given in order, merge two components."""
    component = list(range(size))
    merging = []
    for a, b in edges:
        one, other = component[a], component[b]
        merging.append(one != other)
        component = [one if c == other else c for c in component]
    return merging


def lune_parts(neighbours, a, b):
    """Lowest vertex of every component of the common neighbourhood of a and b; sets of bits in whole numbers."""
    left = neighbours[a] & neighbours[b]
    found = []
    while left:
        part = left & -left
        found.append(part.bit_length() - 1)
        left ^= part
        while part:
            v = part.bit_length() - 1
            reached = neighbours[v] & left
            left ^= reached
            part = part ^ (1 << v) | reached
    return found


class Span:
    """A space of vectors over Z/2, grown one vector at a time; vectors are whole numbers, bit by bit."""

    def __init__(self):
        self._rows = {}

    def rest(self, vector):
        """The vector after elimination; 0 when it lies in the space."""
        while vector and vector.bit_length() in self._rows:
            vector ^= self._rows[vector.bit_length()]
        return vector

    def add(self, vector):
        left = self.rest(vector)
        if left:
            self._rows[left.bit_length()] = left

    def __contains__(self, vector):
        return self.rest(vector) == 0


def as_number(times, edges):
    """A set of edges as a vector of `Span`: bit t for the edge that enters at time t; twice the same cancels."""
    number = 0
    for a, b in edges:
        number ^= 1 << int(times[a, b])
    return number


def triangles_by_time(times):
    """All triangles with finite edges by the time of their youngest edge: pairs (time, vector of the boundary)."""
    last = times.max() if len(times) else 0  # the time of what never enters
    found = []
    for a, b, c in combinations(range(len(times)), 3):
        sides = [(a, b), (b, c), (a, c)]
        youngest = max(times[side] for side in sides)
        if youngest < last:
            found.append((int(youngest), as_number(times, sides)))
    return sorted(found)


def cycle_of_loop(size, tree, edge):
    """The edge and the path between its ends in a forest given by edges: a set of pairs, smaller vertex first."""
    near = {v: [] for v in range(size)}
    for a, b in tree:
        near[a].append(b)
        near[b].append(a)
    start, goal = edge
    before, front = {start: start}, [start]
    for v in front:
        for w in near[v]:
            if w not in before:
                before[w] = v
                front.append(w)
    path = {tuple(sorted(edge))}
    while goal != start:
        path.add(tuple(sorted((goal, before[goal]))))
        goal = before[goal]
    return path


def reduced_dense(columns):
    """The standard algorithm over Z/2 on whole numbers, first to last: what is left of each column."""
    stored, left = {}, []
    for column in columns:
        while column and column.bit_length() in stored:
            column ^= stored[column.bit_length()]
        if column:
            stored[column.bit_length()] = column
        left.append(column)
    return left
