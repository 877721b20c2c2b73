"""``tda-latent record`` and ``list-layers``: checkpoint and factory in, files out, mistakes in one line."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tda_latent.api.checkpoints import read_inputs
from tda_latent.cli.main import main
from tda_latent.errors import InvalidInput
from tda_latent.models.recording.checkpoints import load_weights
from tda_latent.sources.file import load_latents

FACTORY = """
import torch
from torch import nn

def make():
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3))

def wide():
    return nn.Sequential(nn.Linear(4, 7), nn.ReLU(), nn.Linear(7, 3))

def other():
    return nn.Linear(4, 3)

def number():
    return 3

def reader():
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 1)

def broken():
    raise KeyError("no config")
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A working folder with code, weights and inputs; calls the command line in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    name = f"my_models_{tmp_path.name.replace('-', '_')}"  # modules stay imported from one test to the next
    (tmp_path / f"{name}.py").write_text(FACTORY)
    torch.save(trained().state_dict(), tmp_path / "weights.pt")
    np.save(tmp_path / "inputs.npy", INPUTS)

    def call(command: str, checkpoint: str = "weights.pt", factory: str = "make", *more: str) -> tuple[int, str, str]:
        spec = factory if ":" in factory else f"{name}:{factory}"
        code = main([command, checkpoint, "--factory", spec, *more])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return call


def trained() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model


INPUTS = np.random.default_rng(0).standard_normal((50, 4))
RECORD = ("--data", "inputs.npy", "--layers", "*", "--out", "found")


def expected(layer: int) -> np.ndarray:
    with torch.no_grad():
        return trained()[: layer + 1](torch.tensor(INPUTS).float()).numpy()


def test_a_checkpoint_is_recorded_into_files_that_an_experiment_can_name(run: Run) -> None:
    code, out, _ = run("record", "weights.pt", "make", *RECORD, "--batch-size", "7")
    assert code == 0
    assert '{use: file, path: "found/{layer}.npy"}' in out
    assert 'layers: ["0", "1", "2"]' in out
    for layer in (0, 1, 2):
        np.testing.assert_allclose(load_latents(f"found/{layer}.npy").points, expected(layer), rtol=1e-5, atol=1e-6)


def test_a_sample_is_the_same_for_all_layers_and_decided_by_the_seed(run: Run) -> None:
    for seed in ("1", "1", "2"):
        assert run("record", "weights.pt", "make", *RECORD, "--size", "9", "--seed", seed)[0] == 0
        rows = np.load("found/rows/2.npy")[:, 0]
        np.testing.assert_allclose(np.load("found/2.npy"), expected(2)[rows], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(rows, np.load("found/rows/0.npy")[:, 0])
    assert len(rows) == 9


def test_ids_and_labels_of_the_data_come_along(run: Run) -> None:
    ids = np.array([f"x{k}" for k in range(50)])
    np.savez("inputs.npz", x=INPUTS, ids=ids, label_digit=np.arange(50) % 10)
    asked = ("--data", "inputs.npz", "--layers", "2", "--out", "found", "--size", "9")
    assert run("record", "weights.pt", "make", *asked)[0] == 0
    rows = np.load("found/rows/2.npy")[:, 0]
    with np.load("found/columns.npz") as columns:
        assert columns["ids"].tolist() == ids[rows].tolist()
        assert columns["labels/digit"].tolist() == (rows % 10).tolist()
    code, out, _ = run("record", "weights.pt", "make", *asked, "--npz")
    assert code == 0
    assert "{layer}.npz" in out
    latents = load_latents("found/2.npz")
    assert latents.ids.tolist() == ids[rows].tolist()
    assert latents.labels["digit"].tolist() == (rows % 10).tolist()
    assert (latents.origin.model, latents.origin.layer) == ("Sequential", "2")


def test_layers_are_listed_with_and_without_an_example(run: Run) -> None:
    code, out, _ = run("list-layers")
    assert code == 0
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["0", "Linear", "30"], ["1", "ReLU", "0"], ["2", "Linear", "21"], ["output", "Sequential", "51"],
    ]  # fmt: skip
    code, out, _ = run("list-layers", "weights.pt", "make", "--example", "inputs.npy")
    assert code == 0
    assert out.splitlines()[1].endswith("(2, 6)")
    assert out.splitlines()[-1].endswith("(2, 3)")


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("no_such_module:make", "no module 'no_such_module'"),
        ("make:", "module:function"),
        ("mak", "Did you mean 'make'"),
        ("broken", "raised KeyError: 'no config'"),
        ("number", "gave a int"),
        ("wide", "'0.weight' has shape (6, 4), and the model of the factory has (7, 4)"),
        ("other", "of another model than the factory makes: it lacks weight, bias; it has besides 0.weight"),
    ],
)
def test_a_wrong_factory_is_explained(run: Run, factory: str, said: str) -> None:
    code, _, err = run("list-layers", "weights.pt", factory)
    assert code == 2
    assert said in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--data", "nothing.npy", "--layers", "*"), "no such file"),
        (("--data", "inputs.npy", "--layers", "conv*"), "unknown layer 'conv*'"),
        (("--data", "inputs.npy", "--layers", "0", "--batch-size", "0"), "the rule is at least 1"),
        (("--data", "inputs.npy", "--layers", "0", "--size", "0"), "at least 1 input"),
        (("--data", "wide.npy", "--layers", "0"), "the model raised RuntimeError: mat1 and mat2"),
        (("--data", "inputs.npy", "--layers", "0", "--device", "gpu"), "moving the model to 'gpu' raised RuntimeError"),
        (("--data", "objects.npy", "--layers", "0"), "without unpickling"),
    ],
)
def test_wrong_data_and_layers_are_explained(run: Run, more: tuple[str, ...], said: str) -> None:
    np.save("wide.npy", np.ones((3, 5)))
    np.save("objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    code, _, err = run("record", "weights.pt", "make", *more, "--out", "found")
    assert code == 2
    assert said in err
    assert [path for path in Path("found").rglob("*") if path.is_file()] == []


class Payload:
    """Would leave a file behind if it were ever unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (Path("executed"),)


def test_a_checkpoint_never_runs_code(run: Run) -> None:
    torch.save({"state_dict": trained().state_dict(), "extra": Payload()}, "evil.pt")
    Path("bare.pt").write_bytes(pickle.dumps(Payload()))
    torch.save(trained(), "whole.pt")
    for name in ("evil.pt", "bare.pt", "whole.pt"):
        code, _, err = run("list-layers", name)
        assert code == 2
        assert "nothing is unpickled" in err or "no file of torch.save" in err
    assert not Path("executed").exists()
    code, _, err = run("list-layers", "nowhere.pt")
    assert code == 2
    assert "no such file" in err


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3, "hyper_parameters": {"width": 6}},
        lambda state: {"model": {f"module.{name}": value for name, value in state.items()}, "step": 1},
        lambda state: {"state_dict": {f"model._orig_mod.{name}": value for name, value in state.items()}},
    ],
)
def test_weights_are_found_under_the_wrappings_of_trainers(tmp_path: Path, wrap: Callable[[dict], dict]) -> None:
    wanted = trained()
    torch.save(wrap(dict(wanted.state_dict())), tmp_path / "weights.pt")
    model = load_weights(nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)), tmp_path / "weights.pt")
    for name, value in wanted.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)


def test_safetensors_and_bfloat16_weights_are_exact(tmp_path: Path) -> None:
    wanted = trained().to(torch.bfloat16)
    save_file(dict(wanted.state_dict()), tmp_path / "weights.safetensors")
    torch.save(wanted.state_dict(), tmp_path / "weights.pt")
    for suffix in ("safetensors", "pt"):
        model = load_weights(trained().to(torch.bfloat16), tmp_path / f"weights.{suffix}")
        assert torch.equal(model[0].weight, wanted[0].weight)
    (tmp_path / "text.safetensors").write_text("weights")
    with pytest.raises(InvalidInput, match="cannot be read as safetensors"):
        load_weights(trained(), tmp_path / "text.safetensors")


def test_inputs_with_names_are_arguments_and_lengths_must_agree(tmp_path: Path) -> None:
    ids, mask = np.arange(6).reshape(3, 2), np.ones((3, 2))
    np.savez(tmp_path / "tokens.npz", input_ids=ids, attention_mask=mask, ids=["a", "b", "c"], labels=[0, 1, 0])
    inputs = read_inputs(tmp_path / "tokens.npz")
    batches = list(inputs.batches(2))
    assert [sorted(batch) for batch in batches] == [["attention_mask", "input_ids"]] * 2
    np.testing.assert_array_equal(np.concatenate([batch["input_ids"] for batch in batches]), ids)
    assert inputs.labels["label"].tolist() == [0, 1, 0]
    np.savez(tmp_path / "uneven.npz", input_ids=ids, attention_mask=mask[:2])
    with pytest.raises(InvalidInput, match="different lengths"):
        read_inputs(tmp_path / "uneven.npz")
    np.savez(tmp_path / "empty.npz", ids=["a"])
    with pytest.raises(InvalidInput, match="holds no inputs"):
        read_inputs(tmp_path / "empty.npz")


def test_the_mask_of_tokens_is_named_on_the_command_line(run: Run, tmp_path: Path) -> None:
    block = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    torch.save(nn.TransformerEncoder(block, 1).state_dict(), tmp_path / "reader.pt")
    padding = np.arange(3) >= np.array([3, 1, 2])[:, None]
    tokens = INPUTS[:9].reshape(3, 3, 4).copy()
    asked = ("--data", "tokens.npz", "--layers", "layers.0", "--pooling", "mean", "--out", "found")

    def recorded(*more: str, **inputs: np.ndarray) -> tuple[int, str]:
        np.savez(tmp_path / "tokens.npz", src=tokens, **inputs)
        code, _, err = run("record", "reader.pt", "reader", *asked, *more)
        return code, err

    code, err = recorded(src_key_padding_mask=padding)
    assert (code, "say mask='src_key_padding_mask'" in err) == (2, True)
    assert recorded("--mask", "src_key_padding_mask", src_key_padding_mask=padding)[0] == 0
    first = np.load(tmp_path / "found" / "layers.0.npy")
    tokens[padding] = 100.0  # whatever lies under the padding
    assert recorded("--mask", "src_key_padding_mask", src_key_padding_mask=padding)[0] == 0
    np.testing.assert_allclose(np.load(tmp_path / "found" / "layers.0.npy"), first, rtol=1e-6)
    assert recorded("--mask", "none", src_key_padding_mask=padding)[0] == 0
    assert np.abs(np.load(tmp_path / "found" / "layers.0.npy") - first).max() > 1e-3
