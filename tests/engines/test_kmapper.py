"""KeplerMapper's engine and ours give the same graph, and its traps are closed."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.mapper import Mapper
from tda_latent.analyzers.mapper.clusterers import Dbscan, SingleLinkage, Sklearn
from tda_latent.analyzers.mapper.covers import Uniform
from tda_latent.analyzers.mapper.lenses import Eccentricity, Pca
from tda_latent.engines.kmapper_graph import kmapper_graph
from tda_latent.errors import InvalidInput
from tda_latent.records import Latents


def content(graph):
    """Nodes and edges with overlaps, as sorted lists of members."""
    nodes = [graph.node(k).tolist() for k in range(len(graph))]
    pairs = zip(graph.edges.tolist(), graph.overlaps.tolist(), strict=True)
    return sorted(nodes), sorted((sorted([nodes[a], nodes[b]]), overlap) for (a, b), overlap in pairs)


def clouds():
    rng = np.random.default_rng(7)
    angles = rng.uniform(0, 2 * np.pi, 200)
    yield "blobs", rng.normal(size=(150, 5)) + 8 * rng.integers(0, 3, size=(150, 1))
    yield "circle", np.stack([np.cos(angles), np.sin(angles)], axis=1) + rng.normal(scale=0.05, size=(200, 2))
    yield "sparse", rng.random((30, 3))
    yield "duplicates", np.repeat(rng.random((20, 3)), 3, axis=0)
    yield "line", np.outer(np.sort(rng.random(60)), [1.0, 2.0])  # the second axis of the lens is constant


CLOUDS = dict(clouds())
CLUSTERERS = {
    "first-gap": SingleLinkage(),
    "dbscan": Dbscan(min_samples=4),
    "kmeans": Sklearn(estimator="sklearn.cluster.AgglomerativeClustering", options={"n_clusters": 3}),
}


@pytest.mark.parametrize("clusterer", CLUSTERERS.values(), ids=CLUSTERERS)
@pytest.mark.parametrize(
    "lenses", [(Pca(components=2),), (Eccentricity(exponent=2),)], ids=lambda lenses: lenses[0].use
)
@pytest.mark.parametrize("name", CLOUDS)
def test_both_engines_give_the_same_nodes_edges_and_overlaps(name, lenses, clusterer, capsys):
    points = CLOUDS[name]
    for resolution, gain in [(6, 0.3), (9, 0.47), (4, 0.6)]:
        cover = Uniform(resolution=resolution, gain=gain)
        ours = Mapper(lenses=lenses, cover=cover, clusterer=clusterer)(Latents(points=points))
        theirs = kmapper_graph(points, ours.lens, resolution, gain, clusterer.labeller(points))
        assert content(theirs) == content(ours)
        np.testing.assert_array_equal(theirs.patches, ours.patches)
    assert capsys.readouterr().out == ""


def test_patches_of_one_point_do_not_vanish_as_they_do_by_keplermappers_rule():
    points = np.array([[0.0], [1.0], [2.0], [3.0]])
    graph = kmapper_graph(points, points, 4, 0.1, lambda part: np.zeros(len(part)))
    assert graph.members.tolist() == [0, 1, 2, 3]


def test_an_infinite_radius_is_refused():
    with pytest.raises(InvalidInput, match="0 <= gain < 1"):
        kmapper_graph(np.zeros((3, 1)), np.zeros((3, 1)), 4, 1.0, lambda part: np.zeros(len(part)))


def test_a_cloud_of_noise_is_a_graph_without_nodes():
    points = np.arange(10.0)[:, None]
    graph = kmapper_graph(points, points, 4, 0.1, lambda part: np.full(len(part), -1))
    assert len(graph) == 0
    assert len(graph.uncovered) == 10


def test_the_lens_of_the_caller_is_not_written_to():
    lens = np.ones((5, 1))
    kmapper_graph(np.arange(5.0)[:, None], lens, 3, 0.2, lambda part: np.zeros(len(part)))
    assert lens.tolist() == [[1.0]] * 5
