"""Batches as people have them, given to a model: arrays, tensors, pairs of input and target, named inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from tda_latent.errors import InvalidInput, shown


def require_batches(batches: Any) -> Iterable[Any]:
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
    if not isinstance(batches, Iterable) and not hasattr(batches, "__getitem__"):
        raise InvalidInput(f"batches is {shown(batches)}; the rule is a list of batches, or a data loader.")
    return batches


def feed(model: nn.Module, batch: Any, call: Callable[..., Any] | None = None) -> Any:
    """Call the model, or a method of it, with a batch, and give back what it gives.

    Parameters
    ----------
    model : nn.Module
    batch : a tensor, array or packed sequence; a mapping, whose entries become named arguments; or a
        tuple or list, whose first entry is the input (what follows are targets, as data loaders give them). Tensors go
        to the device of the model, NumPy arrays of real numbers also to its number format
    call : a method of the model; default: the model itself
    """
    if isinstance(batch, (tuple, list)) and not isinstance(batch, PackedSequence):
        if not batch:
            raise InvalidInput(
                "a batch is empty; the rule is a tensor, an array, a mapping, or a tuple that starts so."
            )
        _require_one_input(call or model.forward, batch)
        batch = batch[0]
    call = call or model
    if isinstance(batch, Mapping):
        return call(**{name: moved(model, value) for name, value in batch.items()})
    return call(moved(model, batch))


def _require_one_input(function: Callable[..., Any], batch: Any) -> None:
    """Refuse a tuple for a function that needs more than its first entry: what follows would be taken for targets."""
    needed = [
        item.name
        for item in inspect.signature(function).parameters.values()
        if item.default is item.empty and item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)
    ]
    if len(needed) > 1 and not isinstance(batch[0], Mapping):
        raise InvalidInput(
            f"the model needs {', '.join(needed)}, and of a {type(batch).__name__} only the first entry "
            f"is an input (what follows are targets). Give a mapping: {{{needed[0]!r}: ..., {needed[1]!r}: ...}}."
        )


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
