"""The hidden states that a Hugging Face model returns, as latents."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from tda_latent.errors import InvalidInput
from tda_latent.models.recording.masks import PARTNERS, USUAL_MASK, Masks
from tda_latent.models.recording.passes import Call, Pass
from tda_latent.models.recording.pooling import Pooling, require_pooling
from tda_latent.models.recording.rows import columns_of
from tda_latent.models.recording.sampling import Every
from tda_latent.models.recording.selection import Target
from tda_latent.records import Latents, Origin

_FIELDS = ("hidden_states", "encoder_hidden_states", "decoder_hidden_states")


def hidden_states(
    output: Any,
    attention_mask: Any = None,
    pooling: Pooling = "mean",
    ids: Any = None,
    labels: Any = None,
    decoder_attention_mask: Any = None,
) -> dict[str, Latents]:
    """Latents of every hidden state in the output of one call with ``output_hidden_states=True``.

    Parameters
    ----------
    output : the output, or the tuple of (n, tokens, d) tensors itself
    attention_mask : (n, tokens) of 0 and 1; None when no token is padding. Of encoder-decoder models, that of the
        encoder
    pooling : see `POOLINGS`
    ids, labels : one entry for each of the n inputs; labels: one column, or several by name
    decoder_attention_mask : the same for the tokens of the decoder, whose states it masks

    Returns
    -------
    dict
        ``hidden_states.0`` (the embeddings), ``hidden_states.1`` (after the first block), ... in float32 or float64;
        of encoder-decoder models ``encoder_hidden_states.0`` and so on.

    Raises
    ------
    InvalidInput
        When the output holds no hidden states, or they do not fit the mask or the pooling.

    Notes
    -----
    Such an output holds all layers of its batch in memory. For many inputs, record the modules:
    ``record_batches(model, batches, ["encoder.layer.*"], pooling="mean")``.
    """
    states = _states(output)
    given = {USUAL_MASK: attention_mask, PARTNERS[USUAL_MASK]: decoder_attention_mask}
    is_paired = any(not name.startswith(_FIELDS[0]) for name in states)
    found = Pass(Every(), Call(given, Masks(USUAL_MASK, is_paired)))
    for name, tensor in states.items():
        found.add(Target(name, nn.Identity(), (), require_pooling(pooling), name, True), tensor)
    latents = {}
    for name, (points, places) in found.outputs.items():
        columns = columns_of(places, found.size, ids, labels)
        latents[name] = Latents(points, ids=columns.ids, labels=columns.labels, origin=Origin(layer=name))
    return latents


def _require_states(output: tuple[Any, ...] | list[Any]) -> None:
    """Refuse a whole output as a tuple: what it begins with is no first hidden state."""
    kinds = {(item.ndim, item.shape[:1]) if isinstance(item, Tensor) else None for item in output}
    if len(kinds) > 1 or None in kinds:
        raise InvalidInput(
            f"a {type(output).__name__} of {len(output)} parts that are not all hidden states (n, tokens, d); give "
            "output.hidden_states, or call the model with return_dict=True and output_hidden_states=True."
        )


def _states(output: Any) -> dict[str, Tensor]:
    fields: dict[str, Any] = {name: getattr(output, name, None) for name in _FIELDS}
    if isinstance(output, dict):
        fields |= {name: output.get(name) for name in _FIELDS}
    if type(output) in (tuple, list):
        _require_states(output)
        fields = {_FIELDS[0]: output}
    found = {
        f"{name}.{depth}": tensor
        for name, states in fields.items()
        if isinstance(states, (tuple, list))
        for depth, tensor in enumerate(states)
        if isinstance(tensor, Tensor)
    }
    if not found:
        raise InvalidInput(
            f"a {type(output).__name__} without hidden states; call the model with output_hidden_states=True."
        )
    return found
