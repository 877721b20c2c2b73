"""The topological autoencoder: least squares plus agreement of inputs and codes on the topology of each batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.autoencoder import Autoencoder, AutoencoderNetwork, trained
from tda_latent.models.encoding import trainable
from tda_latent.models.losses.divergence import rtd_loss
from tda_latent.models.losses.topological import topological_loss
from tda_latent.models.training import Schedule
from tda_latent.records import Model

Agreement = Literal["edges", "rtd"]


class TopologicalAutoencoder(Autoencoder):
    """An autoencoder with a learned unit of its codes, so that only shapes are compared and no sizes."""

    family = "topological-autoencoder"
    units: ClassVar[Mapping[str, str]] = {
        "loss": "share of variance",
        "reconstruction": "share of variance",
        "topology": "squared diameters of a batch, per point",
    }

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int]) -> None:
        super().__init__(inputs, dimension, hidden)
        self.log_unit = nn.Parameter(torch.zeros(()))

    def weighted_terms(self, batch: Tensor, weight: float, agreement: Agreement) -> Mapping[str, Tensor]:
        """Mean squared error of (n, d) scaled inputs, and the topological loss of the batch, per point."""
        codes = self.encoder(batch)
        reconstruction = functional.mse_loss(self.decoder(codes), batch)
        diameter = torch.cdist(batch, batch).max() if len(batch) > 1 else batch.new_zeros(())
        # one point, or copies of one, have no shape; nor do codes that diverged, which the loss then says
        if not weight or not diameter > 0 or not codes.isfinite().all():
            return {"loss": reconstruction, "reconstruction": reconstruction, "topology": reconstruction * 0}
        if agreement == "rtd":
            topology = rtd_loss(batch, codes) / len(batch)
        else:
            topology = topological_loss(batch / diameter, codes / self.log_unit.exp()) / len(batch)
        return {"loss": reconstruction + weight * topology, "reconstruction": reconstruction, "topology": topology}


def fit_topological(
    points: NDArray[Any],
    dimension: int,
    hidden: Sequence[int],
    penalty: tuple[Agreement, float],
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A topological autoencoder of (n, d) points.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension, hidden, schedule, rng : as for `fit_autoencoder`
    penalty : which topological loss ("edges": `topological_loss`, "rtd": `rtd_loss`), and its weight, >= 0; 0 is the
        plain autoencoder

    Returns
    -------
    Model
        ``history``: ``loss`` = ``reconstruction`` + weight * ``topology``. ``quality`` as of `fit_autoencoder`.

    Notes
    -----
    [moor2020]: distances of the inputs are divided by the diameter of the batch, those of the codes by a learned unit,
    and the loss by the size of the batch. [trofimov2023] for "rtd", whose loss brings both units.
    """
    cloud = trainable(points)
    module = TopologicalAutoencoder(cloud.shape[1], dimension, hidden)
    terms = partial(module.weighted_terms, weight=penalty[1], agreement=penalty[0])
    model = trained(TopologicalNetwork, module, terms, cloud, schedule, rng)
    if penalty[0] == "edges" or not model.history:
        return model
    measured = model.history["topology"].replace(unit="quantiles of the distances of a batch, per point")
    return model.replace(history={**model.history, "topology": measured})


@dataclass(frozen=True)
class TopologicalNetwork(AutoencoderNetwork):
    """A trained topological autoencoder. Its prior: the Gaussian of the training codes."""

    architecture = TopologicalAutoencoder
