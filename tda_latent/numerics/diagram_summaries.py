"""Bars of one homology degree as functions on a grid, and as a few numbers; of one diagram or of thousands at once.

Bars are rows (birth, death) of an (m, 2) float64 array with birth < death; they live over the half-open range
[birth, death). No bar at all is legal everywhere and gives zeros.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.entropy import shannon_entropy

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
COMPILED_FROM = 1 << 19  # entries of bars x grid from which compiling, a second or two once on a machine, is worth it
MEDIAN_STOP = 2.0  # end of the automatic grid in median distances; few clouds have bars beyond it
_CHUNK = 1 << 22  # entries of bars x grid held at a time


@dataclass(frozen=True)
class Stack:
    """Bars of several diagrams in one table; `stacked` makes one.

    bars : (m, 2); diagram i owns the rows offsets[i] to offsets[i + 1]
    offsets : (diagrams + 1,) from 0 to m
    """

    bars: Floats
    offsets: Integers

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def diagrams(self) -> list[Floats]:
        """The bars of each diagram, as views."""
        return [self.bars[first:last] for first, last in itertools.pairwise(self.offsets.tolist())]


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


def stacked(diagrams: Sequence[Floats]) -> Stack:
    """Bars of several diagrams, each (m, 2), below one another."""
    return Stack(
        np.concatenate([np.empty((0, 2)), *diagrams]),
        np.cumsum([0, *(len(bars) for bars in diagrams)], dtype=np.int64),
    )


def betti_curves(stack: Stack, grid: Floats) -> Floats:
    """(diagrams, k) number of bars of each diagram alive at each grid value, birth <= t < death.

    The grid must not descend. O(m log k + diagrams k).
    """
    bars, count, size = stack.bars, len(stack), len(grid) + 1
    places = np.searchsorted(grid, bars, side="left")
    cells = np.repeat(np.arange(count) * size, np.diff(stack.offsets))
    changes = np.bincount(cells + places[:, 0], minlength=count * size)
    changes -= np.bincount(cells + places[:, 1], minlength=count * size)
    alive = np.cumsum(changes.reshape(count, size)[:, :-1], axis=1)
    return np.asarray(alive, dtype=np.float64)


def betti_curve(bars: Floats, grid: Floats) -> Floats:
    """(k,) number of bars alive at each value of a grid that does not descend; one diagram of `betti_curves`."""
    return np.asarray(betti_curves(stacked([bars]), grid)[0])


def betti_steps(bars: Floats) -> tuple[Floats, Floats]:
    """The exact Betti curve: (k,) scales where it may change, (k,) its value from there to the next scale.

    Its integral is the total persistence of the finite bars.
    """
    scales = np.unique(bars[np.isfinite(bars)])
    return scales, betti_curve(bars, scales)


def landscapes(stack: Stack, grid: Floats, layers: int) -> Floats:
    """(diagrams, layers, k) persistence landscapes: layer j at t is the j-th largest min(t - birth, death - t), or 0.

    The tent of the bar (0, 2) peaks at 1, at t = 1 [bubenik2015]; gudhi multiplies by sqrt(2). Finite bars only; the
    grid must not descend.

    Notes
    -----
    O(m k). Tables of bars and grid values above half a million entries go through compiled code, to the same bits.
    """
    if len(stack.bars) * len(grid) >= COMPILED_FROM:
        from tda_latent.numerics.layers import largest_tents

        return np.asarray(largest_tents(stack.bars, stack.offsets, np.asarray(grid, np.float64), layers))
    values = np.zeros((len(stack), layers, len(grid)))
    for number, bars in enumerate(stack.diagrams()):
        kept = min(layers, len(bars))
        values[number, :kept] = -np.sort(-_tents(bars, grid), axis=0)[:kept]
    return values + 0.0


def landscape(bars: Floats, grid: Floats, layers: int) -> Floats:
    """(layers, k) persistence landscape of one diagram; see `landscapes`."""
    return np.asarray(landscapes(stacked([bars]), grid, layers)[0])


def silhouettes(stack: Stack, grid: Floats, power: float) -> Floats:
    """(diagrams, k) `silhouette` of each diagram."""
    return np.array([silhouette(bars, grid, power) for bars in stack.diagrams()]).reshape(len(stack), len(grid))


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


def persistence_images(stack: Stack, edges: tuple[Floats, Floats], deviation: float, power: float) -> Floats:
    """(diagrams, rows, columns) persistence images: weighted densities of bars integrated over pixels [adams2017].

    Parameters
    ----------
    stack : finite bars
    edges : (columns + 1,) pixel edges over births and (rows + 1,) over lifetimes, ascending
    deviation : standard deviation of the round Gaussian around each bar's (birth, lifetime), > 0
    power : a bar weighs its lifetime to this power; > 0, so that the weight vanishes at the diagonal

    Notes
    -----
    The integrals are exact (differences of normal distribution functions); mass outside of the pixels is lost.
    O(m (rows + columns) + m rows columns).
    """
    births, rises = edges
    images = np.zeros((len(stack), len(rises) - 1, len(births) - 1))
    for number, bars in enumerate(stack.diagrams()):
        lifetimes = bars[:, 1] - bars[:, 0]
        across = np.diff(ndtr((births[None, :] - bars[:, :1]) / deviation), axis=1)
        upward = np.diff(ndtr((rises[None, :] - lifetimes[:, None]) / deviation), axis=1)
        images[number] = (lifetimes[:, None] ** power * upward).T @ across
    return images


def persistence_image(bars: Floats, edges: tuple[Floats, Floats], deviation: float, power: float) -> Floats:
    """(rows, columns) persistence image of one diagram; see `persistence_images`."""
    return np.asarray(persistence_images(stacked([bars]), edges, deviation, power)[0])


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
