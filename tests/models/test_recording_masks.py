"""Masks of tokens: padding never shows in what torch's own layers give, and no mask is guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tda_latent as tl
from tda_latent.errors import InvalidInput
from tda_latent.models.recording.masks import Masks

LENGTHS = (3, 5, 1)
WIDE = 5
X = torch.randn(3, WIDE, 8, generator=torch.Generator().manual_seed(0))
PADDING = torch.arange(WIDE) >= torch.tensor(LENGTHS)[:, None]
KEY = "src_key_padding_mask"


def encoder(batch_first: bool = True) -> nn.TransformerEncoder:
    """One that packs padded batches into nested tensors when it is evaluated."""
    torch.manual_seed(0)
    block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
    return nn.TransformerEncoder(block, 2, enable_nested_tensor=batch_first)


def recorded(model: nn.Module, layer: str, batch: dict[str, Any], mask: str = KEY) -> np.ndarray[Any, Any]:
    return np.asarray(tl.record_batches(model, [batch], [layer], pooling="mean", mask=mask)[layer])


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("layer", ["layers.0", "layers.1.linear2", "layers.0.self_attn[0]", "layers.1.norm1", "output"])
def test_a_padded_transformer_is_pooled_as_each_input_alone(layer: str, batch_first: bool) -> None:
    model = encoder(batch_first)
    turned = (lambda x: x) if batch_first else (lambda x: x.transpose(0, 1))
    padded = recorded(model, layer, {"src": turned(X), KEY: PADDING})
    for row, length in enumerate(LENGTHS):
        alone = tl.record_batches(model, [turned(X[row : row + 1, :length])], [layer], pooling="mean")
        np.testing.assert_allclose(padded[row : row + 1], alone[layer], atol=1e-6)


class Attending(nn.Module):
    """Attention whose padding comes by an argument of its own name."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor, padding_mask: Tensor | None = None) -> Tensor:
        return self.attention(x, x, x, key_padding_mask=padding_mask)[0]


def test_padded_attention_is_pooled_as_each_input_alone() -> None:
    model = Attending()
    padded = recorded(model, "attention[0]", {"x": X, "padding_mask": PADDING}, "padding_mask")
    for row, length in enumerate(LENGTHS):
        alone = tl.record_batches(model, [X[row : row + 1, :length]], ["attention[0]"], pooling="mean")
        np.testing.assert_allclose(padded[row : row + 1], alone["attention[0]"], atol=1e-6)


def test_a_mask_of_another_name_is_asked_for_and_not_overlooked() -> None:
    batch = {"src": X, KEY: PADDING}
    with pytest.raises(InvalidInput, match=r"say mask='src_key_padding_mask' if it does, or mask=None"):
        tl.record_batches(encoder(), [batch], ["layers.0"], pooling="mean")
    with pytest.raises(InvalidInput, match=r"say mask='padding_mask'"):
        tl.record_batches(Attending(), [{"x": X, "padding_mask": PADDING}], ["output"], pooling="cls")
    whole = tl.record_batches(encoder(), [batch], ["layers.0"], pooling="mean", mask=None)
    assert whole["layers.0"].shape == (3, 8)
    flat = tl.record_batches(encoder(), [batch], ["layers.0"], pooling="flatten")
    assert flat["layers.0"].shape == (3, 40)


PAIR = {"attention_mask": 1, "decoder_attention_mask": 1}
ENCODED = ["encoder.layers.0", "model.encoder.layers.0.self_attn.k_proj", "output[encoder_last_hidden_state]"]
DECODED = [
    "decoder.layers.0",
    "decoder.layers.0.self_attn.v_proj",
    "decoder.layers.0.encoder_attn[0]",
    "decoder.layers.0.encoder_attn.q_proj",
    "decoder.layers.0.encoder_attn.out_proj",
    "decoder.layers.0.encoder_attn_layer_norm",
    "decoder.block.0.layer.1.EncDecAttention",
    "decoder.block.0.layer.1.EncDecAttention.o",
    "decoder.bert.encoder.layer.0.crossattention.self.query",
    "decoder.bert.encoder.layer.0.crossattention.output.LayerNorm",
    "decoder.layers.0.multihead_attn[0]",
    "output",
    "output[decoder_hidden_states][1]",
]
READ = [
    "decoder.layers.0.encoder_attn.k_proj",
    "model.decoder.layers.3.encoder_attn.v_proj",
    "decoder.block.0.layer.1.EncDecAttention.k",
    "decoder.bert.encoder.layer.0.crossattention.self.value",
    "decoder.h.0.crossattention.c_attn",
    "decoder.blocks.0.cross_attn.to_kv",
]


@pytest.mark.parametrize("masks", [Masks("attention_mask", True), Masks("attention_mask")])
def test_keys_and_values_that_a_decoder_takes_from_the_encoder_are_tokens_of_the_encoder(masks: Masks) -> None:
    assert {masks.name_for(layer, PAIR) for layer in [*ENCODED, *READ]} == {"attention_mask"}
    assert {masks.name_for(layer, PAIR) for layer in DECODED} == {"decoder_attention_mask"}


@pytest.mark.parametrize("layer", ["shared", "lm_head", "decoder.embed#2", "decoder.layers.0.encoder_attn.mystery"])
def test_a_layer_whose_tokens_its_name_does_not_tell_is_asked_about(layer: str) -> None:
    with pytest.raises(InvalidInput, match="may see the tokens of the encoder or of the decoder"):
        Masks("attention_mask", True).name_for(layer, PAIR)


def test_a_decoder_alone_masks_what_it_was_given_with_the_mask_of_that() -> None:
    given, masks = {"attention_mask": 1, "encoder_hidden_states": 1}, Masks("attention_mask")
    assert masks.name_for("encoder.layer.0.crossattention.self.key", given) == "encoder_attention_mask"
    assert masks.name_for("encoder.layer.0.crossattention.self.query", given) == "attention_mask"
    assert masks.name_for("encoder.layer.0.attention.self.key", given) == "attention_mask"
    assert masks.name_for("resampler.cross_attn.k", {"attention_mask": 1}) == "attention_mask"


class Wrapped(nn.Module):
    """A wrapper that hands on whatever it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Embedding(9, 4), nn.Embedding(9, 4)

    def forward(self, **batch: Tensor) -> Tensor:
        self.encoder(batch["input_ids"])
        return self.decoder(batch["decoder_input_ids"])


def test_the_mask_of_a_decoder_is_found_behind_a_wrapper() -> None:
    model, ids = Wrapped(), torch.tensor([[1, 2, 3], [4, 5, 6]])
    masks = {"attention_mask": torch.tensor([[1, 1, 1], [1, 0, 0]])}
    masks["decoder_attention_mask"] = torch.tensor([[1, 0, 0], [1, 1, 0]])
    batch = {"input_ids": ids, "decoder_input_ids": ids, **masks}
    found = tl.record_batches(model, [batch], ["encoder", "decoder"], pooling="last")
    np.testing.assert_array_equal(found["encoder"], model.encoder.weight.detach()[[3, 4]])
    np.testing.assert_array_equal(found["decoder"], model.decoder.weight.detach()[[1, 5]])


class Nesting(nn.Module):
    """Gives sequences of unequal length as one nested tensor."""

    def __init__(self, layout: torch.layout, lengths: tuple[int, ...] = LENGTHS, axes: int = 2) -> None:
        super().__init__()
        self.layout, self.lengths, self.axes, self.stay = layout, lengths, axes, nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        rows = [row[:length] for row, length in zip(x, self.lengths, strict=True)]
        nested = torch.nested.nested_tensor(rows if self.axes > 1 else [row[:, 0] for row in rows], layout=self.layout)
        return self.stay(nested)


@pytest.mark.filterwarnings("ignore:.*nested tensors:UserWarning")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_are_pooled_as_each_sequence_alone(layout: torch.layout) -> None:
    alone = [X[row, :length].numpy() for row, length in enumerate(LENGTHS)]
    expected = {
        "mean": [row.mean(axis=0) for row in alone],
        "last": [row[-1] for row in alone],
        "cls": [row[0] for row in alone],
        "none": np.concatenate(alone),
    }
    for pooling, points in expected.items():
        found = tl.record_batches(Nesting(layout), [X], ["stay"], pooling=pooling)
        np.testing.assert_allclose(found["stay"], points, atol=1e-6)
    assert tl.list_layers(Nesting(layout), X)[0].shapes == {"": (3, WIDE, 8)}
    with pytest.raises(InvalidInput, match="a nested tensor; choose a pooling of tokens"):
        tl.record_batches(Nesting(layout), [X], ["stay"], pooling="flatten")
    with pytest.raises(InvalidInput, match=r"gives \(3, 5\), nested; the rule is \(n, tokens, d\)"):
        tl.record_batches(Nesting(layout, axes=1), [X], ["stay"], pooling="mean")
    with pytest.raises(InvalidInput, match="no token for row 1"):
        tl.record_batches(Nesting(layout, (2, 0, 1)), [X], ["stay"], pooling="last")


def test_a_mask_that_was_named_and_does_not_come_is_no_leave_to_pool_over_padding() -> None:
    """A tuple gives its first entry to the model, so that the mask in it never arrives."""
    for batch in ((X, PADDING), X):
        with pytest.raises(InvalidInput, match="no call gave the mask 'src_key_padding_mask'"):
            tl.record_batches(encoder(), [batch], ["layers.0"], pooling="mean", mask=KEY)
    model = encoder()
    with (
        pytest.raises(InvalidInput, match="no call gave the mask"),
        tl.record(model, ["layers.0"], pooling="mean", mask=KEY) as recording,
    ):
        recording.run([X], call=lambda x: model.layers[0](x))
    every = recorded(encoder(), "layers.0", {"src": X, KEY: None})
    np.testing.assert_allclose(every, tl.record_batches(encoder(), [X], ["layers.0"], pooling="mean")["layers.0"])
    flat = tl.record_batches(encoder(), [X], ["layers.0"], pooling="flatten", mask=KEY)  # asks for no mask
    assert flat["layers.0"].shape == (3, 40)
