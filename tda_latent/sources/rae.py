"""A regularised autoencoder trained on the data of the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("rae")
@dataclass(frozen=True)
class RegularisedAutoencoder(Checkpointed):
    """Regularised autoencoder: short codes and a smooth decoder instead of the noise of a variational one.

    The deterministic control for a VAE. Sampling draws from the Gaussian, or the mixture of
    several, that is fitted to the training codes.

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
    code_weight : float
        Of half the mean squared norm of the codes against the mean squared error (as a share of the variance).
    decoder_weight : float
        Of half the sum of squares of the decoder's weights.
    components : int
        Gaussians of the prior that is fitted to the codes after training. Several can follow codes that fall apart.
    checkpoints : tuple of int
        Epochs at which the codes are kept, too, as layers "epoch-10" and so on for ``axes: layers``; 0 is the
        initialisation.

    Notes
    -----
    [ghosh2020], the variant L2; mixtures by [dempster1977]. 100 epochs over 1000 digits take about 2 s. On one thread,
    with a stream of its own: the same stream gives the same weights bit by bit on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("ghosh2020", "dempster1977")
    provides: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"dimension": 2, "hidden": [8], "epochs": 2, "checkpoints": [0, 1]}

    dimension: Annotated[int, Field(ge=1)] = 8
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (128, 64)
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    code_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-3
    decoder_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-5
    components: Annotated[int, Field(ge=1)] = 1
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.regularised import fit_regularised, with_mixture_prior
        from tda_latent.models.training import Schedule

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints)
        weights = (self.code_weight, self.decoder_weight)
        model = fit_regularised(train.points, self.dimension, self.hidden, weights, schedule, rng)
        return model if self.components == 1 else with_mixture_prior(model, train.points, self.components, rng)
