"""Networks that were trained elsewhere, in an experiment file: weights, a factory, and data that say what they saw."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from tda_latent.cli.main import main
from tda_latent.errors import ConfigError, InvalidInput
from tda_latent.experiment.bundle.inputs import collect_inputs
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.plan import Plan
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.models.network import encode_latents, network
from tda_latent.records import Latents, Model, unpack
from tda_latent.sources.checkpoint import Checkpoint

CODE = """
import torch
from torch import nn

class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(6, 2)
        self.decoder = nn.Linear(2, 6)

def make():
    return Coder()
"""
FILE = """
format: tda-latent/experiment@1
name: own
seed: 1
data: {rows: {use: file, path: rows.npz}}
models:
  own: {use: checkpoint, path: "own-{seed}.pt", factory: "MODULE:make"}
axes: {replicates: REPLICATES}
analyzers:
  grid: {use: traversal-grid}
  errors: {use: reconstruction}
  audit: {use: posterior-audit}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A folder with code, two checkpoints and data; the module gets a name of its own, since imports are remembered."""
    name = f"own_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    torch.manual_seed(0)
    for seed in (0, 1):
        weights = {"encoder": torch.nn.Linear(6, 2), "decoder": torch.nn.Linear(2, 6)}
        torch.save(torch.nn.ModuleDict(weights).state_dict(), tmp_path / f"own-{seed}.pt")
    split = np.where(np.arange(30) < 20, "train", "test")
    np.savez(
        tmp_path / "rows.npz", points=np.random.default_rng(0).normal(size=(30, 6)), ids=np.arange(30), split=split
    )
    return tmp_path


def module(folder: Path) -> str:
    return next(folder.glob("own_*.py")).stem


def planned(folder: Path, replicates: str = "[0, 1]", **changes: str) -> Plan:
    text = FILE
    for old, new in changes.items():
        text = text.replace(old, new)
    text = text.replace("MODULE", module(folder)).replace("REPLICATES", replicates)
    (folder / "own.yaml").write_text(text)
    return load_plan(folder / "own.yaml")


def rows(split: bool = True) -> Latents:
    parts = np.where(np.arange(30) < 20, "train", "test") if split else None
    return Latents(np.random.default_rng(0).normal(size=(30, 6)), ids=np.arange(30), split=parts)


def test_it_encodes_what_the_module_encodes_also_out_of_the_store(folder: Path) -> None:
    model = Checkpoint("own-0.pt", f"{module(folder)}:make")(rows())
    again = unpack(*model.packed())
    assert isinstance(again, Model)
    weights = torch.load("own-0.pt")
    wanted = rows().points @ weights["encoder.weight"].double().numpy().T + weights["encoder.bias"].double().numpy()
    np.testing.assert_allclose(encode_latents(again, rows()).points, wanted, atol=1e-5)
    assert network(again).decode(wanted).shape == (30, 6)


def test_it_has_seen_all_that_the_data_mark_as_train(folder: Path) -> None:
    plan = planned(folder)
    assert plan.tasks["model/rows/own/1"].inputs == {"train": "data/rows"}
    assert plan.tasks["analysis/errors/rows/own/0"].inputs["training"] == "trained-on/rows"
    assert plan.tasks["trained-on/rows"].operator.parameters == {"train": 1.0}


def test_each_replicate_has_its_weights_and_the_code_of_the_factory_is_part_of_the_task(folder: Path) -> None:
    before = [planned(folder).tasks[f"model/rows/own/{seed}"].operator.parameters for seed in (0, 1)]
    assert [Path(given["path"]).name for given in before] == ["own-0.pt", "own-1.pt"]
    code = folder / f"{module(folder)}.py"
    code.write_text(CODE.replace("return Coder()", "return Coder().double()"))
    after = planned(folder).tasks["model/rows/own/0"].operator.parameters
    assert len(after["code"]) == 64
    assert after["code"] != before[0]["code"]


@pytest.mark.slow
def test_the_code_beside_the_file_runs_is_bundled_and_is_missed_when_it_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(folder, replicates="[0]", MODULE="{model}" + module(folder)[3:])
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{module(folder)}.py").write_text("1 / 0")
    monkeypatch.chdir(elsewhere)
    assert main(["run", "../own.yaml"]) == 0
    assert main(["bundle", "../own.yaml", "-o", "own.zip"]) == 0
    with zipfile.ZipFile("own.zip") as bundle:
        [name] = [name for name in bundle.namelist() if name.endswith(f"code/{module(folder)}.py")]
        assert bundle.read(name).decode() == CODE
    (folder / f"{module(folder)}.py").write_text(CODE.replace("return Coder()", "return Coder().double()"))
    capsys.readouterr()
    assert main(["verify", "../own.yaml", "--recompute", "all"]) != 0
    assert "its code is not the one of this model" in "".join(capsys.readouterr())


def test_a_factory_that_is_named_by_its_file_cannot_be_bundled(folder: Path) -> None:
    content = {"document": FILE.replace("MODULE:make", "models.py:make"), "folder": str(folder)}
    with pytest.raises(InvalidInput, match="name it by its module"):
        collect_inputs(Manifest("run", "0" * 64, content), {}, 1)


def test_what_it_does_not_provide_is_left_out_with_the_reason(folder: Path) -> None:
    assert planned(folder).skipped["analysis/audit/rows/own/0"] == "needs scale, which 'checkpoint' does not provide"
    bare = planned(folder, make='make", decode: null, prior: "normal')
    assert "needs decoder" in bare.skipped["analysis/grid/rows/own/0"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"own-{seed}.pt": "own-{sed}.pt"}, r"unknown field \{sed\}"),
        ({"own-{seed}.pt": "own-0.pt"}, "no {replicate} field"),
        ({"own-{seed}.pt": "gone-{seed}.pt"}, "gone-0.pt"),
        ({":make": "s:make"}, "there is no module 'own_.*Did you mean 'own_"),
        ({":make": ".make"}, r"the rule is module:function.*Did you mean 'own_\d+:make'"),
        ({":make": ":mak"}, "has no function 'mak'. Did you mean 'make'"),
        ({":make": ":make(width=size)"}, "the rule is module:function"),
        ({"own-{seed}.pt": "own-{{seed}}.pt"}, r"the path holds \{\{seed\}\}.*Write \{seed\}"),
        ({"MODULE": "{sed}"}, r"the factory has the unknown field \{sed\}"),
        ({"factory:": "code: 1234, factory:"}, "rule is text"),
        ({"factory:": "code: abcd, factory:"}, "code is 'abcd', and the code of the factory .* has the digest"),
        ({"factory:": "factori:"}, "Did you mean 'factory'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(folder: Path, changes: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        planned(folder, **changes)


@pytest.mark.parametrize(
    ("given", "data", "words"),
    [
        ({}, rows(split=False), "do not say on which rows"),
        ({"shape": (1, 4)}, rows(), "a row of the data has 6"),
        ({"spread": "distribution"}, rows(), "leave spread out"),
        ({"encode": "encodr"}, rows(), "Parts: encoder, decoder"),
    ],
)
def test_networks_that_do_not_fit_are_refused(
    folder: Path, given: dict[str, object], data: Latents, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        Checkpoint("own-0.pt", f"{module(folder)}:make", **given)(data)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_report_does_not_say_how_others_trained(folder: Path) -> None:
    planned(folder)
    assert main(["run", "own.yaml"]) == 0
    text = next(folder.glob("runs/*/report.html")).read_text(encoding="utf-8")
    assert "Each model was trained" not in text
