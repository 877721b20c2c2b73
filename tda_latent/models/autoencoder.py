"""An autoencoder of dense layers, trained by least squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.encoding import CodeGaussian, Encoding, Floats, columns, trainable
from tda_latent.models.perceptron import CommonScale, Perceptron, evaluated, restored, stored
from tda_latent.models.training import Schedule, curves, descend, local_generator, reproducible
from tda_latent.records import Model


class Autoencoder(nn.Module):
    """Encoder (inputs, *hidden, dimension) and decoder in reverse, around inputs brought to a common scale."""

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.inputs, self.dimension = inputs, dimension
        self.scale = CommonScale(inputs)
        self.encoder = Perceptron((inputs, *hidden, dimension))
        self.decoder = Perceptron((dimension, *reversed(hidden), inputs))
        self.register_buffer("prior_mean", torch.zeros(dimension, dtype=torch.float64))
        self.register_buffer("prior_factor", torch.zeros(dimension, dimension, dtype=torch.float64))

    def terms(self, batch: Tensor) -> Mapping[str, Tensor]:
        """Mean squared error of (n, d) scaled inputs."""
        return {"loss": functional.mse_loss(self.decoder(self.encoder(batch)), batch)}


def fit_autoencoder(
    points: NDArray[Any], dimension: int, hidden: Sequence[int], schedule: Schedule, rng: np.random.Generator
) -> Model:
    """An autoencoder of (n, d) points.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension : coordinates of a code, >= 1
    hidden : widths of the hidden layers of the encoder; the decoder has them in reverse
    schedule : epochs, batch size, learning rate
    rng : decides the initial weights and the order of the batches

    Returns
    -------
    Model
        ``history["loss"]``: mean squared error per epoch as a share of the variance of the data.
        ``quality``: ``training_error`` in the squared unit of the data, and ``explained_variance``.

    Raises
    ------
    InvalidInput
        For fewer than two different points.
    EngineFailure
        When training diverges.

    Notes
    -----
    [hinton2006]. Equal streams give equal weights, bit by bit, on one machine class.
    """
    cloud = trainable(points)
    module = Autoencoder(cloud.shape[1], dimension, hidden)
    generator = local_generator(rng)
    with reproducible():
        module.scale.adapt(cloud)
        module.encoder.initialise(generator)
        module.decoder.initialise(generator)
        inputs = module.scale(torch.tensor(cloud)).float()
        history = descend(module, inputs, module.terms, schedule, generator)
    model = Model(
        family="autoencoder",
        settings={"inputs": cloud.shape[1], "dimension": dimension, "hidden": tuple(hidden)},
        weights=stored(module),
        history=curves(history, {"loss": "share of variance"}),
    )
    network = AutoencoderNetwork.of(model)
    codes = network.encode(cloud).mean
    prior = CodeGaussian.fitted(codes)
    error = float(np.mean((network.decode(codes) - cloud) ** 2))
    return model.replace(
        weights={**model.weights, "prior_mean": prior.mean, "prior_factor": prior.factor},
        quality={"training_error": error, "explained_variance": 1 - error / float(cloud.var(axis=0).mean())},
    )


@dataclass(frozen=True)
class AutoencoderNetwork:
    """A trained autoencoder, evaluated in float64 on one thread. Its prior: the Gaussian of the training codes."""

    module: Autoencoder

    @classmethod
    def of(cls, model: Model) -> AutoencoderNetwork:
        """From a model of the family "autoencoder"."""
        return cls(restored(Autoencoder(**model.settings), model.weights))

    @property
    def inputs(self) -> int:
        """Coordinates of an input."""
        return self.module.inputs

    @property
    def dimension(self) -> int:
        """Coordinates of a code."""
        return self.module.dimension

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) codes; no posterior scale."""
        rows = columns(points, self.inputs, "points")
        return Encoding(evaluated(lambda part: self.module.encoder(self.module.scale(part)), rows))

    def decode(self, codes: NDArray[Any]) -> Floats:
        """(n, d) reconstructions in the unit of the training data."""
        rows = columns(codes, self.dimension, "codes")
        return evaluated(lambda part: self.module.scale.inverse(self.module.decoder(part)), rows)

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """Codes from the Gaussian fitted to the training codes: an autoencoder is trained without a prior."""
        return CodeGaussian(self.module.prior_mean.numpy(), self.module.prior_factor.numpy()).draw(size, rng)
