"""Checkpoints of a game: the codes that an encoder of each generator gives."""

from __future__ import annotations

import numpy as np

from tda_latent.models.network import encode_latents, network
from tda_latent.records import Latents
from tda_latent.sources.gan import Gan

CLOUD = Latents(np.random.default_rng(0).standard_normal((40, 3)))
SETTINGS = {"dimension": 2, "hidden": (6,), "epochs": 4, "batch_size": 10}


def test_checkpoints_of_a_game_leave_the_trained_model_as_it_was() -> None:
    kept = Gan(**SETTINGS, checkpoints=(0, 2, 4))(CLOUD, np.random.default_rng(1))
    plain = Gan(**SETTINGS)(CLOUD, np.random.default_rng(1))
    assert kept.quality == plain.quality
    for name, array in plain.weights.items():
        np.testing.assert_array_equal(kept.weights[name], array)


def test_the_last_checkpoint_of_a_game_is_the_trained_model_and_earlier_ones_differ() -> None:
    model = Gan(**SETTINGS, checkpoints=(0, 2, 4))(CLOUD, np.random.default_rng(1))
    assert network(model).layers == ("epoch-0", "epoch-2", "epoch-4")
    codes = {layer: encode_latents(model, CLOUD, layer=layer).points for layer in ("", "epoch-0", "epoch-2", "epoch-4")}
    np.testing.assert_array_equal(codes["epoch-4"], codes[""])
    assert not np.allclose(codes["epoch-0"], codes["epoch-2"])


def test_the_generator_of_an_early_checkpoint_is_that_of_the_game_so_far() -> None:
    model = Gan(**SETTINGS, checkpoints=(0,))(CLOUD, np.random.default_rng(1))
    untrained = Gan(**{**SETTINGS, "epochs": 0})(CLOUD, np.random.default_rng(1))
    for name, array in untrained.weights.items():
        if name.startswith("decoder"):
            np.testing.assert_array_equal(model.weights[f"epoch-0/{name}"], array)
