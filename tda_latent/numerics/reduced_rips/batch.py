"""Many subsamples of one cloud in one compiled call: nothing of Python between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled
from tda_latent.numerics.reduced_rips.graph import Graph
from tda_latent.numerics.reduced_rips.space import FIRST, Space, eccentricities, fill_matrix
from tda_latent.numerics.reduced_rips.sweep import prepared, sweep

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Part = tuple[Floats, Floats, Integers]


@compiled
def swept(points: Floats, rows: Integers, part: tuple[int, int]) -> Part:
    """Squared component deaths, squared bars of degree 1 one subsample after the other, and how many of them each has.

    Parameters
    ----------
    points : (n, d), rows : (b, m) with m >= 2
    part : the subsamples first, ..., last - 1 are looked at
    """
    first, last = part
    size, dimension = rows.shape[1], points.shape[1]
    merges, counts = np.empty((last - first, size - 1)), np.zeros(last - first, np.int64)
    bars, filled = np.empty((4 * size * (last - first) + 1, 2)), 0
    nothing, longest = np.empty((0, 0)), np.empty(size)
    space = Space(np.empty((size, size)), nothing, np.empty((dimension, size)))
    for k in range(first, last):
        for q in range(dimension):
            for i in range(size):
                space.cloud[q, i] = points[rows[k, i], q]
        fill_matrix(space, FIRST, size)
        eccentricities(space, FIRST, size, longest)
        centre = int(np.argmin(longest))
        state = prepared(space, longest[centre], centre)
        sweep(state)
        _merges(state.graph, merges[k - first])
        loops = len(state.graph.opened)
        counts[k - first] = loops
        if filled + loops > len(bars):
            bars = _more_bars(bars, filled + loops)
        for loop in range(loops):
            bars[filled, 0] = state.graph.lengths[state.graph.opened[loop]]
            bars[filled, 1] = state.columns.deaths[loop]
            filled += 1
    return merges, bars[:filled], counts


@compiled
def _merges(graph: Graph, deaths: Floats) -> None:
    """Write the lengths of the merging edges."""
    count = 0
    for k in range(len(graph.births)):
        if graph.births[k] < 0:
            deaths[count] = graph.lengths[k]
            count += 1


@compiled
def _more_bars(bars: Floats, needed: int) -> Floats:
    copy = np.empty((2 * needed, 2))
    for k in range(len(bars)):
        copy[k, 0], copy[k, 1] = bars[k, 0], bars[k, 1]
    return copy


def merged(parts: list[Part]) -> Part:
    """The parts of all threads, one after the other."""
    merges, bars, counts = zip(*parts, strict=True)
    return np.concatenate(merges), np.concatenate(bars), np.concatenate(counts)
