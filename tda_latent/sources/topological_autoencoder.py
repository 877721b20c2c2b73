"""An autoencoder that keeps the topology of its data, trained on the data of the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from numpy.random import Generator
from pydantic import Field

from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("topological-autoencoder")
@dataclass(frozen=True)
class TopologicalAutoencoder(Checkpointed):
    """Autoencoder whose codes are trained to have the components, or components and loops, of each batch of inputs.

    Beside the squared error it minimises a topological loss between inputs and codes, batch by batch, each space in a
    unit of its own. Sampling draws from the Gaussian fitted to the training codes.

    Parameters
    ----------
    dimension : int
        Coordinates of a code.
    hidden : tuple of int
        Widths of the hidden layers of the encoder; the decoder has them in reverse.
    epochs : int
        Passes over the training data; 0 keeps the random initialisation, as a control.
    batch_size : int
        Points per step, about: an epoch is split into steps of nearly equal size. The loss sees as much of the
        shape as a batch does.
    learning_rate : float
        Of Adam at its height, after a tenth of the steps; it then falls to zero along a cosine.
    loss : edges | rtd
        edges: how far the edges of both minimum spanning trees, which carry the components, differ in length between
        the two spaces. rtd: the representation topology divergence, of components and loops, several times as slow.
    weight : float
        Of the topological loss (per point) against the mean squared error (as a share of the variance); 0 is the
        plain autoencoder.
    checkpoints : tuple of int
        Epochs at which the codes are kept, too, as layers "epoch-10" and so on for ``axes: layers``; 0 is the
        initialisation.

    Notes
    -----
    edges: [moor2020], rtd: [trofimov2023]. 100 epochs over 1000 digits take about 4 s with edges. On one thread,
    with a stream of its own: the same stream gives the same weights bit by bit on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("moor2020", "trofimov2023")
    provides: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("torch", "numba")
    example: ClassVar[dict[str, object]] = {"dimension": 2, "hidden": [8], "epochs": 2, "checkpoints": [0, 1]}

    dimension: Annotated[int, Field(ge=1)] = 8
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (128, 64)
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    loss: Literal["edges", "rtd"] = "edges"
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.topological import fit_topological
        from tda_latent.models.training import Schedule

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints)
        return fit_topological(train.points, self.dimension, self.hidden, (self.loss, self.weight), schedule, rng)
