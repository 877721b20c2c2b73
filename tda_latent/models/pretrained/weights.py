"""Weights for a network: read from a file without unpickling, or drawn from a stream; and its layers, in batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import Floats
from tda_latent.models.training import local_generator, reproducible

_BATCH = 32


def built(
    make: Callable[[], nn.Module], weights: Path | np.random.Generator, rename: Callable[[str], str | None] = str
) -> Any:
    """A network for inference.

    Parameters
    ----------
    make : builds the module; called where no memory is used and no generator is touched
    weights : a .safetensors or .pth file, or the stream to draw them from, see `draw`
    rename : from names in the file to names in the module; None for tensors that the module has no use for

    Raises
    ------
    InvalidInput
        When the file cannot be read without unpickling code, or holds other tensors than the module.
    """
    with torch.device("meta"):
        module = make()
    module = module.to_empty(device="cpu").eval().requires_grad_(False)
    if isinstance(weights, np.random.Generator):
        draw(module, local_generator(weights))
        return module
    try:
        state = load_file(weights) if weights.suffix == ".safetensors" else torch.load(weights, weights_only=True)
        named = {rename(name): tensor for name, tensor in state.items()}
        module.load_state_dict({name: tensor for name, tensor in named.items() if name is not None})
    except Exception as error:  # torch and safetensors raise many kinds; each means that this is no such file
        first = str(error).strip().splitlines()[0]
        raise InvalidInput(f"{weights} does not hold the weights of this network: {first}") from None
    return module


def draw(module: nn.Module, generator: torch.Generator) -> None:
    """Fill all parameters as PyTorch does by default, from this generator, in the order of the modules.

    Weights and biases of convolutions and linear layers are even over +-1 / sqrt(inputs), embeddings are normal with
    standard deviation 0.02 (as in BERT), normalisations do nothing.
    """
    for part in module.modules():
        if isinstance(part, (nn.Conv1d, nn.Conv2d, nn.Linear)):
            bound = 1 / math.sqrt(part.weight[0].numel())
            part.weight.uniform_(-bound, bound, generator=generator)
            if part.bias is not None:
                part.bias.uniform_(-bound, bound, generator=generator)
        elif isinstance(part, nn.Embedding):
            part.weight.normal_(0, 0.02, generator=generator)
        elif isinstance(part, (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)):
            part.reset_parameters()


def in_batches(read: Callable[..., Tensor], *inputs: Tensor) -> Floats:
    """(n, d) float64 results of a function of batches of 32 rows, on one thread and without gradients."""
    with reproducible(), torch.inference_mode():
        parts: Sequence[Tensor] = [
            read(*(tensor[start : start + _BATCH] for tensor in inputs)) for start in range(0, len(inputs[0]), _BATCH)
        ]
        return np.asarray(torch.cat(list(parts)).double().numpy(), dtype=np.float64)
