"""UMAP views, the first of which compiles for many seconds, and t-SNE of a few hundred points."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.analyzers.tsne_view import TsneView
from tda_latent.analyzers.umap_view import UmapView
from tda_latent.errors import InvalidInput
from tda_latent.records import Latents

pytestmark = pytest.mark.slow
RNG = np.random.default_rng(0)
CLASSES = np.repeat(np.arange(4), 40)
CENTRES = 6 * np.eye(8)[:4]
BLOBS = Latents(CENTRES[CLASSES] + RNG.normal(size=(160, 8)))


def stream(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_same_stream_gives_the_same_bits_and_touches_no_generator(dimensions):
    made = UmapView(dimensions=dimensions, reruns=1)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002 - the generator that must not move
    first, second = made(BLOBS, stream()), made(BLOBS, stream())
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert random.getstate() == before[1]
    assert first == second
    assert first.coordinates.shape == (160, dimensions)
    assert first.trust["components"] == 4
    assert first.trust["components lost"] == 0


def test_new_points_of_a_cluster_land_in_it():
    view = UmapView(reruns=0)(BLOBS, stream())
    kinds = np.arange(20) % 4
    placed = tl.place(view, BLOBS, CENTRES[kinds] + stream(1).normal(size=(20, 8)))
    gaps = np.linalg.norm(placed.coordinates[:, None] - view.coordinates[None], axis=2)
    assert (CLASSES[gaps.argmin(axis=1)] == kinds).all()
    np.testing.assert_array_equal(tl.place(view, BLOBS, BLOBS).coordinates, view.coordinates)


def test_degenerate_clouds_are_refused_or_mapped():
    assert UmapView(dimensions=3)(Latents(RNG.normal(size=(6, 1))), stream()).coordinates.shape == (6, 3)
    twice = Latents(np.repeat(RNG.normal(size=(30, 2)), 3, axis=0))
    assert np.isfinite(UmapView()(twice, stream()).coordinates).all()
    with pytest.raises(InvalidInput, match="coincide"):
        UmapView()(Latents(np.ones((9, 3))), stream())


def torus(size: int = 500, dimension: int = 20) -> Latents:
    """A flat torus with a little noise: two loops that no plane can hold."""
    rng = stream(7)
    turns = rng.uniform(0, 2 * np.pi, (size, 2))
    flat = np.stack([np.cos(turns[:, 0]), np.sin(turns[:, 0]), np.cos(turns[:, 1]), np.sin(turns[:, 1])], axis=1)
    basis = np.linalg.qr(rng.normal(size=(dimension, 4)))[0]
    return Latents(flat @ basis.T + rng.normal(scale=0.05, size=(size, dimension)))


def test_a_map_of_noise_has_no_features_and_is_not_repeatable():
    noise = Latents(stream(3).normal(size=(300, 30)))
    trust = TsneView(reruns=1)(noise, stream()).trust
    assert (trust["components"], trust["components lost"], trust["components invented"]) == (1, 0, 0)
    assert (trust["loops"], trust["loops lost"], trust["loops invented"]) == (0, 0, 0)
    assert trust["trustworthiness"] < 0.85


def test_a_flat_map_loses_loops_of_a_torus_that_trustworthiness_does_not_miss():
    trust = TsneView(reruns=0)(torus(), stream()).trust
    assert trust["trustworthiness"] > 0.98
    assert trust["loops"] == 2
    assert trust["loops lost"] >= 1
