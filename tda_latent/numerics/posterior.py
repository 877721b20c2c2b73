"""What a Gaussian encoder says about its inputs, and how far its codes are from the standard normal prior.

The posterior of input i is the product over coordinates of N(mean_ij, deviation_ij^2). The *aggregate posterior* is the
even mixture of the posteriors of all inputs: what the decoder was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BLOCK = 1 << 22  # entries of a block of log-densities


class Information(NamedTuple):
    """Bounds of the mutual information of inputs and codes in nats; the standard error of the lower one over inputs."""

    lower: float
    upper: float
    lower_error: float


def unit_divergences(means: Floats, deviations: Floats) -> Floats:
    """(d,) mean divergence KL(q(z_j | x) || N(0, 1)) of every coordinate in nats, from (n, d) posteriors."""
    squares = deviations**2
    return np.asarray(((means**2 + squares - 1) / 2 - np.log(deviations)).mean(axis=0), dtype=np.float64)


def moment_divergence(means: Floats, deviations: Floats) -> float:
    """KL of the Gaussian with the moments of the aggregate posterior from N(0, I), in nats.

    The moments are those of the mixture itself, so that nothing is drawn; n posteriors that fit the prior perfectly
    are not at 0, see `chance_divergence`.
    """
    centre = means.mean(axis=0)
    spread = means - centre
    covariance = spread.T @ spread / len(means) + np.diag((deviations**2).mean(axis=0))
    log_volume = float(np.linalg.slogdet(covariance)[1])
    return max(0.0, float(np.trace(covariance) + centre @ centre - len(centre) - log_volume) / 2)


def chance_divergence(deviations: Floats, draws: int, rng: np.random.Generator) -> float:
    """Mean `moment_divergence` of as many posteriors, as wide as these, whose population is the prior.

    Parameters
    ----------
    deviations : (n, d) > 0
        Coordinates whose mean variance is above 1, which no prior of variance 1 allows, are narrowed to 1.
    draws : sets of means that are drawn

    Returns
    -------
    float
        About d (d + 3) / (4 n) for sharp posteriors and d much smaller than n, far more when d comes near n, and less
        for wide ones; 0 for posteriors that are the prior.
    """
    variances = np.asarray((deviations**2).mean(axis=0), dtype=np.float64)
    fitting = deviations / np.sqrt(np.maximum(variances, 1.0))
    spread = np.sqrt(np.maximum(1.0 - variances, 0.0))
    found = [moment_divergence(spread * rng.standard_normal(deviations.shape), fitting) for _ in range(draws)]
    return float(np.mean(found))


def posterior_draws(means: Floats, deviations: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, n, d) independent draws, each row from its own posterior."""
    return np.asarray(means + deviations * rng.standard_normal((draws, *means.shape)), dtype=np.float64)


def mutual_information(means: Floats, deviations: Floats, draws: Floats) -> Information:
    """Bounds of I(x; z) for inputs drawn from the population that these n were drawn from.

    Parameters
    ----------
    means, deviations : (n, d), n >= 2
    draws : (k, n, d) as `posterior_draws` gives them

    Returns
    -------
    Information
        The lower bound compares each posterior with the mixture of all, its own included, and cannot exceed log n;
        the upper bound leaves its own out. Both hold in expectation [poole2019, equations 12 and 13]; the lower one
        is exactly the information about which of the n inputs a code came from.

    Notes
    -----
    O(k n^2 d) time, blocks of 32 MiB.
    """
    size = len(means)
    own = _log_density(draws, means, deviations)  # (k, n)
    lower, upper = np.empty_like(own), np.empty_like(own)
    for k, cloud in enumerate(draws):
        for rows, table in _log_density_blocks(cloud, means, deviations):
            lower[k, rows] = own[k, rows] - (_log_sums(table) - np.log(size))
            table[np.arange(len(table)), np.arange(size)[rows]] = -np.inf
            upper[k, rows] = own[k, rows] - (_log_sums(table) - np.log(size - 1))
    error = float(lower.mean(axis=0).std(ddof=1) / np.sqrt(size))
    return Information(float(lower.mean()), float(upper.mean()), error)


def total_correlation(means: Floats, deviations: Floats, draws: Floats) -> float:
    """KL of the aggregate posterior from the product of its own marginals, in nats: how far units depend on each other.

    Parameters
    ----------
    means, deviations : (n, d)
    draws : (k, n, d) as `posterior_draws` gives them

    Notes
    -----
    Of the mixture of these n posteriors, estimated over the draws. Sharp posteriors make every finite mixture look
    dependent (n spikes are no product), so compare with the same number after shuffling each column by itself.
    O(k n^2 d) time.
    """
    total = 0.0
    for cloud in draws:
        joint = np.zeros(len(cloud))
        for rows, table in _log_density_blocks(cloud, means, deviations):
            joint[rows] = _log_sums(table)
        single = np.zeros(len(cloud))
        for j in range(means.shape[1]):
            one = slice(j, j + 1)
            for rows, table in _log_density_blocks(cloud[:, one], means[:, one], deviations[:, one]):
                single[rows] += _log_sums(table) - np.log(len(means))
        total += float((joint - np.log(len(means)) - single).mean())
    return total / len(draws)


def _log_sums(table: Floats) -> Floats:
    """(r,) log of the sums of exponentials along each row; -inf for a row of -inf."""
    highest = table.max(axis=1)
    safe = np.where(np.isfinite(highest), highest, 0.0)
    terms = np.exp(table - safe[:, None]).sum(axis=1)
    return np.asarray(np.log(terms, out=np.full(len(terms), -np.inf), where=terms > 0) + safe)


def _log_density(points: Floats, means: Floats, deviations: Floats) -> Floats:
    """Log-density of points under posteriors, broadcast, without the constant -d/2 log(2 pi), which cancels."""
    with np.errstate(over="ignore"):  # so far away that the density is 0
        return np.asarray((-(((points - means) / deviations) ** 2) / 2 - np.log(deviations)).sum(axis=-1))


def _log_density_blocks(points: Floats, means: Floats, deviations: Floats) -> Iterator[tuple[slice, Floats]]:
    """Rows of points and their (rows, n) log-densities under every posterior."""
    step = max(1, _BLOCK // len(means))
    volume = np.log(deviations).sum(axis=1)
    for start in range(0, len(points), step):
        rows = slice(start, min(start + step, len(points)))
        table = np.zeros((rows.stop - start, len(means)))
        with np.errstate(over="ignore"):
            for j in range(means.shape[1]):
                table -= ((points[rows, j, None] - means[:, j]) / deviations[:, j]) ** 2
        yield rows, table / 2 - volume
