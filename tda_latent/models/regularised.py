"""The regularised autoencoder: what is left of a variational one without its noise."""

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
from tda_latent.models.encoding import draws, trainable
from tda_latent.models.training import Schedule
from tda_latent.numerics.gaussian_mixture import Mixture, gaussian_mixture
from tda_latent.records import Model


class RegularisedAutoencoder(Autoencoder):
    """An autoencoder whose codes and decoder weights are kept small.

    With components > 0 it keeps a mixture of so many normal distributions as its prior.
    """

    family = "rae"
    units: ClassVar[Mapping[str, str]] = {
        "loss": "share of variance",
        "reconstruction": "share of variance",
        "code_energy": "squared unit of the codes",
        "decoder_energy": "1",
    }

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int], components: int = 0) -> None:
        super().__init__(inputs, dimension, hidden)
        self.components = components
        if components:
            self.register_buffer("mixture_shares", torch.zeros(components, dtype=torch.float64))
            self.register_buffer("mixture_means", torch.zeros(components, dimension, dtype=torch.float64))
            self.register_buffer("mixture_factors", torch.zeros(components, dimension, dimension, dtype=torch.float64))

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


def with_mixture_prior(model: Model, points: NDArray[Any], components: int, rng: np.random.Generator) -> Model:
    """The same model with a mixture of Gaussians, fitted to the codes of its (n, d) training points, as its prior.

    Raises
    ------
    InvalidInput
        When all codes coincide.

    Notes
    -----
    [ghosh2020], by [dempster1977].
    """
    found = gaussian_mixture(RegularisedNetwork.of(model).encode(points).mean, components, rng)
    kept = {f"mixture_{name}": array for name, array in found._asdict().items()}
    settings = {**model.settings, "components": len(found.shares)}
    return model.replace(settings=settings, weights={**model.weights, **kept})


@dataclass(frozen=True)
class RegularisedNetwork(AutoencoderNetwork):
    """A trained regularised autoencoder. Its prior: the Gaussian, or the mixture, of the training codes."""

    architecture = RegularisedAutoencoder

    def sample(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Codes from the prior that was fitted to the training codes."""
        module = self.module
        if not module.components:
            return super().sample(size, rng)
        parts = (module.mixture_shares, module.mixture_means, module.mixture_factors)
        return Mixture(*(part.numpy() for part in parts)).draw(draws(size), rng)
