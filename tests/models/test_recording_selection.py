"""Names, patterns and paths of layers; what a model offers; which inputs a sample keeps."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

import tda_latent as tl
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.models.recording.outputs import parsed_path, path_text
from tda_latent.models.recording.sampling import Reservoir
from tda_latent.models.recording.selection import selected


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.linear(x))


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(Block() for _ in range(12))
        self.again = self.encoder[0]
        self.head = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.encoder:
            x = block(x)
        return self.head(x)


def names(*layers: str) -> list[str]:
    return [target.name for target in selected(Tower(), layers)]


def test_a_star_stays_within_one_part_of_a_name() -> None:
    assert names("encoder.*") == [f"encoder.{k}" for k in range(12)]
    assert names("encoder.?") == [f"encoder.{k}" for k in range(10)]
    assert names("encoder.*.linear") == [f"encoder.{k}.linear" for k in range(12)]
    assert names("encoder.1*") == ["encoder.1", "encoder.10", "encoder.11"]
    assert names("**.act") == [*(f"encoder.{k}.act" for k in range(12))]


def test_layers_come_in_the_order_of_the_model_each_once() -> None:
    assert names("output", "head", "encoder.2", "encoder.?", "head") == [
        *(f"encoder.{k}" for k in range(10)), "head", "output",
    ]  # fmt: skip
    assert names("again") == ["again"]  # the second name of a shared module
    assert names("again", "encoder.0") == ["encoder.0", "again"]  # both were asked for
    assert names("again", "encoder.?")[1:] == [*(f"encoder.{k}" for k in range(2, 10)), "again"]  # encoder.0 is again


@pytest.mark.parametrize(
    ("layer", "kind", "said"),
    [
        ("encodr.3", UnknownName, "Did you mean 'encoder.3'"),
        ("encodr.*", UnknownName, r"Did you mean 'encoder\.\*'"),
        ("encoder", InvalidInput, r"ModuleList, which is never called.*'encoder\.\*'"),
        ("enc*r", InvalidInput, "fits only containers"),
        ("encoder.3[0", InvalidInput, "malformed"),
        ("", InvalidInput, "malformed"),
    ],
)
def test_a_wrong_name_says_what_was_probably_meant(layer: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        names(layer)


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no layer is named"):
        names()


def test_a_module_called_output_keeps_its_name() -> None:
    model = nn.Sequential(OrderedDict(output=nn.Identity(), last=nn.Linear(2, 1)))
    assert tl.record_batches(model, [torch.ones(3, 2)], ["output"])["output"].shape == (3, 2)


class Pair(NamedTuple):
    first: Tensor
    rest: dict[str, Any]


@dataclass
class Answer:
    logits: Tensor
    states: tuple[Tensor, ...]


class Many(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Any:
        return {
            "tuple": (x, {"a": x + 1, "b": [x + 2, None]}),
            "named": Pair(x, {"a": x + 1, "b": (x + 2,)}),
            "data": Answer(x, (x + 1, x + 2)),
            "single": (x,),
        }[self.kind]


@pytest.mark.parametrize(
    ("kind", "path", "offset"),
    [
        ("tuple", "[0]", 0), ("tuple", "[1][a]", 1), ("tuple", "[1]['b'][0]", 2), ("tuple", "[-1][b][0]", 2),
        ("named", "[0]", 0), ("named", "[first]", 0), ("named", "[1][b][0]", 2),
        ("data", "[logits]", 0), ("data", "[states][1]", 2), ("single", "", 0), ("single", "[0]", 0),
    ],
)  # fmt: skip
def test_a_path_picks_one_tensor_out_of_an_output(kind: str, path: str, offset: int) -> None:
    x = torch.arange(6.0).reshape(3, 2)
    recording = tl.record_batches(nn.Sequential(Many(kind)), [x], [f"0{path}"])
    np.testing.assert_array_equal(recording[recording.layers[0]], (x + offset).numpy())
    assert parsed_path(path_text(parsed_path(path))) == parsed_path(path)


def test_several_tensors_need_a_path_and_the_message_lists_them() -> None:
    with pytest.raises(InvalidInput, match=r"3 tensors; .*0\[0\] \(3, 2\), 0\[1\]\[a\] \(3, 2\), 0\[1\]\[b\]\[0\]"):
        tl.record_batches(nn.Sequential(Many("tuple")), [torch.ones(3, 2)], ["0"])
    for path in ("[2]", "[1][c]", "[0][0]"):
        with pytest.raises(InvalidInput, match=r"Choose among 0\[0\]"):
            tl.record_batches(nn.Sequential(Many("tuple")), [torch.ones(3, 2)], [f"0{path}"])
    with pytest.raises(InvalidInput, match="is a dict, no tensor"):
        tl.record_batches(nn.Sequential(Many("tuple")), [torch.ones(3, 2)], ["0[1]"])


def test_two_parts_of_one_output_are_two_layers() -> None:
    lstm = nn.LSTM(2, 3, batch_first=True)
    x = torch.randn(4, 5, 2, generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(lstm)
    recording = tl.record_batches(model, [x], ["0[0]", "0[1][0]"], pooling="last")
    np.testing.assert_allclose(recording["0[0]"], lstm(x)[1][0][0].detach().numpy(), rtol=1e-6)


def test_list_layers_tells_names_classes_sizes_and_with_an_example_shapes() -> None:
    model = Tower()
    facts = {fact.name: fact for fact in tl.list_layers(model, torch.ones(2, 2))}
    assert list(facts) == [name for name, _ in model.named_modules() if name] + ["output"]
    assert facts["encoder.3"].kind == "Block"
    assert facts["encoder.3"].parameters == 6
    assert facts["encoder.3"].shapes == {"": (2, 2)}
    assert facts["encoder"].calls == 0
    assert facts["output"].shapes == {"": (2, 1)}
    assert {fact.calls for fact in tl.list_layers(model)} == {None}
    assert tl.list_layers(nn.Sequential(Many("tuple")), torch.ones(1, 1))[0].shapes == {
        "[0]": (1, 1), "[1][a]": (1, 1), "[1][b][0]": (1, 1),
    }  # fmt: skip
    assert not any(module._forward_hooks for module in model.modules())


def kept(size: int, batches: list[int], seed: int) -> list[int]:
    reservoir = Reservoir(size, np.random.default_rng(seed))
    for count in batches:
        reservoir.offer(count)
        reservoir.accept()
    rows = reservoir.kept()
    return list(range(sum(batches))) if rows is None else rows.tolist()


def test_every_subset_of_a_stream_is_equally_likely() -> None:
    draws = 6000
    subsets = Counter(tuple(kept(3, [2, 1, 4], seed)) for seed in range(draws))
    assert set(subsets) == set(combinations(range(7), 3))
    assert stats.chisquare(list(subsets.values())).pvalue > 0.001


def test_a_sample_does_not_depend_on_the_batches_and_grows_by_nesting() -> None:
    assert kept(5, [1] * 40, 1) == kept(5, [40], 1) == kept(5, [7, 33], 1)
    assert set(kept(4, [60], 2)) < set(kept(9, [60], 2))
    smallest = np.argsort(np.random.default_rng(3).random(50))[:6]
    assert kept(6, [20, 30], 3) == sorted(smallest.tolist())
    assert kept(10, [4, 3], 0) == list(range(7))


def test_what_is_written_on_the_way_stays_within_the_expected_number() -> None:
    reservoir, written = Reservoir(100, np.random.default_rng(0)), 0
    for _ in range(1000):
        written += len(reservoir.offer(100))
        reservoir.accept()
    assert written < 1.2 * 100 * (1 + np.log(1000))


def test_an_offer_that_is_not_accepted_leaves_no_trace_in_the_law() -> None:
    draws = 4000
    counts: Counter[int] = Counter()
    for seed in range(draws):
        reservoir = Reservoir(2, np.random.default_rng(seed))
        for fails in (True, False, True, False):
            reservoir.offer(3)
            if not fails:
                reservoir.accept()
        assert reservoir.seen == 6
        counts.update((reservoir.kept() if reservoir.kept() is not None else np.arange(6)).tolist())
    assert stats.chisquare([counts[k] for k in range(6)]).pvalue > 0.001
