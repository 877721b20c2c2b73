"""Medians of a few independent values with exact intervals, and ranks within blocks: no normality, no resampling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]


class MedianInterval(NamedTuple):
    """The median of a sample, and two of its values that lie around the median of what it was drawn from.

    coverage : probability that they do, at least, whatever the distribution
    """

    median: float
    low: float
    high: float
    coverage: float


def median_interval(values: Floats, level: float = 0.9) -> MedianInterval:
    """Median and its narrowest interval between two order statistics, one as far from the end as the other.

    Parameters
    ----------
    values : (n,) independent draws, n >= 1; infinite ones are legal
    level : coverage to reach, in [0, 1)

    Returns
    -------
    MedianInterval
        From least to greatest value when even that does not reach the level, as with n <= 4 for 0.9; the coverage
        says so.

    Raises
    ------
    InvalidInput
        For no value or NaN.

    Notes
    -----
    The r-th value from below and from above enclose the median with probability 1 - 2 P(Binomial(n, 1/2) < r)
    [david2003], more where the distribution has atoms: 0.9375 for least to greatest of 5, whatever they are.
    """
    from scipy.stats import binom

    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    count = len(ordered)
    if not count or np.isnan(ordered).any():
        raise InvalidInput(f"a median of {count} values was asked for, NaN among them or none at all; leave NaN out.")
    places = np.arange(1, (count + 1) // 2 + 1)
    coverages = np.maximum(1 - 2 * binom.cdf(places - 1, count, 0.5), 0.0)
    chosen = max(int(np.count_nonzero(coverages >= level)), 1)
    middle = ordered[(count - 1) // 2], ordered[count // 2]
    median = middle[0] if middle[0] == middle[1] else (middle[0] + middle[1]) / 2
    return MedianInterval(
        float(median), float(ordered[chosen - 1]), float(ordered[count - chosen]), float(coverages[chosen - 1])
    )


def ranks_within(values: Floats, higher_first: bool = True) -> Floats:
    """(m, n) rank of each of m rows within each of n columns, 1 = first; rows that tie share the mean of their ranks.

    Parameters
    ----------
    values : (m, n) one row for each competitor, one column for each block in which all of them were measured
    higher_first : whether the greatest value has rank 1
    """
    from scipy.stats import rankdata

    signed = np.asarray(values, dtype=np.float64) * (-1.0 if higher_first else 1.0)
    return np.asarray(rankdata(signed, axis=0), dtype=np.float64)
