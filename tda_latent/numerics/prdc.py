"""Precision, recall, density and coverage of one cloud against another in the same space, by k-nearest-neighbour balls.

The ball of a point reaches to its k-th nearest other point of its own cloud, its boundary included up to the rounding
of stored numbers (`ties`): equal clouds then have precision, recall and coverage 1, also where points repeat, and a
turn of grids, bits or codes changes nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.neighbour_balls import neighbour_balls, prepared, within_balls
from tda_latent.numerics.ties import stored_epsilon

Floats = NDArray[np.float64]


class Prdc(NamedTuple):
    """Shares of points in balls.

    precision : generated points in the ball of at least one real point, 0 to 1
    recall : real points in the ball of at least one generated point, 0 to 1
    density : balls of real points that hold a generated point, mean over these, in units of k; 0 to n / k
    coverage : real points whose ball holds at least one generated point, 0 to 1
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: NDArray[Any], generated: NDArray[Any], neighbours: int) -> Prdc:
    """How well generated points stand for real ones [kynkaanniemi2019; naeem2020].

    Parameters
    ----------
    real, generated : (n, d), (m, d) finite, in the float types that they are stored in
    neighbours : k, 1 <= k < min(n, m)

    Returns
    -------
    Prdc
        When both are independent draws of one continuous distribution, E density is exactly 1 and E coverage
        `expected_coverage`, whatever the distribution; precision and recall have no such value, they fall with the
        dimension.

    Raises
    ------
    InvalidInput
        When the clouds have different numbers of coordinates, or no more than k points.

    Notes
    -----
    O((n + m)^2 d) time at the speed of matrix products, 100 MB.
    """
    if real.ndim != 2 or generated.ndim != 2 or real.shape[1] != generated.shape[1]:
        raise InvalidInput(
            f"clouds of shape {real.shape} and {generated.shape}; the rule is points with the same coordinates."
        )
    smaller = min(len(real), len(generated))
    if not 1 <= neighbours < smaller:
        raise InvalidInput(
            f"neighbours is {neighbours} and the smaller cloud has {smaller} points; the rule is 1 <= neighbours < "
            f"{smaller}. Use fewer neighbours or more points."
        )
    one, other = prepared(real, generated)
    epsilon = stored_epsilon(real, generated)
    balls = neighbour_balls(one, neighbours, epsilon), neighbour_balls(other, neighbours, epsilon)
    held = np.zeros(len(generated), dtype=np.int64)
    is_recalled, is_covered = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    for rows, in_real, in_generated in within_balls(one, balls[0], other, balls[1], epsilon):
        held += in_real.sum(axis=0)
        is_covered[rows], is_recalled[rows] = in_real.any(axis=1), in_generated.any(axis=1)
    return Prdc(
        precision=float((held > 0).mean()),
        recall=float(is_recalled.mean()),
        density=float(held.mean() / neighbours),
        coverage=float(is_covered.mean()),
    )


def expected_coverage(real: int, generated: int, neighbours: int) -> float:
    """Mean coverage for independent draws of one continuous distribution: 1 - prod_{i=1..k} (n - i) / (n + m - i).

    Parameters
    ----------
    real, generated : sizes n and m
    neighbours : k < n

    Notes
    -----
    [naeem2020]: of the n - 1 + m other points the k nearest to a real point must all be real for it not to be covered.
    """
    steps = np.arange(1, neighbours + 1)
    return float(1.0 - np.prod((real - steps) / (real + generated - steps)))
