"""A small classifier whose layers can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Never

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.errors import InvalidInput
from tda_latent.models.autoencoding import AutoencodingNetwork
from tda_latent.models.encoding import Encoding, Floats, columns, trainable
from tda_latent.models.perceptron import CommonScale, Perceptron, evaluated, stored
from tda_latent.models.training import Schedule, curves, descend, local_generator, reproducible
from tda_latent.records import Model
from tda_latent.records.classes import has_value

_UNITS = {"loss": "nats per point", "accuracy": "1"}


class Classifier(nn.Module):
    """Dense layers (inputs, *hidden, classes) after inputs are brought to a common scale."""

    def __init__(self, inputs: int, hidden: Sequence[int], classes: Sequence[str]) -> None:
        super().__init__()
        self.inputs, self.dimension, self.classes = inputs, hidden[-1], tuple(classes)
        self.scale = CommonScale(inputs)
        self.trunk = Perceptron((inputs, *hidden, len(classes)))

    def terms(self, batch: Tensor) -> dict[str, Tensor]:
        """Cross-entropy and share of right answers of (n, d + 1) scaled inputs, the last column their class."""
        logits, classes = self.trunk(batch[:, :-1]), batch[:, -1].long()
        return {
            "loss": functional.cross_entropy(logits, classes),
            "accuracy": (logits.argmax(dim=1) == classes).to(logits.dtype).mean(),
        }


def fit_classifier(
    points: NDArray[Any],
    labels: NDArray[Any],
    hidden: Sequence[int],
    label_noise: float,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Model:
    """A classifier of (n, d) points.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    labels : (n,) text or integers, at least two different, none missing
    hidden : widths of the hidden layers, at least one
    label_noise : share of the labels that is permuted among itself before training, 0 to 1
    schedule : epochs, batch size, learning rate, checkpoints
    rng : decides which labels are permuted and how, the initial weights and the order of the batches

    Returns
    -------
    Model
        ``history``: cross-entropy ``loss`` in nats and ``accuracy`` per epoch, both on the labels that were trained on.
        ``quality``: ``training_accuracy`` on these labels, ``true_label_accuracy`` on those before the permutation.

    Raises
    ------
    InvalidInput
        For fewer than two different points or labels, or points without a label.
    EngineFailure
        When training diverges.
    """
    cloud = trainable(points)
    missing = np.count_nonzero(~has_value(np.asarray(labels)))
    if missing:
        raise InvalidInput(f"{missing} of {len(cloud)} training points have no label; drop them first.")
    names, classes = np.unique(np.asarray(labels), return_inverse=True)
    if len(names) < 2:
        raise InvalidInput(f"all {len(cloud)} training points have the label {names[0]!r}; the rule is two classes.")
    chosen = rng.permutation(len(cloud))[: round(label_noise * len(cloud))]
    noisy = classes.copy()
    noisy[chosen] = classes[rng.permutation(chosen)]
    settings = {"inputs": cloud.shape[1], "hidden": tuple(hidden), "classes": tuple(map(str, names.tolist()))}
    module = Classifier(**settings)
    generator = local_generator(rng)
    with reproducible():
        module.scale.adapt(cloud)
        module.trunk.initialise(generator)
        targets = torch.tensor(noisy, dtype=torch.float32)[:, None]
        inputs = torch.cat([module.scale(torch.tensor(cloud)).float(), targets], dim=1)
        course = descend(module, inputs, module.terms, schedule, generator)
    model = Model("classifier", settings, stored(module, course.checkpoints), curves(course.history, _UNITS))
    answers = ClassifierNetwork.of(model).probabilities(cloud).argmax(axis=1)
    right = {"training_accuracy": np.mean(answers == noisy), "true_label_accuracy": np.mean(answers == classes)}
    return model.replace(quality={name: float(share) for name, share in right.items()})


@dataclass(frozen=True)
class ClassifierNetwork(AutoencodingNetwork):
    """A trained classifier, evaluated in float64 on one thread. Its codes are those of the last hidden layer."""

    architecture = Classifier

    @property
    def layers(self) -> tuple[str, ...]:
        """hidden-1, hidden-2, ..., logits; then codes at earlier epochs."""
        return (*hidden_layers(len(self.module.trunk.matrices) - 1), *self.checkpoints)

    def at_layer(self, points: NDArray[Any], layer: str) -> Encoding:
        """(n, width) activations, or codes as they were at a checkpoint."""
        if layer in self.checkpoints:
            return replace(self, module=self.checkpoints[layer], checkpoints={}).encode(points)
        return Encoding(self._activations(points, self.layers.index(layer)))

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) activations of the last hidden layer."""
        return Encoding(self._activations(points, len(self.module.trunk.matrices) - 2))

    def probabilities(self, points: NDArray[Any]) -> Floats:
        """(n, c) of each class, in the order of ``module.classes``."""
        logits = torch.from_numpy(self._activations(points, len(self.module.trunk.matrices) - 1))
        return np.asarray(torch.softmax(logits, dim=1).numpy())

    def predict(self, points: NDArray[Any]) -> NDArray[np.str_]:
        """(n,) names of the likeliest classes."""
        return np.array(self.module.classes, dtype=np.str_)[self.probabilities(points).argmax(axis=1)]

    def decode(self, codes: NDArray[Any]) -> Never:
        """Refused: a classifier has no way back to inputs."""
        raise InvalidInput("a classifier has no decoder; use a family that has one (autoencoder, vae, gan, ...).")

    def sample(self, size: int, rng: np.random.Generator) -> Never:
        """Refused: a classifier has no prior."""
        raise InvalidInput("a classifier has no prior to sample from; use a family that has one (vae, wae, gan, ...).")

    def _activations(self, points: NDArray[Any], depth: int) -> Floats:
        rows = columns(points, self.inputs, "points")
        return evaluated(lambda part: list(self.module.trunk.activations(self.module.scale(part)))[depth], rows)


def hidden_layers(count: int) -> tuple[str, ...]:
    """Names of the layers of a classifier with so many hidden ones."""
    return (*(f"hidden-{depth}" for depth in range(1, count + 1)), "logits")
