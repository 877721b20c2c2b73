"""Where the code of a factory is found, what its digest covers, and who refuses other code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tda_latent.code.factory import Factory, require_code
from tda_latent.code.lookup import looking_in
from tda_latent.errors import InvalidInput
from tda_latent.models.network import network
from tda_latent.models.recording.factories import made
from tda_latent.records import Latents
from tda_latent.sources.checkpoint import Checkpoint

CODE = """
from torch import nn
from SIBLING import WIDTH

class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(WIDTH, 2), nn.Linear(2, WIDTH)

make = Coder
"""


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name of its own for each test, since imports are remembered."""
    return f"nets_{abs(hash(request.node.nodeid))}"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """The folder of an experiment and the working folder."""
    experiment, working = tmp_path / "experiment", tmp_path / "working"
    experiment.mkdir()
    working.mkdir()
    monkeypatch.chdir(working)
    known = set(sys.modules)
    yield experiment, working
    for module in set(sys.modules) - known:
        if module.startswith("nets_"):
            del sys.modules[module]


def written(folder: Path, name: str, code: str = CODE) -> Path:
    path = folder / f"{name}.py"
    path.write_text(code.replace("SIBLING", f"{name}_sizes"), encoding="utf-8")
    (folder / f"{name}_sizes.py").write_text("WIDTH = 6", encoding="utf-8")
    return path


def test_the_folder_of_the_experiment_comes_before_the_working_folder_and_this_before_python(
    folders: tuple[Path, Path], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anywhere = tmp_path / "anywhere"
    anywhere.mkdir()
    monkeypatch.syspath_prepend(str(anywhere))
    for folder in (anywhere, folders[1], folders[0]):
        path = written(folder, name)
        with looking_in(folders[0]):
            assert Factory.of(f"{name}:make").file == str(path)


def test_an_unpacked_bundle_brings_its_own_code_wherever_it_is_replayed(folders: tuple[Path, Path], name: str) -> None:
    written(folders[1], name)
    (folders[0] / "code" / "tda_latent").mkdir(parents=True)
    path = written(folders[0] / "code", name)
    for is_bundle in (False, True):
        with looking_in(folders[0]):
            assert (Factory.of(f"{name}:make").file == str(path)) is is_bundle
        (folders[0] / "SHA256SUMS").touch()


@pytest.mark.parametrize("written_as", ["{0}:make", "{0}.py:make"])
def test_what_is_planned_is_what_is_imported(folders: tuple[Path, Path], name: str, written_as: str) -> None:
    factory = written_as.format(name)
    written(folders[1], name, "make = None")
    written(folders[0], name)
    with looking_in(folders[0]):
        assert isinstance(made(factory, Factory.of(factory).digest()), nn.Module)


def test_the_path_of_python_is_as_it_was_also_after_a_failure(folders: tuple[Path, Path], name: str) -> None:
    written(folders[0], name, "1 / 0")
    before = list(sys.path)
    raised = rf"ZeroDivisionError: division by zero \(.*{name}.py, line 1\)"
    with pytest.raises(InvalidInput, match=raised), looking_in(folders[0]):
        made(f"{name}:make")
    assert sys.path == before


def test_a_digest_imports_nothing(folders: tuple[Path, Path], name: str) -> None:
    package = folders[0] / name
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit(3)", encoding="utf-8")
    (package / "inner.py").write_text("def make(): pass", encoding="utf-8")
    with looking_in(folders[0]):
        assert len(Factory.of(f"{name}.inner:make").digest()) == 64
    assert not [module for module in sys.modules if module.startswith(name)]


def test_the_digest_covers_what_the_module_imports_in_either_folder(folders: tuple[Path, Path], name: str) -> None:
    written(folders[1], name)
    sibling = folders[0] / f"{name}_sizes.py"
    digests = set()
    for width in (6, 7):
        sibling.write_text(f"WIDTH = {width}", encoding="utf-8")
        with looking_in(folders[0]):
            digests.add(Factory.of(f"{name}:make").digest())
            assert Factory.of(f"{name}:make").sources()[sibling.stem] == str(sibling)
    assert len(digests) == 2


def test_a_module_that_this_process_imported_from_elsewhere_is_not_used_for_it(
    folders: tuple[Path, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folders[1], name)
    monkeypatch.syspath_prepend(str(folders[1]))
    importlib.import_module(name)
    written(folders[0], name)
    with looking_in(folders[0]), pytest.raises(InvalidInput, match=r"has imported .* from"):
        made(f"{name}:make", Factory.of(f"{name}:make").digest())


def test_a_stored_model_refuses_other_code_than_its_own(folders: tuple[Path, Path], name: str) -> None:
    path = written(folders[1], name)
    split = np.where(np.arange(30) < 20, "train", "test")
    rows = Latents(np.random.default_rng(0).normal(size=(30, 6)), ids=np.arange(30), split=split)
    torch.save(nn.ModuleDict({"encoder": nn.Linear(6, 2), "decoder": nn.Linear(2, 6)}).state_dict(), "w.pt")
    with looking_in():
        source = Checkpoint("w.pt", f"{name}:make", code=Factory.of(f"{name}:make").digest())
        model = source(rows)
        network(model)
        with pytest.raises(InvalidInput, match="its code is not the one of this model"):
            replace(source, code="0" * 64)(rows)
        path.write_text(path.read_text() + "\nSLOPE = 3\n", encoding="utf-8")
        with pytest.raises(InvalidInput, match="its code is not the one of this model"):
            network(model)
        with pytest.raises(InvalidInput, match="has changed since this process imported it"):
            made(f"{name}:make", Factory.of(f"{name}:make").digest())


def test_no_digest_asks_for_nothing() -> None:
    require_code("", "")


def test_a_module_that_is_no_python_is_told_with_its_line(folders: tuple[Path, Path], name: str) -> None:
    written(folders[0], name, "x = 1\ndef make(:\n")
    with looking_in(folders[0]), pytest.raises(InvalidInput, match="line 2 is no Python"):
        Factory.of(f"{name}:make").digest()


@pytest.mark.parametrize(
    "code",
    [
        "from torch.nn import *",
        "globals()['make'] = print",
        "def __getattr__(name): return print",
        "try:\n    import numpy as make\nexcept ImportError:\n    make = None",
        "for make in (print,):\n    pass",
        "class make:\n    pass",
    ],
)
def test_a_function_that_may_be_there_is_not_denied(folders: tuple[Path, Path], name: str, code: str) -> None:
    written(folders[0], name, code)
    with looking_in(folders[0]):
        assert len(Factory.of(f"{name}:make").digest()) == 64
