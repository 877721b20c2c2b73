"""What the models of the zoo claim, on data that they have not seen, against what they must beat."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.distances.rtd import RepresentationTopologyDivergence
from tda_latent.models.modular import dominant_plane, fit_modular
from tda_latent.models.network import network, reconstruction_error
from tda_latent.models.training import Schedule
from tda_latent.numerics.reduced_rips import degree_one
from tda_latent.records import Latents
from tda_latent.sources.autoencoder import Autoencoder
from tda_latent.sources.digits import Digits
from tda_latent.sources.gan import Gan
from tda_latent.sources.pca import Pca
from tda_latent.sources.rae import RegularisedAutoencoder
from tda_latent.sources.spherical_vae import SphericalVae
from tda_latent.sources.topological_autoencoder import TopologicalAutoencoder
from tda_latent.sources.vae import Vae
from tda_latent.sources.wae import WassersteinAutoencoder

pytestmark = pytest.mark.slow

CODED = (Autoencoder, RegularisedAutoencoder, SphericalVae, TopologicalAutoencoder, Vae, WassersteinAutoencoder)


def parted(data: Latents, seed: int, size: int) -> tuple[Latents, Latents]:
    order = np.random.default_rng(seed).permutation(len(data))
    return data.take(order[:size]), data.take(order[size:])


@pytest.fixture(scope="module")
def digits():
    return Digits()()


@pytest.mark.parametrize("seed", [11, 12, 13, 14, 15])
@pytest.mark.parametrize("family", CODED)
def test_every_autoencoder_beats_principal_components_on_held_out_digits(digits, family, seed):
    train, held_out = parted(digits, seed, 1000)
    model = family(epochs=60)(train, np.random.default_rng(seed))
    assert reconstruction_error(model, held_out) < reconstruction_error(Pca()(train), held_out)


@pytest.mark.parametrize("seed", [21, 22, 23])
@pytest.mark.parametrize("family", [Vae, SphericalVae])
def test_a_trained_bound_beats_an_untrained_one_on_held_out_digits(digits, family, seed):
    train, held_out = parted(digits, seed, 1000)
    bounds = []
    for epochs in (0, 40):
        model = family(epochs=epochs)(train, np.random.default_rng(seed))
        bounds.append(network(model).evidence_bound(held_out.points, np.random.default_rng(0))[0].mean())
    assert bounds[1] > bounds[0] + 10


def ring_of_gaussians(size: int, rng: np.random.Generator) -> np.ndarray:
    angles = 2 * np.pi * rng.integers(8, size=size) / 8
    return np.column_stack([np.cos(angles), np.sin(angles)]) + 0.05 * rng.standard_normal((size, 2))


def coverage(real: np.ndarray, made: np.ndarray, neighbours: int = 5) -> float:
    """Share of real points with a made one no farther than their fifth real neighbour [naeem2020]."""
    radii = np.sort(cdist(real, real), axis=1)[:, neighbours]
    return float(np.mean(cdist(real, made).min(axis=1) <= radii))


def test_the_coverage_of_a_second_sample_is_the_one_that_theory_expects():
    """For equal laws: one minus the chance that none of m comes before the fifth of n - 1 neighbours."""
    rng, size = np.random.default_rng(0), 200
    found = [coverage(*rng.standard_normal((2, size, 2))) for _ in range(20)]
    expected = 1 - np.prod([(size - i) / (2 * size - i) for i in range(1, 6)])
    assert np.mean(found) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("seed", [31, 32, 33])
@pytest.mark.parametrize("data", ["ring", "digits"])
def test_the_game_covers_more_than_the_gaussian_of_the_same_data(digits, data, seed):
    rng = np.random.default_rng(seed)
    if data == "ring":
        train, held_out = ring_of_gaussians(1000, rng), ring_of_gaussians(1000, rng)
    else:
        train, held_out = (part.points for part in parted(digits, seed, 1000))
    asked = network(Gan()(Latents(train), np.random.default_rng(seed)))
    made = asked.decode(asked.sample(len(held_out), rng))
    gaussian = rng.multivariate_normal(train.mean(axis=0), np.cov(train.T), len(held_out))
    assert coverage(held_out, made) > 2 * coverage(held_out, gaussian)
    if data == "ring":  # no mode is lost
        nearest = np.round(np.arctan2(made[:, 1], made[:, 0]) / (np.pi / 4)) % 8
        centres = np.column_stack([np.cos(nearest * np.pi / 4), np.sin(nearest * np.pi / 4)])
        on_mode = np.linalg.norm(made - centres, axis=1) < 0.2
        assert np.bincount(nearest[on_mode].astype(int), minlength=8).min() > 20


def nested_spheres(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ten spheres of radius 5 in 101 dimensions inside one of radius 25, half of the points on it [moor2020]."""

    def sphere(count: int) -> np.ndarray:
        drawn = rng.standard_normal((count, 101))
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    inner = np.vstack([5 * sphere(size) + rng.standard_normal(101) * 10 / np.sqrt(100) for _ in range(10)])
    return np.vstack([inner, 25 * sphere(10 * size)]), np.repeat([False, True], 10 * size)


def density_divergence(points: np.ndarray, codes: np.ndarray, width: float) -> float:
    """Kullback-Leibler divergence between the densities of both clouds, at lengths in units of the diameter."""
    shares = []
    for cloud in (points, codes):
        lengths = squareform(pdist(cloud)) / pdist(cloud).max()
        density = np.exp(-(lengths**2) / width).sum(axis=1)
        shares.append(density / density.sum())
    return float((shares[0] * np.log(shares[0] / shares[1])).sum())


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_the_topological_autoencoder_leaves_the_enclosing_sphere_outside(seed):
    """Figure and table 1 of [moor2020]: KL.01 falls with the weight, and the large sphere is around the small ones."""
    points, is_outer = nested_spheres(60, np.random.default_rng(seed))
    divergences, ratios = [], []
    for weight in (0.0, 0.5, 2.0):
        source = TopologicalAutoencoder(dimension=2, hidden=(32, 32), epochs=60, weight=weight)
        codes = network(source(Latents(points), np.random.default_rng(seed))).encode(points).mean
        divergences.append(density_divergence(points, codes, 0.01))
        radii = np.linalg.norm(codes - np.median(codes[~is_outer], axis=0), axis=1)
        ratios.append(np.median(radii[is_outer]) / np.median(radii[~is_outer]))
    assert divergences[0] > divergences[1] > divergences[2]
    assert ratios[0] < 1 < ratios[2]  # inside without the loss, outside with it


@pytest.mark.parametrize("seed", [61, 62, 63])
def test_training_on_the_divergence_lowers_it_on_held_out_digits(digits, seed):
    train, held_out = parted(digits, seed, 1000)
    held_out = held_out.take(np.arange(300))
    found = []
    for weight in (0.0, 2.0):
        source = TopologicalAutoencoder(dimension=2, epochs=30, loss="rtd", weight=weight)
        codes = network(source(train, np.random.default_rng(seed))).encode(held_out.points).mean
        found.append(RepresentationTopologyDivergence()(held_out, held_out.replace(points=codes)))
    assert found[1] < found[0]


def loop_of(plane: np.ndarray) -> float:
    """Longest bar of degree 1, in units of the median distance."""
    bars = degree_one(plane / np.median(pdist(plane)))
    return float((bars.deaths - bars.births).max(initial=0.0))


@pytest.mark.parametrize("seed", [51, 52, 53])
def test_addition_is_understood_with_weight_decay_and_learned_by_heart_without(seed):
    loops = {}
    for decay in (0.0, 1.0):
        schedule = Schedule(4000, 1, 3e-3)
        model = fit_modular((31, 32, 128), 0.6, decay, schedule, np.random.default_rng(seed))
        assert model.quality["training_accuracy"] > 0.99
        assert model.quality["test_accuracy"] > 0.95 if decay else model.quality["test_accuracy"] < 0.2
        loops[decay] = loop_of(dominant_plane(model.weights["embedding"].astype(np.float64))[0])
    assert loops[1.0] > 1.5 * loops[0.0]
