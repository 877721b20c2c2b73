"""What decoded codes hold of unseen inputs, against principal components computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.reconstruction import Reconstruction
from tda_latent.errors import InvalidInput
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.records import Latents

PCA = "unexplained variance, principal components (reference)"


def halves(points: np.ndarray) -> tuple[Latents, Latents, Latents]:
    size = len(points)
    split = np.where(np.arange(size) < size // 2, "train", "test")
    inputs = Latents(points, ids=np.arange(size), split=split)
    return inputs, inputs.take(split == "train"), inputs.take(split == "test")


def test_a_pca_leaves_what_its_own_reference_leaves_and_both_are_the_tail_of_the_variance() -> None:
    points = np.random.default_rng(0).normal(size=(80, 5)) * [5, 3, 1, 0.5, 0.1]
    inputs, training, unseen = halves(points)
    model = fit_linear(training.points, 2)
    found = Reconstruction()(encode_latents(model, unseen), model, inputs, training)
    mean = training.points.mean(axis=0)
    axes = np.linalg.eigh(np.cov((training.points - mean).T))[1][:, :3]  # the three of least variance
    error = (((unseen.points - mean) @ axes) ** 2).sum()
    total = ((unseen.points - unseen.points.mean(axis=0)) ** 2).sum()
    assert found["unexplained variance"] == pytest.approx(error / total, rel=1e-9)
    assert found[PCA] == pytest.approx(error / total, rel=1e-9)
    assert found["squared error"] == pytest.approx(error / 40, rel=1e-9)


def test_a_code_with_every_direction_loses_nothing() -> None:
    inputs, training, unseen = halves(np.random.default_rng(1).normal(size=(40, 3)))
    model = fit_linear(training.points, 3)
    found = Reconstruction()(encode_latents(model, unseen), model, inputs, training)
    assert found["unexplained variance"] == pytest.approx(0.0, abs=1e-20)


def test_inputs_that_were_trained_on_are_left_out() -> None:
    points = np.random.default_rng(2).normal(size=(60, 8))
    inputs, training, unseen = halves(points)
    model = fit_linear(training.points, 3)
    alone = Reconstruction()(encode_latents(model, unseen), model, inputs, training)
    assert Reconstruction()(encode_latents(model, inputs), model, inputs, training) == alone


def test_inputs_without_variance_are_refused() -> None:
    points = np.vstack([np.random.default_rng(3).normal(size=(10, 3)), np.ones((10, 3))])
    inputs, training, unseen = halves(points)
    model = fit_linear(training.points, 2)
    with pytest.raises(InvalidInput, match="no variance"):
        Reconstruction()(encode_latents(model, unseen), model, inputs, training)
