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
    layer : str
        Which layer of the model; empty for its codes.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    layer: str = ""

    def __call__(self, network: Model, inputs: Latents) -> Latents:
        rows = np.arange(len(inputs)) if inputs.split is None else np.flatnonzero(inputs.split == "test")
        origin = Origin(source=network.digest)  # names are no part of a record, lest a new name change its digest
        return encode_latents(network, inputs.take(rows), origin, self.layer)
