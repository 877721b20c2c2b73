"""The sweep on several threads: rows are shared out, and so are the lunes of each block of edges.

Every thread lets all edges enter a graph of its own and tests its share of the lunes; what they find is put in order
and reduced by one. The answer does not depend on their number, since a lune is what it is whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.reduced_rips.edges import count_lengths, fetch, sort_keys
from tda_latent.numerics.reduced_rips.lunes import BORN, SEARCHED, TESTED, Adjacency, no_edges
from tda_latent.numerics.reduced_rips.neighbourhood import nearest_neighbours, neighbours_kept, relative_neighbourhood
from tda_latent.numerics.reduced_rips.space import Space
from tda_latent.numerics.reduced_rips.sweep import (
    DONE,
    FETCH,
    JOIN,
    SCAN,
    State,
    assembled,
    join_bucket,
    join_scanned,
    keys_of,
    next_step,
    places,
    prepared,
    reduce_critical,
    sweep,
    test_edges,
)

T = TypeVar("T")
Rows = tuple[int, int]
Vertices = NDArray[np.int32]

WORTHWHILE = 1000
"""Points below which a second thread costs more than it gives."""

SHARED_BLOCK = 32768
"""Edges that all threads test together before what they kill is reduced."""


class Threads:
    """A team of threads for one computation; a team of one is this thread itself."""

    def __init__(self, count: int) -> None:
        self.count = max(1, count)
        self._pool = ThreadPoolExecutor(self.count) if self.count > 1 else None

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, work: Callable[[int], T]) -> list[T]:
        """``work(k)`` for the k-th thread, all at once."""
        if self._pool is None:
            return [work(0)]
        return list(self._pool.map(work, range(self.count)))

    def share(self, ranges: list[Rows], work: Callable[[Rows], T]) -> list[T]:
        """``work`` on the range of rows of each thread."""
        return self.map(lambda k: work(ranges[k]))

    def even(self, size: int) -> list[Rows]:
        """Ranges of rows of equal length, one for each thread."""
        return _ranges(np.linspace(0, size, self.count + 1))

    def lower(self, size: int) -> list[Rows]:
        """Ranges of rows with equal areas below the diagonal of a matrix."""
        return _ranges(size * np.sqrt(np.linspace(0, 1, self.count + 1)))

    def upper(self, size: int) -> list[Rows]:
        """Ranges of rows with equal areas above the diagonal of a matrix."""
        return _ranges(size - size * np.sqrt(np.linspace(1, 0, self.count + 1)))

    def sweep(self, space: Space, reach: float, centre: int) -> tuple[State, Adjacency, Vertices]:
        """`sweep.sweep` of a space, by all threads where that pays."""
        size = max(len(space.matrix), len(space.points))
        if self.count == 1 or size < WORTHWHILE:
            state = prepared(space, reach, centre)
            return state, *sweep(state)
        neighbours = np.zeros((size, neighbours_kept(size)), np.int32)
        self.share(self.even(size), lambda rows: nearest_neighbours(space, *rows, neighbours))
        found = self.share(
            self.upper(size), lambda rows: relative_neighbourhood(space, reach, neighbours, centre, rows)
        )
        edges = np.concatenate([tails for tails, _ in found]), np.concatenate([heads for _, heads in found])
        counts = np.stack(self.share(self.upper(size), lambda rows: count_lengths(space, reach, *rows)))
        state = assembled(space, reach, centre, neighbours, edges, counts.sum(axis=0))
        graphs = self.map(lambda _: no_edges(size))
        pool = self._steps(state, graphs, counts)
        for one in graphs[1:]:
            graphs[0].cursor[[TESTED, SEARCHED]] += one.cursor[[TESTED, SEARCHED]]
        return state, graphs[0], pool

    def _steps(self, state: State, graphs: list[Adjacency], counts: NDArray[np.int64]) -> Vertices:
        """As `sweep.sweep`; ``counts`` is the histogram of each thread's rows."""
        pool = np.empty(1 << 12, np.int32)
        while True:
            action, first, last = next_step(state, int(graphs[0].cursor[BORN]))
            if action == DONE:
                return pool
            if action == SCAN:
                self.map(partial(_join_scanned, state, graphs, first, last))
            elif action == FETCH:
                self._fetch(state, first, last, counts)
            elif action == JOIN:
                self.map(partial(_join_bucket, state, graphs, first))
            else:
                keys = sort_keys(state.space, keys_of(state, first), state.spare)
                for start in range(0, len(keys), SHARED_BLOCK):
                    block = keys[start : start + SHARED_BLOCK]
                    critical = np.concatenate(self.map(partial(_test, state, graphs, block, self.count)))
                    order = np.argsort(critical[:, 0], kind="stable")
                    pool = reduce_critical(state, block, critical[order], pool)

    def _fetch(self, state: State, first: int, last: int, counts: NDArray[np.int64]) -> None:
        """Fetch buckets: each thread has a stretch of its own in every bucket, in the order of the rows."""
        ours = np.zeros((self.count + 1, last - first), np.int64)
        ours[0] = places(state, first, last)
        for k in range(self.count):
            ours[k + 1] = np.bincount(state.buckets.bucket_of, counts[k], last)[first:last]
        starts = np.cumsum(ours, axis=0)
        rows = self.upper(len(state.order))
        self.map(lambda k: fetch(state.space, state.buckets, (first, last), rows[k], (state.keys, starts[k])))


def _join_scanned(state: State, graphs: list[Adjacency], first: int, last: int, thread: int) -> None:
    join_scanned(state, graphs[thread], first, last)


def _join_bucket(state: State, graphs: list[Adjacency], bucket: int, thread: int) -> None:
    join_bucket(state, graphs[thread], bucket)


def _test(state: State, graphs: list[Adjacency], keys: NDArray[np.uint64], threads: int, thread: int) -> Vertices:
    return test_edges(state, graphs[thread], keys, (thread, threads))


def _ranges(bounds: NDArray[np.float64]) -> list[Rows]:
    ends = [round(bound) for bound in bounds.tolist()]
    return list(pairwise(ends))
