"""Encode the held-out inputs with a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tda_latent.models.network import encode_latents
from tda_latent.records import Latents, Model, Origin
from tda_latent.registry import step


@step("encode")
@dataclass(frozen=True)
class Encode:
    """Latents of the held-out inputs, with their ids and labels, and the posterior scale where the model has one.

    Parameters
    ----------
    model : str
        Name of the model in the experiment.
    data : str
        Name of the data in the experiment.
    replicate : str
        Name of the replicate.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    model: str = ""
    data: str = ""
    replicate: str = ""

    def __call__(self, network: Model, inputs: Latents) -> Latents:
        rows = np.arange(len(inputs)) if inputs.split is None else np.flatnonzero(inputs.split == "test")
        origin = Origin(model=self.model, data=self.data, replicate=self.replicate, source=network.digest)
        return encode_latents(network, inputs.take(rows), origin)
