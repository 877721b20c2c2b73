"""Laws of the model zoo: checkpoints, layers, priors, labels, residues."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from tda_latent.errors import EngineFailure, InvalidInput, InvalidParameter, UnknownName
from tda_latent.models.classifier import hidden_layers
from tda_latent.models.losses import mean_discrepancy
from tda_latent.models.modular import ModularNetwork, Task, dominant_plane, fit_modular
from tda_latent.models.network import FAMILIES, encode_latents, network
from tda_latent.models.spherical import spherical_divergence, spherical_draw
from tda_latent.models.training import Schedule
from tda_latent.records import Latents, Model
from tda_latent.sources.autoencoder import Autoencoder
from tda_latent.sources.classifier import Classifier
from tda_latent.sources.clusters import Clusters
from tda_latent.sources.digits import Digits
from tda_latent.sources.gan import Gan
from tda_latent.sources.modular_addition import ModularAddition
from tda_latent.sources.rae import RegularisedAutoencoder
from tda_latent.sources.spherical_vae import SphericalVae
from tda_latent.sources.topological_autoencoder import TopologicalAutoencoder
from tda_latent.sources.vae import Vae
from tda_latent.sources.wae import WassersteinAutoencoder

QUICK = {"hidden": (16, 8), "epochs": 4, "batch_size": 32}
CODED = (Autoencoder, RegularisedAutoencoder, SphericalVae, TopologicalAutoencoder, Vae, WassersteinAutoencoder)
KEEPING = [*(family(**QUICK, dimension=2, checkpoints=(0, 2, 4)) for family in CODED)]
KEEPING.append(Classifier(**QUICK, checkpoints=(0, 2, 4)))


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def cloud():
    points = stream(3).standard_normal((90, 6)) + 4.0
    return Latents(points, labels={"side": np.where(points[:, 0] > 4.0, "right", "left")})


@pytest.fixture(scope="module")
def digits():
    return Digits()().take(np.arange(0, 1797, 3))


@pytest.mark.parametrize("family", KEEPING)
def test_checkpoints_change_nothing_but_what_is_kept(family, cloud):
    kept, plain = family(cloud, stream()), type(family)(**{**vars(family), "checkpoints": ()})(cloud, stream())
    for name, weights in plain.weights.items():
        assert weights.tobytes() == kept.weights[name].tobytes(), name
    assert kept.quality == plain.quality
    assert not [name for name in plain.weights if "epoch" in name]


@pytest.mark.parametrize("family", KEEPING)
def test_the_first_checkpoint_is_the_initialisation_and_the_last_the_trained_model(family, cloud):
    model = family(cloud, stream())
    untrained = type(family)(**{**vars(family), "epochs": 0, "checkpoints": ()})(cloud, stream())
    asked = network(model)
    first, last = (asked.at_layer(cloud.points, layer).mean for layer in ("epoch-0", "epoch-4"))
    np.testing.assert_array_equal(first, network(untrained).encode(cloud.points).mean)
    np.testing.assert_array_equal(last, asked.encode(cloud.points).mean)
    assert not np.array_equal(asked.at_layer(cloud.points, "epoch-2").mean, last)


@pytest.mark.parametrize("family", KEEPING)
def test_the_layers_that_a_source_promises_are_those_that_its_model_has(family, cloud):
    model = family(cloud, stream())
    assert network(model).layers == family.layers
    for layer in family.layers:
        latents = encode_latents(model, cloud, layer=layer)
        assert len(latents) == len(cloud)
        assert (latents.scale is not None) == ("scale" in family.provides)
    with pytest.raises(UnknownName, match="layer of this model 'epoch-3'"):
        encode_latents(model, cloud, layer="epoch-3")


def test_a_plain_model_has_no_layers(cloud):
    model = Autoencoder(**QUICK, dimension=2)(cloud, stream())
    assert network(model).layers == ()
    with pytest.raises(UnknownName, match="layer of this model"):
        encode_latents(model, cloud, layer="epoch-1")


@pytest.mark.parametrize("checkpoints", [(5,), (2, 1), (1, 1)])
@pytest.mark.parametrize("family", [*CODED, Classifier])
def test_checkpoints_that_never_come_are_refused_before_training(family, checkpoints):
    with pytest.raises(InvalidParameter, match="rising epochs from 0 to 4"):
        family(epochs=4, checkpoints=checkpoints)


def test_every_family_in_the_table_can_be_had_and_says_its_own_name(cloud):
    for name in FAMILIES:
        assert callable(FAMILIES[name]().of)
    for family in CODED:
        assert family(**QUICK, dimension=2)(cloud, stream()).family == family.component_name


# --- priors and penalties


def test_a_wasserstein_autoencoder_brings_its_codes_to_the_prior(digits):
    found = {}
    for family in (Autoencoder, WassersteinAutoencoder):
        codes = network(family(dimension=4, epochs=20)(digits, stream())).encode(digits.points).mean
        drawn = stream(1).standard_normal(codes.shape)
        found[family] = mean_discrepancy(torch.tensor(codes), torch.tensor(drawn)).item()
    assert abs(found[WassersteinAutoencoder]) < 0.1 * found[Autoencoder]


def test_a_regularised_autoencoder_has_shorter_codes_the_more_they_cost(digits):
    sizes = []
    for weight in (0.0, 1e-3, 1e-2):
        model = RegularisedAutoencoder(epochs=15, code_weight=weight)(digits, stream())
        sizes.append(np.square(network(model).encode(digits.points).mean).sum(axis=1).mean())
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]


def test_without_penalties_the_regularised_autoencoder_is_the_plain_one(cloud):
    plain = Autoencoder(**QUICK, dimension=2)(cloud, stream())
    free = RegularisedAutoencoder(**QUICK, dimension=2, code_weight=0, decoder_weight=0)(cloud, stream())
    without = TopologicalAutoencoder(**QUICK, dimension=2, weight=0)(cloud, stream())
    for other in (free, without):
        for name, weights in plain.weights.items():
            assert weights.tobytes() == other.weights[name].tobytes(), name


@pytest.mark.parametrize("loss", ["edges", "rtd"])
def test_the_topological_weight_lowers_the_topological_loss(digits, loss):
    last = []
    for weight in (1e-9, 1.0):
        model = TopologicalAutoencoder(dimension=2, epochs=8, loss=loss, weight=weight)(digits, stream())
        last.append(model.history["topology"].y[-1])
    assert last[1] < last[0]


# --- the sphere


def test_codes_and_samples_of_a_spherical_autoencoder_have_length_one(cloud):
    asked = network(SphericalVae(**QUICK, dimension=3)(cloud, stream()))
    encoding = asked.encode(cloud.points)
    np.testing.assert_allclose(np.linalg.norm(encoding.mean, axis=1), 1, atol=1e-12)
    drawn = asked.sample(5000, stream())
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(3) / 3, atol=0.03)


@pytest.mark.parametrize("size", [-1, 2.5, True, "3"])
def test_a_number_of_codes_that_is_none_is_named(cloud, size):
    for source in (Vae(**QUICK), SphericalVae(**QUICK, dimension=3), RegularisedAutoencoder(**QUICK)):
        with pytest.raises(InvalidParameter, match=f"size is {size!r}; the rule is a whole number"):
            network(source(cloud, stream())).sample(size, stream())


@pytest.mark.parametrize("dimension", [2, 3, 5])
@pytest.mark.parametrize("concentration", [0.0, 1.5, 40.0])
def test_the_divergence_on_the_sphere_is_the_integral_over_the_angle(dimension, concentration):
    """Density (1 + t)^c over the law (1 - t^2)^((k - 3) / 2) of one coordinate t; substituted t = cos(a)."""
    angle = (np.arange(200_000) + 0.5) * np.pi / 200_000
    uniform = np.sin(angle) ** (dimension - 2)
    tilted = uniform * (1 + np.cos(angle)) ** concentration
    uniform, tilted = uniform / uniform.sum(), tilted / tilted.sum()
    expected = (tilted * np.log(np.maximum(tilted, 1e-300) / uniform)).sum()
    found = spherical_divergence(torch.tensor([concentration], dtype=torch.float64), dimension)
    assert found.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dimension", [2, 3, 6])
def test_draws_on_the_sphere_have_the_mean_and_spread_of_their_law(dimension):
    sharp, size = 12.0, 40_000
    direction = torch.zeros(size, dimension, dtype=torch.float64)
    direction[:, -1] = 1
    random = torch.Generator().manual_seed(0)
    drawn = spherical_draw(direction, torch.full((size,), sharp, dtype=torch.float64), random)
    np.testing.assert_allclose(drawn.norm(dim=1), 1, atol=1e-12)
    along = drawn[:, -1].numpy()
    half = (dimension - 1) / 2  # (1 + t) / 2 follows Beta(half + sharp, half)
    share = (half + sharp) / (2 * half + sharp)
    deviation = 2 * np.sqrt(share * (1 - share) / (2 * half + sharp + 1))
    assert along.mean() == pytest.approx(2 * share - 1, abs=4 * deviation / np.sqrt(size))
    assert along.std() == pytest.approx(deviation, rel=0.05)
    np.testing.assert_allclose(drawn[:, :-1].mean(dim=0), 0, atol=0.02)


def test_the_scale_of_a_code_on_the_sphere_is_the_spread_of_draws_along_a_tangent(cloud):
    asked = network(SphericalVae(**QUICK, dimension=3)(cloud, stream()))
    encoding = asked.encode(cloud.points[:1])
    direction, sharp = asked.module.posterior(asked.module.scale(torch.tensor(cloud.points[:1])))
    drawn = spherical_draw(
        direction.detach().expand(40_000, -1), sharp.detach().expand(40_000), torch.Generator().manual_seed(1)
    ).numpy()
    tangent = np.linalg.svd(encoding.mean)[2][1:]
    np.testing.assert_allclose((drawn @ tangent.T).std(axis=0), encoding.scale[0, 0], rtol=0.03)


def test_gradients_reach_direction_and_concentration_of_a_draw():
    """The mean of the coordinate along the direction, differentiated by draws and by its formula."""
    sharp = torch.full((40_000,), 5.0, dtype=torch.float64, requires_grad=True)
    direction = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64).expand(40_000, -1)
    drawn = spherical_draw(direction, sharp, torch.Generator().manual_seed(2))
    (slope,) = torch.autograd.grad(drawn[:, 2].sum(), sharp)
    # the mean is sharp / (2 + sharp) on the sphere in three coordinates
    assert slope.mean().item() == pytest.approx(2 / 49, rel=0.05)


# --- the game


def test_the_encoder_of_the_game_learns_the_codes_of_generated_points():
    ring = Latents(np.column_stack([np.cos(a := np.linspace(0, 6.28, 200)), np.sin(a)]))
    codes = [Gan(dimension=2, epochs=epochs, hidden=(32,))(ring, stream()).quality["code_error"] for epochs in (0, 60)]
    assert codes[1] < 0.6 < codes[0]


def test_a_game_that_diverges_says_so(cloud):
    with pytest.raises(EngineFailure, match="Lower the learning rate"):
        Gan(dimension=2, hidden=(8,), epochs=3, learning_rate=1e30)(cloud, stream())


# --- labels


def test_the_layers_of_a_classifier_are_the_steps_of_its_own_formula(cloud):
    model = Classifier(**QUICK)(cloud, stream())
    asked = network(model)
    values = (cloud.points - model.weights["scale.mean"]) / model.weights["scale.deviation"]
    for depth, layer in enumerate(hidden_layers(2)):
        matrix, offset = (model.weights[f"trunk.{kind}.{depth}"].astype(float) for kind in ("matrices", "offsets"))
        values = values @ matrix.T + offset
        if layer != "logits":
            values = values / (1 + np.exp(-values))
        np.testing.assert_allclose(asked.at_layer(cloud.points, layer).mean, values, atol=1e-12)
    np.testing.assert_allclose(asked.encode(cloud.points).mean, asked.at_layer(cloud.points, "hidden-2").mean)
    expected = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(asked.probabilities(cloud.points), expected, atol=1e-12)
    np.testing.assert_array_equal(asked.predict(cloud.points), np.array(["left", "right"])[values.argmax(axis=1)])


def test_a_classifier_learns_digits_and_shuffled_labels_only_by_heart(digits):
    order = stream().permutation(len(digits))
    train, held_out = digits.take(order[:400]), digits.take(order[400:])
    right = {}
    for noise in (0.0, 1.0):
        model = Classifier(epochs=60, label_noise=noise)(train, stream())
        right[noise] = np.mean(network(model).predict(held_out.points) == held_out.labels["digit"])
        assert model.quality["training_accuracy"] > 0.95
    assert right[0.0] > 0.9
    assert right[1.0] < 0.25
    assert model.quality["true_label_accuracy"] < 0.25


def test_label_noise_permutes_so_that_classes_keep_their_sizes(digits):
    """A classifier that is not trained shows by its two accuracies how many labels differ."""
    memory = Classifier(epochs=80, label_noise=0.3, hidden=(256,))(digits, stream())
    changed = memory.quality["training_accuracy"] - memory.quality["true_label_accuracy"]
    assert 0.2 < changed < 0.31  # a tenth of the permuted labels stays the same by chance


def test_a_classifier_without_one_clear_column_of_labels_is_refused(cloud):
    two = cloud.replace(labels={**cloud.labels, "other": np.arange(90) % 3})
    with pytest.raises(InvalidInput, match=r"side, other\. Name one"):
        Classifier(**QUICK)(two, stream())
    assert Classifier(**QUICK, label="other")(two, stream()).settings["classes"] == ("0", "1", "2")
    with pytest.raises(InvalidInput, match=r"none\. Name one"):
        Classifier(**QUICK)(cloud.replace(labels={}), stream())
    with pytest.raises(UnknownName, match="Did you mean 'side'"):
        Classifier(**QUICK, label="sides")(cloud, stream())
    with pytest.raises(InvalidInput, match="two classes"):
        Classifier(**QUICK)(cloud.replace(labels={"side": np.full(90, "left")}), stream())


def test_a_classifier_refuses_to_decode_and_to_sample(cloud):
    asked = network(Classifier(**QUICK)(cloud, stream()))
    with pytest.raises(InvalidInput, match="no decoder"):
        asked.decode(np.zeros((1, 8)))
    with pytest.raises(InvalidInput, match="no prior"):
        asked.sample(1, stream())


# --- residues


def test_every_sum_is_either_trained_on_or_tested():
    task = Task.of(7, 0.6, stream())
    pairs = torch.cat([task.train, task.test]).tolist()
    assert sorted(map(tuple, pairs)) == [(a, b) for a in range(7) for b in range(7)]
    assert len(task.train) == round(0.6 * 49)
    assert task.sums(torch.tensor([[5, 4], [0, 6]])).tolist() == [2, 6]


def test_a_shorter_training_is_the_beginning_of_a_longer_one():
    short = fit_modular((5, 4, 8), 0.6, 1.0, Schedule(60, 1, 3e-3), stream())
    long = fit_modular((5, 4, 8), 0.6, 1.0, Schedule(120, 1, 3e-3, (0, 60)), stream())
    inputs = np.arange(5.0)[:, None]
    kept = ModularNetwork.of(long).at_layer(inputs, "epoch-60").mean
    np.testing.assert_array_equal(kept, ModularNetwork.of(short).encode(inputs).mean)
    np.testing.assert_array_equal(long.history["loss"].x, [50, 100])
    assert network(long).layers == ("plane", "epoch-0", "epoch-60")


@pytest.mark.parametrize("modulus", [5, 12, 31])
def test_the_plane_of_a_planted_circle_is_that_circle(modulus):
    rng, frequency = stream(1), 2
    frame = np.linalg.qr(rng.standard_normal((10, 2)))[0].T
    angles = 2 * np.pi * frequency * np.arange(modulus) / modulus
    circle = 3.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    noise = 0.05 * rng.standard_normal((modulus, 10))
    plane, found, share = dominant_plane(circle @ frame + 7.0 + noise)
    assert found == frequency
    assert share > 0.95
    np.testing.assert_allclose(np.linalg.norm(plane, axis=1), 3.0, atol=0.3)
    turns = np.angle(np.exp(1j * np.diff(np.unwrap(np.arctan2(plane[:, 1], plane[:, 0])))))
    np.testing.assert_allclose(np.abs(turns), 2 * np.pi * frequency / modulus, atol=0.15)


@pytest.mark.parametrize("modulus", [5, 12])
def test_the_shares_of_all_frequencies_are_those_of_the_variance(modulus):
    """A cloud of one frequency has it all; of noise, the mean share over many draws is even, two per wave."""
    angles = np.pi * np.arange(modulus)
    alternating = np.column_stack([np.cos(angles), np.zeros(modulus)])
    if modulus % 2 == 0:
        assert dominant_plane(alternating)[1:] == (modulus // 2, pytest.approx(1))
    rng = stream(4)
    chosen = np.array([dominant_plane(rng.standard_normal((modulus, 3)))[1] for _ in range(2000)])
    shares = np.bincount(chosen, minlength=modulus // 2 + 1)[1:] / len(chosen)
    waves = [share for frequency, share in enumerate(shares, start=1) if 2 * frequency != modulus]
    assert np.ptp(waves) < 0.08
    if modulus % 2 == 0:
        assert shares[-1] < min(waves) / 2


def test_residues_come_with_their_cycle_and_others_are_refused():
    latents = ModularAddition(modulus=7, steps=0, view="raw", dimension=4, hidden=8)(stream())
    assert latents.points.shape == (7, 4)
    assert latents.factors["residue"].period == 7
    assert latents.ids[-1] == "residue-06"
    asked = network(fit_modular((7, 4, 8), 0.5, 0.0, Schedule(0, 1, 1e-3), stream()))
    for strange in (7.0, -1.0, 0.5):
        with pytest.raises(InvalidInput, match="whole numbers from 0 to 6"):
            asked.encode(np.array([[strange]]))
    with pytest.raises(InvalidInput, match="no decoder"):
        asked.decode(np.zeros((1, 4)))
    with pytest.raises(InvalidInput, match="no prior"):
        asked.sample(1, stream())


def test_the_seed_decides_which_sums_are_held_back():
    first, again, other = (fit_modular((7, 4, 8), 0.5, 1.0, Schedule(10, 1, 1e-3), stream(seed)) for seed in (0, 0, 1))
    assert first == again != other
    assert isinstance(first, Model)


def test_a_mixture_prior_of_a_regularised_autoencoder_follows_codes_that_fall_apart():
    cloud = Clusters(size=400, count=3, separation=20.0)(stream())
    plain, mixed = (
        RegularisedAutoencoder(hidden=(16,), dimension=2, epochs=30, components=count)(cloud, stream(1))
        for count in (1, 3)
    )
    for name, weights in plain.weights.items():
        assert weights.tobytes() == mixed.weights[name].tobytes(), name
    codes = network(plain).encode(cloud.points).mean
    far = []
    for model in (plain, mixed):
        drawn = network(model).sample(1000, stream(2))
        assert drawn.shape == (1000, 2)
        far.append(np.mean(cdist(drawn, codes).min(axis=1) > np.ptp(codes) / 20))
    assert far[0] > 0.2
    assert far[1] < 0.02


def test_a_mixture_prior_goes_together_with_checkpoints(cloud):
    model = RegularisedAutoencoder(**QUICK, dimension=2, checkpoints=(0, 4), components=2)(cloud, stream())
    assert network(model).layers == ("epoch-0", "epoch-4")
    assert network(model).at_layer(cloud.points, "epoch-0").mean.shape == (90, 2)
