"""persim's distances between diagrams, kept to the inputs for which persim is right.

persim drops essential classes, so that diagrams at infinite distance come out at a finite one; projects bars to the
wrong side of the diagonal in its sliced distance when birth + death < 0; and takes the root of a negative rounding
error in its heat distance. Essential classes are therefore compared here, and only finite bars reach persim. Its
bottleneck distance rests on a matching in SciPy whose time explodes on diagrams with ties, and is fenced in a process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.isolation import isolated_number
from tda_latent.errors import InvalidInput, missing_library
from tda_latent.numerics.bars import Bars, bars_of, canonical, essential_distance, power_sum

Floats = NDArray[np.float64]
MOST_BARS = 2000  # of both diagrams together: persim works on square matrices and in Python loops
SAFE_BARS = 200  # below, the bottleneck distance takes milliseconds whatever the bars
SECONDS = 300.0


def persim_bottleneck(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Bottleneck distance by persim; essential classes by us. Both (m, 2), death = inf allowed.

    Raises
    ------
    EngineFailure
        When persim gives no answer within `SECONDS`, which happens for diagrams of a thousand bars with many ties.
    """
    return _combined(first, second, np.inf, _fenced_bottleneck)


def bare_bottleneck(first: Floats, second: Floats) -> float:
    """The bare call on finite bars."""
    return float(_persim().bottleneck(first, second))


def _fenced_bottleneck(first: Floats, second: Floats) -> float:
    if len(first) + len(second) <= SAFE_BARS:
        return bare_bottleneck(first, second)
    return isolated_number(bare_bottleneck, {"first": first, "second": second}, {}, SECONDS)


def persim_wasserstein(first: NDArray[Any], second: NDArray[Any]) -> float:
    """1-Wasserstein distance with Euclidean ground (persim knows no other) by persim; essential classes by us."""
    return _combined(first, second, 1.0, lambda a, b: _persim().wasserstein(a, b))


def persim_sliced_wasserstein(first: NDArray[Any], second: NDArray[Any], directions: int) -> float:
    """Sliced Wasserstein distance by persim, in float32 directions; essential classes add the W1 of their births.

    Raises
    ------
    InvalidInput
        When a bar has birth + death < 0, where persim is wrong.
    """
    for pairs in (first, second):
        middle = bars_of(pairs).finite.sum(axis=1)
        if (middle < 0).any():
            raise InvalidInput(
                f"a bar has birth + death = {middle.min():g}; persim's sliced distance is wrong below zero. "
                "Use sliced-wasserstein."
            )
    return _combined(first, second, 1.0, lambda a, b: _persim().sliced_wasserstein(a, b, M=directions))


def persim_heat(first: NDArray[Any], second: NDArray[Any], sigma: float) -> float:
    """Distance of the heat kernel at time sigma by persim; the number of essential classes and births must agree.

    A negative squared distance is a rounding error of persim's sum and counts as zero.

    Raises
    ------
    InvalidInput
        When essential classes are born at different values: they have no place in the kernel.
    """
    left, right = bars_of(first), bars_of(second)
    if len(left.essential) == len(right.essential) and not np.array_equal(left.essential, right.essential):
        raise InvalidInput(
            "essential classes are born at different values, which the heat kernel cannot measure; use wasserstein."
        )
    return _combined(first, second, 1.0, lambda a, b: np.nan_to_num(_persim().heat(a, b, sigma=sigma), nan=0.0))


def _combined(
    first: NDArray[Any], second: NDArray[Any], order: float, measure: Callable[[Floats, Floats], float]
) -> float:
    """The measure of the finite bars joined with the distance of this order between the essential classes."""
    left, right = canonical(bars_of(first), bars_of(second))
    forever = essential_distance(left.essential, right.essential, order)
    if np.isinf(forever) or np.array_equal(left.finite, right.finite):
        return forever
    _refuse_many(left, right)
    with np.errstate(invalid="ignore"):  # the root of a negative rounding error in heat
        finite = float(measure(left.finite, right.finite))
    return power_sum(np.array([forever, finite]), order)


def _refuse_many(left: Bars, right: Bars) -> None:
    count = len(left.finite) + len(right.finite)
    if count > MOST_BARS:
        raise InvalidInput(
            f"the diagrams have {count} finite bars together; persim is limited to {MOST_BARS} here. "
            "Use bottleneck, wasserstein or sliced-wasserstein, or fewer points."
        )


def _persim() -> Any:
    try:
        import persim
    except ImportError as error:
        raise missing_library("persim", "this distance") from error
    return persim
