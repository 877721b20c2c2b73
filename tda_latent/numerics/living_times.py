"""For how long a filtration has how many loops: the relative living times of the geometry score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def relative_living_times(bars: Floats, stop: float, counts: int) -> Floats:
    """(counts,) share of the filtration during which it has exactly 0, 1, ... bars [khrulkov2018].

    Parameters
    ----------
    bars : (m, 2) births and deaths; inf = alive at the stop
    stop : end of the filtration, > 0, which begins at 0
    counts : numbers of bars that are told apart; larger ones are left out, so that the shares may sum to less than 1
    """
    ends = np.clip(bars, 0.0, stop)
    times = np.concatenate([[0.0], ends[:, 0], ends[:, 1], [stop]])
    changes = np.concatenate([[0], np.ones(len(bars)), -np.ones(len(bars)), [0]])
    order = np.argsort(times, kind="stable")
    alive = np.cumsum(changes[order])[:-1].round().astype(np.int64)
    lengths = np.diff(times[order])
    told = (alive < counts) & (lengths > 0)
    return np.bincount(alive[told], weights=lengths[told], minlength=counts) / stop


def geometry_score(first: Floats, second: Floats) -> float:
    """Sum of squared differences of two mean living times, from 0 to 2."""
    return float(((first - second) ** 2).sum())
