"""Mixtures of normal distributions with full covariances, fitted by expectation-maximisation."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from tda_latent.errors import InvalidInput
from tda_latent.numerics.kmeans import kmeans_regions

Floats = NDArray[np.float64]
_STEPS = 500
_SETTLED = 1e-6  # gain in mean log-density, in nats, below which the fit has come to rest
_LEAST_SPREAD = 1e-6  # added variance of every component, as a share of the variance of a coordinate


class Mixture(NamedTuple):
    """A mixture of c normal distributions in k dimensions.

    shares : (c,) > 0, sum 1; means : (c, k); factors : (c, k, k) lower triangular, factor @ factor.T the covariance
    """

    shares: Floats
    means: Floats
    factors: Floats

    def log_densities(self, points: Floats) -> Floats:
        """(n, c) log of share times density, in nats, of (n, k) points under each component."""
        columns = []
        for share, mean, factor in zip(*self, strict=True):
            whitened = solve_triangular(factor, (points - mean).T, lower=True)
            volume = np.log(np.diag(factor)).sum() + len(mean) * np.log(2 * np.pi) / 2
            columns.append(np.log(share) - volume - (whitened**2).sum(axis=0) / 2)
        return np.stack(columns, axis=1)

    def draw(self, size: int, rng: Generator) -> Floats:
        """(size, k) independent draws."""
        which = rng.choice(len(self.shares), size, p=self.shares)
        noise = rng.standard_normal((size, self.means.shape[1]))
        return np.asarray(self.means[which] + np.einsum("nij,nj->ni", self.factors[which], noise), dtype=np.float64)


def gaussian_mixture(points: NDArray[Any], count: int, rng: Generator) -> Mixture:
    """The mixture that expectation-maximisation finds from the regions of k-means.

    Parameters
    ----------
    points : (n, k) finite, n >= 2
    count : components, >= 1; fewer are fitted where fewer points are different
    rng : decides the starts of k-means

    Raises
    ------
    InvalidInput
        When all points coincide: no spread is left to fit.

    Notes
    -----
    [dempster1977]. A local maximum of the likelihood. Every covariance gets 1e-6 of the mean variance of a coordinate
    on its diagonal, so that a component of equal points keeps a density. O(n count k^2) per step, at most 500 steps.
    """
    cloud = np.asarray(points, dtype=np.float64)
    if not (cloud != cloud[0]).any():
        raise InvalidInput("all points coincide, so that no mixture can be fitted to them. Has the encoder collapsed?")
    floor = _LEAST_SPREAD * float(cloud.var(axis=0).mean()) * np.eye(cloud.shape[1])
    regions = kmeans_regions(cloud, count, rng)
    belongs = np.eye(regions.max() + 1)[regions]
    last = -np.inf
    for _ in range(_STEPS):
        found = _refitted(cloud, belongs, floor)
        logs = found.log_densities(cloud)
        totals = logsumexp(logs, axis=1)
        gain, last = float(totals.mean()) - last, float(totals.mean())
        if gain < _SETTLED:
            break
        belongs = np.exp(logs - totals[:, None])
        belongs = belongs[:, belongs.sum(axis=0) > np.finfo(np.float64).eps]  # a component that nothing belongs to
    return found


def _refitted(points: Floats, belongs: Floats, floor: Floats) -> Mixture:
    """Shares, means and covariances of (n, k) points that belong to c components with (n, c) weights."""
    masses = belongs.sum(axis=0)
    means = belongs.T @ points / masses[:, None]
    factors = []
    for weights, mass, mean in zip(belongs.T, masses, means, strict=True):
        apart = points - mean
        factors.append(np.linalg.cholesky((weights[:, None] * apart).T @ apart / mass + floor))
    return Mixture(masses / masses.sum(), means, np.array(factors))
