"""What a model of the user's own is tried for before any number is made of it; each case once said something false."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tda_latent as tl
from tda_latent.errors import InvalidInput
from tda_latent.models.network import network
from tda_latent.records import Latents, Model

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(30, 6))
WHOLE = rng.integers(0, 9, (30, 6))
FLOATS = torch.tensor(ROWS, dtype=torch.float32)


def first_two(batch: Any) -> Any:
    return batch[:, :2]


def refused(words: str, **settings: Any) -> None:
    with pytest.raises(InvalidInput, match=words):
        tl.model(**settings)


# what functions are given


@pytest.mark.parametrize("example", [WHOLE, WHOLE.astype(np.uint8), WHOLE > 4, WHOLE.tolist()])
def test_whole_numbers_as_examples_cut_nothing_off_the_data(example: Any) -> None:
    given: list[np.dtype[Any]] = []

    def encode(batch: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        given.append(batch.dtype)
        return batch[:, :2]

    own = network(tl.model(example=example, encode=encode))
    np.testing.assert_array_equal(own.encode(ROWS).mean, ROWS[:, :2])
    assert set(given) == {np.dtype(np.float64)}


@pytest.mark.parametrize("example", [torch.tensor(WHOLE), torch.tensor(WHOLE > 4)])
def test_whole_tensors_as_examples_become_the_default_type_of_torch(example: Tensor) -> None:
    given: list[torch.dtype] = []

    def encode(batch: Tensor) -> Tensor:
        given.append(batch.dtype)
        return batch[:, :2]

    own = network(tl.model(example=example, encode=encode))
    np.testing.assert_allclose(own.encode(ROWS).mean, ROWS[:, :2], rtol=1e-6)
    assert set(given) == {torch.get_default_dtype()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_floating_type_of_the_example_is_kept(dtype: type) -> None:
    given: list[np.dtype[Any]] = []
    encode: Callable[[Any], Any] = lambda batch: (given.append(batch.dtype), batch)[1]  # noqa: E731
    tl.model(example=ROWS.astype(dtype), encode=encode)
    assert set(given) == {np.dtype(dtype)}


def test_a_decoder_is_given_codes_as_they_are_where_the_encoder_gives_whole_numbers() -> None:
    own = tl.model(example=ROWS, encode=lambda x: (x > 0).astype(int), decode=lambda z: z)
    np.testing.assert_array_equal(network(own).decode(ROWS), ROWS)


# functions of each row


@pytest.mark.parametrize(
    "settings",
    [
        {"encode": lambda x: x - x.mean(axis=0)},
        {"encode": lambda x: x + len(x)},
        {"encode": lambda x: x, "decode": lambda z: z - z.mean(axis=0)},
        {"decode": lambda z: z[:, :2] * z.sum()},
    ],
)
def test_answers_that_depend_on_other_rows_of_the_batch_are_refused(settings: dict[str, Any]) -> None:
    refused("other numbers for a row alone than for the same row in a batch", example=ROWS, **settings)


def test_a_batch_norm_in_training_mode_is_refused_and_beside_its_module_evaluated() -> None:
    net = nn.Sequential(nn.Linear(6, 2), nn.BatchNorm1d(2)).train()
    refused("fails on one alone.*give the module beside it", example=FLOATS, encode=lambda x: net(x))
    own = network(tl.model(net, FLOATS, encode=lambda x: net(x)))
    together, alone = own.encode(ROWS).mean, np.concatenate([own.encode(ROWS[k : k + 1]).mean for k in range(30)])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert net.training


def test_rows_that_equal_the_first_hide_nothing() -> None:
    blank_first = np.vstack([np.zeros((10, 6)), ROWS])
    refused("for a row alone", example=blank_first, encode=lambda x: x - x.mean(axis=0))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_rounding_of_half_precision_is_no_dependence(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 64), nn.Tanh(), nn.Linear(64, 8)).to(dtype)
    assert network(tl.model(net, FLOATS, encode="forward")).dimension == 8


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encode": first_two, "decode": lambda z: ROWS[: len(z)] + rng.normal()}, "decode gives other numbers"),
        ({"decode": lambda z: rng.normal(size=(len(z), 3))}, "decode gives other numbers the second time"),
        ({"encode": lambda x: (x, rng.uniform(1, 2, x.shape)), "spread": "deviation"}, "encode gives other numbers"),
        ({"decode": lambda z: z[:, :2] * np.nan}, "decode gives NaN or infinity"),
        ({"encode": first_two, "sample": lambda size, _: rng.normal(size=(size, 2))}, "sample gives other codes"),
    ],
)
def test_decoders_deviations_and_priors_are_held_to_what_encoders_are(settings: dict[str, Any], words: str) -> None:
    refused(words, example=ROWS, **settings)


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("uniform", "sample is 'uniform'; the rule is 'normal' or a function"),
        (3, "sample is 3; the rule"),
        (lambda size, rng: 1 / 0, "your sample raised ZeroDivisionError for size 2.*sample\\(size, rng\\)"),
        (lambda size: 1, "your sample raised TypeError"),
        (lambda size, rng: 1.0, "sample gives the lone number 1.0"),
        (lambda size, rng: None, "sample gives None"),
        (lambda size, rng: np.ones(size), "sample gives 2 rows of 1 numbers for 2 rows"),
        (lambda size, rng: np.full((size, 2), np.nan), "sample gives NaN"),
    ],
)
def test_a_prior_that_gives_no_codes_is_told_when_the_model_is_given(sample: Any, words: str) -> None:
    refused(words, example=ROWS, encode=first_two, sample=sample)


@pytest.mark.parametrize("value", [-1.0, 0.0])
def test_deviations_are_above_zero(value: float) -> None:
    refused(
        "deviation .* in row 0.*spread='log-variance'",
        example=ROWS,
        encode=lambda x: (x, np.full(x.shape, value)),
        spread="deviation",
    )


@pytest.mark.parametrize("shape", [(2,), (-1, 1), (1,), (1, 2), ()])
def test_one_deviation_for_all_rows_or_coordinates_is_repeated(shape: tuple[int, ...]) -> None:
    def encode(batch: np.ndarray[Any, Any]) -> tuple[Any, Any]:
        size = tuple(len(batch) if side < 0 else side for side in shape)
        return batch[:, :2], np.full(size, 0.5)

    own = network(tl.model(example=ROWS, encode=encode, spread="deviation"))
    np.testing.assert_array_equal(own.encode(ROWS).scale, np.full((30, 2), 0.5))
    logarithm = tl.model(example=ROWS, encode=lambda x: (encode(x)[0], encode(x)[1] * 0), spread="log-variance")
    np.testing.assert_array_equal(network(logarithm).encode(ROWS).scale, np.ones((30, 2)))
    refused(
        r"means \(2, 2\) and spreads \(3,\)",
        example=ROWS,
        encode=lambda x: (x[:, :2], np.ones(3)),
        spread="deviation",
    )


def test_a_spread_that_the_encoder_does_not_give_is_no_silent_nothing() -> None:
    refused("encode gives codes alone: leave spread out", example=ROWS, encode=first_two, spread="deviation")
    normal = lambda x: torch.distributions.Normal(x, torch.ones_like(x))  # noqa: E731
    refused("gives a distribution: leave spread out", example=FLOATS, encode=normal, spread="log-variance")


# what functions give


@dataclass
class Output:
    codes: Any
    logits: Any = None


class ArrayLike:
    """What other libraries have in place of arrays."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return np.asarray(self.values, dtype)


@pytest.mark.parametrize(
    "encode",
    [
        lambda x: ArrayLike(x[:, :2]),
        lambda x: Output(x[:, :2]),
        lambda x: {"codes": x[:, :2], "loss": None},
        lambda x: [x[:, :2]],
        lambda x: ([], {"deep": (x[:, :2],)}),
        lambda x: torch.tensor(x[:, :2]),
    ],
)
def test_the_only_array_in_an_answer_is_meant_whatever_holds_it(encode: Callable[[Any], Any]) -> None:
    np.testing.assert_array_equal(network(tl.model(example=ROWS, encode=encode)).encode(ROWS).mean, ROWS[:, :2])


@pytest.mark.parametrize(
    ("encode", "remedy"),
    [
        (lambda x: {"a": x, "b": x}, r"encode\[a\] \(2, 6\), encode\[b\].*f\(batch\)\['a'\]"),
        (lambda x: Output(x, x), r"encode\[codes\].*f\(batch\)\.codes"),
        (lambda x: (x, Output(x, x)), r"encode\[1\]\[logits\] \(2, 6\).*f\(batch\)\[0\]"),
        (lambda x: (x, x), r"say what the second is"),
        (lambda x: (x, x[:, :2], x[:, :2]), r"whole autoencoder.*net\(x\)\[1:3\]"),
        (lambda x: x[:, :2].tolist(), r"gives a list.*np\.asarray"),
        (lambda x: None, "encode gives None"),
        (lambda x: 1.0, "encode gives a float"),
        (lambda x: torch.tensor(1.0), "the lone number 1.0"),
        (lambda x: x * 1j, "complex128"),
        (lambda x: torch.tensor(x).to_sparse(), "sparse"),
        (lambda x: np.array([["a"], ["b"]])[: len(x)], "rule is real numbers"),
    ],
)
def test_a_remedy_fits_what_was_given(encode: Callable[[Any], Any], remedy: str) -> None:
    refused(remedy, example=ROWS, encode=encode)


class InOnePiece(nn.Module):
    """A variational autoencoder as many write it: forward gives output, mean and log-variance."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.out = nn.Linear(6, 4), nn.Linear(2, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.body(x).chunk(2, dim=1)
        return self.out(mean + torch.randn_like(mean) * (log_variance / 2).exp()), mean, log_variance


class Named(InOnePiece):
    def forward(self, x: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        return dict(zip(("output", "mean", "spread"), super().forward(x), strict=True))


def test_an_autoencoder_in_one_piece_is_told_how_it_is_given() -> None:
    net = InOnePiece()
    refused(r"taken for a generator.*net\(x\)\[1:3\], decode='PART'.*Parts: body, out", module=net, example=FLOATS)
    own = network(
        tl.model(net, FLOATS, encode=lambda x: net(x)[1:3], decode="out", spread="log-variance")  # as the message says
    )
    mean, log_variance = net.body(FLOATS).detach().chunk(2, dim=1)
    np.testing.assert_allclose(own.encode(ROWS).mean, mean, atol=1e-6)
    np.testing.assert_allclose(own.encode(ROWS).scale, (log_variance / 2).exp(), rtol=1e-5)
    plain = nn.Sequential(nn.Linear(6, 2), nn.Linear(2, 6))
    refused(r"rows as wide as it takes \(6\).*encode='PART', decode='PART'", module=plain, example=FLOATS)
    assert network(tl.model(plain, FLOATS, encode="0", decode="1")).dimension == 2
    assert network(tl.model(example=FLOATS, decode=plain)).dimension == 6


@pytest.mark.parametrize(("kind", "name"), [(InOnePiece, "forward[1]"), (Named, "forward[mean]")])
def test_a_part_of_what_a_method_gives_is_named_by_its_path(kind: type[InOnePiece], name: str) -> None:
    net = kind().train()
    own = network(tl.model(net, FLOATS, encode=name, decode="out"))
    np.testing.assert_allclose(own.encode(ROWS).mean, net.body(FLOATS)[:, :2].detach(), atol=1e-6)
    assert net.training
    refused(r"has no part \[nothing\]. Choose among: forward\[", module=net, example=FLOATS, encode="forward[nothing]")


# what is given


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ([[1.0, 2.0], [3.0]], "example holds rows of unequal length"),
        ([["a", "b"], ["c", "d"]], "rule is real numbers"),
        ("images.npz", "example is a str; the rule is some inputs"),
        ({"x": ROWS}, "example is a dict; the rule"),
        (ROWS[:1], r"shape \(1, 6\); the rule is .* n >= 2"),
        (ROWS[0], r"shape \(6,\)"),
        (np.full((3, 6), np.nan), "example holds NaN"),
        (ROWS * 1j, "complex128"),
        (iter(ROWS), "the rule is some inputs"),
    ],
)
def test_an_example_that_is_none_is_told(example: Any, words: str) -> None:
    refused(words, example=example, encode=first_two)


@pytest.mark.parametrize("asked", [5, "", ["encode"], "inner[0"])
def test_encode_is_a_function_or_a_name(asked: Any) -> None:
    refused("encode is .*the rule is a function of a batch, or the name", module=nn.Linear(6, 2), example=FLOATS,
            encode=asked)  # fmt: skip


def test_latents_serve_as_an_example() -> None:
    assert network(tl.model(example=Latents(ROWS), encode=first_two)).dimension == 2


class Transformer:
    """As other libraries name it."""

    def transform(self, batch: Any) -> Any:
        return batch[:, :2]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (nn.Linear, r"the class Linear; make one of it: Linear\(\.\.\.\)"),
        (Transformer(), "encode='transform'"),
        (Model("pca"), "a Model already"),
        (ROWS, "the model is a ndarray"),
    ],
)
def test_what_cannot_encode_is_told_how_it_could(thing: Any, words: str) -> None:
    refused(words, module=thing, example=ROWS)
    assert network(tl.model(Transformer(), ROWS, encode="transform")).dimension == 2


@pytest.mark.parametrize("thing", [nn.Linear(6, 2), first_two, "vae", None])
def test_what_is_no_model_is_told_to_become_one(thing: Any) -> None:
    for ask in (lambda: tl.encode(thing, ROWS), lambda: tl.network(thing), lambda: tl.encode(thing, ROWS, "layer")):
        with pytest.raises(
            InvalidInput, match=r"rule is a Model of tl.train or tl.model.*tl\.model\(module, example\)"
        ):
            ask()


def test_compiled_and_parallel_modules_are_what_they_wrap() -> None:
    net = nn.Sequential(nn.Linear(6, 2), nn.Linear(2, 6))
    expected = network(tl.model(net, FLOATS, encode="0", decode="1")).encode(ROWS).mean
    for wrapped in (torch.compile(net, backend="eager"), nn.DataParallel(net)):
        found = network(tl.model(wrapped, FLOATS, encode="0", decode="1"))
        np.testing.assert_array_equal(found.encode(ROWS).mean, expected)


# found by a sceptical reader


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_token_ids_reach_a_module_in_any_precision_whole(dtype: torch.dtype) -> None:
    table = nn.Embedding(5000, 3).to(dtype)
    ids = torch.arange(5000).reshape(-1, 2)
    own = tl.model(table, ids, encode=lambda batch: table(batch.long()).flatten(1))
    found = tl.encode(own, Latents(ids.numpy(), ids=np.arange(2500))).points
    np.testing.assert_array_equal(found, table(ids).flatten(1).detach().double().numpy())


class Sampling(nn.Module):
    """Draws its codes from a narrow posterior."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.mean, self.deviation = nn.Linear(6, 2), deviation

    def encode(self, batch: Tensor) -> Tensor:
        """A draw."""
        mean = self.mean(batch)
        return mean + self.deviation * torch.randn_like(mean)


@pytest.mark.parametrize(("dtype", "deviation"), [(torch.bfloat16, 1e-2), (torch.float16, 1e-3), (torch.float32, 1e-5)])
def test_draws_are_found_however_narrow(dtype: torch.dtype, deviation: float) -> None:
    refused("draws at random", module=Sampling(deviation).to(dtype), example=FLOATS)
    refused("draws at random", example=ROWS, encode=lambda x: x + 1e-9 * np.random.normal(size=x.shape))  # noqa: NPY002


def test_a_trial_leaves_the_global_generators_as_they_were() -> None:
    net = nn.Linear(6, 2)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    tl.model(nn.ModuleDict({"encoder": net}), FLOATS)
    tl.model(example=ROWS, encode=first_two)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002


def test_digits_that_cancel_are_no_dependence_on_other_rows() -> None:
    """Principal components of single-precision data a thousand deviations from the origin, as scikit-learn has them."""
    for seed in range(3):
        data = (np.random.default_rng(seed).normal(size=(200, 300)) + 1000).astype(np.float32)
        axes = np.linalg.svd(data - data.mean(axis=0), full_matrices=False)[2][:5]
        shift = data.mean(axis=0) @ axes.T
        tl.model(example=data, encode=lambda x, axes=axes, shift=shift: x @ axes.T - shift)


class Fixed(nn.Module):
    """Has no parameters, and numbers in the default type."""

    def encode(self, batch: Tensor) -> Tensor:
        """Two sums."""
        return batch @ torch.ones(6, 2)


def test_a_module_without_parameters_gets_the_type_of_the_example() -> None:
    for example in (FLOATS, FLOATS.numpy()):
        assert network(tl.model(Fixed(), example)).dimension == 2


def test_a_batch_on_another_axis_is_named() -> None:
    refused("axis 1", module=nn.LSTM(6, 4, num_layers=3, batch_first=True), example=FLOATS[:, None],
            encode="forward[1][0]")  # fmt: skip


@pytest.mark.parametrize("analyzer", ["interpolation-audit", "prior-samples", "data-space", "reconstruction"])
def test_codes_in_place_of_training_data_are_told_apart(analyzer: str) -> None:
    inputs = Latents(ROWS, ids=np.arange(30))
    own = tl.model(example=ROWS, encode=first_two, decode=lambda codes: np.repeat(codes, 3, axis=1), sample="normal")
    codes = tl.encode(own, inputs)
    with pytest.raises(InvalidInput, match="training has 2 coordinates and inputs has 6"):
        tl.analyze(codes, analyzer, model=own, inputs=inputs, training=codes.take(np.arange(20)))
