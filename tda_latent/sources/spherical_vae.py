"""A variational autoencoder with codes on a sphere, trained on the data of the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("spherical-vae")
@dataclass(frozen=True)
class SphericalVae(Checkpointed):
    """Variational autoencoder whose codes are unit vectors, with the uniform prior on the sphere.

    A prior with a topology of its own: a circle for two coordinates, a sphere for three. Codes are posterior directions
    and carry the posterior deviation along each tangent as ``scale``; sampling draws from the uniform prior. The noise
    variance of the decoder follows the data, as in ``vae``.

    Parameters
    ----------
    dimension : int
        Coordinates k of a code; the sphere has dimension k - 1.
    hidden : tuple of int
        Widths of the hidden layers of the encoder; the decoder has them in reverse.
    epochs : int
        Passes over the training data; 0 keeps the random initialisation, as a control.
    batch_size : int
        Points per step, about: an epoch is split into steps of nearly equal size.
    learning_rate : float
        Of Adam at its height, after a tenth of the steps; it then falls to zero along a cosine.
    beta : float
        Weight of the divergence from the prior; 1 is the evidence bound itself.
    checkpoints : tuple of int
        Epochs at which the codes are kept, too, as layers "epoch-10" and so on for ``axes: layers``; 0 is the
        initialisation.

    Notes
    -----
    Prior of [davidson2018], power spherical posteriors [decao2020], noise as in [rybkin2021]. 100 epochs over 1000
    digits take about 3 s. On one thread, with a stream of its own: the same stream gives the same weights bit by bit on
    one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("davidson2018", "decao2020", "rybkin2021")
    provides: ClassVar[tuple[str, ...]] = ("scale", "decoder")
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"dimension": 3, "hidden": [8], "epochs": 2, "checkpoints": [0, 1]}

    dimension: Annotated[int, Field(ge=2)] = 8
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (128, 64)
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.spherical import fit_spherical
        from tda_latent.models.training import Schedule

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints)
        return fit_spherical(train.points, self.dimension, self.hidden, self.beta, schedule, rng)
