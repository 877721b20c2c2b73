"""Laws of the trained networks: determinism, quality against baselines, and what they leave untouched."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from tda_latent.errors import EngineFailure, InvalidInput, UnknownName
from tda_latent.models.autoencoder import fit_autoencoder
from tda_latent.models.network import encode_latents, network, reconstruction_error
from tda_latent.models.training import Schedule, reproducible
from tda_latent.models.variational import fit_variational
from tda_latent.records import Factor, Latents, Model, Origin, unpack
from tda_latent.sources.autoencoder import Autoencoder
from tda_latent.sources.digits import Digits
from tda_latent.sources.gan import Gan
from tda_latent.sources.pca import Pca
from tda_latent.sources.rae import RegularisedAutoencoder
from tda_latent.sources.spherical_vae import SphericalVae
from tda_latent.sources.topological_autoencoder import TopologicalAutoencoder
from tda_latent.sources.vae import Vae
from tda_latent.sources.wae import WassersteinAutoencoder

QUICK = {"dimension": 2, "hidden": (16,), "epochs": 3, "batch_size": 32}
TRAINED = (
    Autoencoder,
    Gan,
    RegularisedAutoencoder,
    SphericalVae,
    TopologicalAutoencoder,
    Vae,
    WassersteinAutoencoder,
)
FAMILIES = [family(**QUICK) for family in TRAINED]


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits():
    return Digits()()


@pytest.fixture(scope="module")
def cloud():
    return Latents(np.random.default_rng(3).standard_normal((100, 6)) + 4.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_stream_gives_one_model_bit_by_bit(family, cloud):
    first, second = family(cloud, stream()), family(cloud, stream())
    assert first == second
    for name, weights in first.weights.items():
        assert weights.tobytes() == second.weights[name].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", [family.component_name for family in TRAINED])
def test_two_processes_with_different_thread_settings_train_the_same_weights(name):
    code = (
        "import numpy as np; from tda_latent.registry import registry; from tda_latent.records import Latents;"
        f"family = registry().find('source', {name!r}).build({{'epochs': 3}});"
        "cloud = Latents(np.random.default_rng(3).standard_normal((300, 64)));"
        "print(family(cloud, np.random.default_rng(0)).digest)"
    )
    digests = set()
    for threads in "12":
        environment = os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
        digests.add(run.stdout.strip())
    assert len(digests) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_another_stream_gives_another_model(family, cloud):
    assert family(cloud, stream(1)) != family(cloud, stream(2))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_number_of_threads_of_the_caller_changes_no_bit(family, cloud):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        two = family(cloud, stream())
        torch.set_num_threads(1)
        assert family(cloud, stream()) == two
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("family", FAMILIES)
def test_training_and_encoding_leave_every_global_state_as_it_was(family, cloud):
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002 - the legacy state is what must survive
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()  # noqa: NPY002
    encode_latents(family(cloud, stream()), cloud)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert torch.get_num_threads() == before[2]
    assert not torch.are_deterministic_algorithms_enabled()


def test_settings_come_back_after_an_error_too():
    before = torch.get_num_threads()
    inside = []

    def fail():
        with reproducible():
            inside.append((torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()))
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert inside == [(1, True)]
    assert torch.get_num_threads() == before
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_that_went_through_the_store_answers_the_same(family, cloud):
    model = family(cloud, stream())
    again = unpack(*model.packed())
    assert again == model
    np.testing.assert_array_equal(network(again).encode(cloud.points).mean, network(model).encode(cloud.points).mean)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_autoencoder_beats_principal_components_on_held_out_digits(digits, seed):
    order = stream(seed).permutation(len(digits))
    train, held_out = digits.take(order[:800]), digits.take(order[800:])
    curved = Autoencoder(epochs=30)(train, stream(seed))
    assert reconstruction_error(curved, held_out) < 0.85 * reconstruction_error(Pca()(train), held_out)


def test_training_raises_the_evidence_bound_of_held_out_digits(digits):
    order = stream().permutation(len(digits))
    train, held_out = digits.take(order[:600]), digits.take(order[600:])
    bounds = {}
    for epochs in (0, 15):
        model = Vae(epochs=epochs)(train, stream())
        bounds[epochs] = network(model).evidence_bound(held_out.points, stream())[0].mean()
    assert bounds[15] > bounds[0] + 10
    assert model.history["loss"].y[-1] < model.history["loss"].y[0]
    np.testing.assert_array_equal(model.history["loss"].x, np.arange(1, 16))


def test_a_linear_autoencoder_approaches_the_principal_subspace():
    cloud = Latents(stream(8).standard_normal((300, 5)) * [5.0, 4.0, 1.0, 0.5, 0.5] + 3.0)
    linear = Autoencoder(dimension=2, hidden=(), epochs=150, learning_rate=0.02)(cloud, stream())
    best = reconstruction_error(Pca(dimension=2)(cloud), cloud)
    assert best <= reconstruction_error(linear, cloud) < 1.02 * best


def test_a_linear_gaussian_model_reaches_the_likelihood_of_probabilistic_principal_components():
    """The evidence bound of a linear VAE has its maximum at the likelihood of probabilistic PCA [lucas2019]."""
    noise = 0.5
    points = stream(9).standard_normal((400, 4)) * np.sqrt([9.0, 4.0, noise, noise])
    model = Vae(dimension=2, hidden=(), epochs=200, learning_rate=0.03)(Latents(points), stream())
    values = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1]
    left_over = values[2:].mean()
    logdet = np.log(values[:2]).sum() + 2 * np.log(left_over)
    likelihood = -0.5 * (4 * np.log(2 * np.pi) + logdet + 4)
    assert model.quality["evidence_bound"] == pytest.approx(likelihood, abs=0.1)
    assert model.quality["active_units"] == 2


def test_a_large_beta_switches_every_code_off(cloud):
    model = Vae(dimension=2, hidden=(16,), epochs=60, beta=100.0)(cloud, stream())
    encoding = network(model).encode(cloud.points)
    assert model.quality["active_units"] == 0
    np.testing.assert_allclose(encoding.scale, 1, atol=0.1)


def test_the_unit_of_the_data_does_not_matter_to_training(cloud):
    """Inputs are brought to one scale inside; a power of two scales without rounding."""
    plain = Autoencoder(**QUICK)(cloud, stream())
    scaled = Autoencoder(**QUICK)(Latents(cloud.points * 1024.0), stream())
    np.testing.assert_allclose(
        network(plain).encode(cloud.points).mean, network(scaled).encode(cloud.points * 1024.0).mean, atol=1e-12
    )
    assert scaled.quality["training_error"] == pytest.approx(plain.quality["training_error"] * 1024.0**2)


@pytest.mark.parametrize("family", [Pca(dimension=2), *FAMILIES])
def test_encoded_latents_keep_what_is_known_about_the_inputs(family, cloud):
    rows = np.arange(len(cloud))
    inputs = cloud.replace(
        ids=rows,
        labels={"parity": (rows % 2).astype(str)},
        factors={"angle": Factor(rows / 50.0, "circular", 2.0)},
        split=np.array(["test"] * len(cloud)),
    )
    model = family(cloud) if isinstance(family, Pca) else family(cloud, stream())
    latents = encode_latents(model, inputs, Origin(model="m", data="d", replicate="1"))
    assert latents.points.shape == (100, 2)
    np.testing.assert_array_equal(latents.ids, rows)
    np.testing.assert_array_equal(latents.labels["parity"], inputs.labels["parity"])
    assert latents.factors["angle"] == inputs.factors["angle"]
    assert latents.split is not None
    assert latents.origin.model == "m"
    assert (latents.scale is not None) == isinstance(family, (Vae, SphericalVae))


@pytest.mark.parametrize("family", FAMILIES)
def test_encoding_point_by_point_is_encoding_all_at_once(family, cloud):
    asked = network(family(cloud, stream()))
    alone = np.vstack([asked.encode(point[None]).mean for point in cloud.points[:10]])
    np.testing.assert_allclose(alone, asked.encode(cloud.points[:10]).mean, rtol=0, atol=1e-13)


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_are_codes_that_can_be_decoded(family, cloud):
    asked = network(family(cloud, stream()))
    drawn = asked.sample(4000, stream())
    assert asked.decode(drawn).shape == (4000, 6)
    if isinstance(family, (Vae, WassersteinAutoencoder, Gan)):
        expected = np.eye(2)
    elif isinstance(family, SphericalVae):
        expected = np.eye(2) / 2  # uniform on the circle
    else:
        expected = np.cov(asked.encode(cloud.points).mean.T)
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.1 * np.abs(expected).max())


@pytest.mark.parametrize("family", TRAINED)
def test_a_learning_rate_that_makes_training_diverge_is_named_with_its_remedy(family, cloud):
    with pytest.raises(EngineFailure, match=r"learning rate 1e\+30. Lower the learning rate"):
        family(**QUICK, learning_rate=1e30)(cloud, stream())


def test_data_without_spread_and_a_single_point_are_refused():
    schedule = Schedule(1, 8, 0.01)
    with pytest.raises(InvalidInput, match="nothing to learn"):
        fit_autoencoder(np.ones((5, 2)), 1, (), schedule, stream())
    with pytest.raises(InvalidInput, match="Take more"):
        fit_variational(np.ones((1, 2)), 1, (), 1.0, schedule, stream())


def test_an_unknown_family_is_named_with_its_neighbour():
    with pytest.raises(UnknownName, match="Did you mean 'autoencoder'"):
        network(Model("autoencodr"))


def test_the_learning_rate_rises_for_a_tenth_then_falls_to_zero():
    schedule = Schedule(10, 8, 2.0)
    assert schedule.rate(0.05) < schedule.rate(0.1) > schedule.rate(0.5) > schedule.rate(0.9)
    assert schedule.rate(1.0) == 0
    assert schedule.rate(0.1) == pytest.approx(2.0, rel=0.03)


def test_digits_are_inks_between_zero_and_one_with_their_class_as_text(digits):
    assert digits.points.shape == (1797, 64)
    assert digits.points.min() == 0
    assert digits.points.max() == 1
    assert digits.ids[0] == "digit-0000"
    assert digits.ids[-1] == "digit-1796"
    assert sorted(set(digits.labels["digit"].tolist())) == [str(number) for number in range(10)]
    assert digits.labels["digit"][:5].tolist() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.full((2, 2), np.nan), "NaN or infinity in row 0"),
        (np.array([[0.0, 0.0], [np.inf, 0.0]]), "NaN or infinity in row 1"),
        ([["a", "b"]], "rule is real numbers"),
        ([[1.0, 2.0], [3.0]], "rows of unequal length"),
        (np.ones((2, 2)) * 1j, "complex128"),
    ],
)
def test_what_is_no_finite_number_is_neither_encoded_nor_decoded(given: object, words: str) -> None:
    asked = network(Pca(dimension=2)(Latents(np.random.default_rng(0).normal(size=(20, 2)))))
    for ask in (asked.encode, asked.decode):
        with pytest.raises(InvalidInput, match=words):
            ask(given)
