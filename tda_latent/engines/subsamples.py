"""Bars of many random subsamples of one cloud: the alternative to landmarks that sees density, not outliers."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.rips import from_zero
from tda_latent.errors import InvalidInput
from tda_latent.numerics.metric_cloud import EuclideanCloud, require_positive
from tda_latent.numerics.scaling import UNITS
from tda_latent.numerics.threads import available_threads

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Subsampled(NamedTuple):
    """Bars of one degree in each subsample, and their unit.

    bars : one (m, 2) table for each draw; births 0 in degree 0, death inf = never
    unit : "input distance" | "median-normalised" | "median-normalised (estimated)"
    """

    bars: list[Floats]
    unit: str


def drawn_rows(size: int, count: int, draws: int, rng: np.random.Generator) -> Integers:
    """(draws, count) rows of a cloud, in each draw different ones in ascending order.

    Raises
    ------
    InvalidInput
        When the cloud has fewer points.
    """
    if count > size:
        raise InvalidInput(f"subsamples of {count} points were asked for, but the cloud has {size}; lower size.")
    return np.stack([np.sort(rng.choice(size, count, replace=False)) for _ in range(draws)]).astype(np.int64)


def subsampled_bars(
    points: NDArray[np.floating], rows: Integers, degree: int, scale: Literal["given", "median"]
) -> Subsampled:
    """Bars of degree 0 or 1 over Z/2 of each subsample, in the unit of the whole cloud.

    Parameters
    ----------
    points : (n, d) finite
    rows : (draws, count) row numbers, as `drawn_rows` gives them
    degree : 0 or 1
    scale : "median": divided by the median distance of the whole cloud, the same number for all subsamples
    """
    from tda_latent.numerics.reduced_rips import degree_one_batch

    cloud, threads = EuclideanCloud(points), available_threads()
    unit, name = 1.0, UNITS[scale]
    if scale == "median" and len(cloud) > 1:
        median = cloud.median(threads)
        unit, name = require_positive(median.value), name + ("" if median.is_exact else " (estimated)")
    found = []
    for one in degree_one_batch(points, rows, threads):
        if degree == 0:
            alive = np.full(rows.shape[1] - len(one.component_deaths), np.inf)
            bars = from_zero(np.concatenate([one.component_deaths, alive])) / unit
        else:
            bars = np.stack([one.births, one.deaths], axis=1) / unit
        found.append(bars[bars[:, 0] < bars[:, 1]])
    return Subsampled(found, name)
