"""What a network that learns to add modulo p makes of the residues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("modular-addition")
@dataclass(frozen=True)
class ModularAddition:
    """Embeddings of the residues in a network that was trained to add modulo p.

    With weight decay the network comes to understand: it answers sums that it never saw, and the residues lie on a
    circle. Without, it learns the pairs by heart, which is the control. One point for each residue, its ids are
    residue-00, ...; the factor ``residue`` has the period p. The labels ``training accuracy`` and ``test accuracy`` are
    those of the network, shares of right answers, equal in all rows; chance is 1 / p (``label-mean`` makes them numbers
    that a claim can use).

    Parameters
    ----------
    modulus : int
        p.
    train_fraction : float
        Share of the p^2 pairs that are trained on.
    weight_decay : float
        Of AdamW; 0 is the control that memorises.
    steps : int
        Steps over all training pairs; fewer are the beginning of the same training, 0 is the initialisation.
    view : plane | raw
        The plane of the strongest frequency, or all coordinates of the embedding. The plane is chosen by its power, so
        that it flatters a network without circles, too: read it beside the control.
    dimension : int
        Coordinates of an embedding.
    hidden : int
        Width of the hidden layer.
    learning_rate : float
        Of AdamW, constant.

    Notes
    -----
    [power2022]; optimiser [loshchilov2019]. 4000 steps modulo 31 take about 4 s. On one thread, with a stream of its
    own: the same stream gives the same weights bit by bit on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("power2022", "loshchilov2019")
    provides: ClassVar[tuple[str, ...]] = ("factors", "ids", "labels")
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"modulus": 7, "steps": 60, "hidden": 8, "dimension": 4}

    modulus: Annotated[int, Field(ge=3, le=257)] = 31
    train_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.6
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    steps: Annotated[int, Field(ge=0)] = 4000
    view: Literal["plane", "raw"] = "plane"
    dimension: Annotated[int, Field(ge=2)] = 32
    hidden: Annotated[int, Field(ge=1)] = 128
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3

    def __call__(self, rng: Generator) -> Latents:
        from tda_latent.models.modular import ModularNetwork, fit_modular
        from tda_latent.models.training import Schedule

        sizes, schedule = (self.modulus, self.dimension, self.hidden), Schedule(self.steps, 1, self.learning_rate)
        model = fit_modular(sizes, self.train_fraction, self.weight_decay, schedule, rng)
        network = ModularNetwork.of(model)
        residues = np.arange(self.modulus)
        inputs = residues[:, None].astype(np.float64)
        encoding = network.at_layer(inputs, "plane") if self.view == "plane" else network.encode(inputs)
        return Latents(
            encoding.mean,
            ids=np.array([f"residue-{residue:02d}" for residue in residues]),
            labels={
                name: np.full(self.modulus, model.quality[name.replace(" ", "_")])
                for name in ("training accuracy", "test accuracy")
            },
            factors={"residue": Factor(residues.astype(np.float64), "circular", float(self.modulus))},
            origin=Origin(data="modular-addition"),
        )
