"""From the output of a layer to points: one for each input, or one for each token or position.

Token sequences are (n, tokens, d), feature maps (n, channels, ...): the shape alone does not tell a sequence from a
one-dimensional feature map, so the pooling is chosen by the person who knows the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.recording.outputs import shape_text

Pooling = str | Callable[[Tensor], Tensor] | None
TOKENS = {
    "mean": "mean over the tokens that the attention mask keeps",
    "cls": "the first token that the mask keeps",
    "last": "the last token that the mask keeps",
    "none": "every token that the mask keeps is a point",
}
MAPS = {
    "average": "mean over all positions of a feature map",
    "spatial": "every position of a feature map is a point",
}
POOLINGS = {**TOKENS, **MAPS, "flatten": "all numbers of an input in one row"}


@dataclass(frozen=True)
class Pooled:
    """Points of one batch.

    points : (m, d), where the model is
    inputs : (m,) on the CPU, row of the batch that each point comes from
    positions : (m,) on the CPU, place of the token or position within its input, in C order; 0 for a lone point
    """

    points: Tensor
    inputs: Tensor
    positions: Tensor


def require_pooling(pooling: Pooling) -> Pooling:
    """The pooling, known to exist.

    Raises
    ------
    UnknownName
        With the nearest name.
    """
    if pooling is not None and not callable(pooling) and pooling not in POOLINGS:
        raise unknown_name("pooling", str(pooling), POOLINGS)
    return pooling


def pooled(values: Tensor, mask: Tensor | None, pooling: Pooling, layer: str) -> Pooled:
    """Points of an (n, ...) output.

    Parameters
    ----------
    values : (n,), (n, d), (n, tokens, d) or (n, channels, ...), floating point
    mask : (n, tokens) bool, True where a token counts, or None when all do
    pooling : a key of `POOLINGS`, a function from the output to (n, d), or None: the output is (n, d) already

    Raises
    ------
    InvalidInput
        When the shape does not fit the pooling, or the mask keeps no token of an input.
    """
    if callable(pooling):
        values = _own(pooling, values, layer)
    values = values.unsqueeze(1) if values.ndim == 1 else values
    if values.ndim == 2:
        return _one_each(values)
    if pooling is None or callable(pooling):  # a function has been checked
        raise _undecided(values, layer)
    if pooling == "flatten":
        return _one_each(values.flatten(1))
    if pooling in MAPS:
        return _one_each(values.flatten(2).mean(dim=2)) if pooling == "average" else _positions(values)
    if values.ndim != 3:
        raise InvalidInput(
            f"layer {layer!r} gives {shape_text(values.shape)}, no sequence of tokens, and pooling {pooling!r} needs "
            "one "
            "(n, tokens, d). Choose 'average', 'spatial' or 'flatten'."
        )
    return _tokens(values, _checked(mask, values, layer), pooling)


def _own(pooling: Callable[[Tensor], Tensor], values: Tensor, layer: str) -> Tensor:
    made = pooling(values)
    if not isinstance(made, Tensor) or made.ndim not in (1, 2) or len(made) != len(values):
        found = shape_text(made.shape) if isinstance(made, Tensor) else f"a {type(made).__name__}"
        raise InvalidInput(
            f"the pooling of layer {layer!r} gives {found} for {shape_text(values.shape)}; the rule is a tensor "
            f"({len(values)}, d)."
        )
    return made


def _undecided(values: Tensor, layer: str) -> InvalidInput:
    shape = shape_text(values.shape)
    if values.ndim == 3:
        advice = (
            "If these are tokens (n, tokens, d), choose pooling 'mean', 'cls', 'last' or 'none' (each token a point); "
            "if a feature map (n, channels, length), 'average' or 'spatial'"
        )
    else:
        advice = "For a feature map (n, channels, ...), choose pooling 'average' or 'spatial' (each position a point)"
    return InvalidInput(f"layer {layer!r} gives {shape}, and points are (n, d). {advice}; or 'flatten', or a function.")


def _one_each(points: Tensor) -> Pooled:
    rows = torch.arange(len(points), device="cpu")
    return Pooled(points, rows, torch.zeros_like(rows))


def _positions(values: Tensor) -> Pooled:
    """(n, C, ...) as n * positions points of C coordinates, the positions of one input after each other."""
    points = values.flatten(2).transpose(1, 2)
    return _kept(points, None)


def _kept(points: Tensor, mask: Tensor | None) -> Pooled:
    """(n, k, d) as a cloud of the entries that the mask keeps."""
    rows = torch.arange(points.shape[0], device="cpu").repeat_interleave(points.shape[1])
    places = torch.arange(points.shape[1], device="cpu").repeat(points.shape[0])
    flat = points.reshape(-1, points.shape[2])
    if mask is None:
        return Pooled(flat, rows, places)
    keep = mask.flatten()
    aside = keep.cpu()
    return Pooled(flat[keep], rows[aside], places[aside])


def _tokens(values: Tensor, mask: Tensor | None, pooling: str) -> Pooled:
    if pooling == "none":
        return _kept(values, mask)
    if pooling == "mean":
        if mask is None:
            return _one_each(values.mean(dim=1))
        total = torch.where(mask.unsqueeze(2), values, 0).sum(dim=1)  # padding may hold anything, NaN too
        return _one_each(total / mask.sum(dim=1, keepdim=True))
    if mask is None:
        return _one_each(values[:, 0 if pooling == "cls" else -1])
    places = mask.long()
    place = places.argmax(dim=1) if pooling == "cls" else places.shape[1] - 1 - places.flip(1).argmax(dim=1)
    return _one_each(values[torch.arange(len(values), device=values.device), place])


def _checked(mask: Tensor | None, values: Tensor, layer: str) -> Tensor | None:
    if mask is None:
        return None
    if mask.shape != values.shape[:2]:
        raise InvalidInput(
            f"layer {layer!r} gives {shape_text(values.shape)}, but the attention mask is {shape_text(mask.shape)}; "
            "the "
            "rule is one entry for each token. Record this layer by itself with mask=None, or choose another pooling."
        )
    return mask.to(values.device)


def truth(mask: Tensor, name: str) -> Tensor:
    """A mask as (n, tokens) bool, True where a token counts.

    Arguments called ``..._padding_mask``, as torch's own layers have them, say True where a token is padding; they are
    turned round.

    Raises
    ------
    InvalidInput
        For another number of axes, for values other than 0 and 1, or for an input that keeps no token.
    """
    if mask.ndim != 2 or not bool(((mask == 0) | (mask == 1)).all()):
        raise InvalidInput(
            f"the mask {name!r} has shape {shape_text(mask.shape)} and dtype {mask.dtype}; the rule is (n, tokens) of "
            "0 "
            "and 1. Name the right argument of the model with mask='...', or mask=None for none."
        )
    kept = mask == 0 if name.endswith("padding_mask") else mask != 0
    empty = ~kept.any(dim=1)
    if bool(empty.any()):
        raise InvalidInput(f"the mask {name!r} keeps no token of row {int(empty.int().argmax())}; drop such inputs.")
    return kept
