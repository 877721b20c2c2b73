"""Our Mapper graph is GUDHI's, node by node and edge by edge, on the same lens, cover and clusterer.

GUDHI's cover for gains of one half and more does not run under NumPy 2.4 (an array of one entry taken for a number);
those gains are compared with KeplerMapper in `test_kmapper.py`.
"""

from __future__ import annotations

import numpy as np
import pytest
from gudhi.cover_complex import MapperComplex
from sklearn.cluster import DBSCAN, AgglomerativeClustering

from tda_latent.analyzers.mapper import Mapper
from tda_latent.analyzers.mapper.clusterers import Dbscan, Height, SingleLinkage, Sklearn
from tda_latent.analyzers.mapper.covers import Uniform
from tda_latent.analyzers.mapper.lenses import Coordinates, Pca
from tda_latent.numerics import clustering
from tda_latent.records import Latents

COVERS = [(1, 0.0), (3, 0.1), (5, 0.25), (8, 0.3), (13, 0.49), (30, 0.3)]


def mixture(size, dimension, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=2.5, size=(6, dimension))
    return centres[rng.integers(0, 6, size)] + rng.normal(size=(size, dimension))


@pytest.fixture(params=["plain", "compiled"])
def way(request, monkeypatch):
    monkeypatch.setattr(clustering, "COMPILED_FROM", 10**9 if request.param == "plain" else 0)


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch):
    monkeypatch.setattr("tda_latent.analyzers.mapper.graph_layout", lambda edges, start: None)


def content(graph):
    """Nodes as sorted member lists, edges as pairs of them."""
    nodes = [tuple(graph.node(k).tolist()) for k in range(len(graph))]
    return sorted(nodes), sorted(tuple(sorted((nodes[a], nodes[b]))) for a, b in graph.edges.tolist())


def theirs(points, lens, resolution, gain, clusterer):
    axes = lens.shape[1]
    found = MapperComplex(resolutions=[resolution] * axes, gains=[gain] * axes, clustering=clusterer)
    found.fit(points, filters=lens)
    nodes = {name: tuple(sorted(facts["indices"].tolist())) for name, facts in found.node_info_.items()}
    skeleton = [simplex for simplex, _ in found.simplex_tree_.get_skeleton(1) if len(simplex) == 2]
    return sorted(nodes.values()), sorted(tuple(sorted((nodes[a], nodes[b]))) for a, b in skeleton)


def single_linkage(height):
    """Merges at the height too, as ours; scikit-learn's threshold is the first distance that does not merge."""
    return AgglomerativeClustering(
        linkage="single", n_clusters=None, distance_threshold=float(np.nextafter(height, np.inf))
    )


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize(("resolution", "gain"), COVERS)
def test_the_graph_is_gudhis_on_every_cover(resolution, gain, axes):
    points = mixture(400, 6)
    for lenses in ((Pca(components=axes),), (Coordinates(indices=tuple(range(axes))),)):
        for height in (1.5, 2.5):
            cover = Uniform(resolution=resolution, gain=gain)
            ours = Mapper(lenses=lenses, cover=cover, clusterer=SingleLinkage(cut=Height(height=height)))
            graph = ours(Latents(points=points))
            assert content(graph) == theirs(points, graph.lens, resolution, gain, single_linkage(height))


def test_the_graph_of_a_large_cloud_is_gudhis():
    points = mixture(6000, 10)
    graph = Mapper(clusterer=SingleLinkage(cut=Height(height=4.0)))(Latents(points=points))
    assert len(points) > clustering.COMPILED_FROM
    assert content(graph) == theirs(points, graph.lens, 10, 0.3, single_linkage(4.0))


@pytest.mark.usefixtures("way")
def test_dbscan_gives_gudhis_graph_where_every_point_is_a_core_point():
    points = mixture(400, 3)
    graph = Mapper(clusterer=Dbscan(eps=0.8, min_samples=1))(Latents(points=points))
    assert content(graph) == theirs(points, graph.lens, 10, 0.3, DBSCAN(eps=0.8, min_samples=1))


def test_scikit_learns_clusterers_give_gudhis_graph_up_to_patches_of_one_point_which_it_never_calls_noise():
    points = mixture(300, 3)
    clusterer = Sklearn(estimator="sklearn.cluster.DBSCAN", options={"eps": 0.8, "min_samples": 4})
    graph = Mapper(clusterer=clusterer)(Latents(points=points))
    nodes = [node for node in theirs(points, graph.lens, 10, 0.3, DBSCAN(eps=0.8, min_samples=4))[0] if len(node) > 1]
    assert content(graph)[0] == nodes


def test_intervals_are_closed_where_gudhis_are_open_above_below_a_gain_of_one_half():
    points = np.array([[0.0], [1.0], [2.0]])
    ours = Mapper(
        lenses=(Coordinates(),), cover=Uniform(resolution=2, gain=0.0), clusterer=SingleLinkage(cut=Height(height=9.0))
    )
    assert content(ours(Latents(points=points)))[0] == [(0, 1), (1, 2)]
    assert theirs(points, points, 2, 0.0, single_linkage(9.0))[0] == [(0, 1), (2,)]
