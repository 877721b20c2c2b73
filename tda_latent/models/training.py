"""Training that gives the same weights again: one loop for all our networks, one thread, one local generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tda_latent.errors import EngineFailure
from tda_latent.models.encoding import Floats
from tda_latent.records import Curve

_WARM_UP = 0.1  # share of the steps over which the learning rate rises


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    epochs : passes over the data, >= 0; 0 keeps the random initialisation, which is a control worth having
    batch_size : points per step, about: an epoch is split into steps of nearly equal size
    learning_rate : of Adam at its height; it rises over a tenth of the steps, then falls to zero along a cosine
    checkpoints : epochs after which the weights are kept; 0 is the initialisation
    warm_up : share of the steps over which a penalty rises to its weight, for families that have one to raise
    """

    epochs: int
    batch_size: int
    learning_rate: float
    checkpoints: tuple[int, ...] = ()
    warm_up: float = 0.0

    def weights(self, weight: float, size: int) -> Iterator[float]:
        """The weight of a penalty, step by step, for ``size`` training points."""
        rising = self.warm_up * self.epochs * math.ceil(size / self.batch_size)
        for step in count(1):
            yield weight * min(1.0, step / rising) if rising else weight

    def rate(self, progress: float) -> float:
        """Learning rate when a share ``progress`` in (0, 1] of the steps is done."""
        rising = min(1.0, progress / _WARM_UP)
        return self.learning_rate * rising * (1 + math.cos(math.pi * progress)) / 2


class Course(NamedTuple):
    """What training leaves behind beside the trained module.

    history : (epochs,) mean of each term over each epoch; checkpoints : parameters by name, by epoch
    """

    history: dict[str, Floats]
    checkpoints: dict[int, dict[str, NDArray[Any]]]


@contextmanager
def reproducible() -> Iterator[None]:
    """One thread and deterministic algorithms inside; the caller's settings are back afterwards.

    The same weights then come out bit by bit on one machine class. No generator is touched.
    """
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)


def local_generator(rng: np.random.Generator) -> torch.Generator:
    """A generator of torch that continues the given stream; the global one stays as it is."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))


def descend(
    module: nn.Module,
    inputs: Tensor,
    terms: Callable[[Tensor], Mapping[str, Tensor]],
    schedule: Schedule,
    generator: torch.Generator,
) -> Course:
    """Minimise a loss over (n, d) inputs by Adam [kingma2015], in place.

    Parameters
    ----------
    module : what is trained
    inputs : (n, d)
    terms : batch -> named scalars; the one called "loss" is minimised, the others are recorded with it
    schedule, generator : pace, and the stream that shuffles

    Returns
    -------
    Course
        The terms are averaged over each epoch as the weights were when each batch came.

    Raises
    ------
    EngineFailure
        When the loss is no longer finite.
    """
    optimiser = torch.optim.Adam(module.parameters(), lr=schedule.learning_rate)
    batches = math.ceil(len(inputs) / schedule.batch_size)
    history: dict[str, list[float]] = {}
    kept = {0: parameters_of(module)} if 0 in schedule.checkpoints else {}
    for epoch in range(schedule.epochs):
        totals: dict[str, float] = {}
        order = torch.randperm(len(inputs), generator=generator)
        for step, rows in enumerate(torch.tensor_split(order, batches), start=1):
            optimiser.param_groups[0]["lr"] = schedule.rate((epoch + step / batches) / schedule.epochs)
            found = terms(inputs[rows])
            optimiser.zero_grad()
            found["loss"].backward()
            optimiser.step()
            for name, value in found.items():
                totals[name] = totals.get(name, 0.0) + value.item() * len(rows) / len(inputs)
        require_finite(totals["loss"], epoch, schedule)
        for name, total in totals.items():
            history.setdefault(name, []).append(total)
        if epoch + 1 in schedule.checkpoints:
            kept[epoch + 1] = parameters_of(module)
    return Course({name: np.array(values) for name, values in history.items()}, kept)


def parameters_of(module: nn.Module) -> dict[str, NDArray[Any]]:
    """A copy of what is trained, by name; buffers are left out."""
    return {name: value.detach().numpy().copy() for name, value in module.named_parameters()}


def require_finite(loss: float, epoch: int, schedule: Schedule) -> None:
    """Refuse a loss that has left the real numbers.

    Raises
    ------
    EngineFailure
        With the epoch and the learning rate.
    """
    if not math.isfinite(loss):
        raise EngineFailure(
            f"training diverged: the loss is {loss} in epoch {epoch + 1} of {schedule.epochs} "
            f"at learning rate {schedule.learning_rate:g}. Lower the learning rate."
        )


def curves(history: Mapping[str, Floats], units: Mapping[str, str]) -> dict[str, Curve]:
    """The recorded terms as curves over epochs 1, 2, ..."""
    return {
        name: Curve(
            x=np.arange(1.0, len(values) + 1.0), y=values, x_unit="epochs", unit=units[name], x_name="epoch", name=name
        )
        for name, values in history.items()
    }
