"""Which argument of the model says what tokens of a layer count; models of an encoder and a decoder have two."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection
from dataclasses import dataclass

from torch import nn

from tda_latent.errors import InvalidInput, shown, unknown_name
from tda_latent.models.recording.selection import OUTPUT

USUAL_MASK = "attention_mask"
PARTNERS = {USUAL_MASK: "decoder_attention_mask", "src_key_padding_mask": "tgt_key_padding_mask"}
"""Masks of the tokens that an encoder reads, and of those of the decoder behind it."""
_MEMORY = {USUAL_MASK: "encoder_attention_mask"}  # of a decoder alone, to which another model's states are given
_STATES = "encoder_hidden_states"
_CROSS = re.compile(r"cross|enc(oder)?_?att(entio)?n|enc_?dec|multihead_attn|src_attn", re.IGNORECASE)
_READ = re.compile(r"(to_|w)?(k|v|kv|keys?|values?|key_value)(_?(proj|lin|linear|layer|norm))?|c_attn", re.IGNORECASE)
_WRITTEN = re.compile(r"(to_|w)?(q|query|o|out|output|c_proj|dense|self|dropout|.*norm)(_.*)?", re.IGNORECASE)
_OF_PAIRS = ("src_mask", "tgt_mask", "attn_mask", "memory_mask", "head_mask")  # of pairs of tokens, or of heads


@dataclass(frozen=True)
class Masks:
    """The names of the masks of a model.

    usual : of the tokens that the model, or its encoder, reads; None ignores masks
    is_paired : the model takes one of its decoder's tokens by name
    """

    usual: str | None = None
    is_paired: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether somebody named the mask, so that it has to come; the usual one need not."""
        return self.usual not in (None, USUAL_MASK)

    @property
    def names(self) -> tuple[str, ...]:
        """Arguments that may be masks of tokens."""
        usual = self.usual or ""
        return tuple(name for name in (usual, PARTNERS.get(usual), _MEMORY.get(usual)) if name)

    def name_for(self, layer: str, given: Collection[str]) -> str | None:
        """The mask of the tokens that a layer gives.

        Parameters
        ----------
        layer : its name
        given : names of the arguments of the call

        Raises
        ------
        InvalidInput
            When there are two, and the name of the layer does not tell which is meant.
        """
        usual = self.usual or ""
        partner, memory = PARTNERS.get(usual), _MEMORY.get(usual)
        if partner is not None and (self.is_paired or partner in given):
            return partner if is_decoded(layer) else usual
        if memory is not None and (memory in given or _STATES in given) and _reads_memory(layer):
            return memory
        return self.usual

    def other(self, given: Collection[str]) -> list[str]:
        """Arguments that by their names may say what tokens count, where the usual mask was not named."""
        if self.usual != USUAL_MASK or any(name in given for name in self.names):
            return []
        return [name for name in given if name.endswith("mask") and name not in _OF_PAIRS]


def masks_of(model: nn.Module, name: str | None) -> Masks:
    """The mask asked for, and whether the decoder has one of its own.

    Raises
    ------
    UnknownName
        For a mask that is no argument of the model, with the nearest one; the usual name may be absent.
    InvalidInput
        For a mask that is no name (a tensor, say: masks come with the batches).
    """
    if not isinstance(name, str | None):
        raise InvalidInput(f"mask is {shown(name)}; the rule is the name of an argument of the model, or None.")
    known = inspect.signature(model.forward).parameters
    takes_any = any(item.kind is item.VAR_KEYWORD for item in known.values())
    if name is not None and name != USUAL_MASK and name not in known and not takes_any:
        raise unknown_name("argument of the model", name, known)
    return Masks(name, PARTNERS.get(name or "") in known)


def is_decoded(layer: str) -> bool:
    """Whether a layer of an encoder and a decoder gives the tokens of the decoder, by the names around it.

    Keys and values of the attention from the decoder to the encoder are tokens of the encoder.

    Raises
    ------
    InvalidInput
        When its name does not tell: layers of neither part, and those that both may call.
    """
    words = [word for word in re.split(r"[._\[\]]+", layer) if word in ("encoder", "decoder", OUTPUT)]
    if not words or "#" in layer:
        raise _undecided(layer)
    is_inside = words[0] == "decoder" or words == [OUTPUT] or words[1:2] == ["decoder"]
    return is_inside and not _reads_memory(layer)


def _reads_memory(layer: str) -> bool:
    """Whether a layer gives keys or values of the attention from a decoder to what an encoder gave."""
    pieces = layer.partition("[")[0].split(".")
    crosses = [place for place, piece in enumerate(pieces) if _CROSS.search(piece)]
    inner = [piece for piece in pieces[crosses[0] + 1 :] if not piece.isdecimal()] if crosses else []
    if any(_READ.fullmatch(piece) for piece in inner):
        return True
    if any(not _WRITTEN.fullmatch(piece) and not _CROSS.search(piece) for piece in inner):
        raise _undecided(layer)
    return False


def _undecided(layer: str) -> InvalidInput:
    return InvalidInput(
        f"layer {layer!r} may see the tokens of the encoder or of the decoder, which have masks of their own; "
        "record it by itself with mask='decoder_...' or mask=None, or pool by a function."
    )
