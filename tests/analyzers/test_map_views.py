"""Views and their trust: repeatable, quiet, honest. UMAP, which compiles for seconds, and larger maps: tests/slow."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist
from sklearn.manifold import trustworthiness as by_sklearn

from tda_latent.analyzers.merge_scale_view import MergeScaleView
from tda_latent.analyzers.pacmap_view import PacmapView
from tda_latent.analyzers.pca_view import PcaView
from tda_latent.analyzers.tsne_view import TsneView
from tda_latent.engines.trust import Trust
from tda_latent.errors import InvalidInput, MissingLibrary
from tda_latent.records import Factor, Latents

RNG = np.random.default_rng(0)
CLASSES = np.repeat(np.arange(4), 25)
BLOBS = Latents(
    6 * np.eye(8)[CLASSES] + RNG.normal(size=(100, 8)),
    ids=np.arange(100),
    labels={"blob": CLASSES.astype(str)},
    factors={"number": Factor(CLASSES.astype(float))},
)
NEIGHBOUR_MAPS = [TsneView(reruns=0, perplexity=15), PacmapView(reruns=1)]


def stream(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def torus(size: int = 500, dimension: int = 20) -> Latents:
    """A flat torus with a little noise: two loops that no plane can hold."""
    rng = stream(7)
    turns = rng.uniform(0, 2 * np.pi, (size, 2))
    flat = np.stack([np.cos(turns[:, 0]), np.sin(turns[:, 0]), np.cos(turns[:, 1]), np.sin(turns[:, 1])], axis=1)
    basis = np.linalg.qr(rng.normal(size=(dimension, 4)))[0]
    return Latents(flat @ basis.T + rng.normal(scale=0.05, size=(size, dimension)))


@pytest.mark.parametrize("view", NEIGHBOUR_MAPS, ids=lambda v: v.component_name)
def test_the_same_stream_gives_the_same_bits_and_touches_no_generator(view):
    made = type(view)(dimensions=3, reruns=0)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002 - the generator that must not move
    first, second, other = made(BLOBS, stream()), made(BLOBS, stream()), made(BLOBS, stream(1))
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert random.getstate() == before[1]
    assert first == second
    assert first.coordinates.shape == (100, 3)
    assert not np.array_equal(first.coordinates, other.coordinates)


@pytest.mark.parametrize("view", NEIGHBOUR_MAPS, ids=lambda v: v.component_name)
def test_clusters_stay_together_and_their_number_is_known(view):
    made = view(BLOBS, stream())
    gaps = np.linalg.norm(made.coordinates[:, None] - made.coordinates[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert (CLASSES[gaps.argmin(axis=1)] == CLASSES).mean() > 0.97
    assert made.trust["components"] == 4
    assert made.trust["components lost"] == 0
    assert made.labels["blob"].tolist() == CLASSES.astype(str).tolist()


@pytest.mark.parametrize("view", [*NEIGHBOUR_MAPS, PcaView(), MergeScaleView()], ids=lambda v: v.component_name)
def test_trust_agrees_with_scikit_learn(view):
    made = view(BLOBS, stream())
    expected = by_sklearn(BLOBS.points, made.coordinates, n_neighbors=15)
    assert made.trust["trustworthiness"] == pytest.approx(expected, abs=1e-12)
    assert made.trust["continuity"] == pytest.approx(
        by_sklearn(made.coordinates, BLOBS.points, n_neighbors=15), abs=1e-12
    )


def test_noise_has_no_features():
    trust = PcaView()(Latents(stream(3).normal(size=(300, 30))), stream()).trust
    assert (trust["components"], trust["components lost"], trust["components invented"]) == (1, 0, 0)
    assert (trust["loops"], trust["loops lost"], trust["loops invented"]) == (0, 0, 0)
    assert trust["trustworthiness"] < 0.75


def test_a_plane_loses_both_loops_of_a_torus():
    trust = PcaView()(torus(), stream()).trust
    assert (trust["loops"], trust["loops lost"]) == (2, 2)


def test_a_ring_keeps_its_loop():
    turns = stream(5).uniform(0, 2 * np.pi, 300)
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=1) @ np.linalg.qr(stream(6).normal(size=(9, 9)))[0][:2]
    trust = PcaView()(Latents(ring), stream()).trust
    assert (trust["loops"], trust["loops lost"], trust["loops invented"]) == (1, 0, 0)
    assert trust["stress"] == pytest.approx(0, abs=1e-6)


def test_a_plane_that_merges_two_clusters_says_so():
    """The principal plane is that of the first two coordinates, where the first two centres coincide."""
    centres = np.array([[10.0, 0, 4], [10, 0, -4], [-10, 7, 0], [-10, -7, 0]])
    cloud = Latents(centres[CLASSES] + 0.2 * RNG.normal(size=(100, 3)))
    trust = PcaView()(cloud, stream()).trust
    assert (trust["components"], trust["components lost"], trust["components invented"]) == (4, 1, 0)


def test_the_merge_layout_keeps_every_merge_and_says_how_exactly():
    view = MergeScaleView()(BLOBS, stream())
    heights = [linkage(pdist(points), "single")[:, 2] for points in (BLOBS.points, view.coordinates)]
    np.testing.assert_allclose(heights[1], heights[0], atol=1e-12)
    assert view.trust["merge error"] < 1e-13
    assert (view.trust["components"], view.trust["components lost"]) == (4, 0)
    assert view.trust["seed agreement"] == 1


def test_reruns_zero_leaves_seed_agreement_out_and_more_reruns_average():
    assert "seed agreement" not in PacmapView(reruns=0)(BLOBS, stream()).trust
    chance = 15 / 99
    assert chance < PacmapView(reruns=3)(BLOBS, stream()).trust["seed agreement"] <= 1


def test_small_samples_of_a_large_cloud_judge_alike():
    cloud = torus(700)
    whole, part = (PcaView(trust=Trust(sample=size))(cloud, stream()).trust for size in (700, 500))
    assert part["loops"] == whole["loops"] == 2
    assert part["trustworthiness"] == pytest.approx(whole["trustworthiness"], abs=0.05)


@pytest.mark.parametrize("view", NEIGHBOUR_MAPS, ids=lambda v: v.component_name)
def test_shifting_far_away_costs_no_digits(view):
    """Single precision inside a library would see one point at 1e7; the cloud is centred before it comes there."""
    far = view(BLOBS.replace(points=BLOBS.points + 1e7), stream())
    assert far.trust["trustworthiness"] == pytest.approx(view(BLOBS, stream()).trust["trustworthiness"], abs=0.02)


@pytest.mark.parametrize("view", NEIGHBOUR_MAPS, ids=lambda v: v.component_name)
def test_degenerate_clouds_are_refused_or_mapped(view):
    few = Latents(RNG.normal(size=(6, 1)))
    assert type(view)(dimensions=3)(few, stream()).coordinates.shape == (6, 3)
    twice = Latents(np.repeat(RNG.normal(size=(30, 2)), 3, axis=0))
    assert np.isfinite(view(twice, stream()).coordinates).all()
    with pytest.raises(InvalidInput, match="5 at least"):
        view(Latents(RNG.normal(size=(4, 3))), stream())
    with pytest.raises(InvalidInput, match="coincide"):
        view(Latents(np.ones((9, 3))), stream())


def test_an_absent_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(MissingLibrary, match=r"pip install 'tda-latent\[projections\]'"):
        TsneView()(BLOBS, stream())
