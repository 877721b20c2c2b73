"""The trunk that our networks share: dense layers with smooth activations, and inputs brought to one scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.encoding import Floats
from tda_latent.models.training import reproducible

_CHUNK = 1 << 14  # rows evaluated at a time, so that layers of a large cloud are never held whole


class Perceptron(nn.Module):
    """Dense layers of the given sizes with SiLU between them, none after the last. (n, first) -> (n, last).

    Weights are uninitialised until `initialise`: torch's own layers would draw from the global generator.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.matrices = nn.ParameterList(nn.Parameter(torch.empty(out, into)) for into, out in pairwise(sizes))
        self.offsets = nn.ParameterList(nn.Parameter(torch.empty(out)) for out in sizes[1:])

    def initialise(self, generator: torch.Generator) -> None:
        """Uniform in +-1 / sqrt(inputs of the layer), for matrices and offsets."""
        with torch.no_grad():
            for matrix, offset in zip(self.matrices, self.offsets, strict=True):
                bound = 1 / math.sqrt(matrix.shape[1])
                matrix.uniform_(-bound, bound, generator=generator)
                offset.uniform_(-bound, bound, generator=generator)

    def activations(self, values: Tensor) -> Iterator[Tensor]:
        """What leaves each layer, from the first to the last."""
        last = len(self.matrices) - 1
        for depth, (matrix, offset) in enumerate(zip(self.matrices, self.offsets, strict=True)):
            values = functional.linear(values, matrix, offset)
            if depth < last:
                values = functional.silu(values)
            yield values

    def forward(self, values: Tensor) -> Tensor:
        """One pass through all layers."""
        *_, result = self.activations(values)
        return result


class CommonScale(nn.Module):
    """Shift by the mean of the training data and divide by one number, their root-mean-square deviation.

    One number for all coordinates: a least-squares loss after it is the loss in the data's own unit, up to a factor.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs, dtype=torch.float64))
        self.register_buffer("deviation", torch.ones((), dtype=torch.float64))

    def adapt(self, points: Floats) -> None:
        """Take mean and deviation from (n, d) points that do not all coincide."""
        mean = points.mean(axis=0)
        self.mean = torch.from_numpy(mean)
        self.deviation = torch.tensor(math.sqrt(np.mean((points - mean) ** 2)), dtype=torch.float64)

    def forward(self, points: Tensor) -> Tensor:
        """(n, d) points with mean zero and mean square one."""
        return (points - self.mean) / self.deviation

    def inverse(self, values: Tensor) -> Tensor:
        """Back to the unit of the data."""
        return values * self.deviation + self.mean


def stored(module: nn.Module, checkpoints: Mapping[int, Mapping[str, NDArray[Any]]] | None = None) -> dict[str, Any]:
    """Weights of a module as named arrays; those of its checkpoints are called "epoch-10/..."."""
    final = {name: value.detach().numpy().copy() for name, value in module.state_dict().items()}
    early = (checkpoints or {}).items()
    return final | {f"epoch-{epoch}/{name}": array for epoch, kept in early for name, array in kept.items()}


def restored(module: nn.Module, weights: Mapping[str, NDArray[Any]]) -> nn.Module:
    """The module with these weights, in float64: what training found in float32 is evaluated without its rounding."""
    final = {name: torch.from_numpy(array.copy()) for name, array in weights.items() if "/" not in name}
    module.load_state_dict(final)
    return module.double().eval()


def restored_checkpoints(build: Callable[[], nn.Module], weights: Mapping[str, NDArray[Any]]) -> dict[str, nn.Module]:
    """The module at each of its checkpoints, by the name of the layer ("epoch-10"), in their order."""
    kept: dict[str, dict[str, NDArray[Any]]] = {}
    final = {name: array for name, array in weights.items() if "/" not in name}
    for name, array in weights.items():
        layer, inside, rest = name.partition("/")
        if inside:
            kept.setdefault(layer, {})[rest] = array
    return {layer: restored(build(), final | early) for layer, early in kept.items()}


def evaluated(answer: Callable[[Tensor], Tensor], rows: Floats) -> Floats:
    """``answer`` of (n, d) rows as a (n, k) array, on one thread and without gradients."""
    with reproducible(), torch.no_grad():
        parts = [answer(part) for part in torch.tensor(rows, dtype=torch.float64).split(_CHUNK)]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)
