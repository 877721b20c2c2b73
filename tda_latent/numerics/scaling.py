"""Distances in a unit that can be compared: as given, per median distance, or per posterior deviation.

Latents of different models have no common unit of length. The three modes decide what "distance 1" means; the
unit that each of them returns travels with every number computed from the distances.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.pairwise import centred, median_distance, pairwise_distances, unit_directions
from tda_latent.numerics.ties import distance_rounding

Floats = NDArray[np.float64]
ScaleMode = Literal["given", "median", "posterior"]
UNITS: dict[str, str] = {"given": "input distance", "median": "median-normalised", "posterior": "posterior sd"}


class ScaledDistances(NamedTuple):
    """Distances and the unit that they are in.

    matrix : (n, n) symmetric float64, zero diagonal
    divisor : the number that every distance was divided by; 1.0 unless the mode is "median"
    unit : "input distance" | "median-normalised" | "posterior sd"
    rounding : by how much equal distances may differ, in that unit, see `ties.distance_rounding`
    """

    matrix: Floats
    divisor: float
    unit: str
    rounding: float


def scaled_distances(
    points: NDArray[Any],
    deviations: NDArray[Any] | None,
    mode: ScaleMode = "given",
    metric: str = "euclidean",
    neighbours: int = 15,
) -> ScaledDistances:
    """Pairwise distances of a cloud in the unit of the mode.

    Parameters
    ----------
    points : (n, d) finite
    deviations : (n, d) posterior standard deviations, > 0; only read by the mode "posterior"
    mode : "given": distances as they are; "median": divided by the median distance of different points;
        "posterior": each coordinate is first divided by its root-mean-square posterior deviation over the cloud
    metric : "euclidean" | "cosine" | "geodesic", see `pairwise_distances`
    neighbours : k of the geodesic metric

    Raises
    ------
    InvalidInput
        For "posterior" without deviations, and for "median" when most points coincide.
    InvalidParameter
        For "posterior" with the cosine metric: an angle cannot be counted in deviations.
    """
    if mode not in UNITS:
        raise InvalidParameter(f"unknown scale {mode!r}; known: {', '.join(UNITS)}.")
    if mode == "posterior":
        if metric == "cosine":
            raise InvalidParameter("scale: posterior needs lengths, and the cosine metric measures angles.")
        stored = (points / _posterior_deviations(points, deviations)).astype(points.dtype)
        points = posterior_scaled(points, deviations)
    else:
        stored = unit_directions(points).astype(points.dtype) if metric == "cosine" else points
    matrix = pairwise_distances(points, metric, neighbours)
    rounding = distance_rounding(stored, float(matrix.max()))
    if mode != "median":
        return ScaledDistances(matrix, 1.0, UNITS[mode], rounding)
    if len(matrix) < 2:
        raise InvalidInput("one point has no median distance; use scale: given or a cloud of at least 2 points.")
    divisor = median_distance(matrix)
    return ScaledDistances(matrix / divisor, divisor, UNITS[mode], rounding / divisor)


def posterior_scaled(points: NDArray[Any], deviations: NDArray[Any] | None) -> Floats:
    """(n, d) centred points with each coordinate divided by its root-mean-square posterior deviation.

    A coordinate that the encoder does not use (deviation near that of the prior, mean near zero) shrinks to a
    fraction of a unit, a coordinate that it is sure of is stretched.
    """
    return np.asarray(centred(points) / _posterior_deviations(points, deviations), dtype=np.float64)


def _posterior_deviations(points: NDArray[Any], deviations: NDArray[Any] | None) -> Floats:
    """(d,) root-mean-square posterior deviation of each coordinate."""
    if deviations is None:
        raise InvalidInput("scale: posterior needs the posterior deviations of the latents, and they carry none.")
    if deviations.shape != points.shape:
        raise InvalidInput(f"deviations have shape {deviations.shape}, the points {points.shape}; they must agree.")
    wide = np.asarray(deviations, dtype=np.float64)
    return np.asarray(np.sqrt(np.mean(wide**2, axis=0)), dtype=np.float64)
