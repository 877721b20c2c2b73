"""Sliced Wasserstein distance between persistence diagrams, and the Wasserstein distance on a line."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.bars import bars_of, essential_distance

Floats = NDArray[np.float64]
SHARE = 8  # lines that a thread works on at a time


def sliced_wasserstein_distance(first: NDArray[Any], second: NDArray[Any], directions: int) -> float:
    """Mean over directions of the 1-Wasserstein distance between the projected diagrams [carriere2017].

    Parameters
    ----------
    first, second : (m, 2), (n, 2) births and deaths; death = inf is an essential class, birth = death is ignored
    directions : number of lines, >= 1, at angles -pi/2 + k pi / directions

    Returns
    -------
    float
        In the unit of the bars. Finite bars and the diagonal projections of the other diagram's bars are projected
        onto each line and matched in sorted order. Essential classes have no finite projection: they add the
        1-Wasserstein distance between their births. inf when their numbers differ; 0.0 exactly for equal diagrams.

    Notes
    -----
    O(directions (m + n) log(m + n)). A bar (b, d) meets the diagonal at ((b + d) / 2, (b + d) / 2) also when
    b + d < 0, so a common shift of both diagrams changes nothing. The error against the integral over all angles
    falls with the square of the number of directions.
    """
    return float(sliced_wasserstein_distances([first, second], directions)[0, 1])


def sliced_wasserstein_distances(diagrams: Sequence[NDArray[Any]], directions: int, threads: int = 1) -> Floats:
    """Sliced Wasserstein distances between all pairs of diagrams.

    Parameters
    ----------
    diagrams : N tables of births and deaths
    directions : as for `sliced_wasserstein_distance`
    threads : >= 1; changes no bit of the result

    Returns
    -------
    (N, N) float64
        Symmetric, the diagonal is 0.0; to the bit the numbers of `sliced_wasserstein_distance`.

    Notes
    -----
    On a line, let F and G count the bars and the diagonal projections of a diagram up to a place. Two diagrams are
    apart by the area between F + G' and F' + G, that is between F - G and F' - G': each diagram is projected, sorted
    and merged into one step function for each line, and a pair costs one pass over the steps of both. With all
    diagrams of m bars: O(directions N m (log m + N)); memory O(N m) for each thread, and O(directions N^2).
    """
    if directions < 1 or threads < 1:
        raise InvalidInput(f"directions is {directions} and threads is {threads}; the rule is one at least.")
    from tda_latent.numerics.line_steps import ABREAST

    tables = [bars_of(diagram) for diagram in diagrams]
    angles = np.pi * (np.arange(directions) / directions - 0.5)
    lines = np.zeros((-(-directions // ABREAST) * ABREAST, 2))  # on lines without a direction everything is at 0
    lines[:directions] = np.column_stack([np.cos(angles), np.sin(angles)])
    work = partial(_areas, [table.finite for table in tables])
    shares = [lines[start : start + SHARE] for start in range(0, len(lines), SHARE)]
    with ThreadPoolExecutor(threads) as pool:
        parts = list(map(work, shares) if threads == 1 else pool.map(work, shares))
    total = np.sum(parts, axis=0) / directions
    for i, one in enumerate(tables):
        for j in range(i + 1, len(tables)):
            total[i, j] += essential_distance(one.essential, tables[j].essential, 1.0)
    return total + total.T


def _areas(finite: list[Floats], lines: Floats) -> Floats:
    """(N, N) distances between the projections, summed over a few lines; 0 on and below the diagonal."""
    from tda_latent.numerics.line_steps import areas_between, write_steps

    starts = np.array([0, *(2 * len(bars) + 1 for bars in finite)]).cumsum()
    steps, out = np.empty((len(lines), starts[-1], 2)), np.zeros((len(finite), len(finite)))
    for bars, start, stop in zip(finite, starts[:-1], starts[1:], strict=True):
        middles = np.outer(lines.sum(axis=1), 0.5 * bars[:, 0] + 0.5 * bars[:, 1])
        write_steps(np.sort(lines @ bars.T, axis=1), np.sort(middles, axis=1), steps[:, start:stop])
    areas_between(steps, starts, out)
    return out


def wasserstein_on_line(first: NDArray[Any], second: NDArray[Any]) -> float:
    """1-Wasserstein distance between the empirical distributions of two samples of numbers [vallender1974].

    Parameters
    ----------
    first, second : (m,), (n,) finite, m, n >= 1

    Returns
    -------
    float
        Area between the two distribution functions, in the unit of the numbers. 0.0 exactly for equal samples.

    Notes
    -----
    O((m + n) log(m + n)).
    """
    one, other = np.sort(np.asarray(first, dtype=np.float64)), np.sort(np.asarray(second, dtype=np.float64))
    if len(one) == len(other):
        return float(np.abs(one - other).mean())
    steps = np.sort(np.concatenate([one, other]))
    below_one = np.searchsorted(one, steps[:-1], side="right") / len(one)
    below_other = np.searchsorted(other, steps[:-1], side="right") / len(other)
    return float(np.sum(np.abs(below_one - below_other) * np.diff(steps)))
