"""A variational autoencoder whose codes live on a sphere, with the uniform prior."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tda_latent.models.encoding import Encoding, Floats, columns, draws, trainable
from tda_latent.models.perceptron import Perceptron, evaluated
from tda_latent.models.training import Schedule
from tda_latent.models.variational import VariationalAutoencoder, VariationalNetwork, trained
from tda_latent.records import Model

_START = 10.0  # concentration per tangent that an untrained encoder is near; from there the decoder can learn
_SHARPEST = 1e4  # largest concentration of a posterior


class SphericalAutoencoder(VariationalAutoencoder):
    """Encoder to direction and concentration of a power spherical posterior, decoder from unit vectors."""

    family = "spherical-vae"
    units: ClassVar[Mapping[str, str]] = VariationalAutoencoder.units

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int]) -> None:
        super().__init__(inputs, dimension, hidden)
        self.encoder = Perceptron((inputs, *hidden, dimension + 1))

    def posterior(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Directions (n, k) of length one and concentrations (n,) > 0 for (n, d) scaled inputs."""
        raw = self.encoder(batch)
        start = math.log(_START * (self.dimension - 1))
        concentration = (raw[:, -1] + start).clamp(max=math.log(_SHARPEST)).exp()
        return functional.normalize(raw[:, :-1], dim=1), concentration

    def errors(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n,) squared errors of one posterior draw each, and (n,) divergences from the uniform law, in nats."""
        direction, concentration = self.posterior(batch)
        codes = spherical_draw(direction, concentration, generator)
        divergence = spherical_divergence(concentration, self.dimension)
        return ((self.decoder(codes) - batch) ** 2).sum(dim=1), divergence


def spherical_draw(direction: Tensor, concentration: Tensor, generator: torch.Generator) -> Tensor:
    """One draw of each power spherical law, differentiable in both arguments.

    Parameters
    ----------
    direction : (n, k) unit vectors, k >= 2
    concentration : (n,) >= 0; 0 is the uniform law
    generator : decides the draw

    Returns
    -------
    Tensor
        (n, k) unit vectors with density proportional to (1 + direction . x)^concentration [decao2020].
    """
    half = (direction.shape[1] - 1) / 2
    ahead = torch._standard_gamma(concentration + half, generator=generator)  # the public one has no generator
    behind = torch._standard_gamma(torch.full_like(concentration, half), generator=generator)
    along = (ahead - behind) / (ahead + behind)
    across = 2 * (ahead * behind).sqrt() / (ahead + behind)
    noise = torch.empty_like(direction).normal_(generator=generator)
    tangent = functional.normalize(noise - (noise * direction).sum(dim=1, keepdim=True) * direction, dim=1)
    return along[:, None] * direction + across[:, None] * tangent


def spherical_divergence(concentration: Tensor, dimension: int) -> Tensor:
    """Kullback-Leibler divergence, in nats, of power spherical laws on unit vectors from the uniform law.

    Parameters
    ----------
    concentration : (n,) >= 0
    dimension : coordinates of the unit vectors, >= 2
    """
    half, sharp = (dimension - 1) / 2, concentration.double()
    first, second = half + sharp, 2 * half + sharp
    log_volume = second * math.log(2) + half * math.log(math.pi) + torch.lgamma(first) - torch.lgamma(second)
    mean_log = math.log(2) + torch.digamma(first) - torch.digamma(second)
    log_area = math.log(2) + dimension / 2 * math.log(math.pi) - math.lgamma(dimension / 2)
    return (sharp * mean_log - log_volume + log_area).to(concentration.dtype)


def fit_spherical(
    points: NDArray[Any],
    dimension: int,
    hidden: Sequence[int],
    beta: float,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A variational autoencoder of (n, d) points with codes on a sphere.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension : coordinates k of a code, >= 2; codes are unit vectors, a sphere of dimension k - 1
    hidden, beta, schedule, rng : as for `fit_variational`

    Returns
    -------
    Model
        As of `fit_variational`; there are no active units, for no coordinate of a sphere can be switched off alone.

    Notes
    -----
    Uniform prior as in [davidson2018], posteriors as in [decao2020]: they are drawn without rejection, and their
    divergence from the prior has a closed form. Noise of the decoder as in [rybkin2021].
    """
    cloud = trainable(points)
    return trained(
        SphericalNetwork, SphericalAutoencoder(cloud.shape[1], dimension, hidden), beta, cloud, schedule, rng
    )


@dataclass(frozen=True)
class SphericalNetwork(VariationalNetwork):
    """A trained spherical autoencoder. Its prior: the uniform law on unit vectors."""

    architecture = SphericalAutoencoder

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) directions of the posterior, and its deviation along each tangent, the same in every coordinate."""
        rows = columns(points, self.inputs, "points")
        raw = evaluated(lambda part: _joined(*self.module.posterior(self.module.scale(part))), rows)
        half, sharp = (self.dimension - 1) / 2, raw[:, -1:]
        variance = 2 * (half + sharp) / ((2 * half + sharp) * (2 * half + sharp + 1))
        return Encoding(raw[:, :-1], np.repeat(np.sqrt(variance), self.dimension, axis=1))

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """Codes from the uniform prior on the sphere."""
        drawn = rng.standard_normal((draws(size), self.dimension))
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float64)


def _joined(direction: Tensor, concentration: Tensor) -> Tensor:
    return torch.cat([direction, concentration[:, None]], dim=1)
