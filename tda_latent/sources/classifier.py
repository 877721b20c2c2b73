"""A classifier trained on the labels of the experiment's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.encoding import Checkpointed
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("classifier")
@dataclass(frozen=True)
class Classifier(Checkpointed):
    """Classifier of dense layers with SiLU activations; its codes are those of the last hidden layer.

    ``axes: layers`` may name hidden-1, hidden-2, ... and logits. There is no decoder and no prior: analyses that need
    one say so.

    Parameters
    ----------
    label : str or None
        The column of labels to learn; None: the only one.
    hidden : tuple of int
        Widths of the hidden layers; the last is the dimension of a code.
    label_noise : float
        Share of the training labels that is permuted among itself, 0 to 1. 1 is the control that can only memorise.
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
    Permuted labels as a control: [zhang2017]. 100 epochs over 1000 digits take about 2 s. On one thread, with a stream
    of its own: the same stream gives the same weights bit by bit on one machine class.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("zhang2017",)
    provides: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("labels",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[dict[str, object]] = {"hidden": [8, 4], "epochs": 2, "checkpoints": [0, 1]}

    label: str | None = None
    hidden: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (128, 64)
    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    epochs: Annotated[int, Field(ge=0)] = 100
    batch_size: Annotated[int, Field(ge=1)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-3
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """hidden-1, hidden-2, ..., logits, and the codes at the checkpoints."""
        hidden = (f"hidden-{depth}" for depth in range(1, len(self.hidden) + 1))
        return (*hidden, "logits", *super().layers)

    def __call__(self, train: Latents, rng: Generator) -> Model:
        from tda_latent.models.classifier import fit_classifier
        from tda_latent.models.training import Schedule

        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.checkpoints)
        return fit_classifier(train.points, self._labels(train), self.hidden, self.label_noise, schedule, rng)

    def _labels(self, train: Latents) -> NDArray[np.generic]:
        if self.label is not None and self.label in train.labels:
            return train.labels[self.label]
        if self.label is not None:
            raise unknown_name("column of labels", self.label, tuple(train.labels))
        if len(train.labels) != 1:
            names = ", ".join(train.labels) or "none"
            raise InvalidInput(f"the training data carry these columns of labels: {names}. Name one as label.")
        return next(iter(train.labels.values()))
