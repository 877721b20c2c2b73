"""From a critical edge to the loop that it kills: expansion into the graph, then reduction over Z/2.

Let v and w lie in different components of the lune of ab. The 4-cycle a-v-b-w bounds from the moment ab enters. Each
of its edges that is not in the relative-neighbourhood graph is replaced by the two other edges of a triangle in
which it is the last, again and again, until only edges of the graph are left. Those that open loops name the class:
all loops of the graph are sums of these (the merging edges only close them up). Reduction as in the standard algorithm
[edelsbrunner2002]: add the column stored under the youngest loop until that one is free or nothing is left; the
youngest loop dies.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.bits import ONE, U, bit, highest, lowest
from tda_latent.numerics.reduced_rips.graph import ABSENT, Graph, birth_of
from tda_latent.numerics.reduced_rips.growth import longer, longer_table
from tda_latent.numerics.reduced_rips.neighbourhood import Vertices
from tda_latent.numerics.reduced_rips.space import Space, is_inside, length, vertices

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]


class Columns(NamedTuple):
    """Reduced columns, one under each loop that has died.

    work : one bit for each loop; all clear between two reductions
    starts, stops : (k,) where the column of each loop lies in the pool; equal = still alive
    deaths : (k,) inf = alive
    killers : (k, 3) the triangle that kills; -1 = none
    counters : loops dead; cycles expanded; edges expanded; columns added; entries of the pool in use
    """

    work: Words
    starts: Integers
    stops: Integers
    deaths: Floats
    killers: Vertices
    counters: Integers


DEAD, CYCLES, EXPANSIONS, ADDITIONS, POOLED = range(5)


@compiled
def no_columns(loops: int) -> Columns:
    """All loops alive."""
    places = np.zeros((2, loops), np.int64)
    deaths, killers = np.full(loops, np.inf), np.full((loops, 3), -1, np.int32)
    return Columns(np.zeros(loops // 64 + 1, np.uint64), places[0], places[1], deaths, killers, np.zeros(5, np.int64))


@leaf
def apex(space: Space, neighbours: Vertices, a: int, b: int) -> int:
    """A vertex in the lune of ab, which is not empty: nearest neighbours first, ties last; a < b."""
    reach = length(space, a, b)
    for end in range(2):
        here, there = (a, b) if end == 0 else (b, a)
        for k in range(neighbours.shape[1]):
            v = neighbours[here, k]
            if length(space, here, v) >= reach:
                break
            if length(space, there, v) < reach:
                return v
    for v in range(vertices(space)):
        if length(space, a, v) < reach and length(space, b, v) < reach:
            return v
    for v in range(vertices(space)):
        if is_inside(space, v, a, b, reach):
            return v
    return -1


@compiled
def expand(
    space: Space, neighbours: Vertices, graph: Graph, columns: Columns, cycle: tuple[Any, Any, Any, Any]
) -> None:
    """Add the loops of the 4-cycle through these vertices to the column at work.

    Every choice of apex is right: its triangle has entered, so what the choices differ by has been reduced already.
    """
    pending = np.empty((64, 2), np.int32)
    for k in range(4):
        pending[k, 0], pending[k, 1] = cycle[k], cycle[(k + 1) % 4]
    count = 4
    while count:
        count -= 1
        a, b = min(pending[count, 0], pending[count, 1]), max(pending[count, 0], pending[count, 1])
        columns.counters[EXPANSIONS] += 1
        loop = birth_of(graph, a, b)
        if loop >= 0:
            columns.work[loop >> 6] ^= bit(loop)
        elif loop == ABSENT:
            if count + 2 > len(pending):
                pending = longer_table(pending)
            v = apex(space, neighbours, a, b)
            pending[count, 0], pending[count, 1] = a, v
            pending[count + 1, 0], pending[count + 1, 1] = v, b
            count += 2


@leaf
def youngest(columns: Columns, word: int) -> int:
    """The youngest loop of the column at work, none of which lies beyond this word; -1 when it is empty."""
    while word >= 0 and columns.work[word] == 0:
        word -= 1
    return word * 64 + highest(columns.work[word]) if word >= 0 else -1


@leaf
def reduce_column(columns: Columns, pool: Vertices) -> int:
    """Add stored columns to the one at work until its youngest loop is alive: that loop, or -1 when nothing is left."""
    loop = youngest(columns, len(columns.work) - 1)
    while loop >= 0 and columns.starts[loop] < columns.stops[loop]:
        columns.counters[ADDITIONS] += 1
        for k in range(columns.starts[loop], columns.stops[loop]):
            columns.work[pool[k] >> 6] ^= bit(pool[k])
        loop = youngest(columns, loop >> 6)
    return loop


@compiled
def store_column(columns: Columns, pool: Vertices, loop: int) -> Vertices:
    """Move the column at work to the end of the pool, under its youngest loop; the pool, which may have grown."""
    columns.starts[loop] = end = columns.counters[POOLED]
    for w in range((loop >> 6) + 1):
        left = columns.work[w]
        columns.work[w] = U(0)
        while left:
            if end == len(pool):
                pool = longer(pool, end)
            pool[end] = w * 64 + lowest(left)
            end += 1
            left &= left - ONE
    columns.stops[loop] = columns.counters[POOLED] = end
    return pool
