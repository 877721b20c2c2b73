"""Shannon entropy of amounts, the one formula behind persistence entropy and effective rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shannon_entropy(amounts: Floats) -> float:
    """Entropy of non-negative amounts divided by their sum, in nats; 0.0 when fewer than two are positive.

    Between 0 and log(number of positive amounts); multiplying all amounts by a constant changes nothing.
    """
    present = amounts[amounts > 0]
    if len(present) < 2:
        return 0.0
    shares = present / present.max()  # first by the largest, so that the sum cannot overflow
    shares = shares[shares > 0] / shares.sum()
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return float(np.maximum(-(shares * logs).sum(), 0.0))
