"""Wasserstein distances of large diagrams by Hera (the BSD-licensed part of GUDHI), fenced.

Hera's auction stops at a relative error of the true distance, which it never reaches when that is zero: for diagrams
that are equal up to the order of their rows, or up to bars of length zero, or apart from their essential classes,
the call does not return and cannot be interrupted. Here it only ever sees finite bars of positive length, sorted and
different, in a process that is killed after `SECONDS`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.isolation import isolated_number
from tda_latent.errors import missing_library
from tda_latent.numerics.bars import (
    EXPONENTS,
    Ground,
    bars_of,
    canonical,
    diagonal_distances,
    essential_distance,
    power_sum,
)

Floats = NDArray[np.float64]
SECONDS = 600.0


def hera_wasserstein(
    first: NDArray[Any], second: NDArray[Any], order: float, ground: Ground, relative_error: float
) -> float:
    """Wasserstein distance W_q within a factor of 1 + relative_error [kerber2017].

    Parameters
    ----------
    first, second : (m, 2), (n, 2) births and deaths; death = inf is an essential class, birth = death is ignored
    order, ground : as for `tda_latent.numerics.wasserstein.wasserstein_distance`
    relative_error : > 0

    Returns
    -------
    float
        At least the true distance, at most (1 + relative_error) times it, up to rounding. 0.0 exactly for equal
        diagrams; inf when the numbers of essential classes differ.

    Raises
    ------
    EngineFailure
        When Hera gives no answer within `SECONDS` or dies.
    MissingLibrary
        When GUDHI is not installed.
    """
    left, right = canonical(bars_of(first), bars_of(second))
    forever = essential_distance(left.essential, right.essential, order)
    if np.isinf(forever) or np.array_equal(left.finite, right.finite):
        return forever
    exponent = EXPONENTS[ground]
    if not len(left.finite) or not len(right.finite):
        alone = np.concatenate([diagonal_distances(bars.finite, exponent) for bars in (left, right)])
        return power_sum(np.append(alone, forever), order)
    arrays = {"first": left.finite, "second": right.finite}
    settings = {"order": float(order), "exponent": exponent, "relative_error": relative_error}
    finite = isolated_number(auction, arrays, settings, SECONDS)
    return power_sum(np.array([forever, finite]), order)


def auction(first: Floats, second: Floats, order: float, exponent: float, relative_error: float) -> float:
    """The bare call, for the child process only: it hangs when both diagrams are equal."""
    try:
        from gudhi.hera import wasserstein_distance
    except ImportError as error:
        raise missing_library("gudhi", "the engine hera") from error
    return float(wasserstein_distance(first, second, order=order, internal_p=exponent, delta=relative_error))
