"""A variational autoencoder of dense layers with a Gaussian decoder of calibrated noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tda_latent.models.autoencoding import AutoencodingNetwork
from tda_latent.models.encoding import Encoding, Floats, columns, trainable
from tda_latent.models.perceptron import CommonScale, Perceptron, evaluated, stored
from tda_latent.models.training import Schedule, curves, descend, local_generator, reproducible
from tda_latent.records import Model

_NOISE_FLOOR = 1e-4  # least noise variance of the decoder, as a share of the variance of the data
_LOG_VARIANCES = (-12.0, 8.0)  # posterior variances are kept between exp of these
_ACTIVE = 0.01  # least variance of the posterior means of an active unit, by convention


class VariationalAutoencoder(nn.Module):
    """Encoder to mean and log-variance of q(z|x), decoder to the mean of p(x|z), noise of one common variance."""

    family: ClassVar[str] = "vae"
    units: ClassVar[Mapping[str, str]] = dict.fromkeys(("loss", "reconstruction", "divergence"), "nats per point")

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.inputs, self.dimension, self.hidden = inputs, dimension, tuple(hidden)
        self.scale = CommonScale(inputs)
        self.encoder = Perceptron((inputs, *hidden, 2 * dimension))
        self.decoder = Perceptron((dimension, *reversed(hidden), inputs))
        self.register_buffer("noise_variance", torch.ones((), dtype=torch.float64))

    def posterior(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, both (n, k), of q(z|x) for (n, d) scaled inputs."""
        mean, log_variance = self.encoder(batch).chunk(2, dim=1)
        return mean, log_variance.clamp(*_LOG_VARIANCES)

    def errors(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n,) squared errors of one posterior draw each, and (n,) divergences of q(z|x) from N(0, I), in nats."""
        mean, log_variance = self.posterior(batch)
        draw = torch.empty_like(mean).normal_(generator=generator)
        restored_batch = self.decoder(mean + (log_variance / 2).exp() * draw)
        divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
        return ((restored_batch - batch) ** 2).sum(dim=1), divergence

    def terms(self, batch: Tensor, beta: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Negative evidence bound at the noise variance that is best for this batch, and its two parts."""
        squares, divergences = self.errors(batch, generator)
        variance = squares.detach().mean() / self.inputs + _NOISE_FLOOR
        reconstruction = gaussian_cost(squares.mean(), variance, self.inputs)
        divergence = divergences.mean()
        return {"loss": reconstruction + beta * divergence, "reconstruction": reconstruction, "divergence": divergence}


def gaussian_cost(squares: Tensor, variance: Tensor, inputs: int) -> Tensor:
    """-log of the normal density in ``inputs`` dimensions at the given squared errors, in nats."""
    return (squares / variance + inputs * (variance.log() + math.log(2 * math.pi))) / 2


def fit_variational(
    points: NDArray[Any],
    dimension: int,
    hidden: Sequence[int],
    beta: float,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A beta-VAE of (n, d) points.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension : coordinates of a code, >= 1
    hidden : widths of the hidden layers of the encoder; the decoder has them in reverse
    beta : weight of the divergence from the prior, >= 0; 1 is the evidence bound itself
    schedule : epochs, batch size, learning rate, checkpoints, warm-up of beta
    rng : decides the initial weights, the order of the batches and the draws from the posterior

    Returns
    -------
    Model
        ``history``: ``loss`` = ``reconstruction`` + beta * ``divergence`` per epoch, in nats per point of the scaled
        data. ``quality``: ``evidence_bound`` (at beta = 1, nats per point, density in the unit of the data),
        ``divergence`` (nats per point), ``active_units`` (codes whose posterior means have a variance over 0.01),
        ``training_error`` (of decoded posterior means, squared unit of the data), ``explained_variance``.

    Raises
    ------
    InvalidInput
        For fewer than two different points.
    EngineFailure
        When training diverges.

    Notes
    -----
    [kingma2014], beta as in [higgins2017]; the noise variance of the decoder is the analytic optimum
    [rybkin2021], but at least 1e-4 of the variance of the data, else noise-free data would have no bound.
    """
    cloud = trainable(points)
    module = VariationalAutoencoder(cloud.shape[1], dimension, hidden)
    model = trained(VariationalNetwork, module, beta, cloud, schedule, rng)
    means = VariationalNetwork.of(model).encode(cloud).mean
    return model.replace(quality={**model.quality, "active_units": float((means.var(axis=0) > _ACTIVE).sum())})


def trained(
    network: type[VariationalNetwork],
    module: VariationalAutoencoder,
    beta: float,
    cloud: Floats,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """The module trained on (n, d) points, as a record; its posterior and prior make the family."""
    generator = local_generator(rng)
    with reproducible():
        module.scale.adapt(cloud)
        module.encoder.initialise(generator)
        module.decoder.initialise(generator)
        inputs = module.scale(torch.tensor(cloud)).float()
        weights = schedule.weights(beta, len(inputs))

        def terms(batch: Tensor) -> Mapping[str, Tensor]:
            return module.terms(batch, next(weights), generator)

        course = descend(module, inputs, terms, schedule, generator)
        with torch.no_grad():
            squares = module.errors(inputs, generator)[0]
        module.noise_variance = squares.mean().double() / module.inputs + _NOISE_FLOOR
    model = Model(
        family=module.family,
        settings={"inputs": module.inputs, "dimension": module.dimension, "hidden": module.hidden},
        weights=stored(module, course.checkpoints),
        history=curves(course.history, module.units),
    )
    return model.replace(quality=_quality(network.of(model), cloud, rng))


def _quality(network: VariationalNetwork, cloud: Floats, rng: np.random.Generator) -> dict[str, float]:
    error = float(np.mean((network.decode(network.encode(cloud).mean) - cloud) ** 2))
    bound, divergence = network.evidence_bound(cloud, rng)
    return {
        "training_error": error,
        "explained_variance": 1 - error / float(cloud.var(axis=0).mean()),
        "evidence_bound": float(bound.mean()),
        "divergence": float(divergence.mean()),
    }


@dataclass(frozen=True)
class VariationalNetwork(AutoencodingNetwork):
    """A trained variational autoencoder, evaluated in float64 on one thread. Its prior: N(0, I)."""

    architecture = VariationalAutoencoder

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) means and standard deviations of the posterior."""
        rows = columns(points, self.inputs, "points")
        both = evaluated(lambda part: torch.cat(self.module.posterior(self.module.scale(part)), dim=1), rows)
        mean, log_variance = np.split(both, 2, axis=1)
        return Encoding(mean, np.exp(log_variance / 2))

    def evidence_bound(self, points: NDArray[Any], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Evidence bound of each point, estimated from one posterior draw, and its divergence from the prior.

        Returns
        -------
        (n,), (n,)
            In nats; the bound is one on the log-density in the unit of the data.
        """
        values = torch.tensor(columns(points, self.inputs, "points"))
        module = self.module
        with reproducible(), torch.no_grad():
            squares, divergences = module.errors(module.scale(values), local_generator(rng))
            cost = gaussian_cost(squares, module.noise_variance, self.inputs)
            bound = -cost - divergences - self.inputs * module.scale.deviation.log()
        return bound.numpy(), divergences.numpy()
