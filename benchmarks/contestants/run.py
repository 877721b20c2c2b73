"""What a contestant hands to the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class Run(NamedTuple):
    """A call to be timed, and how its result becomes arrays.

    call : the whole task, from its input to its result
    answer : the result as named arrays, the same names for all contestants of a task
    """

    call: Callable[[], Any]
    answer: Callable[[Any], Arrays]


def finite(pairs: Any) -> NDArray[np.float64]:
    """(m, 2) float64 bars of positive length that end."""
    bars = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    return bars[np.isfinite(bars[:, 1]) & (bars[:, 1] > bars[:, 0])]


def diagrams(*degrees: Any) -> dict[str, NDArray[np.float64]]:
    """The diagrams of degree 0, 1, ... as ``h0``, ``h1``, ...; essential and empty bars left out."""
    return {f"h{degree}": finite(pairs) for degree, pairs in enumerate(degrees)}
