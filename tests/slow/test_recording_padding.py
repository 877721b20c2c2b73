"""Padding never shows: what is pooled from a padded batch is what each input gives alone, in models of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tda_latent as tl

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the libraries, about themselves

READ, WRITTEN = (5, 2, 1), (2, 5, 4)  # tokens of encoder and decoder; both are padded to 5, so shapes tell nothing
WIDE = 5


def ids(lengths: tuple[int, ...], seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.randint(3, 20, (len(lengths), WIDE), generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(WIDE) < torch.tensor(lengths)[:, None]
    return torch.where(mask, drawn, 0), mask.long()


def batch(is_paired: bool) -> dict[str, torch.Tensor]:
    read, mask = ids(READ, 1)
    found = {"input_ids": read, "attention_mask": mask}
    if is_paired:
        written, other = ids(WRITTEN, 2)
        found |= {"decoder_input_ids": written, "decoder_attention_mask": other}
    return found


def alone(whole: dict[str, torch.Tensor], row: int) -> dict[str, torch.Tensor]:
    """One row of the batch without its padding."""
    lengths = dict.fromkeys(("input_ids", "attention_mask"), READ[row])
    lengths |= dict.fromkeys(("decoder_input_ids", "decoder_attention_mask"), WRITTEN[row])
    return {name: value[row : row + 1, : lengths[name]] for name, value in whole.items()}


SIZES = {"vocab_size": 20, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
BERT = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}


def made(name: str) -> nn.Module:
    """A tiny model with random weights."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    if name == "T5Model":
        config = transformers.T5Config(**SIZES, d_model=8, d_kv=4, d_ff=8, num_layers=2, num_heads=2)
        return transformers.T5Model(config)
    if name in ("BartModel", "MarianModel"):
        heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
        widths = {"d_model": 8, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8, "max_position_embeddings": 32}
        kind = getattr(transformers, name.replace("Model", "Config"))
        config = kind(**SIZES, **heads, **widths, encoder_layers=1, decoder_layers=1, decoder_start_token_id=2)
        return getattr(transformers, name)(config)
    if name == "BertModel":
        return transformers.BertModel(transformers.BertConfig(**BERT))
    if name == "GPT2Model":
        return transformers.GPT2Model(transformers.GPT2Config(**SIZES, n_embd=8, n_layer=2, n_head=2, n_positions=32))
    parts = (transformers.BertConfig(**BERT) for _ in range(2))
    return transformers.EncoderDecoderModel(transformers.EncoderDecoderConfig.from_encoder_decoder_configs(*parts))


def recorded(model: nn.Module, layer: str, batches: list[Any]) -> np.ndarray[Any, Any]:
    return np.asarray(tl.record_batches(model, batches, [layer], pooling="mean")[layer])


def token_layers(model: nn.Module, given: dict[str, torch.Tensor]) -> list[str]:
    """Layers that are called once and give (n, tokens, d)."""
    wanted = (len(READ), WIDE)
    return [
        facts.name + path
        for facts in tl.list_layers(model, given)
        for path, shape in facts.shapes.items()
        if facts.calls == 1 and len(shape) == 3 and shape[:2] == wanted
    ]


@pytest.mark.parametrize(
    ("name", "is_paired"),
    [
        ("BertModel", False),
        ("GPT2Model", False),
        ("T5Model", True),
        ("BartModel", True),
        ("MarianModel", True),
        ("EncoderDecoderModel", True),
    ],
)
def test_no_layer_of_a_language_model_is_pooled_over_padding_or_with_the_mask_of_others(
    name: str, is_paired: bool
) -> None:
    model, whole = made(name), batch(is_paired)
    rows = [alone(whole, row) for row in range(len(READ))]
    layers = token_layers(model, whole)
    assert len(layers) > 10
    for layer in layers:
        single = np.concatenate([recorded(model, layer, [row]) for row in rows])
        np.testing.assert_allclose(recorded(model, layer, [whole]), single, atol=2e-5, err_msg=layer)
