"""An autoencoder trained on the data of the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("autoencoder")
@dataclass(frozen=True)
class Autoencoder(Checkpointed):
    """Autoencoder of dense layers with SiLU activations, trained by least squares.

    Inputs are shifted by their mean and divided by one common deviation inside the model, so that the loss is the
    squared error in the data's own unit: columns in larger units (raw tables) count more. An epoch over few rows is few
    steps: a table of some hundred rows wants about 1000 epochs. On 142 rows of the raw wine table the held-out error is
    8 times that of two principal components after 100 epochs and 0.9 to 1.02 times after 1000, by the split. Sampling
    draws from the Gaussian fitted to the training codes.

    Parameters
    ----------
    dimension : int
        Coordinates of a code.
    hidden : tuple of int
        Widths of the hidden layers of the encoder; the decoder has them in reverse. Empty: a linear autoencoder.
    epochs : int
        Passes over the training data; 0 keeps the random initialisation, as a control.
    batch_size : int
        Points per step, about: an epoch is split into steps of nearly equal size.
    learning_rate : float
        Of Adam at its height, after a tenth of the steps; it then falls to zero along a cosine.
    checkpoints : tuple of int
        Epochs at which the codes are kept, too, as layers "epoch-10" and so on for ``axes: layers``; 0 is the
        initialisation.

    Notes
    -----
    [hinton2006]. 100 epochs over 1000 digits take about 2 s. On one thread, with a stream of its own: the same stream
    gives the same weights bit by bit on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hinton2006",)
    provides: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"dimension": 2, "hidden": [8], "epochs": 2}

    dimension: Annotated[int, Field(ge=1)] = 8
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (128, 64)
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.autoencoder import fit_autoencoder
        from tda_latent.models.training import Schedule

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints)
        return fit_autoencoder(train.points, self.dimension, self.hidden, schedule, rng)
