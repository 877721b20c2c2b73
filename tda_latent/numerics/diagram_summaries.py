"""Bars of one homology degree as functions on a grid, and as a few numbers.

Bars are rows (birth, death) of an (m, 2) float64 array with birth < death; they live over the half-open range
[birth, death). No bar at all is legal everywhere and gives zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.entropy import shannon_entropy

Floats = NDArray[np.float64]
MEDIAN_STOP = 2.0  # end of the automatic grid in median distances; few clouds have bars beyond it
_CHUNK = 1 << 22  # entries of bars x grid held at a time


def require_degree(degree: int, computed: Any) -> None:
    """Refuse a degree above the highest one that the diagram records as computed (None = not recorded).

    Raises
    ------
    InvalidInput
        Because a missing degree would otherwise look like a cloud without holes.
    """
    if computed is not None and degree > int(computed):
        raise InvalidInput(
            f"degree {degree} was asked for, but the diagram was computed up to degree {computed}; "
            "raise max_degree of the analyzer that makes the diagram."
        )


def check_range(start: float, stop: float | None) -> None:
    """Refuse a grid that ends before it starts.

    Raises
    ------
    InvalidParameter
        When ``stop`` is not above ``start``; None = automatic is always fine.
    """
    if stop is not None and stop <= start:
        raise InvalidParameter(f"the grid runs from start={start:g} to stop={stop:g}; the rule is start < stop.")


def grid_stop(bars: Floats, start: float, stop: float | None, unit: str) -> float:
    """End of the grid: the given one, or an automatic one.

    Parameters
    ----------
    bars : (m, 2) bars of the degree; essential ones have death = inf
    start, stop : ends of the grid; None = automatic
    unit : unit of the diagram

    Returns
    -------
    float
        Automatic: 2.0 in the unit "median-normalised", the same for every cloud, so that summaries can be compared.
        In any other unit the largest finite death, which differs from cloud to cloud; start + 1 when no bar dies
        after the start.
    """
    if stop is not None:
        return stop
    if unit == "median-normalised" and start < MEDIAN_STOP:
        return MEDIAN_STOP
    latest = float(bars[np.isfinite(bars[:, 1]), 1].max(initial=-np.inf))
    return latest if latest > start else start + 1.0


def settled(bars: Floats, essential: str, end: float) -> Floats:
    """Bars with the policy for those that never die applied.

    Parameters
    ----------
    bars : (m, 2)
    essential : "drop": leave them out; "clamp": let them die at ``end``; one born there or later is left out
    end : scale, inf keeps them alive for ever
    """
    endless = np.isinf(bars[:, 1])
    if essential == "drop":
        return bars[~endless]
    clamped = np.column_stack([bars[:, 0], np.where(endless, end, bars[:, 1])])
    return clamped[clamped[:, 0] < clamped[:, 1]]


def betti_curve(bars: Floats, grid: Floats) -> Floats:
    """(k,) number of bars alive at each grid value, birth <= t < death; O((m + k) log m)."""
    births, deaths = np.sort(bars[:, 0]), np.sort(bars[:, 1])
    alive = np.searchsorted(births, grid, side="right") - np.searchsorted(deaths, grid, side="right")
    return alive.astype(np.float64)


def betti_steps(bars: Floats) -> tuple[Floats, Floats]:
    """The exact Betti curve: (k,) scales where it may change, (k,) its value from there to the next scale.

    Its integral is the total persistence of the finite bars.
    """
    scales = np.unique(bars[np.isfinite(bars)])
    return scales, betti_curve(bars, scales)


def landscape(bars: Floats, grid: Floats, layers: int) -> Floats:
    """(layers, k) persistence landscape: layer j at t is the j-th largest height min(t - birth, death - t), or 0.

    The tent of the bar (0, 2) peaks at 1, at t = 1 [bubenik2015]; gudhi multiplies by sqrt(2). Finite bars only.
    O(m k).
    """
    values = np.zeros((layers, len(grid)))
    kept = min(layers, len(bars))
    for cells in _cells(len(bars), len(grid)):
        heights = np.sort(-_tents(bars, grid[cells]), axis=0)[:kept]
        values[:kept, cells] = -heights
    return values + 0.0


def silhouette(bars: Floats, grid: Floats, power: float) -> Floats:
    """(k,) mean of the tents of all bars, each weighted by its lifetime to a power [chazal2014]. Finite bars only.

    0 without bars. Power 0 weighs all bars alike, a large one follows the longest bar.
    """
    if not len(bars):
        return np.zeros(len(grid))
    lifetimes = bars[:, 1] - bars[:, 0]
    weights = (lifetimes / lifetimes.max()) ** power
    values = [weights @ _tents(bars, grid[cells]) / weights.sum() for cells in _cells(len(bars), len(grid))]
    return np.concatenate(values)


def persistence_image(bars: Floats, edges: tuple[Floats, Floats], deviation: float, power: float) -> Floats:
    """(rows, columns) persistence image: the weighted density of bars integrated over each pixel [adams2017].

    Parameters
    ----------
    bars : (m, 2) finite
    edges : (columns + 1,) pixel edges over births and (rows + 1,) over lifetimes, ascending
    deviation : standard deviation of the round Gaussian around each bar's (birth, lifetime), > 0
    power : a bar weighs its lifetime to this power; > 0, so that the weight vanishes at the diagonal

    Notes
    -----
    The integrals are exact (differences of normal distribution functions); mass outside of the pixels is lost.
    O(m (rows + columns) + m rows columns).
    """
    lifetimes = bars[:, 1] - bars[:, 0]
    births, rises = edges
    across = np.diff(ndtr((births[None, :] - bars[:, :1]) / deviation), axis=1)
    upward = np.diff(ndtr((rises[None, :] - lifetimes[:, None]) / deviation), axis=1)
    return np.asarray((lifetimes[:, None] ** power * upward).T @ across, dtype=np.float64)


def lifetimes(bars: Floats) -> Floats:
    """(k,) death - birth of the finite bars."""
    finite = bars[np.isfinite(bars[:, 1])]
    return np.asarray(finite[:, 1] - finite[:, 0], dtype=np.float64)


def persistence_entropy(bars: Floats) -> float:
    """Shannon entropy of the lifetimes of the finite bars, divided by their sum.

    In nats, between 0 and log(m); unit-free. 0.0 for one finite bar or none. [atienza2020], with the natural
    logarithm (others use log2).
    """
    return shannon_entropy(lifetimes(bars))


def total_persistence(bars: Floats, order: float = 1.0) -> float:
    """Sum of the lifetimes of the finite bars, each to the power ``order`` [cohensteiner2010]; 0.0 without bars."""
    return float((lifetimes(bars) ** order).sum())


def maximal_persistence(bars: Floats) -> float:
    """Longest lifetime of a finite bar; 0.0 without bars."""
    return float(lifetimes(bars).max(initial=0.0))


def _tents(bars: Floats, grid: Floats) -> Floats:
    """(m, k) height of each bar's tent over the grid."""
    rising, falling = grid[None, :] - bars[:, :1], bars[:, 1:] - grid[None, :]
    return np.asarray(np.maximum(np.minimum(rising, falling), 0.0), dtype=np.float64)


def _cells(bars: int, size: int) -> list[slice]:
    """Slices of the grid whose bars x grid table fits into memory."""
    step = max(1, _CHUNK // max(bars, 1))
    return [slice(first, first + step) for first in range(0, size, step)]
