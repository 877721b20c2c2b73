"""Sliced Wasserstein distance between persistence diagrams, and the Wasserstein distance on a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.bars import bars_of, essential_distance

Floats = NDArray[np.float64]


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
    left, right = bars_of(first), bars_of(second)
    if left.equals(right):
        return 0.0
    forever = essential_distance(left.essential, right.essential, 1.0)
    if np.isinf(forever):
        return forever
    one = np.concatenate([left.finite, _on_diagonal(right.finite)])
    other = np.concatenate([right.finite, _on_diagonal(left.finite)])
    if not len(one):
        return forever
    centre = (one.sum() + other.sum()) / (2 * one.size)  # a shift along the diagonal, for the last digits
    total = 0.0
    for angle in np.pi * (np.arange(directions) / directions - 0.5):
        line = np.array([np.cos(angle), np.sin(angle)])
        total += float(np.abs(np.sort((one - centre) @ line) - np.sort((other - centre) @ line)).sum())
    return forever + total / directions


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


def _on_diagonal(finite: Floats) -> Floats:
    """(m, 2) nearest points of the diagonal."""
    middle = finite.mean(axis=1)
    return np.stack([middle, middle], axis=1)
