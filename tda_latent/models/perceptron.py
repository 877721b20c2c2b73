"""The trunk that our networks share: dense layers with smooth activations, and inputs brought to one scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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

    def forward(self, values: Tensor) -> Tensor:
        """One pass through all layers."""
        last = len(self.matrices) - 1
        for depth, (matrix, offset) in enumerate(zip(self.matrices, self.offsets, strict=True)):
            values = functional.linear(values, matrix, offset)
            if depth < last:
                values = functional.silu(values)
        return values


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


def stored(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Weights of a module as named arrays."""
    return {name: value.detach().numpy().copy() for name, value in module.state_dict().items()}


def restored(module: nn.Module, weights: Mapping[str, NDArray[Any]]) -> nn.Module:
    """The module with these weights, in float64: what training found in float32 is evaluated without its rounding."""
    module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    return module.double().eval()


def evaluated(answer: Callable[[Tensor], Tensor], rows: Floats) -> Floats:
    """``answer`` of (n, d) rows as a (n, k) array, on one thread and without gradients."""
    with reproducible(), torch.no_grad():
        parts = [answer(part) for part in torch.tensor(rows, dtype=torch.float64).split(_CHUNK)]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)
