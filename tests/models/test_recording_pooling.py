"""Pooling: each rule against a loop, padding that must not leak in, and shapes that are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import tda_latent as tl
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.models.recording.pooling import POOLINGS, pooled, truth


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@st.composite
def sequences(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Token outputs and masks of any pattern that keeps a token in each row, with NaN under the padding."""
    n, tokens, d = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    mask = torch.tensor(
        draw(st.lists(st.lists(st.booleans(), min_size=tokens, max_size=tokens), min_size=n, max_size=n))
    )
    mask[torch.arange(n), draw(st.integers(0, tokens - 1))] = True
    values = drawn(n, tokens, d, seed=draw(st.integers(0, 99)))
    values[~mask] = float("nan")
    return values, mask


@settings(max_examples=60, deadline=None)
@given(sequences())
def test_token_poolings_equal_a_loop_over_the_kept_tokens(case: tuple[Tensor, Tensor]) -> None:
    values, mask = case
    kept = [[values[i, t].tolist() for t in range(values.shape[1]) if mask[i, t]] for i in range(len(values))]
    for pooling, of in (
        ("mean", lambda rows: [sum(column) / len(rows) for column in zip(*rows, strict=True)]),
        ("cls", lambda rows: rows[0]),
        ("last", lambda rows: rows[-1]),
    ):
        found = pooled(values, mask, pooling, "x").points.numpy()
        np.testing.assert_allclose(found, [of(rows) for rows in kept], rtol=1e-12)
    every = pooled(values, mask, "none", "x")
    np.testing.assert_array_equal(every.points.numpy(), [row for rows in kept for row in rows])
    places = [(i, t) for i in range(len(values)) for t in range(values.shape[1]) if mask[i, t]]
    assert list(zip(every.inputs.tolist(), every.positions.tolist(), strict=True)) == places


@pytest.mark.parametrize("pooling", ["mean", "cls", "last", "none"])
def test_a_mask_that_keeps_everything_is_no_mask(pooling: str) -> None:
    values = drawn(3, 4, 2)
    with_mask = pooled(values, torch.ones(3, 4, dtype=torch.bool), pooling, "x")
    without = pooled(values, None, pooling, "x")
    np.testing.assert_allclose(with_mask.points.numpy(), without.points.numpy(), rtol=1e-12)
    assert with_mask.positions.tolist() == without.positions.tolist()


def test_feature_maps_equal_a_loop_over_positions() -> None:
    values = drawn(2, 3, 4, 5)
    average = pooled(values, None, "average", "x").points
    spatial = pooled(values, None, "spatial", "x")
    flat = pooled(values, None, "flatten", "x").points
    k = 0
    for i in range(2):
        np.testing.assert_allclose(average[i].numpy(), [values[i, c].sum() / 20 for c in range(3)], rtol=1e-12)
        np.testing.assert_array_equal(flat[i].numpy(), values[i].numpy().ravel())
        for y in range(4):
            for x in range(5):
                np.testing.assert_array_equal(spatial.points[k].numpy(), values[i, :, y, x].numpy())
                assert (int(spatial.inputs[k]), int(spatial.positions[k])) == (i, y * 5 + x)
                k += 1
    assert k == len(spatial.points)


@pytest.mark.parametrize("pooling", [None, *POOLINGS])
def test_vectors_pass_every_pooling_unchanged(pooling: str | None) -> None:
    values = drawn(4, 3)
    np.testing.assert_array_equal(pooled(values, None, pooling, "x").points.numpy(), values.numpy())
    assert pooled(values[:, 0], None, pooling, "x").points.shape == (4, 1)


def test_tokens_and_maps_ask_for_a_choice() -> None:
    with pytest.raises(InvalidInput, match=r"gives \(2, 3, 4\).*'mean', 'cls', 'last'.*'average' or 'spatial'"):
        pooled(drawn(2, 3, 4), None, None, "x")
    with pytest.raises(InvalidInput, match=r"gives \(2, 3, 4, 5\).*'average' or 'spatial'"):
        pooled(drawn(2, 3, 4, 5), None, None, "x")
    with pytest.raises(InvalidInput, match="no sequence of tokens"):
        pooled(drawn(2, 3, 4, 5), None, "mean", "x")


def test_a_mask_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"\(2, 3, 4\), but the attention mask is \(2, 5\)"):
        pooled(drawn(2, 3, 4), torch.ones(2, 5, dtype=torch.bool), "mean", "x")
    with pytest.raises(InvalidInput, match="keeps no token of row 1"):
        truth(torch.tensor([[1, 0], [0, 0]]), "attention_mask")
    with pytest.raises(InvalidInput, match="0 and 1"):
        truth(torch.tensor([[0.0, -1e9]]), "attention_mask")
    with pytest.raises(InvalidInput, match=r"shape \(1, 1, 2, 2\)"):
        truth(torch.ones(1, 1, 2, 2), "attention_mask")


def test_key_padding_masks_of_torch_are_turned_round() -> None:
    padding = torch.tensor([[False, False, True]])
    assert truth(padding, "src_key_padding_mask").tolist() == [[True, True, False]]


def test_a_function_may_pool_and_is_held_to_its_rows() -> None:
    values = drawn(3, 4, 2)
    found = pooled(values, None, lambda output: output.amax(dim=1), "x")
    np.testing.assert_array_equal(found.points.numpy(), values.numpy().max(axis=1))
    for wrong in (lambda output: output, lambda output: output[:1, 0], lambda _: "text"):
        with pytest.raises(InvalidInput, match=r"the rule is a tensor \(3, d\)"):
            pooled(values, None, wrong, "x")


class Encoder(nn.Module):
    """Token embeddings whose padding is poisoned; takes the mask by position or by name."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 3)
        self.map = nn.Unflatten(2, (3, 1))

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        return self.map(self.embedding(input_ids))


@pytest.mark.parametrize("by_name", [False, True])
def test_the_mask_is_read_from_the_call_of_the_model(by_name: bool) -> None:
    model = Encoder()
    ids = torch.tensor([[1, 2, 3], [4, 0, 0]])
    mask = (ids > 0).long()
    with tl.record(model, ["embedding"], pooling="mean") as recording:
        model(ids, attention_mask=mask) if by_name else model(ids, mask)
        model(ids)  # no mask: every token counts
    table = model.embedding.weight.detach().numpy()
    masked = [table[[1, 2, 3]].mean(axis=0), table[4]]
    plain = [table[[1, 2, 3]].mean(axis=0), table[[4, 0, 0]].mean(axis=0)]
    np.testing.assert_allclose(recording["embedding"], [*masked, *plain], rtol=1e-5)


def test_the_mask_travels_with_a_batch_of_named_arrays() -> None:
    model = Encoder()
    ids = np.array([[1, 2, 3], [4, 0, 0], [5, 6, 0]])
    batch = {"input_ids": ids, "attention_mask": (ids > 0).astype(np.int64)}
    by_call = lambda given: model(torch.from_numpy(given["input_ids"]))  # noqa: E731
    called = tl.record_batches(model, [batch], ["embedding"], pooling="none")
    with tl.record(model, ["embedding"], pooling="none") as bounded:
        bounded.run([batch], call=by_call)
    for recording in (called, bounded):
        np.testing.assert_array_equal(
            recording["embedding"], model.embedding.weight.detach().numpy()[[1, 2, 3, 4, 5, 6]]
        )
    latents = called.latents("embedding", ids=["a", "b", "c"], labels=[0, 1, 2])
    assert latents.ids.tolist() == ["a/0", "a/1", "a/2", "b/0", "c/0", "c/1"]
    assert latents.labels["input"].tolist() == list("aaabcc")
    assert latents.labels["position"].tolist() == [0, 1, 2, 0, 0, 1]
    assert latents.labels["label"].tolist() == [0, 0, 0, 1, 2, 2]


def test_a_sample_of_token_clouds_keeps_all_tokens_of_the_inputs_it_keeps() -> None:
    model, ids = Encoder(), torch.randint(0, 7, (50, 3), generator=torch.Generator().manual_seed(1))
    sampled = tl.record_batches(model, ids.split(8), ["embedding"], pooling="none", size=10)
    places = sampled.places("embedding")
    assert len(np.unique(places[:, 0])) == 10
    assert places[:, 1].tolist() == [0, 1, 2] * 10
    table = model.embedding.weight.detach().numpy()
    np.testing.assert_array_equal(sampled["embedding"], table[ids.numpy()[places[:, 0], places[:, 1]]])


def test_poolings_can_differ_by_pattern() -> None:
    model, ids = Encoder(), torch.tensor([[1, 2, 3], [4, 5, 6]])
    pooling = {"emb*": "cls", "output": lambda output: output[:, 1, :, 0]}
    recording = tl.record_batches(model, [ids], ["embedding", "output"], pooling=pooling)
    table = model.embedding.weight.detach().numpy()
    np.testing.assert_array_equal(recording["embedding"], table[[1, 4]])
    np.testing.assert_array_equal(recording["output"], table[[2, 5]])
    with pytest.raises(UnknownName, match=r"'enbedding' fits none.*Did you mean 'embedding'"):
        tl.record(model, ["embedding"], pooling={"enbedding": "mean"})
    with pytest.raises(UnknownName, match="Did you mean 'mean'"):
        tl.record(model, ["embedding"], pooling="meen")
