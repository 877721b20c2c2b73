"""The Wasserstein autoencoder: a deterministic encoder whose codes as a whole follow the prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tda_latent.models.autoencoder import Autoencoder, AutoencoderNetwork, trained
from tda_latent.models.encoding import CodeGaussian, Floats, trainable
from tda_latent.models.losses.discrepancy import mean_discrepancy
from tda_latent.models.training import Schedule, local_generator
from tda_latent.records import Model


class WassersteinAutoencoder(Autoencoder):
    """An autoencoder whose codes are compared with draws from N(0, I), batch by batch."""

    family = "wae"
    units: ClassVar[Mapping[str, str]] = {
        "loss": "share of variance",
        "reconstruction": "share of variance",
        "discrepancy": "1",
    }

    def weighted_terms(self, batch: Tensor, weight: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Mean squared error of (n, d) scaled inputs, and the discrepancy of their codes from N(0, I)."""
        codes = self.encoder(batch)
        reconstruction = functional.mse_loss(self.decoder(codes), batch)
        if len(batch) < 2:  # no estimate without pairs
            return {"loss": reconstruction, "reconstruction": reconstruction, "discrepancy": reconstruction * 0}
        discrepancy = mean_discrepancy(codes, torch.empty_like(codes).normal_(generator=generator))
        return {
            "loss": reconstruction + weight * discrepancy,
            "reconstruction": reconstruction,
            "discrepancy": discrepancy,
        }

    def prior(self, codes: Floats) -> CodeGaussian:
        """N(0, I), which the codes were trained to follow."""
        return CodeGaussian(np.zeros(codes.shape[1]), np.eye(codes.shape[1]))


def fit_wasserstein(
    points: NDArray[Any],
    dimension: int,
    hidden: Sequence[int],
    weight: float,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A Wasserstein autoencoder of (n, d) points, by maximum mean discrepancy.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension, hidden, schedule : as for `fit_autoencoder`
    weight : of the discrepancy, >= 0
    rng : decides the initial weights, the order of the batches and the draws from the prior

    Returns
    -------
    Model
        ``history``: ``loss`` = ``reconstruction`` + weight * ``discrepancy``, whose unbiased estimate may be negative.
        ``quality`` as of `fit_autoencoder`.

    Notes
    -----
    [tolstikhin2018], with inverse multiquadratic kernels.
    """
    cloud = trainable(points)
    module = WassersteinAutoencoder(cloud.shape[1], dimension, hidden)
    terms = partial(module.weighted_terms, weight=weight, generator=local_generator(rng))
    return trained(WassersteinNetwork, module, terms, cloud, schedule, rng)


@dataclass(frozen=True)
class WassersteinNetwork(AutoencoderNetwork):
    """A trained Wasserstein autoencoder. Its prior: N(0, I)."""

    architecture = WassersteinAutoencoder
