"""Bars of two diagrams made ready for matching: checked, sorted, split into finite and essential."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
Ground = Literal[1, 2, "inf"]
EXPONENTS: dict[Any, float] = {1: 1.0, 2: 2.0, "inf": np.inf}


class Bars(NamedTuple):
    """One diagram of one degree, sorted.

    finite : (m, 2) birth < death, by birth, then death
    essential : (k,) ascending births of the bars that never die
    """

    finite: Floats
    essential: Floats

    def equals(self, other: Bars) -> bool:
        """Whether both hold the same bars with the same multiplicities."""
        return np.array_equal(self.finite, other.finite) and np.array_equal(self.essential, other.essential)


def bars_of(pairs: NDArray[Any]) -> Bars:
    """The bars behind a table of (birth, death); bars of length zero are dropped, death = inf is essential.

    Raises
    ------
    InvalidInput
        For another shape, NaN, an infinite birth or a death before its birth.
    """
    table = np.asarray(pairs, dtype=np.float64)
    if table.size == 0:
        table = table.reshape(0, 2)
    if table.ndim != 2 or table.shape[1] != 2:
        raise InvalidInput(
            f"a diagram has shape {table.shape}; the rule is (m, 2), one row (birth, death) for each bar."
        )
    if np.isnan(table).any() or np.isinf(table[:, 0]).any():
        raise InvalidInput("a diagram holds NaN or an infinite birth; births are finite, deaths are numbers or inf.")
    if (table[:, 0] > table[:, 1]).any():
        birth, death = table[table[:, 0] > table[:, 1]][0]
        raise InvalidInput(f"a bar is born at {birth:g} and dies at {death:g}; the rule is birth <= death.")
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    forever = np.isinf(table[:, 1])
    return Bars(table[~forever & (table[:, 0] < table[:, 1])], table[forever, 0])


def canonical(first: Bars, second: Bars) -> tuple[Bars, Bars]:
    """The two in an order that does not depend on which came first, so that distances are symmetric to the bit."""
    swap = (len(first.finite), first.finite.tobytes()) > (len(second.finite), second.finite.tobytes())
    return (second, first) if swap else (first, second)


def diagonal_distances(finite: Floats, exponent: float) -> Floats:
    """(m,) distance of each bar to the diagonal in the l_p norm of the plane: (death - birth) 2^(1/p - 1)."""
    return np.asarray((finite[:, 1] - finite[:, 0]) * 2.0 ** (1.0 / exponent - 1.0), dtype=np.float64)


def essential_distance(first: Floats, second: Floats, order: float) -> float:
    """Wasserstein distance of this order between essential classes, which can only be matched to each other.

    Parameters
    ----------
    first, second : (k,), (l,) ascending births; all deaths are infinite and equal
    order : q >= 1, or inf for the bottleneck distance

    Returns
    -------
    float
        inf when k and l differ. Otherwise births are matched in sorted order, which is optimal on a line for
        every order [vallender1974].
    """
    if len(first) != len(second):
        return float("inf")
    return power_sum(np.abs(first - second), order)


def power_sum(costs: Floats, order: float) -> float:
    """(sum of c^q)^(1/q) of costs >= 0, or the largest for q = inf, without overflow; 0.0 for no costs."""
    largest = float(costs.max(initial=0.0))
    if largest == 0.0 or np.isinf(largest) or np.isinf(order):
        return largest
    total = float(np.sum((costs / largest) ** order))
    return float(largest * total ** (1.0 / order))
