"""Which argument of the model says what tokens of a layer count; models of an encoder and a decoder have two."""

from __future__ import annotations

import inspect
import re

from torch import nn

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.recording.selection import OUTPUT

USUAL_MASK = "attention_mask"
PARTNERS = {USUAL_MASK: "decoder_attention_mask", "src_key_padding_mask": "tgt_key_padding_mask"}
"""Masks of the tokens that an encoder reads, and of those of the decoder behind it."""


def masks_of(model: nn.Module, name: str | None) -> tuple[str | None, str | None]:
    """The mask asked for, and that of the decoder where the model has one of its own.

    Raises
    ------
    UnknownName
        For a mask that is no argument of the model, with the nearest one; the usual name may be absent.
    """
    known = inspect.signature(model.forward).parameters
    takes_any = any(item.kind is item.VAR_KEYWORD for item in known.values())
    if name is not None and name != USUAL_MASK and name not in known and not takes_any:
        raise unknown_name("argument of the model", name, known)
    partner = PARTNERS.get(name or "")
    return name, partner if partner in known else None


def is_decoded(layer: str) -> bool:
    """Whether a layer of an encoder and a decoder sees the tokens of the decoder, by the names around it.

    Raises
    ------
    InvalidInput
        When its name does not tell: layers of neither part, and those that both may call.
    """
    words = [word for word in re.split(r"[._\[\]]+", layer) if word in ("encoder", "decoder", OUTPUT)]
    if not words or "#" in layer:
        raise InvalidInput(
            f"layer {layer!r} may see the tokens of the encoder or of the decoder, which have masks of their own; "
            "record it by itself with mask='decoder_...' or mask=None, or pool by a function."
        )
    return words[0] == "decoder" or words == [OUTPUT] or words[1:2] == ["decoder"]
