"""Recording: rows equal what is computed by hand, and the model is afterwards as it was."""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import tda_latent as tl
from tda_latent.errors import IncompleteResult, InvalidInput, InvalidParameter, UnknownName
from tda_latent.sources.file import load_latents

Module = TypeVar("Module", bound=nn.Module)


def local(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=local(seed))


def initialised(model: Module) -> Module:
    with torch.no_grad():
        for place, parameter in enumerate(model.parameters()):
            parameter.copy_(drawn(*parameter.shape, seed=place) / 2)
    return model


class Stack(nn.Module):
    """Two dense layers around an in-place ReLU that destroys what the first one gave."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3))
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(self.encode(x)))

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)


@pytest.fixture
def model() -> Stack:
    return initialised(Stack())


def hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def by_hand(model: Stack, x: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        first = x @ model.encoder[0].weight.T + model.encoder[0].bias
        third = first.clamp(min=0) @ model.encoder[2].weight.T + model.encoder[2].bias
        return {
            "encoder.0": first,
            "encoder.1": first.clamp(min=0),
            "encoder.2": third,
            "output": third @ model.head.weight.T + model.head.bias,
        }


def test_every_layer_equals_the_activation_computed_by_hand_across_batches(model: Stack) -> None:
    x = drawn(11, 4)
    with tl.record(model, ["encoder.*", "output"]) as recording:
        for batch in x.split(4):
            model(batch)
    assert recording.layers == ("encoder.0", "encoder.1", "encoder.2", "output")
    for name, expected in by_hand(model, x).items():
        np.testing.assert_allclose(recording[name], expected.numpy(), rtol=1e-5, atol=1e-6)


def test_an_in_place_relu_does_not_reach_what_was_recorded_before_it(model: Stack) -> None:
    with tl.record(model, "encoder.0") as recording:
        model(drawn(50, 4))
    assert recording["encoder.0"].min() < 0
    aliased: list[Tensor] = []
    handle = model.encoder[0].register_forward_hook(lambda _, __, output: aliased.append(output))
    model(drawn(50, 4))
    handle.remove()
    assert aliased[0].min() == 0  # the trap that the recording stays out of


def test_a_module_used_twice_gives_two_layers() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.shared(torch.tanh(self.shared(x)))

    model, x = initialised(Twice()), drawn(5, 3)
    with tl.record(model, ["shared"]) as recording:
        model(x[:3])
        model(x[3:])
    with torch.no_grad():
        first = model.shared(x)
        second = model.shared(torch.tanh(first))
    assert recording.layers == ("shared", "shared#2")
    np.testing.assert_allclose(recording["shared"], first.numpy(), rtol=1e-6)
    np.testing.assert_allclose(recording["shared#2"], second.numpy(), rtol=1e-6)


def test_what_is_recorded_is_a_read_only_memory_map_that_latents_keep(model: Stack, tmp_path: Path) -> None:
    x = drawn(6, 4)
    names = [f"input-{k}" for k in range(6)]
    with tl.record(model, ["encoder.2"], folder=tmp_path) as recording:
        recording.run([x], ids=names, labels={"parity": [k % 2 for k in range(6)]})
    latents = recording.latents("encoder.2")
    assert isinstance(recording["encoder.2"], np.memmap)
    assert not latents.points.flags.writeable
    assert isinstance(latents.points.base, np.memmap)
    assert latents.ids.tolist() == names
    assert latents.labels["parity"].tolist() == [0, 1] * 3
    assert (latents.origin.model, latents.origin.layer) == ("Stack", "encoder.2")
    np.testing.assert_array_equal(np.load(tmp_path / "encoder.2.npy", allow_pickle=False), latents.points)
    assert load_latents(tmp_path / "encoder.2.npy").dimension == 3


def test_ids_count_the_inputs_when_none_are_given(model: Stack) -> None:
    recording = tl.record_batches(model, drawn(5, 4).split(2), ["head"])
    assert recording.latents("head").ids.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(InvalidInput, match="5 inputs came"):
        recording.latents("head", labels=[1, 2, 3])


def test_modes_gradients_and_hooks_are_as_before_module_by_module(model: Stack) -> None:
    model.train()
    model.encoder[1].eval()
    before = [module.training for module in model.modules()]
    with tl.record(model, ["head"]):
        assert not model.training
        assert not model(drawn(2, 4)).requires_grad
        model.train()  # whatever happens inside
    assert [module.training for module in model.modules()] == before
    assert hooks(model) == 0
    assert torch.is_grad_enabled()
    assert model(drawn(2, 4)).requires_grad


class Broken(Exception):
    pass


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt, StopIteration, GeneratorExit])
def test_whatever_breaks_the_block_leaves_no_hook_no_file_and_the_mode_as_before(
    model: Stack, tmp_path: Path, error: type[BaseException]
) -> None:
    model.train()
    with pytest.raises(error), tl.record(model, ["encoder.*"], folder=tmp_path) as recording:  # noqa: PT012
        model(drawn(3, 4))
        raise error
    assert hooks(model) == 0
    assert all(module.training for module in model.modules())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(IncompleteResult, match="broken off"):
        recording.layers  # noqa: B018


def test_an_error_inside_the_model_leaves_no_hook(model: Stack) -> None:
    with pytest.raises(RuntimeError), tl.record(model, ["encoder.*"]):
        model(drawn(3, 5))
    assert hooks(model) == 0


class Interrupted(nn.Module):
    """Raises in its second call, as Ctrl-C does."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.calls = nn.Linear(4, 3), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        value = self.first(x)
        if self.calls == 2:
            raise KeyboardInterrupt
        return value


def test_a_pass_that_was_interrupted_leaves_no_row_behind_when_the_block_goes_on() -> None:
    model = Interrupted()
    batches = [drawn(3, 4, seed=seed) for seed in range(3)]
    with tl.record(model, ["first"]) as recording:
        for batch in batches:
            with contextlib.suppress(KeyboardInterrupt):
                model(batch)
    assert recording.layers == ("first",)
    with torch.no_grad():
        expected = torch.cat([model.first(batch) for batch in (batches[0], batches[2])])
    np.testing.assert_allclose(recording["first"], expected, rtol=1e-6)


def test_a_pass_that_fails_and_is_tried_again_leaves_no_row_behind(model: Stack) -> None:
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.outer, self.fails = model, nn.Identity(), True

        def forward(self, x: Tensor) -> Tensor:
            y = self.inner(x)
            if self.fails:
                raise MemoryError
            return self.outer(y)

    moody, x = Moody(), drawn(4, 4)
    with tl.record(moody, ["inner.head", "outer"], size=3) as recording:
        with pytest.raises(MemoryError):
            moody(x)
        moody.fails = False
        moody(x)
    assert recording.seen == 4
    np.testing.assert_array_equal(recording["inner.head"], recording["outer"])


def test_rows_of_all_layers_are_the_same_inputs_in_the_same_order(model: Stack) -> None:
    x = drawn(200, 4)
    recording = tl.record_batches(model, x.split(7), ["encoder.*", "output"], size=40, seed=3)
    rows = recording.places("output")[:, 0]
    assert len(rows) == 40
    assert (np.diff(rows) > 0).all()
    for name, expected in by_hand(model, x).items():
        np.testing.assert_array_equal(recording.places(name)[:, 0], rows)
        np.testing.assert_allclose(recording[name], expected.numpy()[rows], rtol=1e-5, atol=1e-6)
    named = recording.latents("encoder.2", ids=[f"x{k}" for k in range(200)])
    assert named.ids.tolist() == [f"x{k}" for k in rows]


def test_listed_inputs_are_kept_and_no_others(model: Stack) -> None:
    x = drawn(30, 4)
    recording = tl.record_batches(model, x.split(8), ["output"], rows=[29, 0, 8, 7])
    np.testing.assert_allclose(recording["output"], by_hand(model, x)["output"].numpy()[[0, 7, 8, 29]], rtol=1e-5)
    with pytest.raises(InvalidParameter, match="only 30 came"):
        tl.record_batches(model, x.split(8), ["output"], rows=[30])


def test_a_method_that_is_not_forward_is_recorded_call_by_call(model: Stack) -> None:
    x = drawn(9, 4)
    with tl.record(model, ["encoder.*"]) as free:
        for batch in x.split(4):
            model.encode(batch)
    with tl.record(model, ["encoder.*"]) as bounded:
        bounded.run(x.split(4), call=model.encode)
    for name in free.layers:
        np.testing.assert_allclose(free[name], by_hand(model, x)[name].numpy(), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(free[name], bounded[name])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_float32_without_loss(dtype: torch.dtype) -> None:
    model = initialised(nn.Sequential(nn.Linear(3, 2))).to(dtype)
    x = drawn(5, 3).to(dtype)
    recording = tl.record_batches(model, [x], ["0"])
    assert recording["0"].dtype == np.float32
    np.testing.assert_array_equal(recording["0"], model(x).detach().float().numpy())


def test_double_precision_stays() -> None:
    recording = tl.record_batches(initialised(nn.Sequential(nn.Linear(3, 2))).double(), [np.eye(3)], ["0"])
    assert recording["0"].dtype == np.float64


class Spoiling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.root = nn.Identity()
        self.log = Log()

    def forward(self, x: Tensor) -> Tensor:
        return self.log(self.root(x))


class Log(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.log()


def test_a_number_that_is_not_finite_names_layer_and_row() -> None:
    x = torch.ones(10, 3)
    x[7, 1] = 0
    with pytest.raises(InvalidInput, match=r"layer 'log' gives -inf for row 7 of the inputs"):
        tl.record_batches(Spoiling(), x.split(4), ["root", "log"])
    assert tl.record_batches(Spoiling(), x.split(4), ["root"])["root"].shape == (10, 3)


def test_layers_that_disagree_about_the_batch_are_refused() -> None:
    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Identity(), nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x).reshape(-1, 2))

    with pytest.raises(InvalidInput, match=r"'b' gives \(8, 2\) for a batch of 4; the first axis has to count"):
        tl.record_batches(Folded(), [drawn(4, 4)], ["b"])
    with pytest.raises(InvalidInput, match="'b' gives 8 rows where 'a' gives 4"):
        tl.record_batches(Folded(), [drawn(4, 4)], ["a", "b"], same_batch=False)
    assert tl.record_batches(Folded(), [drawn(4, 4)], ["b"], same_batch=False).seen == 8


def test_a_sequence_first_layer_is_not_taken_for_a_batch() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stay = nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.stay(x.transpose(0, 1))

    with pytest.raises(InvalidInput, match=r"'stay' gives \(4, 5, 2\) for a batch of 5"):
        tl.record_batches(Turned(), [drawn(5, 4, 2)], ["stay"], pooling="mean")
    model = Turned()
    with (
        pytest.raises(InvalidInput, match="for a batch of 5"),
        tl.record(model, ["stay"], pooling="mean") as recording,
    ):
        recording.run([drawn(5, 4, 2)], call=model)


def test_rows_without_numbers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="rows without numbers"):
        tl.record_batches(nn.Sequential(nn.Identity()), [torch.ones(3, 0)], ["0"])


def test_a_layer_that_is_called_in_some_passes_only_is_refused() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.late = nn.Identity(), nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            y = self.first(x)
            return self.late(y) if x.mean() > 0 else y

    batches = [torch.ones(3, 2), -torch.ones(3, 2)]
    with pytest.raises(InvalidInput, match="'late' was called in 1 of 2 passes"):
        tl.record_batches(Early(), batches, ["first", "late"])
    with pytest.raises(InvalidInput, match="'late' was called in 1 of 2 passes"):
        tl.record_batches(Early(), batches, ["late"])


def test_nothing_recorded_is_an_error_not_an_empty_file(model: Stack) -> None:
    with pytest.raises(InvalidInput, match="no layer was called"), tl.record(model, ["encoder.*"]):
        pass
    model.unused = nn.Linear(2, 2)
    with pytest.raises(InvalidInput, match="'unused' was never called"):
        tl.record_batches(model, [drawn(2, 4)], ["head", "unused"])
    found = tl.record_batches(model, [drawn(2, 4)], ["*"])
    assert found.layers == ("encoder", "dropout", "head")
    assert found.silent == ("unused",)


def test_width_that_changes_between_batches_is_refused() -> None:
    with pytest.raises(InvalidInput, match="rows of 3 float32 first and 4 float32 later"):
        tl.record_batches(nn.Sequential(nn.Identity()), [drawn(2, 3), drawn(2, 4)], ["0"])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (torch.zeros(2, 2, dtype=torch.complex64), "complex"),
        (torch.eye(2).to_sparse(), "sparse"),
        (torch.tensor(1.0), "one row for each input"),
        (None, "no tensor"),
    ],
)
def test_outputs_that_are_no_points_are_refused(output: Any, said: str) -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return output

    with pytest.raises(InvalidInput, match=said):
        tl.record_batches(nn.Sequential(Odd()), [drawn(2, 2)], ["0"])


def test_integers_become_float64() -> None:
    class Codes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x > 0).long()

    recording = tl.record_batches(nn.Sequential(Codes()), [drawn(4, 2)], ["0"])
    assert recording["0"].dtype == np.float64


def test_gradients_and_modes_are_left_alone_while_training(model: Stack) -> None:
    model.train()
    x = drawn(8, 4)
    with tl.record(model, ["encoder.2"], training=True) as recording:
        assert model.training
        loss = model(x).square().sum()
        loss.backward()
    assert model.head.weight.grad is not None
    np.testing.assert_allclose(recording["encoder.2"], by_hand(model, x)["encoder.2"].numpy(), rtol=1e-5, atol=1e-6)


def test_modules_that_a_backward_pass_calls_again_are_recorded_once() -> None:
    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Sequential(nn.Linear(3, 3), nn.Tanh()), nn.Linear(3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(checkpoint(self.body, x, use_reentrant=False))

    model, x = initialised(Checkpointed()), drawn(4, 3)
    with tl.record(model, ["body.0"], training=True) as recording:
        for _ in range(2):
            model(x).sum().backward()
    np.testing.assert_allclose(recording["body.0"], model.body[0](x).detach().repeat(2, 1).numpy(), rtol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "last", "none", "spatial"])
def test_the_default_device_of_torch_is_of_no_consequence(pooling: str) -> None:
    class Shaping(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    x = drawn(6, 3, 2)
    with torch.device("meta"):
        recording = tl.record_batches(nn.Sequential(Shaping()), [x], ["0"], pooling=pooling, size=4)
    rows = recording.places("0")[:, 0]
    assert len(np.unique(rows)) == 4
    if pooling == "mean":
        np.testing.assert_allclose(recording["0"], 2 * x.mean(dim=1).numpy()[rows], rtol=1e-6)


def test_inference_mode_of_the_caller_is_no_obstacle(model: Stack) -> None:
    x = drawn(3, 4)
    with torch.inference_mode(), tl.record(model, ["head"]) as recording:
        model(x)
    assert recording["head"].shape == (3, 2)


def test_no_draw_of_the_global_generator_is_spent(model: Stack) -> None:
    state = torch.get_rng_state()
    tl.record_batches(model, drawn(20, 4).split(5), ["encoder.*"], size=7)
    assert torch.equal(state, torch.get_rng_state())


def test_recordings_nest_and_each_sees_its_own_calls(model: Stack) -> None:
    x = drawn(4, 4)
    with tl.record(model, ["head"]) as outer:
        model(x[:2])
        with tl.record(model, ["head"]) as inner:
            model(x[2:])
    assert (outer.seen, inner.seen) == (4, 2)
    np.testing.assert_array_equal(outer["head"][2:], inner["head"])
    assert hooks(model) == 0


def test_a_temporary_folder_goes_with_its_recording(model: Stack) -> None:
    recording = tl.record_batches(model, [drawn(3, 4)], ["head"])
    folder, latents = recording.folder, recording.latents("head")
    assert folder.is_dir()
    del recording
    gc.collect()
    assert not folder.exists()
    assert np.isfinite(latents.points).all()  # what is mapped stays readable


def test_a_recording_into_a_folder_replaces_earlier_files_in_one_step(model: Stack, tmp_path: Path) -> None:
    for size in (3, 5):
        tl.record_batches(model, [drawn(size, 4)], ["head"], folder=tmp_path / "new" / "folder")
    assert np.load(tmp_path / "new" / "folder" / "head.npy").shape == (5, 2)
    with pytest.raises(InvalidInput), tl.record(model, ["head"], folder=tmp_path / "new" / "folder"):
        pass
    assert np.load(tmp_path / "new" / "folder" / "head.npy").shape == (5, 2)


def test_a_recording_is_read_after_its_block_and_made_once(model: Stack) -> None:
    recording = tl.record(model, ["head"])
    with pytest.raises(IncompleteResult, match="not started"):
        recording["head"]
    with recording:
        model(drawn(2, 4))
        with pytest.raises(IncompleteResult, match="running"):
            recording.latents("head")
    with pytest.raises(UnknownName, match="Did you mean 'head'"):
        recording["haed"]
    with pytest.raises(InvalidInput, match="made once"), recording:
        pass
    with pytest.raises(IncompleteResult, match="inside its with block"):
        recording.run([])


def test_layers_inside_a_transformer_are_reached_in_evaluation_mode_too() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about the fused path
        encoder = initialised(nn.TransformerEncoder(layer, 2))
    x, padding = drawn(3, 5, 4), torch.arange(5) >= torch.tensor([[5], [2], [4]])
    layers = ["layers.*", "layers.1.linear1", "layers.0.self_attn[0]"]
    enabled = torch.backends.mha.get_fastpath_enabled()
    with tl.record(encoder, layers, pooling="mean", mask="src_key_padding_mask") as recording:
        encoder(x, src_key_padding_mask=padding)
    assert torch.backends.mha.get_fastpath_enabled() == enabled
    assert recording.layers == ("layers.0.self_attn[0]", "layers.0", "layers.1.linear1", "layers.1")
    alone = encoder.train().layers[0]
    first = alone(x, src_key_padding_mask=padding).detach()  # training mode never takes the fused path
    for row, length in enumerate((5, 2, 4)):
        np.testing.assert_allclose(recording["layers.0"][row], first[row, :length].mean(dim=0), rtol=1e-4, atol=1e-5)


def test_patterns_leave_out_modules_that_compute_weights() -> None:
    model = nn.Sequential(nn.utils.parametrizations.orthogonal(nn.Linear(3, 3)), nn.ReLU())
    assert tl.record_batches(model, [drawn(5, 3)], ["**"]).layers == ("0", "1")


def _splitting(model: nn.Module) -> nn.Module:
    wrapped = nn.DataParallel(model)
    wrapped.device_ids = [0, 1]
    return wrapped


def test_data_parallel_on_one_device_is_what_it_wraps(model: Stack) -> None:
    wrapped, batch = nn.DataParallel(model), drawn(3, 4)
    wrapped.device_ids = []
    with tl.record(wrapped, ["encoder.0"]) as recording:
        wrapped(batch)
    expected = tl.record_batches(model, [batch], ["encoder.0"])
    np.testing.assert_array_equal(recording["encoder.0"], expected["encoder.0"])


def test_models_whose_hooks_do_not_fire_are_refused(model: Stack) -> None:
    with pytest.raises(InvalidInput, match=r"record\(model.module"):
        tl.record(_splitting(model), ["encoder.*"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated, and still met
        scripted = torch.jit.trace(model.eval(), drawn(2, 4))
    with pytest.raises(InvalidInput, match=r"torch\.jit"):
        tl.record(scripted, ["encoder.*"])
    with pytest.raises(InvalidInput, match=r"torch\.nn\.Module"):
        tl.record("model", ["encoder.*"])


def test_a_model_that_calls_itself_is_one_pass() -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x: Tensor, depth: int = 2) -> Tensor:
            y = self.layer(x + depth)
            return self(y, depth - 1) if depth else y

    recording = tl.record_batches(Deep(), [torch.zeros(2, 1), torch.ones(3, 1)], ["layer"])
    assert recording.layers == ("layer", "layer#2", "layer#3")
    assert recording["layer#3"].ravel().tolist() == [3, 3, 4, 4, 4]


def test_batches_are_fed_as_data_loaders_give_them(model: Stack) -> None:
    x = drawn(6, 4)
    targets = torch.arange(6)
    dataset = torch.utils.data.TensorDataset(x, targets)
    loader = torch.utils.data.DataLoader(dataset, batch_size=4)
    arrays: Iterator[np.ndarray] = iter([x.double().numpy()])  # float64 arrays take the number format of the model
    ways = [loader, arrays, [{"x": x}], [(x, targets)]]
    found = [np.array(tl.record_batches(model, way, ["output"])["output"]) for way in ways]
    for other in found[1:]:
        np.testing.assert_allclose(found[0], other, rtol=1e-6)


def test_a_setting_that_does_not_exist_is_named(model: Stack) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'pooling'"):
        tl.record(model, ["head"], poolling="mean")
    with pytest.raises(UnknownName, match="argument of the model 'masc'"):
        tl.record(model, ["head"], mask="masc")
    with pytest.raises(InvalidParameter, match="not both"):
        tl.record(model, ["head"], size=3, rows=[1])
    with pytest.raises(InvalidParameter, match="at least 1 input"):
        tl.record(model, ["head"], size=0)
    for wrong in ({"size": 2.5}, {"size": 2, "seed": -1}, {"size": 2, "seed": "a"}, {"rows": [0.5]}, {"rows": []}):
        with pytest.raises(InvalidParameter, match="the rule is"):
            tl.record(model, ["head"], **wrong)


def test_a_folder_that_cannot_be_made_is_said(model: Stack, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InvalidInput, match="cannot be made"), tl.record(model, ["head"], folder=tmp_path / "taken"):
        pass
    assert hooks(model) == 0


def test_a_recording_shows_what_it_holds(model: Stack) -> None:
    recording = tl.record(model, ["head"])
    assert repr(recording) == "Recording(not started)"
    with recording:
        model(drawn(2, 4))
    assert repr(recording) == "Recording of 2 inputs: head (2, 2)"


@pytest.mark.parametrize("there", [False, True])
def test_a_recording_that_breaks_off_leaves_no_folder_of_its_own(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "rows-of-mine"
    if there:
        folder.mkdir()
        (folder / "kept.txt").write_text("mine")
    with pytest.raises(RuntimeError), tl.record(nn.Linear(3, 2), ["output"], folder=folder) as recording:
        recording.run([torch.randn(4, 5)])
    assert [path.name for path in tmp_path.rglob("*")] == (["rows-of-mine", "kept.txt"] if there else [])


def test_a_recording_is_read_like_a_mapping() -> None:
    found = tl.record_batches(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), [torch.ones(4, 2)], ["0", "1"])
    assert list(found) == ["0", "1"]
    assert ("1" in found, "2" in found, 0 in found, len(found)) == (True, False, False, 2)
    assert {layer: found[layer].shape for layer in found} == {"0": (4, 3), "1": (4, 1)}
    with pytest.raises(UnknownName, match="unknown recorded layer '0'"):
        found.places(0)
