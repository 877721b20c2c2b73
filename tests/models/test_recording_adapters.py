"""Adapters, against the real library where it is installed and against faithful stand-ins where it is not."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tda_latent as tl
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@dataclass
class Output:
    """What Hugging Face models return: a dataclass with tuples of tensors."""

    hidden_states: tuple[Tensor, ...] | None = None
    encoder_hidden_states: tuple[Tensor, ...] | None = None
    decoder_hidden_states: tuple[Tensor, ...] | None = None


MASK = torch.tensor([[1, 1, 1], [1, 0, 0]])


def test_hidden_states_are_masked_means_layer_by_layer() -> None:
    states = (drawn(2, 3, 4), drawn(2, 3, 4, seed=1))
    found = tl.hidden_states(Output(states), MASK, ids=["a", "b"], labels=[0, 1])
    assert list(found) == ["hidden_states.0", "hidden_states.1"]
    for latents, state in zip(found.values(), states, strict=True):
        np.testing.assert_allclose(latents.points, [state[0].mean(0), state[1, 0]], rtol=1e-6)
        assert latents.ids.tolist() == ["a", "b"]
    for form in (states, {"hidden_states": states}, list(states)):
        np.testing.assert_array_equal(
            tl.hidden_states(form, MASK)["hidden_states.1"].points, found["hidden_states.1"].points
        )


def test_encoder_and_decoder_states_are_kept_apart_and_absent_ones_are_said() -> None:
    found = tl.hidden_states(
        Output(encoder_hidden_states=(drawn(2, 3, 4),), decoder_hidden_states=(drawn(2, 5, 4),)), pooling="last"
    )
    assert list(found) == ["encoder_hidden_states.0", "decoder_hidden_states.0"]
    with pytest.raises(InvalidInput, match="output_hidden_states=True"):
        tl.hidden_states(Output())


class Gaussian:
    """As diffusers' DiagonalGaussianDistribution: plain attributes mean, std, logvar."""

    def __init__(self, moments: Tensor) -> None:
        self.mean, self.logvar = moments.chunk(2, dim=1)
        self.std = torch.exp(0.5 * self.logvar)


@dataclass
class KLOutput:
    latent_dist: Gaussian


class KLAutoencoder(nn.Module):
    def __init__(self, form: str = "diffusers") -> None:
        super().__init__()
        self.conv, self.form = nn.Conv2d(3, 4, 2, stride=2), form

    def encode(self, x: Tensor) -> Any:
        gaussian = Gaussian(self.conv(x))
        if self.form == "torch":
            return torch.distributions.Normal(gaussian.mean, gaussian.std)
        return KLOutput(gaussian) if self.form == "diffusers" else gaussian.mean


@pytest.mark.parametrize("form", ["diffusers", "torch"])
def test_posterior_means_and_deviations_become_points_and_scale(form: str) -> None:
    model, x = KLAutoencoder(form).train(), drawn(5, 3, 4, 4)
    latents = tl.posterior(model, x.split(2), ids=list("abcde"))
    with torch.no_grad():
        moments = Gaussian(model.conv(x))
    np.testing.assert_allclose(latents.points, moments.mean.flatten(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(latents.scale, moments.std.flatten(1), rtol=1e-5)
    assert model.training
    cells = tl.posterior(model, [x], pooling="spatial", ids=list("abcde"))
    assert cells.points.shape == cells.scale.shape == (20, 2)
    np.testing.assert_allclose(cells.points[5], moments.mean[1, :, 0, 1], rtol=1e-5, atol=1e-6)
    assert cells.ids[5] == "b/1"


def test_an_encoder_without_a_distribution_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no distribution"):
        tl.posterior(KLAutoencoder("plain"), [drawn(1, 3, 4, 4)])
    with pytest.raises(InvalidInput, match="no method encode"):
        tl.posterior(nn.Linear(2, 2), [])
    with pytest.raises(InvalidInput, match="no batch came"):
        tl.posterior(KLAutoencoder(), [])


class Trainer:
    """What Lightning's trainer shows a callback, and its order of calls."""

    def __init__(self, epochs: int, is_global_zero: bool = True) -> None:
        self.epochs, self.current_epoch, self.is_global_zero = epochs, 0, is_global_zero

    def fit(self, module: nn.Module, callback: Any) -> None:
        module.train()
        callback.on_train_start(self, module)
        for epoch in range(self.epochs):
            self.current_epoch = epoch
            with torch.no_grad():
                module.weight.add_(1)
            callback.on_train_epoch_end(self, module)


def test_a_callback_records_the_untrained_model_and_every_epoch(tmp_path: Path) -> None:
    module, x = nn.Linear(2, 3), drawn(4, 2)
    first = module.weight.detach().clone()
    callback = tl.epoch_recorder([x], ["output"], folder=tmp_path, every=2)
    Trainer(4).fit(module, callback)
    assert module.training
    assert sorted(callback.recordings) == [0, 2, 4]
    for epoch in (0, 2, 4):
        points = np.load(tmp_path / f"epoch-{epoch:03d}" / "output.npy")
        np.testing.assert_allclose(points, (x @ (first + epoch).T + module.bias).detach(), rtol=1e-5, atol=1e-6)


def test_only_the_first_process_records(tmp_path: Path) -> None:
    callback = tl.epoch_recorder([drawn(4, 2)], ["output"], folder=tmp_path)
    Trainer(2, is_global_zero=False).fit(nn.Linear(2, 3), callback)
    assert not callback.recordings


def test_a_callback_needs_a_folder_and_batches_that_last(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="needs a folder"):
        tl.epoch_recorder([drawn(1, 2)], ["output"])
    with pytest.raises(InvalidParameter, match="spent after one epoch"):
        tl.epoch_recorder(iter([drawn(1, 2)]), ["output"], folder=tmp_path)
    with pytest.raises(InvalidParameter, match="at least 1 epoch"):
        tl.epoch_recorder([drawn(1, 2)], ["output"], every=0, folder=tmp_path)


def test_the_callback_is_one_of_lightning_where_the_program_uses_lightning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = types.ModuleType("pytorch_lightning")
    fake.Callback = type("Callback", (), {"state_key": "x"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pytorch_lightning", fake)
    callback = tl.epoch_recorder([drawn(1, 2)], ["output"], folder=tmp_path)
    assert isinstance(callback, fake.Callback)
    Trainer(1).fit(nn.Linear(2, 3), callback)
    assert sorted(callback.recordings) == [0, 1]


class Annotated:
    """The part of AnnData that is read, for machines without it."""

    def __init__(self, obsm: dict[str, Any], obs: Any) -> None:
        self.obsm, self.obs, self.obs_names = obsm, obs, obs.index


def test_an_embedding_of_annotated_data_brings_names_and_columns() -> None:
    pandas = pytest.importorskip("pandas")
    obs = pandas.DataFrame(
        {
            "kind": pandas.Categorical(["b", None, "b"]),
            "batch": pandas.Categorical([3, 1, 3]),
            "depth": [0.5, None, 2.0],
            "count": pandas.array([1, 2, None], dtype="Int64"),
            "kept": [True, False, True],
        },
        index=["c1", "c2", "c3"],
    )
    points = np.arange(6.0).reshape(3, 2)
    latents = tl.from_anndata(Annotated({"X_pca": points}, obs))
    np.testing.assert_array_equal(latents.points, points)
    assert latents.ids.tolist() == ["c1", "c2", "c3"]
    assert latents.labels["kind"].tolist() == ["b", "NA", "b"]
    assert latents.labels["batch"].tolist() == [3, 1, 3]
    np.testing.assert_array_equal(latents.labels["depth"], [0.5, np.nan, 2.0])
    np.testing.assert_array_equal(latents.labels["count"], [1, 2, np.nan])
    assert latents.labels["kept"].tolist() == [True, False, True]
    assert list(tl.from_anndata(Annotated({"X_pca": points}, obs), "X_pca", ["kept"]).labels) == ["kept"]


def test_an_embedding_or_column_that_is_not_there_is_named() -> None:
    pandas = pytest.importorskip("pandas")
    data = Annotated({"X_pca": np.ones((1, 2)), "X_umap": np.ones((1, 2))}, pandas.DataFrame({"kind": ["a"]}))
    with pytest.raises(InvalidInput, match="2 embeddings"):
        tl.from_anndata(data)
    with pytest.raises(ValueError, match="Did you mean 'X_umap'"):
        tl.from_anndata(data, "X_umpa")
    with pytest.raises(ValueError, match="unknown column of obs 'kin'"):
        tl.from_anndata(data, "X_pca", ["kin"])
    with pytest.raises(InvalidInput, match="no AnnData object"):
        tl.from_anndata(np.ones((2, 2)))


def test_a_whole_output_as_a_tuple_is_not_taken_for_its_hidden_states() -> None:
    last, pooled = torch.ones(2, 3, 4), torch.ones(2, 4)
    for output in ((last, pooled), (last, pooled, (last, last)), (last, None), [last, "text"]):
        with pytest.raises(InvalidInput, match="not all hidden states"):
            tl.hidden_states(output)
    stages = (torch.ones(2, 16, 4), torch.ones(2, 4, 8))  # of an image model that merges tokens
    assert [latents.dimension for latents in tl.hidden_states(stages).values()] == [4, 8]


def test_a_mask_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="the mask 'attention_mask' is 'yes'"):
        tl.hidden_states((torch.ones(2, 3, 4),), "yes")


class Unit(torch.nn.Module):
    """A posterior around the input itself; inputs may come by name."""

    def encode(self, x: torch.Tensor, shift: float = 0.0) -> torch.distributions.Normal:
        return torch.distributions.Normal(x + shift, torch.ones_like(x))


def test_batches_of_a_posterior_are_read_as_those_of_a_recording() -> None:
    x = torch.arange(12.0).reshape(4, 3)
    for batches in ([x], x.split(2), [(x, 0)], [{"x": x}], [x.numpy()]):
        np.testing.assert_array_equal(tl.posterior(Unit(), batches).points, x)
    with pytest.raises(InvalidInput, match=r"which is one batch.*\[batch\]"):
        tl.posterior(Unit(), x.reshape(4, 3, 1))
    with pytest.raises(InvalidInput, match="3 numbers first and 2 later"):
        tl.posterior(Unit(), [x, x[:, :2]])
    with pytest.raises(UnknownName, match=r"pooling of a posterior 'spacial'\. Did you mean 'spatial'"):
        tl.posterior(Unit(), [x], pooling="spacial")  # type: ignore[arg-type]
