"""Adapters against the libraries themselves, where they are installed; nothing is downloaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import tda_latent as tl
from tda_latent.sources.file import load_latents

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the libraries, about themselves

IDS = torch.tensor([[5, 6, 7, 8], [9, 3, 0, 0], [1, 0, 0, 0]])
MASK = (IDS > 0).long()


@pytest.fixture(scope="module")
def bert() -> torch.nn.Module:
    """A tiny BERT with random weights."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=11, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16
    )
    return transformers.BertModel(config)


def test_hooks_on_bert_equal_its_own_hidden_states(bert: torch.nn.Module) -> None:
    bert.train()
    batches = [{"input_ids": IDS[k : k + 2], "attention_mask": MASK[k : k + 2]} for k in (0, 2)]
    hooked = tl.record_batches(bert, batches, ["embeddings", "encoder.layer.*"], pooling="mean")
    assert bert.training
    with torch.no_grad():
        output = bert.eval()(IDS, attention_mask=MASK, output_hidden_states=True)
    own = tl.hidden_states(output, MASK)
    assert len(hooked.layers) == len(own) == 4
    for layer, latents in zip(hooked.layers, own.values(), strict=True):
        np.testing.assert_allclose(hooked[layer], latents.points, rtol=1e-4, atol=1e-5)
    for row, length in enumerate((4, 2, 1)):
        state = output.hidden_states[2][row, :length].mean(dim=0)
        np.testing.assert_allclose(own["hidden_states.2"].points[row], state, rtol=1e-5, atol=1e-6)


def test_parts_of_the_output_of_bert_are_reached_by_their_names(bert: torch.nn.Module) -> None:
    batch = {"input_ids": IDS, "attention_mask": MASK, "output_hidden_states": True}
    layers = ["output[pooler_output]", "output[hidden_states][3]", "output[last_hidden_state]"]
    recording = tl.record_batches(bert, [batch], layers, pooling="cls")
    np.testing.assert_array_equal(recording[layers[1]], recording[layers[2]])
    assert recording[layers[0]].shape == (3, 8)


def test_a_diffusers_autoencoder_gives_means_and_deviations() -> None:
    diffusers = pytest.importorskip("diffusers")
    vae = diffusers.AutoencoderKL(block_out_channels=(4,), norm_num_groups=2, latent_channels=2)
    x = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    latents = tl.posterior(vae, x.split(2))
    with torch.no_grad():
        found = vae.eval().encode(x).latent_dist
    np.testing.assert_allclose(latents.points, found.mean.flatten(1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(latents.scale, found.std.flatten(1), rtol=1e-4, atol=1e-5)


def test_lightning_takes_the_callback_and_training_is_what_it_is_without(tmp_path: Path) -> None:
    lightning = pytest.importorskip("pytorch_lightning")

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout(0.5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x)

        def training_step(self, batch: torch.Tensor, _: int) -> torch.Tensor:
            return self(batch).square().mean()

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    def trained(*callbacks: object) -> torch.Tensor:
        lightning.seed_everything(0, verbose=False)
        x, module = torch.randn(16, 2), Module()
        loader = torch.utils.data.DataLoader(x, batch_size=8)
        trainer = lightning.Trainer(
            max_epochs=2, callbacks=list(callbacks), logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, accelerator="cpu", default_root_dir=tmp_path,
        )  # fmt: skip
        trainer.fit(module, loader)
        return module.layer[0].weight.detach()

    callback = tl.epoch_recorder([torch.ones(4, 2)], ["layer.0"], folder=tmp_path / "epochs")
    assert torch.equal(trained(callback), trained())
    epochs = [np.load(tmp_path / "epochs" / f"epoch-{k:03d}" / "layer.0.npy") for k in range(3)]
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[1], epochs[2])


def test_a_file_of_anndata_reads_as_the_object_that_wrote_it(tmp_path: Path) -> None:
    anndata, pandas = pytest.importorskip("anndata"), pytest.importorskip("pandas")
    obs = pandas.DataFrame(
        {
            "kind": pandas.Categorical(["a", "b", None, "b"]),
            "batch": pandas.Categorical([2, 1, 2, 2]),
            "total": [1, 2, 3, 4],
            "depth": [0.5, 1, 2, 3],
            "count": pandas.array([1, None, 3, 4], dtype="Int64"),
            "kept": [True, False, True, True],
        },
        index=np.array(["c1", "c2", "c3", "c4"], dtype=object),
    )
    pandas.set_option("future.infer_string", False)
    data = anndata.AnnData(np.ones((4, 3), dtype=np.float32), obs=obs, obsm={"X_pca": np.arange(8.0).reshape(4, 2)})
    data.obs.index = pandas.Index(data.obs.index.to_numpy(dtype=object), dtype=object)
    data.var.index = pandas.Index(data.var.index.to_numpy(dtype=object), dtype=object)
    data.obs["kind"] = pandas.Categorical(["a", "b", None, "b"], categories=pandas.Index(["a", "b"], dtype=object))
    data.write_h5ad(tmp_path / "cells.h5ad")
    read, made = load_latents(f"{tmp_path / 'cells.h5ad'}::X_pca"), tl.from_anndata(data)
    np.testing.assert_array_equal(read.points, made.points)
    assert read.ids.tolist() == made.ids.tolist() == ["c1", "c2", "c3", "c4"]
    assert set(read.labels) == set(made.labels) == set(obs.columns)
    for name, column in made.labels.items():
        np.testing.assert_array_equal(read.labels[name], column)


def test_importing_the_package_loads_no_torch() -> None:
    said = "import sys, tda_latent; tda_latent.__all__; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", said], check=True)


EXPERIMENT = """
format: tda-latent/experiment@1
name: recorded
seed: 1
models:
  mine: {use: file, path: "found/{layer}.npy"}
axes: {layers: ["0", "2"]}
sample: {size: 20}
analyzers:
  spectrum: {use: spectrum}
"""


def test_what_the_command_records_is_read_by_an_experiment(tmp_path: Path, command: object) -> None:
    code = "from torch import nn\ndef make():\n    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))\n"
    (tmp_path / "own.py").write_text(code)
    model = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3))
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    np.save(tmp_path / "inputs.npy", np.random.default_rng(0).standard_normal((40, 4)))
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT)
    asked = ("weights.pt", "--factory", "own:make", "--data", "inputs.npy", "--layers", "0", "2", "--out", "found")
    for arguments in (("record", *asked), ("run", "experiment.yaml", "--quiet")):
        done = command(*arguments, cwd=tmp_path)  # type: ignore[operator]
        assert done.returncode == 0, done.stdout + done.stderr
