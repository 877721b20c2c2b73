"""Magnitude: how many points a cloud seems to have, seen at a scale; and its area over all scales."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve
from scipy.optimize import brentq
from scipy.spatial.distance import squareform

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
ONE_POINT = 1e-9
"""Points nearer than this part of the longest distance count as one; together they weigh as much as one, nearly."""

CONVERGED = 0.95
"""Share of the points that the magnitude reaches at the convergence scale."""

_TRUSTED = 1e-6
_RANGE = 1022  # binary exponents that an area may have


class Magnitude(NamedTuple):
    """A value and a bound of its error by floating point."""

    value: float
    error: float


def distinct_distances(distances: Floats) -> Floats:
    """(m, m) distances between the different points: a metric space has the magnitude of its different points."""
    longest = float(distances.max())
    if len(distances) < 2 or longest == 0.0:
        return distances[:1, :1]
    near = ONE_POINT * longest
    groups = fcluster(linkage(squareform(distances, checks=False), "single"), near, "distance")
    rows = np.sort(np.unique(groups, return_index=True)[1])
    return distances[np.ix_(rows, rows)]


def magnitude_at(distances: Floats, scale: float) -> Magnitude:
    """Sum of the weights w that solve Z w = 1 for Z = exp(-t D) [leinster2013].

    Parameters
    ----------
    distances : (m, m) between different points, Euclidean or angles, so that Z is positive definite
    scale : t >= 0; at 0 the space is one point

    Returns
    -------
    Magnitude
        From 1 to m. Two points: 2 / (1 + exp(-t d)); m points at distance d: m / (1 + (m - 1) exp(-t d)); points on a
        line: 1 + sum of tanh(t step / 2). The error is at most the sum of |w| times the largest residual.

    Raises
    ------
    InvalidInput
        When the error may be above 1e-6 of the value.

    Notes
    -----
    O(m^3), with one step of iterative refinement.
    """
    size = len(distances)
    if size == 1 or scale == 0:
        return Magnitude(1.0, 0.0)
    similarity, ones = np.exp(-scale * distances), np.ones(size)
    try:
        factor = cho_factor(similarity, lower=True)
        weights = cho_solve(factor, ones)
        weights += cho_solve(factor, ones - similarity @ weights)
    except LinAlgError:
        try:
            weights = solve(similarity, ones, assume_a="sym")
        except (LinAlgError, RuntimeWarning):
            weights = np.full(size, np.nan)
    value = float(weights.sum())
    error = float(np.abs(weights).sum() * np.abs(ones - similarity @ weights).max())
    if not error <= _TRUSTED * value:
        raise InvalidInput(
            f"the magnitude at scale {scale:.3g} is not to be had in float64 (error {error:.1g}): points lie too close "
            "together, or the distances are not Euclidean. Drop near-duplicates."
        )
    return Magnitude(value, error)


def convergence_scale(distances: Floats) -> float:
    """The scale at which the magnitude reaches 95 % of the points, in units of one over the distances [limbeck2024].

    ``log(19) / d`` for two points at distance d; NaN for a single point.

    Raises
    ------
    InvalidInput
        When areas up to that scale leave the range of float64, because the distances are too small.
    """
    size = len(distances)
    if size < 2:
        return float("nan")
    median = float(np.median(squareform(distances, checks=False)))
    exponent = int(np.frexp(median)[1])
    near = np.ldexp(distances, -exponent)

    def missing(scale: float) -> float:
        return magnitude_at(near, scale).value - CONVERGED * size

    upper = 1.0 / float(np.ldexp(median, -exponent))
    lower = 0.0
    while missing(upper) < 0:
        lower, upper = upper, 2 * upper
    found = float(brentq(missing, lower, upper, xtol=1e-300, rtol=1e-10)) if lower > 0 else _first(missing, upper)
    if np.log2(found) + np.log2(size) - exponent >= _RANGE:
        raise InvalidInput(
            f"the median distance is {median:.2g}, and areas over scales of one over it leave the range of float64. "
            "Multiply the points by a constant, or take scale: median."
        )
    return float(np.ldexp(found, -exponent))


def _first(missing: Any, upper: float) -> float:
    """The scale between the largest halving of ``upper`` that falls short and its double."""
    while missing(upper / 2) >= 0:
        upper /= 2
    return float(brentq(missing, upper / 2, upper, xtol=1e-300, rtol=1e-10))


class Profile(NamedTuple):
    """The magnitude over scales from 0 to a stop, and its integral.

    scales : (k,) ascending; values : (k,); area : in units of one over the distances
    error : largest error of a value
    """

    scales: Floats
    values: Floats
    area: float
    error: float


def magnitude_profile(distances: Floats, stop: float, nodes: int) -> Profile:
    """Magnitude at the nodes of a Gauss-Legendre rule over the square root of the scale, and the area below it.

    The square root puts nodes where the magnitude rises first, at scales of one over the diameter.
    """
    places, weights = _rule(nodes)
    scales = stop * places**2
    found = [magnitude_at(distances, float(scale)) for scale in scales]
    values = np.array([each.value for each in found])
    return Profile(scales, values, float(2 * stop * (weights * places) @ values), max(each.error for each in found))


def area_between(first: Floats, second: Floats, stop: float, nodes: int) -> float:
    """Integral of the absolute difference of two magnitudes over scales from 0 to a stop."""
    places, weights = _rule(nodes)
    values = np.array(
        [magnitude_at(first, t).value - magnitude_at(second, t).value for t in (stop * places**2).tolist()]
    )
    return float(2 * stop * (weights * places) @ np.abs(values))


def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Places and weights of a Gauss-Legendre rule on (0, 1)."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return (np.asarray(places) + 1) / 2, np.asarray(weights) / 2
