"""An autoencoder of dense layers, trained by least squares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.autoencoding import AutoencodingNetwork
from tda_latent.models.encoding import CodeGaussian, Floats, trainable
from tda_latent.models.perceptron import CommonScale, Perceptron, stored
from tda_latent.models.training import Schedule, curves, descend, local_generator, reproducible
from tda_latent.records import Model


class Autoencoder(nn.Module):
    """Encoder (inputs, *hidden, dimension) and decoder in reverse, around inputs brought to a common scale.

    Families with another loss or prior are subclasses: ``units`` names the unit of every recorded term.
    """

    family: ClassVar[str] = "autoencoder"
    units: ClassVar[Mapping[str, str]] = {"loss": "share of variance"}

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.inputs, self.dimension, self.hidden = inputs, dimension, tuple(hidden)
        self.scale = CommonScale(inputs)
        self.encoder = Perceptron((inputs, *hidden, dimension))
        self.decoder = Perceptron((dimension, *reversed(hidden), inputs))
        self.register_buffer("prior_mean", torch.zeros(dimension, dtype=torch.float64))
        self.register_buffer("prior_factor", torch.zeros(dimension, dimension, dtype=torch.float64))

    def terms(self, batch: Tensor) -> Mapping[str, Tensor]:
        """Mean squared error of (n, d) scaled inputs."""
        return {"loss": functional.mse_loss(self.decoder(self.encoder(batch)), batch)}

    def prior(self, codes: Floats) -> CodeGaussian:
        """What samples are drawn from: the Gaussian of the (n, k) training codes, for training knows no prior."""
        return CodeGaussian.fitted(codes)


def fit_autoencoder(
    points: NDArray[Any], dimension: int, hidden: Sequence[int], schedule: Schedule, rng: np.random.Generator
) -> Model:
    """An autoencoder of (n, d) points.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension : coordinates of a code, >= 1
    hidden : widths of the hidden layers of the encoder; the decoder has them in reverse
    schedule : epochs, batch size, learning rate, checkpoints
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
    return trained(AutoencoderNetwork, module, module.terms, cloud, schedule, rng)


def trained(
    network: type[AutoencoderNetwork],
    module: Autoencoder,
    terms: Callable[[Tensor], Mapping[str, Tensor]],
    cloud: Floats,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """The module trained on (n, d) points, as a record; its terms and its prior make the family."""
    generator = local_generator(rng)
    with reproducible():
        module.scale.adapt(cloud)
        module.encoder.initialise(generator)
        module.decoder.initialise(generator)
        inputs = module.scale(torch.tensor(cloud)).float()
        course = descend(module, inputs, terms, schedule, generator)
    model = Model(
        family=module.family,
        settings={"inputs": module.inputs, "dimension": module.dimension, "hidden": module.hidden},
        weights=stored(module, course.checkpoints),
        history=curves(course.history, module.units),
    )
    asked = network.of(model)
    codes = asked.encode(cloud).mean
    prior = module.prior(codes)
    error = float(np.mean((asked.decode(codes) - cloud) ** 2))
    return model.replace(
        weights={**model.weights, "prior_mean": prior.mean, "prior_factor": prior.factor},
        quality={"training_error": error, "explained_variance": 1 - error / float(cloud.var(axis=0).mean())},
    )


@dataclass(frozen=True)
class AutoencoderNetwork(AutoencodingNetwork):
    """A trained autoencoder. Its prior is the one of its family: the Gaussian of the training codes, or N(0, I)."""

    architecture = Autoencoder

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """Codes from the prior that the family kept with its weights."""
        return CodeGaussian(self.module.prior_mean.numpy(), self.module.prior_factor.numpy()).draw(size, rng)
