"""Networks as others write them: what is recorded is what a hook written by hand copies, and nothing stays behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tda_latent as tl
from tda_latent.errors import InvalidInput

IMAGES = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Residual(nn.Module):
    """A block as in image networks: in-place activations, one of them used twice, and an addition in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout2d(0.5, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.drop(self.bn2(self.conv2(y)))
        y += x
        return self.relu(y)


class Images(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.SiLU(inplace=True))
        self.stages = nn.ModuleList([Residual(), Residual()])
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(4, 2)
        self.frozen = nn.BatchNorm2d(4).eval()
        for norm in (self.stem[1], self.stages[0].bn1, self.stages[1].bn2):
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.head(self.pool(x).flatten(1))


def hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def by_hand(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Copies that hooks take, of every call of every module, in evaluation mode."""
    found: dict[str, Tensor] = {}
    modes = {module: module.training for module in model.modules()}

    def watched(name: str, module: nn.Module) -> Any:
        def hook(_: Any, __: Any, output: Tensor) -> None:
            count = 1 + sum(known.partition("#")[0] == name for known in found)
            found[name if count == 1 else f"{name}#{count}"] = output.clone()

        return module.register_forward_hook(hook)

    handles = [watched(name, module) for name, module in model.named_modules() if name]
    with torch.no_grad():
        model.eval()(x)
    for handle in handles:
        handle.remove()
    for module, mode in modes.items():
        module.training = mode
    return found


def test_every_call_of_every_module_of_a_convolutional_network_is_what_a_hook_by_hand_copies() -> None:
    model = Images().train()
    model.frozen.eval()
    modes, state = [m.training for m in model.modules()], {k: v.clone() for k, v in model.state_dict().items()}
    expected = by_hand(model, IMAGES)
    recording = tl.record_batches(model, IMAGES.split(4), ["**"], pooling="flatten")
    assert set(recording.layers) == set(expected)
    assert "stages.0.relu#2" in expected
    for name, values in expected.items():
        np.testing.assert_allclose(recording[name], values.flatten(1), atol=1e-5, err_msg=name)
    assert recording.silent == ("frozen",)
    assert [m.training for m in model.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert hooks(model) == 0


@pytest.mark.parametrize("pooling", ["average", "spatial"])
def test_poolings_of_maps_are_sums_over_what_a_hook_copies(pooling: str) -> None:
    model = Images()
    maps = by_hand(model, IMAGES)["stages.1"].numpy()
    found = tl.record_batches(model, [IMAGES], ["stages.1"], pooling=pooling)["stages.1"]
    expected = maps.mean(axis=(2, 3)) if pooling == "average" else np.moveaxis(maps, 1, 3).reshape(-1, 4)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_one_input_without_an_axis_of_inputs_is_not_taken_for_many() -> None:
    with pytest.raises(InvalidInput, match=r"may be one input or many of one number.*x\[None\]"):
        tl.record_batches(nn.Sequential(nn.Linear(4, 4)), [torch.ones(4)], ["0"])
    ids = tl.record_batches(nn.Sequential(nn.Embedding(5, 2)), [torch.arange(4)], ["0"])
    assert ids["0"].shape == (4, 2)


def test_an_empty_batch_is_said_to_be_empty() -> None:
    with pytest.raises(InvalidInput, match="The batch is empty"):
        tl.record_batches(nn.Linear(4, 4), [torch.ones(3, 4), torch.ones(0, 4)], ["output"])


class Sum(nn.Module):
    def forward(self, left: Tensor, right: Tensor, scale: float = 1.0) -> Tensor:
        return scale * (left + right)


def test_a_model_of_two_inputs_gets_them_by_name() -> None:
    one = torch.ones(3, 2)
    with pytest.raises(InvalidInput, match=r"the model needs left, right.*\{'left': \.\.\., 'right': \.\.\.\}"):
        tl.record_batches(Sum(), [(one, one)], ["output"])
    found = tl.record_batches(Sum(), [{"left": one, "right": one}], ["output"])
    np.testing.assert_array_equal(found["output"], 2 * np.ones((3, 2)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layers": None}, "layers is nothing; the rule is names"),
        ({"layers": [0]}, r"layers is \[0\]; the rule is names"),
        ({"layers": 3}, "layers is 3; the rule is names"),
        ({"mask": torch.ones(2, 2)}, "the rule is the name of an argument of the model"),
        ({"batches": 5}, "batches is 5; the rule is a list"),
        ({"batches": None}, "batches is nothing; the rule is a list"),
    ],
)
def test_what_is_no_setting_is_told_in_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        tl.record_batches(nn.Linear(2, 2), **{"batches": [torch.ones(3, 2)], "layers": "output", **settings})
