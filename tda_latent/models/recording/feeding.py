"""Batches as people have them, given to a model: arrays, tensors, pairs of input and target, named inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from tda_latent.errors import InvalidInput


def require_batches(batches: Iterable[Any]) -> Iterable[Any]:
    """Refuse what is one batch: its rows or names would be taken for batches.

    Raises
    ------
    InvalidInput
        With the remedy.
    """
    if isinstance(batches, (Tensor, np.ndarray, Mapping, str, PackedSequence)):
        raise InvalidInput(
            f"batches is a {type(batches).__name__}, which is one batch; the rule is an iterable of batches. Give a "
            "list ([batch]), x.split(256), or a data loader."
        )
    return batches


def feed(model: nn.Module, batch: Any) -> None:
    """Call the model with a batch.

    Parameters
    ----------
    model : nn.Module
    batch : a tensor, array or packed sequence; a mapping, whose entries become named arguments; or a
        tuple or list, whose first entry is the input (what follows are targets, as data loaders give them). Tensors go
        to the device of the model, NumPy arrays of real numbers also to its number format
    """
    if isinstance(batch, (tuple, list)) and not isinstance(batch, PackedSequence):
        if not batch:
            raise InvalidInput(
                "a batch is empty; the rule is a tensor, an array, a mapping, or a tuple that starts so."
            )
        batch = batch[0]
    if isinstance(batch, Mapping):
        model(**{name: moved(model, value) for name, value in batch.items()})
    else:
        model(moved(model, batch))


def moved(model: nn.Module, value: Any) -> Any:
    """A tensor or array where the model is; anything else as it is."""
    first = next((item for item in (*model.parameters(), *model.buffers()) if item.is_floating_point()), None)
    device = "cpu" if first is None else first.device
    if isinstance(value, (Tensor, PackedSequence)):
        return value.to(device)
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.from_numpy(np.array(value))  # a copy: torch warns about read-only memory
    dtype = first.dtype if first is not None and tensor.is_floating_point() else tensor.dtype
    return tensor.to(device=device, dtype=dtype)
