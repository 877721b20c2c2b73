"""Checkpoints and factories as other trainers and libraries leave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tda_latent.errors import InvalidInput
from tda_latent.models.recording.checkpoints import load_weights, made

State = dict[str, Tensor]


class Tied(nn.Module):
    """A language model whose head is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight


def net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 3))


def prefixed(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def loaded(path: Path | str, seed: int = 0) -> None:
    """The weights of seed 7 are those that should be found."""
    model = load_weights(net(seed), path)
    for name, value in net(7).state_dict().items():
        assert torch.equal(model.state_dict()[name], value)


RIGHT, WRONG = net(7).state_dict(), net(8).state_dict()


@pytest.mark.parametrize(
    "content",
    [
        {"model": RIGHT, "optimizer": {"state": {0: {"exp_avg": torch.ones(6, 4)}}, "param_groups": [{"lr": 0.1}]}},
        {"state_dict": {**prefixed("model.", RIGHT), "criterion.weight": torch.ones(3)}},
        {"model": RIGHT, "model_ema": dict(RIGHT)},
    ],
)
def test_what_trainers_keep_beside_the_weights_is_no_obstacle(tmp_path: Path, content: State) -> None:
    torch.save(content, tmp_path / "last.ckpt")
    loaded(tmp_path / "last.ckpt")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"state_dict": WRONG, "state_dict_ema": RIGHT}, "state_dict_ema"),
        ({"state_dict": {**prefixed("student.module.", RIGHT), **prefixed("teacher.", WRONG)}}, "state_dict/student"),
        ({**prefixed("backbone.", RIGHT), "head.weight": torch.ones(2, 3)}, "backbone"),
    ],
)
def test_one_of_several_sets_of_weights_is_named_and_never_guessed(tmp_path: Path, content: State, name: str) -> None:
    path = tmp_path / "last.pt"
    torch.save(content, path)
    with pytest.raises(InvalidInput, match=f"::{name}"):
        load_weights(net(), path)
    loaded(f"{path}::{name}")
    with pytest.raises(InvalidInput, match="no weights are behind 'nowhere'"):
        load_weights(net(), f"{path}::nowhere")


def test_a_weight_with_two_names_needs_to_be_there_once(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for name in ("embed.weight", "head.weight"):
        save_file({name: torch.full((5, 3), 2.0)}, path)
        model = load_weights(Tied(), path)
        assert model.head.weight is model.embed.weight
        assert bool((model.head.weight == 2).all())
    save_file({"other": torch.ones(5, 3)}, path)
    with pytest.raises(InvalidInput, match=r"lacks embed.weight, head.weight"):
        load_weights(Tied(), path)


def sharded(folder: Path) -> Path:
    names = list(RIGHT)
    places = {name: f"model-{1 + k % 2:05d}-of-00002.safetensors" for k, name in enumerate(names)}
    for shard in set(places.values()):
        save_file({name: RIGHT[name] for name in names if places[name] == shard}, folder / shard)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return index


def test_shards_are_read_through_their_index_or_their_folder(tmp_path: Path) -> None:
    index = sharded(tmp_path)
    loaded(index)
    loaded(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(InvalidInput, match=r"names the shard model-00002-of-00002.safetensors, which is missing"):
        load_weights(net(), tmp_path)


@pytest.mark.parametrize("text", ["{", "{}", '{"weight_map": {"0.weight": "../weights.safetensors"}}', "[]"])
def test_an_index_that_is_none_or_leaves_its_folder_is_refused(tmp_path: Path, text: str) -> None:
    save_file(RIGHT, tmp_path / "weights.safetensors")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "model.safetensors.index.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"index|beside"):
        load_weights(net(), tmp_path / "inner")


def test_a_folder_of_several_checkpoints_asks_for_one(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        torch.save(RIGHT, tmp_path / name)
    with pytest.raises(InvalidInput, match=r"2 checkpoints \(a.pt, b.pt\)"):
        load_weights(net(), tmp_path)


CODE = """
from dataclasses import dataclass
from torch import nn
from part_of_{name} import width

@dataclass
class Sizes:
    out: int = 3

class Net(nn.Linear):
    @classmethod
    def sized(cls, sizes):
        return cls(width, sizes["out"])

def make(*, out=Sizes().out, bias=True):
    print("made")
    return nn.Linear(width, out, bias=bias)

def quits():
    raise SystemExit(0)
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    name = f"nets_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{name}.py").write_text(CODE.format(name=name))
    (tmp_path / f"part_of_{name}.py").write_text("width = 2\n")
    return tmp_path / f"{name}.py"


@pytest.mark.parametrize(
    ("call", "shape"),
    [("make", (3, 2)), ("make()", (3, 2)), ("make(out=5, bias=False)", (5, 2)), ("Net.sized({'out': 4})", (4, 2))],
)
def test_a_factory_may_be_a_file_and_take_plain_values(code: Path, call: str, shape: tuple[int, int]) -> None:
    assert made(f"{code}:{call}").weight.shape == shape


def test_a_class_of_a_package_is_a_factory() -> None:
    assert made("torch.nn:Linear(2, 3)").weight.shape == (3, 2)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("quits", "raised SystemExit: 0"),
        ("make(3)", "raised TypeError"),
        ("make(out=open('x'))", "rule is module:function"),
        ("make(**{'out': 3})", "rule is module:function"),
        ("__import__('os').getcwd()", "rule is module:function"),
        ("mak", "Did you mean 'make'"),
    ],
)
def test_a_factory_that_cannot_be_called_is_explained(code: Path, call: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said.replace("(", r"\(")):
        made(f"{code}:{call}")


@pytest.mark.parametrize("factory", ["nowhere.py:make", "os"])
def test_a_factory_that_is_not_there_is_said(factory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, match="factory"):
        made(factory)


def test_a_file_that_exits_when_it_is_imported_is_an_error_of_the_factory(tmp_path: Path) -> None:
    (tmp_path / "script_that_exits.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(InvalidInput, match=r"importing .* raised SystemExit: 3"):
        made(f"{tmp_path / 'script_that_exits.py'}:make")


def spoilt(state: State, name: str = "0.weight") -> State:
    return {**state, name: torch.full_like(state[name], float("nan"))}


@pytest.mark.parametrize("twice", [False, True])
def test_weights_of_a_training_that_diverged_are_refused_by_that_name(tmp_path: Path, twice: bool) -> None:
    content = {"model": spoilt(RIGHT), "model_ema": spoilt(RIGHT)} if twice else spoilt(RIGHT)
    torch.save(content, tmp_path / "last.pt")
    with pytest.raises(InvalidInput, match=r"1 of 9 weights hold NaN, '0.weight' for one: the training diverged"):
        load_weights(net(), tmp_path / "last.pt")


def test_nan_in_a_buffer_is_no_diverged_training(tmp_path: Path) -> None:
    torch.save(spoilt(RIGHT, "1.running_mean"), tmp_path / "last.pt")
    assert bool(load_weights(net(), tmp_path / "last.pt").state_dict()["1.running_mean"].isnan().all())


@pytest.mark.parametrize("content", [net(), {"state_dict": RIGHT, "folder": Path("runs")}])
def test_a_pickled_model_is_refused_with_the_call_that_saves_its_weights(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "whole.pt")
    said = r"holds Python objects \((torch|pathlib).*torch\.save\(model\.state_dict\(\), path\) for a model"
    with pytest.raises(InvalidInput, match=said):
        load_weights(net(), tmp_path / "whole.pt")


class Extra(nn.Linear):
    """Keeps what is no tensor beside its weights."""

    def get_extra_state(self) -> dict[str, int]:
        """Anything."""
        return {"step": 3}


@pytest.mark.parametrize(("module", "said"), [(Extra(3, 2), "no tensor"), (nn.LazyLinear(2), "lazy")])
def test_a_module_that_is_more_or_less_than_weights_says_so(module: nn.Module, said: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    torch.save(nn.Linear(3, 2).state_dict(), file)
    with pytest.raises(InvalidInput, match=said):
        load_weights(module, file)
