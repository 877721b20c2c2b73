"""The cheapest pairing of bars that are all born together, by dynamic programming.

Such bars differ by their death alone, and an optimal pairing keeps the order of deaths: row i, column j of a table
holds the least cost of the first i bars of one diagram and the first j of the other. Every so many rows are kept; the
choices are found again from there, last rows first, so that memory grows with the bars and not with their pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled

Floats = NDArray[np.float64]
Choices = NDArray[np.int8]
PAIR, DROP_ROW, DROP_COLUMN = 0, 1, 2


class Line(NamedTuple):
    """Two ascending sets of deaths.

    x, y : (m,), (n,) ascending deaths, in the unit of the costs
    rises, falls : (m,), (n,) cost of leaving each out
    order : a pair costs |x - y| ** order, at most the ceiling
    """

    x: Floats
    y: Floats
    rises: Floats
    falls: Floats
    order: float
    ceiling: float


@compiled
def line_partners(line: Line) -> NDArray[np.int64]:
    """(m,) column of each row in the cheapest pairing that keeps the order, -1 = left out. O(m n) time."""
    rows, columns = len(line.x), len(line.y)
    step = max(1, int(np.sqrt(rows)))
    kept = np.empty((rows // step + 1, columns + 1))
    row = np.empty(columns + 1)
    choices = np.empty((step, columns + 1), np.int8)
    row[0] = 0.0
    for j in range(columns):
        row[j + 1] = row[j] + line.falls[j]
    for i in range(rows):
        if i % step == 0:
            _copy(row, kept[i // step])
        _next_row(line, i, row, choices[0])
    partner = np.full(rows, -1)
    i, j = rows, columns
    while i > 0:
        first = (i - 1) // step * step
        _copy(kept[first // step], row)
        for k in range(first, i):
            _next_row(line, k, row, choices[k - first])
        while i > first:
            choice = choices[i - 1 - first, j]
            if choice == DROP_COLUMN:
                j -= 1
                continue
            i -= 1
            if choice == PAIR:
                j -= 1
                partner[i] = j
    return partner


@compiled
def _copy(source: Floats, target: Floats) -> None:
    for k in range(len(source)):
        target[k] = source[k]


@compiled
def _next_row(line: Line, i: int, row: Floats, choice: Choices) -> None:
    """Replace the costs of the first i rows by those of the first i + 1, and note what was chosen."""
    diagonal = row[0]
    row[0] += line.rises[i]
    choice[0] = DROP_ROW
    for j in range(len(line.y)):
        move = abs(line.x[i] - line.y[j])
        if line.order == 2.0:
            move *= move
        elif line.order != 1.0:
            move **= line.order
        pair, above = diagonal + min(move, line.ceiling), row[j + 1] + line.rises[i]
        diagonal = row[j + 1]
        row[j + 1], choice[j + 1] = pair, PAIR
        if above < row[j + 1]:
            row[j + 1], choice[j + 1] = above, DROP_ROW
        if row[j] + line.falls[j] < row[j + 1]:
            row[j + 1], choice[j + 1] = row[j] + line.falls[j], DROP_COLUMN
