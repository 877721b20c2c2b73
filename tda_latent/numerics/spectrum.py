"""How the variance of a cloud spreads over its principal directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.entropy import shannon_entropy
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import singular_rounding

Floats = NDArray[np.float64]


def principal_deviations(points: NDArray[Any]) -> Floats:
    """(min(n, d),) descending standard deviations along the principal directions, with divisor n.

    Singular values of the centred points over sqrt(n). Values below the rounding error of the points' own
    dtype are exactly 0, so that a cloud in a flat subspace has deviations of exactly 0 across it. O(n d min(n, d)).
    """
    wide, exponent = near_one(points)
    wide -= wide.mean(axis=0)  # far from the origin the first mean is rounded as well
    values = np.asarray(np.linalg.svd(wide, compute_uv=False), dtype=np.float64)
    rounding = singular_rounding(over_power_of_two(points)[0], values)
    real = np.where(values > rounding, values, 0.0) / np.sqrt(len(wide))
    return np.asarray(np.ldexp(real, exponent), dtype=np.float64)


def variance_shares(deviations: Floats) -> Floats:
    """(k,) share of the total variance in each direction; zeros when all points coincide."""
    variances = deviations**2
    total = variances.sum()
    return np.asarray(variances / total if total > 0 else variances, dtype=np.float64)


def effective_rank(amounts: Floats) -> float:
    """Exponential of the Shannon entropy of non-negative amounts divided by their sum; 0.0 when all are 0.

    Of k equal amounts it is k. [roy2007] takes singular values for the amounts; variances (their squares) count
    weak directions less.
    """
    return float(np.exp(shannon_entropy(amounts))) if (amounts > 0).any() else 0.0


def participation_ratio(variances: Floats) -> float:
    """(sum v)^2 / sum v^2: the number of directions among which the variance is shared; 0.0 when all are 0."""
    largest = float(variances.max(initial=0.0))
    if largest == 0:
        return 0.0
    relative = variances / largest
    return float(relative.sum() ** 2 / (relative**2).sum())


def directions_needed(shares: Floats, fraction: float) -> int:
    """Smallest number of leading directions that hold at least this fraction of the variance; 0 without variance."""
    if not shares.any():
        return 0
    return int(np.searchsorted(np.cumsum(shares), fraction - 1e-12) + 1)


def condition(deviations: Floats) -> float:
    """Largest over smallest deviation; inf when a direction has none (also when all points coincide)."""
    smallest = float(deviations.min(initial=np.inf))
    return float(deviations.max() / smallest) if 0 < smallest < np.inf else float("inf")
