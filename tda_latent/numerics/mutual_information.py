"""Mutual information of discretised columns, by the plug-in estimate, in nats."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Binning = Literal["width", "mass"]
_ROUNDING = 1e-14  # nats; what the sum leaves where nothing is known, such as of a constant column


def binned(values: NDArray[Any], bins: int, binning: Binning = "width") -> Integers:
    """(n,) bin of each number, 0 to bins - 1.

    Parameters
    ----------
    values : (n,) finite
    bins : number of bins, >= 1
    binning : "width": bins of equal width from the smallest to the largest value; "mass": bins that hold equally many
        points, where equal values share the bin of their mean rank

    Notes
    -----
    A constant column lies in one bin. One far outlier leaves "width" with a single bin for all the rest; "mass" does
    not notice it, nor any increasing change of the values.
    """
    from scipy.stats import rankdata

    column = np.asarray(values, dtype=np.float64)
    if binning == "mass":
        places = (rankdata(column) - 0.5) / len(column) if column.max() > column.min() else np.zeros(len(column))
    else:
        halves = column / 2 - column.min() / 2  # the difference of two large numbers may overflow, half of it cannot
        places = halves / halves.max() if halves.max() > 0 else halves
    return np.minimum((places * bins).astype(np.int64), bins - 1)


def entropy(classes: Integers) -> float:
    """Entropy of a column of class numbers, in nats."""
    shares = np.bincount(classes) / len(classes)
    shares = shares[shares > 0]
    return float(max(-(shares * np.log(shares)).sum(), 0.0))


def mutual_information(first: Integers, second: Integers) -> float:
    """Mutual information of two columns of class numbers, in nats; at least 0, at most either entropy.

    The plug-in estimate: of independent columns with a and b classes it is about (a - 1) (b - 1) / (2 n), not 0.
    """
    width = int(second.max()) + 1
    joint = np.bincount(first * width + second, minlength=(int(first.max()) + 1) * width).reshape(-1, width)
    shares = joint / len(first)
    expected = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    held = shares > 0
    found = float((shares[held] * np.log(shares[held] / expected[held])).sum())
    return found if found > _ROUNDING else 0.0


def information_table(codes: Integers, factors: list[Integers]) -> Floats:
    """(d, k) mutual information of (n, d) binned codes and k columns of class numbers."""
    return np.array([[mutual_information(code, factor) for factor in factors] for code in codes.T])


def effective_bins(classes: Integers) -> float:
    """Number of bins in use, as the exponential of the entropy: 1 when all points lie in one."""
    return float(np.exp(entropy(classes)))
