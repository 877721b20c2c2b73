"""Sequence models as torch and others build them: inputs on the second axis, packed sequences, two masks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

import tda_latent as tl
from tda_latent.errors import InvalidInput

LENGTHS = [2, 6, 1, 3]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("pooling", ["mean", "last", "cls"])
@pytest.mark.parametrize("layer", ["layers.0", "layers.0.linear1", "output"])
def test_a_transformer_that_takes_tokens_first_is_recorded_as_its_batch_first_twin(layer: str, pooling: str) -> None:
    def made(batch_first: bool) -> nn.Module:
        torch.manual_seed(0)
        block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
        return nn.TransformerEncoder(block, 2, enable_nested_tensor=False)

    x = drawn(4, 6, 8)
    expected = tl.record_batches(made(True), [x], [layer], pooling=pooling)
    found = tl.record_batches(made(False), [x.transpose(0, 1)], [layer], pooling=pooling)
    assert found.seen == 4
    np.testing.assert_allclose(found[layer], expected[layer], atol=1e-6)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_outputs_and_last_states_of_recurrent_layers_have_a_row_for_each_input(kind: type[nn.Module]) -> None:
    rnn = kind(3, 5, num_layers=2)
    x = drawn(6, 2, 3)  # as many inputs as layers: the sizes alone would not tell them apart
    state = "output[1][0]" if kind is nn.LSTM else "output[1]"
    recording = tl.record_batches(rnn, [x], ["output[0]", state], pooling="last")
    with torch.no_grad():
        outputs, states = rnn(x)
    final = states[0] if kind is nn.LSTM else states
    np.testing.assert_array_equal(recording["output[0]"], outputs[-1])
    np.testing.assert_array_equal(recording[state], final[-1])


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 5, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, (state, _) = self.rnn(packed)
        return state[-1]


def test_a_packed_sequence_is_pooled_over_the_tokens_of_each_input_in_their_order() -> None:
    model, x = Reader(), drawn(4, 6, 3)
    recording = {}
    for pooling in ("mean", "last", "none"):
        with tl.record(model, ["rnn[0]"], pooling=pooling) as recording[pooling]:
            model(x, torch.tensor(LENGTHS))
    with torch.no_grad():
        alone = [model.rnn(x[row : row + 1, :length])[0][0] for row, length in enumerate(LENGTHS)]
    np.testing.assert_allclose(recording["mean"]["rnn[0]"], torch.stack([one.mean(0) for one in alone]), atol=1e-6)
    np.testing.assert_allclose(recording["last"]["rnn[0]"], torch.stack([one[-1] for one in alone]), atol=1e-6)
    np.testing.assert_allclose(recording["none"]["rnn[0]"], torch.cat(alone), atol=1e-6)
    np.testing.assert_array_equal(recording["none"].places("rnn[0]")[:, 0], np.repeat(range(4), LENGTHS))
    with pytest.raises(InvalidInput, match="packed sequence"):
        tl.record_batches(model, [{"x": x, "lengths": torch.tensor(LENGTHS)}], ["rnn[0]"], pooling="flatten")


def test_a_packed_sequence_may_be_the_batch() -> None:
    rnn = nn.GRU(3, 5, batch_first=True)
    packed = pack_padded_sequence(drawn(3, 4, 3), torch.tensor([4, 2, 1]), batch_first=True)
    recording = tl.record_batches(rnn, [packed], ["output[0]", "output[1]"], pooling="last")
    np.testing.assert_array_equal(recording["output[0]"], recording["output[1]"])
    shapes = tl.list_layers(rnn, packed)[-1].shapes
    assert shapes == {"[0]": (3, 4, 5), "[1]": (1, 3, 5)}


class Translator(nn.Module):
    """An encoder and a decoder as Hugging Face names them, for texts of equal length."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Embedding(9, 4)
        self.encoder, self.decoder = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(
        self,
        input_ids: Tensor,
        decoder_input_ids: Tensor,
        attention_mask: Any = None,
        decoder_attention_mask: Any = None,
    ) -> dict[str, Tensor]:
        return {
            "encoder_last_hidden_state": self.encoder(self.shared(input_ids)),
            "last_hidden_state": self.decoder(self.shared(decoder_input_ids)),
        }


def translated() -> dict[str, Tensor]:
    return {
        "input_ids": torch.tensor([[1, 2, 3], [4, 0, 0]]),
        "decoder_input_ids": torch.tensor([[5, 6, 0], [7, 8, 1]]),
        "attention_mask": torch.tensor([[1, 1, 1], [1, 0, 0]]),
        "decoder_attention_mask": torch.tensor([[1, 1, 0], [1, 1, 1]]),
    }


def test_layers_of_a_decoder_are_pooled_with_its_own_mask() -> None:
    model, batch = Translator(), translated()
    layers = ["encoder", "decoder", "output[encoder_last_hidden_state]", "output[last_hidden_state]"]
    recording = tl.record_batches(model, [batch], layers, pooling="last")
    with torch.no_grad():
        read, written = model(**batch).values()
    np.testing.assert_array_equal(recording["encoder"], read[[0, 1], [2, 0]])
    np.testing.assert_array_equal(recording["output[encoder_last_hidden_state]"], read[[0, 1], [2, 0]])
    np.testing.assert_array_equal(recording["decoder"], written[[0, 1], [1, 2]])
    np.testing.assert_array_equal(recording["output[last_hidden_state]"], written[[0, 1], [1, 2]])
    del batch["decoder_attention_mask"]
    unmasked = tl.record_batches(model, [batch], ["decoder"], pooling="mean")
    np.testing.assert_allclose(unmasked["decoder"], written.mean(1), atol=1e-6)


def test_a_layer_that_both_parts_call_asks_which_mask_is_meant() -> None:
    with pytest.raises(InvalidInput, match="'shared' may see the tokens of the encoder or of the decoder"):
        tl.record_batches(Translator(), [translated()], ["shared"], pooling="mean")


def test_hidden_states_of_a_decoder_are_pooled_with_its_own_mask() -> None:
    state, batch = drawn(2, 3, 4), translated()
    output = SimpleNamespace(encoder_hidden_states=(state,), decoder_hidden_states=(state,))
    masks = (batch["attention_mask"], batch["decoder_attention_mask"])
    found = tl.hidden_states(output, masks[0], "last", decoder_attention_mask=masks[1])
    np.testing.assert_array_equal(found["encoder_hidden_states.0"].points, state[[0, 1], [2, 0]])
    np.testing.assert_array_equal(found["decoder_hidden_states.0"].points, state[[0, 1], [1, 2]])
    alone = tl.hidden_states(output, masks[0], "last")
    np.testing.assert_array_equal(alone["decoder_hidden_states.0"].points, state[:, -1])


@pytest.mark.parametrize("batch", [torch.ones(4, 3), np.ones((4, 3)), {"input": torch.ones(4, 3)}])
def test_one_batch_in_place_of_several_is_refused(batch: Any) -> None:
    with pytest.raises(InvalidInput, match=r"which is one batch.*\[batch\]"):
        tl.record_batches(nn.Linear(3, 3), batch, ["output"])


def test_no_batch_at_all_is_said() -> None:
    with pytest.raises(InvalidInput, match="no batch came"):
        tl.record_batches(nn.Linear(3, 3), iter([]), ["output"])
