"""Bars of one filtration matrix in one degree, for distances between clouds that are read off a barcode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.bounded_rips import limits_for
from tda_latent.engines.cost_model import Task
from tda_latent.engines.planner import plan_rips, require_affordable
from tda_latent.engines.rips import completion, rips_bars

Floats = NDArray[np.float64]


def matrix_bars(lengths: Floats, degree: int) -> Floats:
    """Bars of positive length of a Vietoris-Rips filtration in one degree over Z/2.

    Parameters
    ----------
    lengths : (n, n), n >= 1, symmetric with a zero diagonal; +inf = the edge never enters
    degree : 0 to 2

    Returns
    -------
    (m, 2) float64
        Births and deaths by birth, then death; inf = never dies.

    Raises
    ------
    InvalidInput
        When the task would need too much memory.
    """
    size = len(lengths)
    plan = plan_rips(Task(size, max_degree=degree, lengths="matrix"))
    require_affordable(plan, size, degree)
    limits = limits_for(plan.seconds, plan.bytes) if plan.engine in ("gudhi", "ripser") else None
    pairs, degrees = rips_bars(lengths, completion(lengths), degree, 2, plan.engine, limits)
    bars = pairs[(degrees == degree) & (pairs[:, 0] < pairs[:, 1])]
    return np.asarray(bars[np.lexsort((bars[:, 1], bars[:, 0]))], dtype=np.float64)


def total_length(lengths: Floats, degree: int) -> float:
    """Sum of the lengths of these bars, in the unit of the matrix; inf when one never dies (degree 0 always)."""
    bars = matrix_bars(lengths, degree)
    return float((bars[:, 1] - bars[:, 0]).sum())
