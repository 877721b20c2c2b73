"""A network that learns to add modulo p, and what it makes of the residues: generalising, or learning by heart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Never

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.errors import InvalidInput
from tda_latent.models.autoencoding import AutoencodingNetwork
from tda_latent.models.encoding import Encoding, Floats, columns
from tda_latent.models.perceptron import Perceptron, stored
from tda_latent.models.training import (
    Course,
    Schedule,
    curves,
    local_generator,
    parameters_of,
    reproducible,
    require_finite,
)
from tda_latent.records import Model

_EVERY = 50  # steps between two entries of the history
_UNITS = {"loss": "nats per pair", "training_accuracy": "1", "test_accuracy": "1"}


class ModularAddition(nn.Module):
    """Embeddings of two residues side by side, one hidden layer, one logit for each residue."""

    def __init__(self, modulus: int, dimension: int, hidden: int) -> None:
        super().__init__()
        self.modulus, self.dimension, self.hidden, self.inputs = modulus, dimension, hidden, 1
        self.embedding = nn.Parameter(torch.empty(modulus, dimension))
        self.trunk = Perceptron((2 * dimension, hidden, modulus))

    def initialise(self, generator: torch.Generator) -> None:
        """Standard normal embeddings; layers as everywhere."""
        with torch.no_grad():
            self.embedding.normal_(generator=generator)
        self.trunk.initialise(generator)

    def forward(self, pairs: Tensor) -> Tensor:
        """(n, p) logits of the sums of (n, 2) residues."""
        return self.trunk(self.embedding[pairs].flatten(1))


class Task(NamedTuple):
    """All p^2 sums, parted into those that are trained on and those that are not.

    train, test : (n, 2) pairs of residues
    """

    modulus: int
    train: Tensor
    test: Tensor

    @classmethod
    def of(cls, modulus: int, train_fraction: float, rng: np.random.Generator) -> Task:
        """A random part of the pairs to train on, at least one pair on either side."""
        pairs = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus))
        count = min(max(1, round(train_fraction * len(pairs))), len(pairs) - 1)
        order = torch.from_numpy(rng.permutation(len(pairs)))
        return cls(modulus, pairs[order[:count]], pairs[order[count:]])

    def sums(self, pairs: Tensor) -> Tensor:
        """(n,) right answers."""
        return pairs.sum(dim=1) % self.modulus

    def accuracies(self, module: ModularAddition) -> dict[str, float]:
        """Share of right answers on either side."""
        sides = {"training_accuracy": self.train, "test_accuracy": self.test}
        with torch.no_grad():
            answers = {name: module(pairs).argmax(dim=1) == self.sums(pairs) for name, pairs in sides.items()}
        return {name: float(right.double().mean()) for name, right in answers.items()}


def fit_modular(
    sizes: tuple[int, int, int],
    train_fraction: float,
    weight_decay: float,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A network that adds modulo p.

    Parameters
    ----------
    sizes : p >= 2, coordinates of an embedding, width of the hidden layer
    train_fraction : share of the p^2 pairs to train on, in (0, 1)
    weight_decay : of AdamW, >= 0; without it the network learns the pairs by heart
    schedule : an epoch is one step over all training pairs at a constant learning rate, so that a shorter training is
        the beginning of a longer one; the batch size is not used
    rng : decides the pairs and the initial weights

    Returns
    -------
    Model
        ``history`` every 50 epochs: ``loss``, ``training_accuracy``, ``test_accuracy``. ``quality``: the accuracies at
        the end. Chance is 1 / p.

    Raises
    ------
    EngineFailure
        When training diverges.

    Notes
    -----
    [power2022]; optimiser [loshchilov2019]. 4000 epochs modulo 31 take about 4 s.
    """
    task = Task.of(sizes[0], train_fraction, rng)
    module = ModularAddition(*sizes)
    with reproducible():
        module.initialise(local_generator(rng))
        course = _trained(module, task, weight_decay, schedule)
        reached = task.accuracies(module)
    return Model(
        family="modular-addition",
        settings={"modulus": sizes[0], "dimension": sizes[1], "hidden": sizes[2]},
        weights=stored(module, course.checkpoints),
        history=_every(curves(course.history, _UNITS)),
        quality=reached,
    )


def _trained(module: ModularAddition, task: Task, weight_decay: float, schedule: Schedule) -> Course:
    optimiser = torch.optim.AdamW(module.parameters(), lr=schedule.learning_rate, weight_decay=weight_decay)
    right = task.sums(task.train)
    history: dict[str, list[float]] = {}
    kept = {0: parameters_of(module)} if 0 in schedule.checkpoints else {}
    for epoch in range(1, schedule.epochs + 1):
        loss = functional.cross_entropy(module(task.train), right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if epoch % _EVERY == 0:
            require_finite(loss.item(), epoch - 1, schedule)
            for name, value in {"loss": loss.item(), **task.accuracies(module)}.items():
                history.setdefault(name, []).append(value)
        if epoch in schedule.checkpoints:
            kept[epoch] = parameters_of(module)
    return Course({name: np.array(values) for name, values in history.items()}, kept)


def _every(history: Mapping[str, Any]) -> dict[str, Any]:
    return {name: curve.replace(x=curve.x * _EVERY) for name, curve in history.items()}


def dominant_plane(embedding: Floats) -> tuple[Floats, int, float]:
    """The embedding of p residues as the plane of its strongest frequency sees it.

    Parameters
    ----------
    embedding : (p, k), p >= 3, row r that of residue r

    Returns
    -------
    points : (p, 2)
        Coordinates in the two leading principal axes of the component of frequency f.
    frequency : int
        f from 1 to p // 2: with it, residue r lies near the angle 2 pi f r / p.
    share : float
        Of the variance that this frequency has; that of noise is about 2 / (p - 1).

    Notes
    -----
    The frequency is chosen by its power, so that a network without circles gives the best plane of noise: compare with
    such a control.
    """
    spectrum = np.fft.rfft(embedding - embedding.mean(axis=0), axis=0)
    power = (np.abs(spectrum[1:]) ** 2).sum(axis=1)
    if len(embedding) % 2 == 0:  # alternating signs have no second wave a quarter turn behind
        power[-1] /= 2
    frequency = 1 + int(np.argmax(power))
    angles = 2 * np.pi * frequency * np.arange(len(embedding)) / len(embedding)
    waves = np.column_stack([np.cos(angles), np.sin(angles)]) * np.sqrt(2 / len(embedding))
    part = waves.T @ embedding  # (2, k): what cosine and sine are sent to
    _, _, axes = np.linalg.svd(part, full_matrices=False)
    plane = np.zeros((len(embedding), 2))
    plane[:, : len(axes)] = (embedding - embedding.mean(axis=0)) @ axes.T
    return plane, frequency, float(power[frequency - 1] / power.sum())


@dataclass(frozen=True)
class ModularNetwork(AutoencodingNetwork):
    """A trained adder. Its inputs are residues, (n, 1) integers; their codes are the embeddings."""

    architecture = ModularAddition

    @property
    def layers(self) -> tuple[str, ...]:
        """ "plane", that of the strongest frequency; then embeddings at earlier epochs."""
        return ("plane", *self.checkpoints)

    def at_layer(self, points: NDArray[Any], layer: str) -> Encoding:
        """(n, 2) positions in the plane, or (n, k) embeddings as they were at a checkpoint."""
        if layer != "plane":
            return replace(self, module=self.checkpoints[layer], checkpoints={}).encode(points)
        return Encoding(dominant_plane(self.module.embedding.detach().numpy())[0][self._residues(points)])

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) embeddings of residues."""
        return Encoding(self.module.embedding.detach().numpy()[self._residues(points)])

    def decode(self, codes: NDArray[Any]) -> Never:
        """Refused: an embedding is read by the layers behind it only."""
        raise InvalidInput("a network that adds residues has no decoder; use a family that has one (autoencoder, ...).")

    def sample(self, size: int, rng: np.random.Generator) -> Never:
        """Refused: there is no prior."""
        raise InvalidInput("a network that adds residues has no prior to sample from; use a family that has one.")

    def _residues(self, points: NDArray[Any]) -> NDArray[np.int64]:
        values = columns(points, 1, "residues")[:, 0]
        rows = values.astype(np.int64)
        if (rows != values).any() or (rows < 0).any() or (rows >= self.module.modulus).any():
            raise InvalidInput(f"residues must be whole numbers from 0 to {self.module.modulus - 1}.")
        return rows
