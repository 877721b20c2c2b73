"""A model in three lines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.sources.vae import Vae

DATA = np.random.default_rng(0).standard_normal((80, 5))
QUICK = {"epochs": 2, "hidden": (8,)}


def test_three_lines_train_a_model_and_draw_from_it():
    model = tl.train("vae", DATA, dimension=4, seed=1, **QUICK)
    network = tl.network(model)
    assert network.decode(network.sample(10, np.random.default_rng(0))).shape == (10, 5)
    assert network.encode(DATA).mean.shape == (80, 4)
    assert len(model.history["loss"].y) == 2


def test_the_seed_alone_decides():
    assert tl.train("vae", DATA, seed=1, **QUICK) == tl.train("vae", DATA, seed=1, **QUICK)
    assert tl.train("vae", DATA, seed=1, **QUICK) != tl.train("vae", DATA, seed=2, **QUICK)


def test_a_name_a_mapping_and_an_object_are_the_same_model():
    named = tl.train("vae", DATA, dimension=2, **QUICK)
    assert tl.train({"use": "vae", "dimension": 2}, DATA, **QUICK) == named
    assert tl.train(Vae(dimension=2, **QUICK), DATA) == named


def test_what_is_held_out_is_not_learned():
    split = np.array(["train"] * 60 + ["test"] * 20)
    whole = tl.load(DATA, split=split)
    assert tl.train("pca", whole, dimension=2) == tl.train("pca", DATA[:60], dimension=2)
    assert tl.train("pca", whole, dimension=2) != tl.train("pca", DATA, dimension=2)


def test_what_cannot_be_trained_says_what_can():
    with pytest.raises(InvalidInput, match=r"'circle' makes points.*autoencoder.*vae"):
        tl.train("circle", DATA)
    with pytest.raises(UnknownName, match="Did you mean 'vae'"):
        tl.train("vea", DATA)
    with pytest.raises(InvalidParameter, match="dimensions"):
        tl.train("vae", DATA, dimensions=2)
    with pytest.raises(InvalidInput, match="source object alone"):
        tl.train(Vae(), DATA, dimension=2)
    with pytest.raises(InvalidInput, match="give a name"):
        tl.train(7, DATA)


def test_losses_are_at_hand_and_importing_the_package_loads_nothing():
    assert tl.losses.total_persistence.__module__.startswith("tda_latent.models.losses")
    code = (
        "import sys, tda_latent as tl; dir(tl);"
        "assert not {'torch', 'numpy'} & set(sys.modules);"
        "tl.train; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
