"""Which axis of an output counts the inputs: torch's own sequence layers say so, and it need not be the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_packed_sequence, pad_sequence

from tda_latent.models.recording.outputs import Part, Path

_STACKS = (nn.TransformerEncoder, nn.TransformerDecoder)
_LAYERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
_DIRECT = (nn.RNNBase, nn.MultiheadAttention, nn.Transformer)


def is_batch_second(name: str, path: Path, named: Mapping[str, nn.Module], model: nn.Module) -> bool:
    """Whether an output of three axes has its inputs on the second.

    Parameters
    ----------
    name, path : of the layer, and of the part of its output
    named : the modules of the model by name
    model : the model, in which all of them lie

    Notes
    -----
    So it is for the last states of recurrent layers (layers come first, whatever ``batch_first`` says), and for the
    outputs of torch's recurrent, attention and transformer layers without ``batch_first``, with all that is in them.
    """
    module = named[name]
    if not has_tokens(module, path):
        return True
    if isinstance(module, nn.MultiheadAttention) and path[:1] == (1,):  # weights are (n, tokens, tokens)
        return False
    return any(_is_batch_second(outer) for outer in _around(name, named, model))


def _around(name: str, named: Mapping[str, nn.Module], model: nn.Module) -> Iterator[nn.Module]:
    """The model, the modules around a layer, and the layer."""
    yield model
    pieces = name.split(".")
    for depth in range(1, len(pieces) + 1):
        outer = named.get(".".join(pieces[:depth]))
        if outer is not None:
            yield outer


def _is_batch_second(module: nn.Module) -> bool:
    if isinstance(module, _STACKS):
        return any(_is_batch_second(layer) for layer in module.layers)
    if isinstance(module, _LAYERS):
        module = module.self_attn
    return isinstance(module, _DIRECT) and not getattr(module, "batch_first", True)


def has_tokens(module: nn.Module, path: Path) -> bool:
    """False for the last states of recurrent layers, (n, layers, d), where no mask of tokens applies."""
    return not (isinstance(module, nn.RNNBase) and path[:1] == (1,))


def unpacked(output: Part) -> tuple[Tensor, Tensor]:
    """(n, tokens, ...) padded with zeros, in the order of the inputs, and the (n,) numbers of tokens."""
    if isinstance(output, Tensor):
        rows = output.unbind()
        return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows], device="cpu")
    return pad_packed_sequence(output, batch_first=True)
