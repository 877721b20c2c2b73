"""A generative adversarial network with an encoder that was taught to undo the generator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.autoencoding import AutoencodingNetwork
from tda_latent.models.encoding import trainable
from tda_latent.models.perceptron import CommonScale, Perceptron, stored
from tda_latent.models.training import (
    Schedule,
    curves,
    descend,
    local_generator,
    parameters_of,
    reproducible,
    require_finite,
)
from tda_latent.records import Model

_MOMENTS = (0.0, 0.99)  # of Adam: without momentum, for both players move
_MEMORY = 0.995  # per step, of the running mean of the generator's weights
Weights = dict[str, Tensor]
_UNITS = {"discriminator_loss": "nats", "generator_loss": "nats", "encoder_loss": "squared prior deviations"}


class GeneratorAndEncoder(nn.Module):
    """What is kept of the game: the decoder is the mean generator, the encoder its learned inverse."""

    def __init__(self, inputs: int, dimension: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.inputs, self.dimension = inputs, dimension
        self.scale = CommonScale(inputs)
        self.encoder = Perceptron((inputs, *hidden, dimension))
        self.decoder = Perceptron((dimension, *reversed(hidden), inputs))


class Game:
    """Generator against discriminator: non-saturating losses, gradient penalty on real inputs, averaged weights.

    Parameters
    ----------
    module : whose decoder becomes the running mean of the generators
    sizes : of the layers of the discriminator, one output
    penalty : weight of half the squared gradient of the discriminator at real inputs
    rate, generator : learning rate of both players, and the stream of initial weights and codes
    """

    def __init__(
        self,
        module: GeneratorAndEncoder,
        sizes: Sequence[int],
        penalty: float,
        rate: float,
        generator: torch.Generator,
    ) -> None:
        hidden = sizes[1:-1]
        self.module, self.penalty, self.random = module, penalty, generator
        self.player = Perceptron((module.dimension, *reversed(hidden), module.inputs))
        self.judge = Perceptron(sizes)
        for part in (self.player, self.judge):
            part.initialise(generator)
        module.decoder.load_state_dict(self.player.state_dict())
        self.optimisers = [
            torch.optim.Adam(part.parameters(), lr=rate, betas=_MOMENTS) for part in (self.player, self.judge)
        ]
        self.steps = 0

    def step(self, real: Tensor, rate: float) -> dict[str, Tensor]:
        """One move of each player on (n, d) scaled inputs; the losses before it."""
        codes = torch.empty(len(real), self.module.dimension).normal_(generator=self.random)
        fake = self.player(codes)
        real = real.clone().requires_grad_(True)
        judged = self.judge(real)
        (slope,) = torch.autograd.grad(judged.sum(), real, create_graph=True)
        judge_loss = functional.softplus(-judged).mean() + functional.softplus(self.judge(fake.detach())).mean()
        self._move(1, judge_loss + self.penalty / 2 * (slope**2).sum(dim=1).mean(), rate)
        player_loss = functional.softplus(-self.judge(fake)).mean()
        self._move(0, player_loss, rate)
        self._average()
        return {"discriminator_loss": judge_loss.detach(), "generator_loss": player_loss.detach()}

    def _move(self, who: int, loss: Tensor, rate: float) -> None:
        optimiser = self.optimisers[who]
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    def _average(self) -> None:
        self.steps += 1
        memory = min(_MEMORY, self.steps / (self.steps + 10))  # early generators are forgotten sooner
        with torch.no_grad():
            for mean, value in zip(self.module.decoder.parameters(), self.player.parameters(), strict=True):
                mean.lerp_(value, 1 - memory)


def fit_adversarial(
    points: NDArray[Any],
    dimension: int,
    hidden: Sequence[int],
    penalty: float,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A generative adversarial network of (n, d) points, and an encoder for it.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension : coordinates of a code, >= 1; the prior is N(0, I)
    hidden : widths of the hidden layers of discriminator and encoder; the generator has them in reverse
    penalty : weight of the gradient penalty, >= 0
    schedule : epochs, batch size, learning rate, checkpoints; the encoder trains for as many epochs afterwards, and
        another one for the generator of each checkpoint
    rng : decides everything that is drawn

    Returns
    -------
    Model
        ``history``: ``discriminator_loss``, ``generator_loss`` and ``encoder_loss`` per epoch. ``quality``:
        ``code_error`` (mean squared error of encoded generated points, in units of the prior's variance: 1 = nothing
        learned), ``training_error`` (of decoded codes of the data, squared unit of the data), ``explained_variance``.

    Raises
    ------
    InvalidInput
        For fewer than two different points.
    EngineFailure
        When training diverges.

    Notes
    -----
    [goodfellow2014], penalty as in [mescheder2018], mean weights as in [yazici2019]. The encoder is a regression from
    generated points to their codes: of data that the generator cannot make, it says the code of something near.
    """
    cloud = trainable(points)
    module = GeneratorAndEncoder(cloud.shape[1], dimension, hidden)
    generator = local_generator(rng)
    with reproducible():
        module.scale.adapt(cloud)
        inputs = module.scale(torch.tensor(cloud)).float()
        game = Game(module, (cloud.shape[1], *hidden, 1), penalty, schedule.learning_rate, generator)
        kept: dict[int, Weights] = {}
        history = _played(game, inputs, schedule, kept)
        history |= _taught(module, len(cloud), schedule, generator)
    settings = {"inputs": cloud.shape[1], "dimension": dimension, "hidden": tuple(hidden)}
    model = Model("gan", settings, stored(module), curves(history, _UNITS))
    network = AdversarialNetwork.of(model)
    codes = network.sample(max(1000, len(cloud)), rng)
    error = float(np.mean((network.decode(network.encode(cloud).mean) - cloud) ** 2))
    with reproducible():
        early = _taught_early(module, kept, len(cloud), schedule, rng)
    return model.replace(
        weights=stored(module, early),
        quality={
            "code_error": float(np.mean((network.encode(network.decode(codes)).mean - codes) ** 2)),
            "training_error": error,
            "explained_variance": 1 - error / float(cloud.var(axis=0).mean()),
        },
    )


def _played(game: Game, inputs: Tensor, schedule: Schedule, kept: dict[int, Weights]) -> dict[str, NDArray[np.float64]]:
    """Mean losses of both players over each epoch; mean generators at the checkpoints go to ``kept``."""
    decoder = game.module.decoder
    if 0 in schedule.checkpoints:
        kept[0] = deepcopy(decoder.state_dict())
    batches = math.ceil(len(inputs) / schedule.batch_size)
    history: dict[str, list[float]] = {}
    for epoch in range(schedule.epochs):
        order = torch.randperm(len(inputs), generator=game.random)
        totals = {"discriminator_loss": 0.0, "generator_loss": 0.0}
        for step, rows in enumerate(torch.tensor_split(order, batches), start=1):
            rate = schedule.rate((epoch + step / batches) / schedule.epochs)
            for name, value in game.step(inputs[rows], rate).items():
                totals[name] += value.item() * len(rows) / len(inputs)
        require_finite(sum(totals.values()), epoch, schedule)
        for name, total in totals.items():
            history.setdefault(name, []).append(total)
        if epoch + 1 in schedule.checkpoints:
            kept[epoch + 1] = deepcopy(decoder.state_dict())
    return {name: np.array(values) for name, values in history.items()}


def _taught(
    module: GeneratorAndEncoder, size: int, schedule: Schedule, generator: torch.Generator
) -> dict[str, NDArray[np.float64]]:
    """Train the encoder to name the codes of generated points, fresh ones in every batch."""
    module.encoder.initialise(generator)
    module.decoder.requires_grad_(False)

    def terms(batch: Tensor) -> dict[str, Tensor]:
        codes = torch.empty_like(batch).normal_(generator=generator)
        return {"loss": functional.mse_loss(module.encoder(module.decoder(codes)), codes)}

    plain = replace(schedule, checkpoints=())
    course = descend(module.encoder, torch.zeros(size, module.dimension), terms, plain, generator)
    return {"encoder_loss": course.history["loss"]} if course.history else {}


def _taught_early(
    module: GeneratorAndEncoder, kept: dict[int, Weights], size: int, schedule: Schedule, rng: np.random.Generator
) -> dict[int, dict[str, NDArray[Any]]]:
    """Parameters at each checkpoint: its generator, and an encoder of its own with a stream of its own."""
    found = {}
    for epoch, weights in kept.items():
        if epoch == schedule.epochs:  # the trained model has its encoder
            found[epoch] = parameters_of(module)
            continue
        early = deepcopy(module)
        early.decoder.load_state_dict(weights)
        _taught(early, size, schedule, local_generator(rng))
        found[epoch] = parameters_of(early)
    return found


@dataclass(frozen=True)
class AdversarialNetwork(AutoencodingNetwork):
    """A trained generator and its encoder, evaluated in float64 on one thread. Its prior: N(0, I)."""

    architecture = GeneratorAndEncoder
