"""Landscapes of many diagrams on one grid, compiled: the largest tents over every grid value, bar by bar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def largest_tents(bars: Floats, offsets: Integers, grid: Floats, layers: int) -> Floats:
    """(diagrams, layers, k) the largest heights min(t - birth, death - t) of each diagram over each grid value t.

    Parameters
    ----------
    bars : (m, 2) finite; diagram i owns the rows offsets[i] to offsets[i + 1]
    offsets : (diagrams + 1,)
    grid : (k,) ascending, k >= 1; even or nearly so, for speed
    layers : heights that are kept, the largest first; 0 where there are fewer

    Notes
    -----
    O(m k), less for bars that span little of the grid; most tents are lower than the lowest kept height and need one
    comparison. Heights are selected and not computed with, so the order of the bars changes no bit.
    """
    count, size = len(offsets) - 1, len(grid)
    values = np.zeros((count, layers, size))
    kept = np.empty((size, layers))
    for diagram in range(count):
        for t in range(size):
            for layer in range(layers):
                kept[t, layer] = 0.0
        for bar in range(offsets[diagram], offsets[diagram + 1]):
            _raise(kept, bars[bar, 0], bars[bar, 1], grid)
        for layer in range(layers):
            for t in range(size):
                values[diagram, layer, t] = kept[t, layer]
    return values


@leaf
def _raise(kept: Floats, birth: float, death: float, grid: Floats) -> None:
    """Puts one tent among the kept heights of the grid values that it covers."""
    last = kept.shape[1] - 1
    first = _first_above(grid, birth)
    for t in range(first, len(grid)):
        if grid[t] >= death:
            break
        height = min(grid[t] - birth, death - grid[t])
        if height > kept[t, last]:
            layer = last
            while layer > 0 and kept[t, layer - 1] < height:
                kept[t, layer] = kept[t, layer - 1]
                layer -= 1
            kept[t, layer] = height


@leaf
def _first_above(grid: Floats, value: float) -> int:
    """First place of the grid that is larger than a value: guessed as if the grid were even, then walked to."""
    size, place = len(grid), 0
    if size > 1 and grid[size - 1] > grid[0]:
        steps = (value - grid[0]) / (grid[size - 1] - grid[0]) * (size - 1)
        place = int(min(max(steps, 0.0), float(size)))
    while place > 0 and grid[place - 1] > value:
        place -= 1
    while place < size and grid[place] <= value:
        place += 1
    return place
