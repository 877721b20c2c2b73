"""Comparisons of classes of which some have more points than others.

The mean of few points lies farther out than that of many, and a large class reaches its neighbours at a smaller scale.
So an exchange of names tests the sizes as well as the places, unless every class has as many points as the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Integers = NDArray[np.int64]
_ALIKE = 0.9  # of the largest class, from which on a single draw leaves out next to nothing
_DRAWS = 25


def equal_draws(classes: Integers, strata: Integers, rng: Generator) -> list[Integers]:
    """Rows of equally many points of every class, as many as the smallest has.

    Parameters
    ----------
    classes : (n,) from 0 on, each with points; -1 leaves a point out
    strata : (n,) from 0 on, in each of which every class has points and the numbers are to be equal

    Returns
    -------
    list of (m,) rising rows
        One draw where no class has more than ten ninths of the points of another, the whole cloud where all have as
        many; else 25.
    """
    rows, count = np.flatnonzero(classes >= 0), int(classes.max()) + 1
    cells = (strata * count + classes)[rows]
    sizes = np.bincount(cells).reshape(-1, count)
    least = sizes.min(axis=1)
    draws = 1 if (least >= _ALIKE * sizes.max(axis=1)).all() else _DRAWS
    return [_drawn(rows, cells, np.repeat(least, count), rng) for _ in range(draws)]


def _drawn(rows: Integers, cells: Integers, wanted: Integers, rng: Generator) -> Integers:
    """So many random rows of each cell as are wanted, in their order."""
    shuffled = rng.permutation(len(rows))
    order = shuffled[np.argsort(cells[shuffled], kind="stable")]
    sizes = np.bincount(cells)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray(np.sort(rows[order[rank < wanted[cells[order]]]]), dtype=np.int64)


def joined_p_value(values: Sequence[float]) -> float:
    """One p-value of those of several draws from the same points: twice their median [meinshausen2009].

    A single one is itself. NaN where one is.
    """
    return float(values[0]) if len(values) == 1 else min(1.0, 2 * float(np.median(values)))
