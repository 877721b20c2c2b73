"""The audits on trained networks; bounds come from runs on other draws, with room to spare."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.attributes import AttributeEdits
from tda_latent.analyzers.fit_regimes import FitRegimes
from tda_latent.analyzers.interpolation_audit import InterpolationAudit
from tda_latent.analyzers.posterior_audit import PosteriorAudit
from tda_latent.analyzers.sampling_audit import SamplingAudit
from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.models.network import encode_latents
from tda_latent.sources.autoencoder import Autoencoder
from tda_latent.sources.digits import Digits
from tda_latent.sources.rotating_shape import RotatingShape
from tda_latent.sources.sprites import Sprites
from tda_latent.sources.vae import Vae

pytestmark = pytest.mark.slow


def stream(seed=0):
    return np.random.default_rng(seed)


def parted(latents, held_out, seed=3):
    """Inputs with ids and a split, those for training, those held out."""
    chosen = np.isin(np.arange(len(latents)), stream(seed).permutation(len(latents))[:held_out])
    inputs = latents.replace(ids=np.arange(len(latents)), split=np.where(chosen, "test", "train"))
    return inputs, inputs.take(~chosen), inputs.take(chosen)


def ring(seed):
    return parted(RotatingShape(size=700, pixels=16)(stream(seed)), 200)


@pytest.mark.parametrize("seed", [1, 2])
def test_straight_lines_leave_a_ring_of_images_and_paths_along_neighbours_do_not(seed):
    inputs, training, unseen = ring(seed)
    model = Autoencoder(dimension=4, epochs=100)(training, stream(seed))
    found = InterpolationAudit()(encode_latents(model, unseen), model, inputs, training, stream())
    assert found["off-manifold ratio, linear"] > 2.5
    assert found["off-manifold ratio, geodesic"] < 1.25
    assert found["clearance, linear"] > found["bridge scale"]


@pytest.mark.parametrize("seed", [1, 2])
def test_collapse_is_seen_in_posterior_deviations_and_not_in_median_distances(seed):
    _, training, unseen = ring(seed)
    longest = {}
    for beta in (1.0, 1000.0):
        model = Vae(dimension=4, epochs=80, beta=beta)(training, stream(seed))
        codes = encode_latents(model, unseen)
        for scale in ("median", "posterior"):
            diagram = VietorisRips(scale=scale)(codes)
            bars = diagram.pairs[diagram.degrees == 1]
            longest[beta, scale] = float((bars[:, 1] - bars[:, 0]).max(initial=0.0))
        found = PosteriorAudit()(codes, stream())
        assert (found["active units"] > 0) == (beta == 1.0)
    assert longest[1.0, "posterior"] > 1.5
    assert longest[1000.0, "posterior"] < 0.3
    # per median distance the dead ring looks far more alive than it is
    assert longest[1000.0, "median"] > 10 * longest[1000.0, "posterior"]


def test_memorising_healthy_and_underfitted_models_are_told_apart():
    inputs, training, unseen = parted(Digits()(), 600)
    found = []
    for size, epochs in ((50, 400), (600, 100), (600, 2)):
        seen = training.take(stream(1).permutation(len(training))[:size])
        model = Vae(dimension=8, epochs=epochs)(seen, stream(2))
        audit = SamplingAudit(neighbours=3)(encode_latents(model, unseen), model, inputs, seen, stream(3))
        found.append((audit["data-copying Z"], audit["authenticity"] - audit["authenticity, held-out (reference)"]))
    assert found[0][0] < -5 < found[1][0] < found[2][0]
    assert found[0][1] < found[1][1] < found[2][1]
    assert found[2][0] > 10


def test_an_autoencoder_of_sixty_digits_overfits_and_one_of_a_thousand_hardly():
    inputs, training, unseen = parted(Digits()(), 600)
    ratios = []
    for size, epochs in ((60, 400), (1000, 60)):
        seen = training.take(stream(1).permutation(len(training))[:size])
        model = Autoencoder(dimension=6, epochs=epochs)(seen, stream(2))
        found = FitRegimes()(encode_latents(model, unseen), model, inputs, seen, stream(3))
        assert found["error gap, p"] <= 0.05
        ratios.append(found["error gap"] / found["training error (reference)"])
        if size == 60:
            assert found["H0 distance, p"] <= 0.05
            assert found["neighbour distance W1, p"] <= 0.05  # and no topology is needed to see it
    assert ratios[0] > 5 * ratios[1]


def test_the_decoder_of_sprites_follows_the_directions_of_their_place():
    inputs, training, unseen = parted(Sprites(size=3000, shapes=("square",), turning=False)(stream(1)), 800)
    model = Vae(dimension=6, epochs=40)(training, stream(2))
    found = AttributeEdits()(encode_latents(model, unseen), model, inputs, stream(3))
    for name in ("right", "up"):
        assert found[f"achieved, {name}"] > 0.3
        assert abs(found[f"achieved, {name} (reference)"]) < 0.15
        assert found[f"selectivity, {name}"] > found[f"selectivity, {name} (reference)"]
