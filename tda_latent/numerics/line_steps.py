"""Areas between step functions, four lines at a time: the compiled part of the sliced Wasserstein distance.

A step function is a table (s + 1, 2): the places of its s steps, ascending, and the height before each of them; the
last row is (inf, 0), the height after the last step. It is 0 at both ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ABREAST = 4
"""Lines that are merged side by side: each step of a merge waits for the one before, the others fill the time."""
_Merge = tuple[np.uint64, float, float]


@compiled
def write_steps(ups: Floats, downs: Floats, out: Floats) -> None:
    """The step functions that rise by 1 at each up and fall by 1 at each down.

    Parameters
    ----------
    ups, downs : (lines, m) ascending on every line
    out : (lines, 2 m + 1, 2), written
    """
    size = ups.shape[1]
    for line in range(len(ups)):
        i, j = 0, 0
        for k in range(2 * size):
            out[line, k, 1] = i - j
            if j == size or (i < size and ups[line, i] <= downs[line, j]):
                out[line, k, 0] = ups[line, i]
                i += 1
            else:
                out[line, k, 0] = downs[line, j]
                j += 1
        out[line, 2 * size, 0], out[line, 2 * size, 1] = np.inf, 0.0


@compiled
def areas_between(steps: Floats, starts: Integers, out: Floats) -> None:
    """Areas between the graphs of all pairs of step functions, summed over the lines.

    Parameters
    ----------
    steps : (lines, rows, 2) the functions of N diagrams behind each other; lines is a multiple of ABREAST
    starts : (N + 1,) the first row of each diagram, and the number of rows
    out : (N, N), written above the diagonal
    """
    for i in range(len(out)):
        for j in range(i + 1, len(out)):
            x, y = steps[:, starts[i] : starts[i + 1]], steps[:, starts[j] : starts[j + 1]]
            out[i, j] = 0.0
            for line in range(0, len(steps), ABREAST):
                out[i, j] += _area_between(x[line : line + ABREAST], y[line : line + ABREAST])


@compiled
def _area_between(x: Floats, y: Floats) -> float:
    """Area between two step functions on each of four lines, summed."""
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    y0, y1, y2, y3 = y[0], y[1], y[2], y[3]
    a = b = c = d = (np.uint64(0), 0.0, 0.0)
    for k in range(np.uint64(x.shape[1] + y.shape[1] - 2)):
        a = _merge(x0, y0, k, a)
        b = _merge(x1, y1, k, b)
        c = _merge(x2, y2, k, c)
        d = _merge(x3, y3, k, d)
    return a[2] + b[2] + c[2] + d[2]


@leaf
def _merge(x: Floats, y: Floats, k: int, merge: _Merge) -> _Merge:
    """Pass step k of both functions together, without a branch.

    A merge is how many steps of x are passed, the place of the last step, and the area up to there.
    """
    i, last, area = merge
    j = k - i
    place = min(x[i, 0], y[j, 0])
    area += abs(x[i, 1] - y[j, 1]) * (place - last)
    return i + np.uint64(x[i, 0] <= y[j, 0]), place, area
