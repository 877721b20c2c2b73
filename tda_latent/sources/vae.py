"""A variational autoencoder trained on the data of the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("vae")
@dataclass(frozen=True)
class Vae(Checkpointed):
    """Variational autoencoder of dense layers with SiLU activations and Gaussian noise of calibrated size.

    Codes are posterior means and carry the posterior standard deviation as ``scale``; sampling draws from the prior
    N(0, I). The noise variance of the decoder follows the data instead of being a hidden second weight: beta = 1 is the
    evidence bound itself.

    Parameters
    ----------
    dimension : int
        Coordinates of a code.
    hidden : tuple of int
        Widths of the hidden layers of the encoder; the decoder has them in reverse.
    epochs : int
        Passes over the training data; 0 keeps the random initialisation, as a control.
    batch_size : int
        Points per step, about: an epoch is split into steps of nearly equal size.
    learning_rate : float
        Of Adam at its height, after a tenth of the steps; it then falls to zero along a cosine.
    beta : float
        Weight of the divergence from the prior; large values switch codes off (posterior collapse).
    warm_up : float
        Share of the steps over which beta rises from 0; 0 = none. Data of few coordinates (a Swiss roll) can leave the
        posterior near collapse without it: look at ``active_units``.
    checkpoints : tuple of int
        Epochs at which the codes are kept, too, as layers "epoch-10" and so on for ``axes: layers``; 0 is the
        initialisation.

    Notes
    -----
    [kingma2014], beta as in [higgins2017], warm-up as in [sonderby2016], noise as in [rybkin2021]. 100 epochs over 1000
    digits take about 2.5 s. On one thread, with a stream of its own: the same stream gives the same weights bit by bit
    on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("kingma2014", "higgins2017", "sonderby2016", "rybkin2021")
    provides: ClassVar[tuple[str, ...]] = ("scale", "decoder")
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"dimension": 2, "hidden": [8], "epochs": 2}

    dimension: Annotated[int, Field(ge=1)] = 8
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (128, 64)
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    warm_up: Annotated[float, Field(ge=0, le=1)] = 0.0
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.training import Schedule
        from tda_latent.models.variational import fit_variational

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints, self.warm_up)
        return fit_variational(train.points, self.dimension, self.hidden, self.beta, schedule, rng)
