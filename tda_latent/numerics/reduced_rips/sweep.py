"""The sweep over the edges: which loops are alive, which lunes are torn, and what that kills.

Births are known before the sweep begins. While no loop is alive, edges enter without being looked at, in any order or
by a scan, because whatever a torn lune would kill has died already.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.edges import (
    FETCHED,
    Buckets,
    bucket_at,
    count_lengths,
    cut_into_buckets,
    fetch,
    head,
    sort_keys,
    tail,
)
from tda_latent.numerics.reduced_rips.graph import MERGES, Graph, ordered_graph
from tda_latent.numerics.reduced_rips.growth import longer_table
from tda_latent.numerics.reduced_rips.lunes import (
    BORN,
    PASSED,
    Adjacency,
    advance_prefix,
    join,
    lune_components,
    no_edges,
)
from tda_latent.numerics.reduced_rips.neighbourhood import nearest_neighbours, neighbours_kept, relative_neighbourhood
from tda_latent.numerics.reduced_rips.reduction import (
    CYCLES,
    DEAD,
    Columns,
    expand,
    no_columns,
    reduce_column,
    store_column,
)
from tda_latent.numerics.reduced_rips.space import FIRST, Space, length, lengths_from, vertices

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Vertices = NDArray[np.int32]
Keys = NDArray[np.uint64]

ALONE: Any = (np.int64(0), np.int64(1))
"""The turn of a thread that has no others beside it."""

BLOCK = 2048
"""Edges that one thread tests before what they kill is reduced."""

DONE, SCAN, FETCH, JOIN, TEST = range(5)


class State(NamedTuple):
    """Everything that the sweep knows, but for the graph of edges that have entered (`lunes.Adjacency`).

    order : (n,) the vertices by rank, that is by distance from the centre; ranks : (n,) the inverse
    neighbours : (n, k) nearest vertices
    keys, spare : room for the edges fetched, and for sorting a bucket
    position : next bucket; first bucket fetched; bucket after the last one fetched
    """

    space: Space
    order: Vertices
    ranks: Vertices
    neighbours: Vertices
    graph: Graph
    buckets: Buckets
    columns: Columns
    keys: Keys
    spare: Keys
    position: Integers


@compiled
def ranked(space: Space, centre: int) -> tuple[Vertices, Vertices]:
    """Vertices by distance from the centre, itself first, and the rank of each vertex."""
    size = vertices(space)
    far = lengths_from(space, centre, FIRST, np.empty(size)).copy()
    far[centre] = -1.0
    order = np.argsort(far, kind="mergesort").astype(np.int32)
    ranks = np.empty(size, np.int32)
    for k in range(size):
        ranks[order[k]] = k
    return order, ranks


@compiled
def assembled(
    space: Space, reach: float, centre: int, neighbours: Vertices, edges: tuple[Vertices, Vertices], counts: Integers
) -> State:
    """The state before the first edge; ``edges`` have empty lunes, ``counts`` is the histogram of lengths."""
    graph = ordered_graph(space, edges[0], edges[1])
    buckets = cut_into_buckets(reach, counts)
    room = 0
    for k in range(len(buckets.sizes)):
        room = max(room, buckets.sizes[k : k + FETCHED].sum())
    order, ranks = ranked(space, centre)
    keys, spare = np.empty(room, np.uint64), np.empty(buckets.sizes.max(), np.uint64)
    columns, position = no_columns(len(graph.opened)), np.zeros(3, np.int64)
    return State(space, order, ranks, neighbours, graph, buckets, columns, keys, spare, position)


@compiled
def prepared(space: Space, reach: float, centre: int) -> State:
    """The state before the first edge, by one thread."""
    size = vertices(space)
    neighbours = np.zeros((size, neighbours_kept(size)), np.int32)
    nearest_neighbours(space, FIRST, size, neighbours)
    edges = relative_neighbourhood(space, reach, neighbours, centre, (FIRST, size))
    return assembled(space, reach, centre, neighbours, edges, count_lengths(space, reach, FIRST, size))


@leaf
def next_step(state: State, born: int) -> tuple[int, int, int]:
    """What comes next, when this many loops are born: an action and the buckets, first to last - 1, that it is for.

    DONE; SCAN: let all edges of the buckets enter by a scan; FETCH: fetch their keys; JOIN: let the edges of the
    bucket enter in any order; TEST: sort the bucket and test its edges.
    """
    buckets, position = state.buckets, state.position
    loops, alive = len(state.columns.deaths), born - state.columns.counters[DEAD]
    bucket, count = position[0], len(buckets.sizes)
    if bucket == count or (alive == 0 and born == loops):
        return DONE, bucket, bucket
    waits = alive == 0
    birth = bucket_at(buckets, state.graph.lengths[state.graph.opened[born]]) if waits else bucket
    if bucket == position[2]:
        if birth - bucket > FETCHED:
            position[0] = position[2] = birth
            return SCAN, bucket, birth
        position[1], position[2] = bucket, min(bucket + FETCHED, count)
        return FETCH, bucket, position[2]
    position[0] = bucket + 1
    return (JOIN if waits and birth > bucket else TEST), bucket, bucket + 1


@compiled
def places(state: State, first: int, last: int) -> Integers:
    """Where the keys of each of the buckets first, ..., last - 1 begin, when these are fetched together."""
    starts = np.zeros(last - first, np.int64)
    for k in range(1, last - first):
        starts[k] = starts[k - 1] + state.buckets.sizes[first + k - 1]
    return starts


@compiled
def keys_of(state: State, bucket: int) -> Keys:
    """The keys of a bucket that has been fetched."""
    start = state.buckets.sizes[state.position[1] : bucket].sum()
    return state.keys[start : start + state.buckets.sizes[bucket]]


@compiled
def join_bucket(state: State, adjacency: Adjacency, bucket: int) -> None:
    """Let the edges of a fetched bucket enter in any order."""
    for key in keys_of(state, bucket):
        join(adjacency, state.ranks[tail(key)], state.ranks[head(key)])


@compiled
def join_scanned(state: State, adjacency: Adjacency, first: int, last: int) -> None:
    """Let the edges of the buckets first, ..., last - 1 enter without fetching them."""
    space, buckets = state.space, state.buckets
    buffer = np.empty(vertices(space))
    for a in range(vertices(space)):
        row = lengths_from(space, a, a + 1, buffer)
        for k in range(len(row)):
            if row[k] <= buckets.reach and first <= bucket_at(buckets, row[k]) < last:
                join(adjacency, state.ranks[a], state.ranks[a + 1 + k])


@compiled
def test_edges(state: State, adjacency: Adjacency, keys: Keys, turn: tuple[int, int]) -> Vertices:
    """Let edges enter in order, and test the lunes of every so many of them.

    Parameters
    ----------
    keys : edges in order
    turn : (k, m), of m runs of 64 edges the k-th is tested

    Returns
    -------
    (c, 3) int32
        Critical pairs: position of the edge, and one vertex each of the first and of another component of its lune.

    Notes
    -----
    A lune is tested while a loop may be alive, deaths among these very edges being unknown yet.
    """
    critical, count, done = np.empty((vertices(state.space) + 64, 3), np.int32), FIRST, FIRST
    while True:
        done, count = _enter_edges(state, adjacency, keys, (done, count), turn, critical)
        if done == len(keys):
            return critical[:count]
        critical = longer_table(critical)


@leaf
def _enter_edges(
    state: State, adjacency: Adjacency, keys: Keys, progress: tuple[int, int], turn: tuple[int, int], critical: Vertices
) -> tuple[int, int]:
    """As `test_edges`, until the critical pairs might not fit: how many edges are done and how many pairs found."""
    done, count = progress
    if done == 0:
        _pass_earlier(state, adjacency, keys[0])
    for run in range(done >> 6, (len(keys) + 63) >> 6):
        is_ours = run % turn[1] == turn[0]
        for k in range(max(done, run << 6), min((run + 1) << 6, len(keys))):
            if count + len(state.order) > len(critical):
                return k, count
            components = _enter(state, adjacency, keys[k], is_ours)
            for c in range(1, components):
                critical[count, 0] = k
                critical[count, 1] = state.order[adjacency.components[0]]
                critical[count, 2] = state.order[adjacency.components[c]]
                count += 1
    return len(keys), count


@leaf
def _enter(state: State, adjacency: Adjacency, key: Any, is_ours: bool) -> int:
    """Let an edge enter; the number of components of its lune, or 0 where that does not matter."""
    graph, cursor = state.graph, adjacency.cursor
    one, other = state.ranks[tail(key)], state.ranks[head(key)]
    a, b = min(one, other), max(one, other)
    at, components = cursor[PASSED], 0
    if at < len(graph.tails) and graph.tails[at] == tail(key) and graph.heads[at] == head(key):
        cursor[PASSED] += 1
        cursor[BORN] += graph.births[at] != MERGES
    elif is_ours and cursor[BORN] > state.columns.counters[DEAD]:
        components = lune_components(adjacency, a, b)
    join(adjacency, a, b)
    if a == 0:
        advance_prefix(adjacency)
    return components


@leaf
def _pass_earlier(state: State, adjacency: Adjacency, key: Any) -> None:
    """Bring the cursor past the edges of the graph that entered untested, and the prefix up to date."""
    reach = length(state.space, tail(key), head(key))
    while adjacency.cursor[PASSED] < len(state.graph.lengths) and state.graph.lengths[adjacency.cursor[PASSED]] < reach:
        adjacency.cursor[PASSED] += 1
    advance_prefix(adjacency)


@compiled
def reduce_critical(state: State, keys: Keys, critical: Vertices, pool: Vertices) -> Vertices:
    """Reduce the 4-cycles of critical pairs, sorted by the position of their edges; the pool of columns."""
    columns = state.columns
    for row in critical:
        a, b = tail(keys[row[0]]), head(keys[row[0]])
        columns.counters[CYCLES] += 1
        expand(state.space, state.neighbours, state.graph, columns, (a, np.int64(row[1]), b, np.int64(row[2])))
        loop = reduce_column(columns, pool)
        if loop >= 0:
            pool = store_column(columns, pool, loop)
            columns.counters[DEAD] += 1
            columns.deaths[loop] = length(state.space, a, b)
            columns.killers[loop, 0], columns.killers[loop, 1], columns.killers[loop, 2] = a, b, row[2]
    return pool


@compiled
def sweep(state: State) -> tuple[Adjacency, Vertices]:
    """Let all edges enter that matter, by one thread; the graph and the pool of columns."""
    size = vertices(state.space)
    adjacency, pool = no_edges(size), np.empty(1 << 12, np.int32)
    while True:
        born = adjacency.cursor[BORN]
        action, first, last = next_step(state, born)
        if action == DONE:
            return adjacency, pool
        if action == SCAN:
            join_scanned(state, adjacency, first, last)
        elif action == FETCH:
            fetch(state.space, state.buckets, (first, last), (FIRST, size), (state.keys, places(state, first, last)))
        elif action == JOIN:
            join_bucket(state, adjacency, first)
        else:
            keys = sort_keys(state.space, keys_of(state, first), state.spare)
            for start in range(0, len(keys), BLOCK):
                block = keys[start : start + BLOCK]
                pool = reduce_critical(state, block, test_edges(state, adjacency, block, ALONE), pool)
