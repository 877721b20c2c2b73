"""A Wasserstein autoencoder trained on the data of the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("wae")
@dataclass(frozen=True)
class WassersteinAutoencoder(Checkpointed):
    """Wasserstein autoencoder: codes that follow the prior N(0, I) as a whole, each of them without noise.

    Beside the squared error it minimises the maximum mean discrepancy between the codes of a batch and draws from the
    prior. Sampling draws from the prior.

    Parameters
    ----------
    dimension : int
        Coordinates of a code.
    hidden : tuple of int
        Widths of the hidden layers of the encoder; the decoder has them in reverse.
    epochs : int
        Passes over the training data; 0 keeps the random initialisation, as a control.
    batch_size : int
        Points per step, about: an epoch is split into steps of nearly equal size. The estimate of the
        discrepancy gets better with it.
    learning_rate : float
        Of Adam at its height, after a tenth of the steps; it then falls to zero along a cosine.
    weight : float
        Of the discrepancy against the mean squared error (as a share of the variance).
    checkpoints : tuple of int
        Epochs at which the codes are kept, too, as layers "epoch-10" and so on for ``axes: layers``; 0 is the
        initialisation.

    Notes
    -----
    [tolstikhin2018], with inverse multiquadratic kernels. 100 epochs over 1000 digits take about 3 s. On one thread,
    with a stream of its own: the same stream gives the same weights bit by bit on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("tolstikhin2018", "gretton2012")
    provides: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"dimension": 2, "hidden": [8], "epochs": 2, "checkpoints": [0, 1]}

    dimension: Annotated[int, Field(ge=1)] = 8
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (128, 64)
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 128
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.training import Schedule
        from tda_latent.models.wasserstein import fit_wasserstein

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints)
        return fit_wasserstein(train.points, self.dimension, self.hidden, self.weight, schedule, rng)
