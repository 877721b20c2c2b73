"""The regularised autoencoder: what is left of a variational one without its noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tda_latent.models.autoencoder import Autoencoder, AutoencoderNetwork, trained
from tda_latent.models.encoding import trainable
from tda_latent.models.training import Schedule
from tda_latent.records import Model


class RegularisedAutoencoder(Autoencoder):
    """An autoencoder whose codes and decoder weights are kept small."""

    family = "rae"
    units: ClassVar[Mapping[str, str]] = {
        "loss": "share of variance",
        "reconstruction": "share of variance",
        "code_energy": "squared unit of the codes",
        "decoder_energy": "1",
    }

    def weighted_terms(self, batch: Tensor, code_weight: float, decoder_weight: float) -> Mapping[str, Tensor]:
        """Mean squared error of (n, d) scaled inputs, half the mean squared norm of codes, and that of the decoder."""
        codes = self.encoder(batch)
        reconstruction = functional.mse_loss(self.decoder(codes), batch)
        code_energy = (codes**2).sum(dim=1).mean() / 2
        decoder_energy = sum((value**2).sum() for value in self.decoder.parameters()) / 2
        return {
            "loss": reconstruction + code_weight * code_energy + decoder_weight * decoder_energy,
            "reconstruction": reconstruction,
            "code_energy": code_energy,
            "decoder_energy": decoder_energy,
        }


def fit_regularised(
    points: NDArray[Any],
    dimension: int,
    hidden: Sequence[int],
    weights: tuple[float, float],
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A regularised autoencoder of (n, d) points.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension, hidden, schedule, rng : as for `fit_autoencoder`
    weights : of the codes' and of the decoder's energy, both >= 0

    Returns
    -------
    Model
        ``history``: ``loss`` = ``reconstruction`` + weights . (``code_energy``, ``decoder_energy``). ``quality`` as of
        `fit_autoencoder`.

    Notes
    -----
    [ghosh2020], the variant L2 with a Gaussian fitted to the codes afterwards as its prior.
    """
    cloud = trainable(points)
    module = RegularisedAutoencoder(cloud.shape[1], dimension, hidden)
    terms = partial(module.weighted_terms, code_weight=weights[0], decoder_weight=weights[1])
    return trained(RegularisedNetwork, module, terms, cloud, schedule, rng)


@dataclass(frozen=True)
class RegularisedNetwork(AutoencoderNetwork):
    """A trained regularised autoencoder. Its prior: the Gaussian of the training codes."""

    architecture = RegularisedAutoencoder
