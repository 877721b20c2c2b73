"""Activations of a torch model as latents: record layers, list them, and adapters for other libraries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from tda_latent.errors import unknown_name
from tda_latent.models.recording import LayerFacts, Recording, Settings, list_layers
from tda_latent.models.recording.epochs import EpochRecorder
from tda_latent.models.recording.epochs import epoch_recorder as _epoch_recorder
from tda_latent.models.recording.hidden_states import hidden_states
from tda_latent.models.recording.posterior import posterior

__all__ = [
    "EpochRecorder",
    "LayerFacts",
    "Recording",
    "epoch_recorder",
    "hidden_states",
    "list_layers",
    "posterior",
    "record",
    "record_batches",
]


def record(model: Any, layers: str | Iterable[str], **settings: Any) -> Recording:
    """Record what layers give while a model runs in the block.

        with tl.record(model, ["encoder.*", "lstm[0]"], pooling="mean", size=2000, seed=0) as recording:
            for batch in loader:
                model(batch)
        recording["encoder.3"]                                   # (n, d), a read-only memory map
        recording.latents("encoder.3", ids=ids, labels=labels)

    Inside the block the model is in evaluation mode and without gradients; afterwards every module is as it was and no
    hook is left, whatever happened. When the block raises, nothing is kept.

    Parameters
    ----------
    model : torch.nn.Module
    layers : names of modules (`list_layers` tells them), or patterns: ``*`` stands for one part of a dotted name,
        ``**`` for several. A tensor inside a tuple, dictionary or dataclass is named by its path: ``lstm[0]``,
        ``bert[hidden_states][3]``; ``output`` is the output of the model. A module that is called again in one pass
        gives ``name#2``
    settings : ``pooling`` ("mean", "cls", "last": of tokens, by the attention mask; "average": of feature maps;
        "none", "spatial": every token or position is a point; "flatten"; a function; or a mapping from patterns to
        these), ``mask`` (name of the model's argument that masks tokens, default "attention_mask"; layers of a decoder
        follow "decoder_attention_mask" where the model takes it; arguments called "..._padding_mask" say True where a
        token is padding, others where it counts; None: every token counts), ``size`` and
        ``seed`` (keep a uniform sample of so many inputs, the same for all layers) or ``rows`` (keep these inputs),
        ``folder`` (where the ``.npy`` files stay; default: a temporary one), ``training`` (leave modes and gradients
        alone), ``same_batch`` (default True: refuse outputs whose first axis does not count the inputs)

    Notes
    -----
    Inputs come first in what is recorded: torch's recurrent, attention and transformer layers without ``batch_first``
    are turned round, packed and nested sequences are unpacked, and last states are (inputs, layers, d): pooling "last"
    takes the last layer. Rows are those of torch's plain paths; the fused ones of attention in evaluation mode, which a
    hook of one's own may see, differ from them by rounding.

    Raises
    ------
    UnknownName
        For a layer, pattern, pooling or setting that does not exist, with the nearest one.
    InvalidInput
        On the way: for outputs that are no points, numbers that are not finite (layer and row are named), batches
        that differ between layers; at the end, for layers that were never called.
    """
    return Recording(model, layers, _settings(settings))


def record_batches(
    model: Any,
    batches: Iterable[Any],
    layers: str | Iterable[str],
    ids: Any = None,
    labels: Any = None,
    **settings: Any,
) -> Recording:
    """Run a model over batches in evaluation mode and record its layers.

    Parameters
    ----------
    model, layers, settings : as in `record`
    batches : tensors, arrays, mappings of named arguments, or tuples that start with the input
    ids, labels : one entry for each input of all batches; labels: one column, or several by name
    """
    with record(model, layers, **settings) as recording:
        recording.run(batches, ids=ids, labels=labels)
    return recording


def epoch_recorder(
    batches: Iterable[Any], layers: str | Iterable[str], every: int = 1, **settings: Any
) -> EpochRecorder:
    """A callback for Lightning (or a loop of one's own) that records before training and after every epoch.

    Parameters
    ----------
    batches : recorded each time; a list or a data loader
    every : epochs from one recording to the next
    layers, settings : as in `record`; ``folder`` is required and gets a folder for each epoch
    """
    return _epoch_recorder(batches, layers, _settings(settings), every)


def _settings(given: Mapping[str, Any]) -> Settings:
    known = [item.name for item in fields(Settings)]
    for name in given:
        if name not in known:
            raise unknown_name("setting of a recording", name, known)
    return Settings(**given)
