"""A model of the user's own is asked like ours, and says in words what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import tda_latent as tl
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.models.network import network
from tda_latent.records import Latents, Model

SPREAD = 0.25
rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(40, 1, 4, 4)).astype(np.float32)
FLAT = IMAGES.reshape(40, 16).astype(np.float64)
AXES = np.linalg.qr(rng.normal(size=(16, 3)))[0]


class Coder(nn.Module):
    """A linear coder of images with dropout, so that training mode shows."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(16, 3, bias=False)
        self.inner.weight.data = torch.tensor(AXES.T, dtype=torch.float32)
        self.drop = nn.Dropout(0.5)
        self.decoder = nn.Sequential(nn.Linear(3, 16, bias=False), nn.Unflatten(1, (1, 4, 4)))
        self.decoder[0].weight.data = torch.tensor(AXES, dtype=torch.float32)

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance."""
        mean = self.drop(self.inner(images.flatten(1)))
        return mean, torch.full_like(mean, 2 * np.log(SPREAD))


def make() -> nn.Module:
    """The factory of a checkpoint."""
    return Coder()


def data() -> Latents:
    return Latents(FLAT, ids=np.arange(40), labels={"half": np.arange(40) % 2})


def own(**settings: object) -> Model:
    return tl.model(Coder(), IMAGES, spread="log-variance", **settings)  # type: ignore[arg-type]


def test_a_module_is_asked_in_its_shape_and_answers_in_rows() -> None:
    found = network(own())
    encoding = found.encode(FLAT)
    np.testing.assert_allclose(encoding.mean, FLAT @ AXES, atol=1e-6)
    np.testing.assert_allclose(encoding.scale, SPREAD, rtol=1e-6)
    np.testing.assert_allclose(found.decode(encoding.mean), FLAT @ AXES @ AXES.T, atol=1e-6)


def test_its_modes_are_as_they_were() -> None:
    module = Coder().train()
    module.decoder.eval()
    network(tl.model(module, IMAGES, spread="log-variance")).encode(FLAT)
    assert module.training
    assert module.drop.training
    assert not module.decoder.training


def test_batches_do_not_show() -> None:
    many = np.tile(FLAT, (20, 1))
    np.testing.assert_allclose(network(own()).encode(many).mean, np.tile(FLAT @ AXES, (20, 1)), atol=1e-6)


def test_functions_of_arrays_get_arrays() -> None:
    found = network(tl.model(example=FLAT, encode=lambda x: x @ AXES, decode=lambda z: z @ AXES.T))
    np.testing.assert_array_equal(found.encode(FLAT).mean, FLAT @ AXES)
    np.testing.assert_array_equal(found.decode(FLAT @ AXES), FLAT @ AXES @ AXES.T)


def test_encoder_and_decoder_may_be_two_modules() -> None:
    coder = Coder().train()
    found = network(tl.model(example=IMAGES, encode=nn.Sequential(nn.Flatten(), coder.inner), decode=coder.decoder))
    np.testing.assert_allclose(found.decode(found.encode(FLAT).mean), FLAT @ AXES @ AXES.T, atol=1e-6)


def test_a_distribution_brings_its_deviation() -> None:
    def encode(images: torch.Tensor) -> torch.distributions.Normal:
        return torch.distributions.Normal(images.flatten(1)[:, :2], torch.tensor(SPREAD))

    encoding = network(tl.model(example=torch.tensor(IMAGES), encode=encode)).encode(FLAT)
    np.testing.assert_allclose(encoding.scale, np.full((40, 2), SPREAD))


def test_analyzers_take_it() -> None:
    model = own()
    latents = tl.encode(model, data())
    assert latents.scale is not None
    found = tl.analyze(latents, ["traversal-grid", "prior-samples"], model=model, inputs=data(), training=data())
    assert set(found) == {"traversal-grid", "prior-samples"}


def test_latents_of_another_model_are_refused() -> None:
    strange = data().replace(points=FLAT[:, :3])
    with pytest.raises(InvalidInput, match="does not give these latents"):
        tl.analyze(strange, "traversal-grid", model=own(), inputs=data())


def test_a_generator_needs_no_encoder_where_inputs_are_what_it_makes() -> None:
    codes = np.random.default_rng(1).normal(size=(30, 3))
    model = tl.model(Coder().decoder, codes)
    cloud, made = (Latents(part, ids=np.arange(30)) for part in (codes, network(model).decode(codes)))
    tl.analyze(cloud, "traversal-grid", model=model, inputs=made)
    seen = Latents(FLAT, ids=np.arange(100, 140))
    drawn = tl.analyze(cloud, "prior-samples", model=model, inputs=made, training=seen)["prior-samples"]
    assert set(drawn.scalars) == {"prior samples", "low-density samples"}, "what it made is no held-out data"
    with pytest.raises(InvalidInput, match="does not give these inputs"):
        tl.analyze(cloud, "traversal-grid", model=model, inputs=Latents(FLAT[:30], ids=np.arange(30)))
    with pytest.raises(InvalidInput, match="no encoder"):
        tl.analyze(cloud, "sampling-audit", model=model, inputs=made, training=Latents(FLAT, ids=np.arange(100, 140)))


def test_sampling_takes_a_prior_that_somebody_named() -> None:
    plain = tl.model(example=FLAT, encode=lambda x: x @ AXES, decode=lambda z: z @ AXES.T)
    with pytest.raises(InvalidInput, match="no prior"):
        network(plain).sample(3, np.random.default_rng(0))
    ring = tl.model(example=FLAT, encode=lambda x: x @ AXES, sample=lambda size, rng: np.ones((size, 3)))
    np.testing.assert_array_equal(network(ring).sample(2, np.random.default_rng(0)), np.ones((2, 3)))
    for named in (ring, own()):
        with pytest.raises(InvalidParameter, match="size is -1"):
            network(named).sample(-1, np.random.default_rng(0))
    assert network(own()).sample(5, np.random.default_rng(0)).shape == (5, 3)


def drawing(images: torch.Tensor) -> torch.Tensor:
    return torch.randn(len(images), 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"module": Coder(), "example": IMAGES}, "spread='log-variance'"),
        (
            {"module": Coder(), "example": IMAGES, "encode": "inne"},
            "no such method or part. Parts: inner, drop, decoder",
        ),
        ({"module": Coder(), "example": IMAGES[:, :, :2], "spread": "log-variance"}, r"shape \(2, 1, 2, 4\)"),
        ({"module": Coder(), "spread": "log-variance"}, "example is missing"),
        ({"module": Coder(), "example": IMAGES, "encode": drawing}, "draws at random"),
        ({"module": 3, "example": FLAT}, "is a int; the rule is a torch module"),
        ({"example": FLAT}, "neither encode nor decode"),
        ({"example": FLAT, "encode": lambda x: x[:, :2], "decode": lambda z: z}, "2 numbers for 2 rows; the rule"),
        ({"example": FLAT, "encode": lambda x: x[:1]}, "gives 1 rows"),
        ({"example": FLAT, "encode": lambda x: x * np.nan}, "NaN or infinity in row 0"),
        ({"example": FLAT, "encode": lambda x: "codes"}, "gives a str"),
    ],
)
def test_what_does_not_fit_is_told_when_the_model_is_given(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        tl.model(**settings)  # type: ignore[arg-type]


def test_a_spread_that_does_not_exist_is_told() -> None:
    with pytest.raises(UnknownName, match="log-variance"):
        tl.model(Coder(), IMAGES, spread="log-varianc")  # type: ignore[arg-type]


def test_a_bare_module_or_array_in_place_of_a_record_is_refused_in_words() -> None:
    latents = tl.encode(own(), data())
    with pytest.raises(InvalidInput, match=r"model is a Coder; the rule is Model. Make one of it: tl.model"):
        tl.analyze(latents, "traversal-grid", model=Coder(), inputs=data())  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="inputs is a ndarray; the rule is Latents"):
        tl.analyze(latents, "traversal-grid", model=own(), inputs=FLAT)  # type: ignore[arg-type]


def test_it_is_never_stored() -> None:
    with pytest.raises(InvalidInput, match="checkpoint"):
        own().packed()
