"""Mapper: known shapes, invariances, what falls out, nasty clouds, parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.stats import ortho_group

from tda_latent.analyzers.mapper import Mapper
from tda_latent.analyzers.mapper.clusterers import Dbscan, FirstGap, Height, RelativeHeight, SingleLinkage, Sklearn
from tda_latent.analyzers.mapper.covers import Balanced, Uniform
from tda_latent.analyzers.mapper.lenses import (
    Coordinates,
    Density,
    DistanceToClass,
    DistanceToRows,
    Eccentricity,
    FactorValue,
    Label,
    NeighbourDensity,
    Pca,
)
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.records import Factor, Latents, unpack
from tda_latent.registry import needs_of, problems, registry

HEIGHT = (Coordinates(indices=(1,)),)


def betti(graph):
    """Components and independent loops of the graph."""
    ones = np.ones(len(graph.edges))
    matrix = coo_matrix((ones, (graph.edges[:, 0], graph.edges[:, 1])), shape=(len(graph), len(graph)))
    components = connected_components(matrix, directed=False)[0]
    return components, len(graph.edges) - len(graph) + components


def nodes_of(graph):
    return [graph.node(k).tolist() for k in range(len(graph))]


def edges_of(graph):
    """Edges as pairs of member sets with their overlap: independent of the numbers of the nodes."""
    nodes = nodes_of(graph)
    pairs = zip(graph.edges.tolist(), graph.overlaps.tolist(), strict=True)
    return sorted((sorted([nodes[a], nodes[b]]), overlap) for (a, b), overlap in pairs)


def shape(graph):
    return sorted(nodes_of(graph)), edges_of(graph)


def circle(size, radius=1.0, centre=(0.0, 0.0), turn=0.3):
    angles = turn + 2 * np.pi * np.arange(size) / size
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1) + centre


def letter_y(size=80):
    arm = np.linspace(0, 1, size)[:, None]
    return np.vstack([arm * end for end in ([-0.7, 1.0], [0.7, 1.1], [0.01, -1.0])])


SHAPES = {
    "circle": (circle(300), 1),
    "figure-eight": (np.vstack([circle(300), circle(300, 0.8, (0.0, 1.8))]), 2),
    "letter-y": (letter_y(), 0),
    "segment": (np.linspace(0, 1, 200)[:, None] * [0.3, 1.0], 0),
}
CLUSTERERS = {
    "first-gap": SingleLinkage(),
    "relative-height": SingleLinkage(cut=RelativeHeight(fraction=0.1)),
    "dbscan": Dbscan(),
    "agglomerative": Sklearn(
        estimator="sklearn.cluster.AgglomerativeClustering",
        options={"n_clusters": None, "distance_threshold": 0.15, "linkage": "single"},
    ),
}


@pytest.mark.parametrize("clusterer", CLUSTERERS.values(), ids=CLUSTERERS)
@pytest.mark.parametrize(
    "cover", [Uniform(resolution=9, gain=0.3), Balanced(resolution=9, gain=0.3)], ids=lambda c: c.use
)
@pytest.mark.parametrize("name", SHAPES)
def test_the_height_lens_finds_the_loops_of_known_shapes(name, cover, clusterer):
    points, loops = SHAPES[name]
    graph = Mapper(lenses=HEIGHT, cover=cover, clusterer=clusterer)(Latents(points=points))
    assert betti(graph) == (1, loops)
    assert not len(graph.uncovered)


def test_a_noisy_circle_in_twenty_dimensions_is_a_loop_under_the_default_clusterer():
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 800)
    plane = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.hstack([plane, np.zeros((800, 18))]) @ ortho_group.rvs(20, random_state=0)
    points += rng.normal(scale=0.02, size=points.shape)
    graph = Mapper(lenses=(Pca(components=1),))(Latents(points=points))
    assert betti(graph) == (1, 1)


LENSES = {
    "pca": (Pca(components=2),),
    "eccentricity": (Eccentricity(exponent=1),),
    "eccentricity-inf": (Eccentricity(exponent="inf"),),
    "density": (Density(),),
    "neighbour-density": (NeighbourDensity(neighbours=7),),
    "class": (DistanceToClass(label="side", value="left"),),
    "label": (Label(name="mark"),),
    "two": (Pca(components=1), Density()),
}


def cloud(size=150, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.gamma(2.0, size=(size, 4)) * [4.0, 2.0, 1.0, 0.5]
    side = np.where(points[:, 0] < np.median(points[:, 0]), "left", "right")
    return Latents(points=points, labels={"side": side, "mark": rng.integers(0, 9, size)})


@pytest.mark.parametrize("clusterer", [Dbscan(), SingleLinkage()], ids=lambda c: c.use)
@pytest.mark.parametrize("name", LENSES)
def test_rotating_shifting_and_scaling_the_cloud_changes_no_node_and_no_edge(name, clusterer):
    latents = cloud()
    mapper = Mapper(lenses=LENSES[name], cover=Uniform(resolution=5, gain=0.35), clusterer=clusterer)
    moved = latents.replace(points=3.7 * latents.points @ ortho_group.rvs(4, random_state=2) + 5)
    assert shape(mapper(moved)) == shape(mapper(latents))


@pytest.mark.parametrize("clusterer", [Dbscan(), SingleLinkage()], ids=lambda c: c.use)
@pytest.mark.parametrize("name", LENSES)
def test_permuting_the_points_relabels_the_members_and_changes_nothing_else(name, clusterer):
    latents = cloud()
    mapper = Mapper(lenses=LENSES[name], cover=Balanced(resolution=4, gain=0.3), clusterer=clusterer)
    order = np.random.default_rng(3).permutation(len(latents))
    original, permuted = mapper(latents), mapper(latents.take(order))
    back = [sorted(order[rows].tolist()) for rows in nodes_of(permuted)]
    assert sorted(back) == sorted(nodes_of(original))
    assert sorted(permuted.overlaps.tolist()) == sorted(original.overlaps.tolist())
    assert sorted(order[permuted.uncovered].tolist()) == original.uncovered.tolist()


def test_the_same_call_gives_the_same_record_and_it_survives_packing():
    graph = Mapper()(cloud())
    assert graph.digest == Mapper()(cloud()).digest
    assert unpack(*graph.packed()) == graph


def test_every_edge_joins_two_nodes_of_different_patches_that_share_its_overlap():
    graph = Mapper(clusterer=SingleLinkage())(cloud())
    assert len(graph.edges)
    for (first, second), overlap in zip(graph.edges.tolist(), graph.overlaps.tolist(), strict=True):
        assert graph.patches[first] != graph.patches[second]
        assert len(set(graph.node(first)) & set(graph.node(second))) == overlap


def test_noise_and_small_clusters_are_counted_apart_and_never_lost():
    points = np.vstack([circle(100), [[50.0, 0.0]], [[20.0, 0.0], [20.01, 0.0]]])
    graph = Mapper(lenses=HEIGHT, clusterer=Dbscan(eps=0.3, min_samples=2), min_points=3)(Latents(points=points))
    assert graph.uncovered.tolist() == [100, 101, 102]
    assert graph.cover["noise_points"] == 1
    assert graph.cover["points_in_small_clusters"] == 2
    assert graph.facts()["uncovered_points"] == 3


def test_single_linkage_loses_no_point_where_keplermapper_would():
    points = np.random.default_rng(0).random((30, 2))
    graph = Mapper(cover=Uniform(resolution=10, gain=0.1), clusterer=SingleLinkage())(Latents(points=points))
    assert not len(graph.uncovered)


@pytest.mark.parametrize("clusterer", [Dbscan(), Dbscan(min_samples=1), *CLUSTERERS.values()], ids=str)
@pytest.mark.parametrize("cover", [Uniform(), Balanced()], ids=lambda c: c.use)
@pytest.mark.parametrize("points", [np.ones((1, 3)), np.ones((12, 3)), np.eye(3)[:2], np.eye(3)], ids=len)
def test_degenerate_clouds_have_a_graph(points, cover, clusterer):
    graph = Mapper(cover=cover, clusterer=clusterer)(Latents(points=points))
    assert len(graph.uncovered) + len(np.unique(graph.members)) == len(points)
    assert graph.layout is not None
    assert len(graph.layout) == len(graph)


def test_duplicates_are_one_node_and_a_constant_lens_is_one_patch():
    graph = Mapper(cover=Uniform(resolution=10, gain=0.5))(Latents(points=np.full((12, 3), 0.1)))
    assert nodes_of(graph) == [list(range(12))]
    flat = Latents(points=np.random.default_rng(0).random((40, 2)), labels={"same": np.ones(40)})
    assert Mapper(lenses=(Label(name="same"),))(flat).cover["patches"] == 1


def test_a_regular_polygon_has_constant_eccentricity_in_spite_of_rounding():
    assert Mapper(lenses=(Eccentricity(),))(Latents(points=circle(101))).cover["patches"] == 1


def test_composition_counts_the_classes_of_every_node_and_skips_columns_of_many_values():
    latents = cloud().replace(labels={"side": cloud().labels["side"], "many": np.arange(150)})
    graph = Mapper(lenses=(Pca(components=1),))(latents)
    assert set(graph.composition) == {"side"}
    np.testing.assert_array_equal(graph.composition["side"].sum(axis=1), graph.sizes)
    rows = graph.node(0)
    assert graph.composition["side"][0].tolist() == [
        (latents.labels["side"][rows] == c).sum() for c in ("left", "right")
    ]


def test_a_circular_factor_becomes_two_axes_and_its_graph_closes():
    angles = np.linspace(0, 360, 400, endpoint=False)
    latents = Latents(points=circle(400), factors={"angle": Factor(values=angles, kind="circular", period=360.0)})
    graph = Mapper(lenses=(FactorValue(name="angle"),), cover=Uniform(resolution=4, gain=0.2))(latents)
    assert graph.lens_names == ("cos angle", "sin angle")
    assert betti(graph) == (1, 1)


def test_distance_to_rows_is_zero_on_the_rows():
    graph = Mapper(lenses=(DistanceToRows(rows=(3, 5)),))(cloud())
    assert np.flatnonzero(graph.lens[:, 0] == 0).tolist() == [3, 5]


@pytest.mark.parametrize(
    ("estimator", "options"),
    [
        ("KMeans", {"n_clusters": 2, "n_init": 2}),
        ("HDBSCAN", {"min_cluster_size": 5, "copy": True}),
        ("OPTICS", {"min_samples": 4}),
        ("AgglomerativeClustering", {"n_clusters": 3}),
        ("Birch", {"n_clusters": 2, "threshold": 0.1}),
    ],
)
def test_any_scikit_learn_clusterer_runs_repeatably_on_patches_of_every_size(estimator, options):
    clusterer = Sklearn(estimator=f"sklearn.cluster.{estimator}", options=options)
    mapper = Mapper(lenses=(Pca(components=1),), cover=Uniform(resolution=6, gain=0.3), clusterer=clusterer)
    graph = mapper(cloud(40))
    assert graph == mapper(cloud(40))
    assert len(graph.uncovered) == graph.cover["noise_points"]


def test_scikit_learn_dbscan_and_ours_give_the_same_graph():
    theirs = Sklearn(estimator="sklearn.cluster.DBSCAN", options={"eps": 2.0, "min_samples": 1})
    ours = Dbscan(eps=2.0, min_samples=1)
    assert shape(Mapper(clusterer=theirs)(cloud())) == shape(Mapper(clusterer=ours)(cloud()))


def test_a_refusal_of_scikit_learn_names_the_patch_and_a_remedy():
    mapper = Mapper(clusterer=Sklearn(estimator="sklearn.cluster.KMeans", options={"n_clusters": 2, "tol": -1.0}))
    with pytest.raises(InvalidInput, match=r"refused a patch of \d+ points"):
        mapper(cloud())


def test_height_and_relative_height_cut_at_the_same_place_when_they_name_the_same_length():
    latents = cloud()
    rms = np.sqrt(2 * latents.points.var(axis=0, ddof=1).sum())
    fixed = Mapper(clusterer=SingleLinkage(cut=Height(height=0.3 * rms)))
    relative = Mapper(clusterer=SingleLinkage(cut=RelativeHeight(fraction=0.3)))
    assert shape(fixed(latents)) == shape(relative(latents))


def test_what_a_mapper_needs_follows_from_its_lenses():
    assert needs_of(Mapper()) == ()
    assert needs_of(Mapper(lenses=(Label(name="a"), FactorValue(name="b")))) == ("labels", "factors")
    assert needs_of(Mapper(lenses=(DistanceToClass(label="a", value=1),))) == ("labels",)


def test_it_is_built_from_the_text_of_an_experiment_file():
    written = {
        "lenses": [{"use": "pca", "components": 1}, {"use": "eccentricity", "exponent": "inf"}],
        "cover": {"use": "balanced", "resolution": 7},
        "clusterer": {"use": "single-linkage", "cut": {"use": "height", "height": 1}},
    }
    built = registry().find("analyzer", "mapper").build(written)
    assert built.lenses == (Pca(components=1), Eccentricity(exponent="inf"))
    assert built.cover == Balanced(resolution=7, gain=0.3)
    assert built.clusterer == SingleLinkage(cut=Height(height=1.0))
    assert hash(built) == hash(registry().find("analyzer", "mapper").build(written))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"lens": {"use": "pca"}}, "Did you mean 'lenses'?"),
        ({"lenses": [{"use": "pcaa"}]}, "Did you mean 'pca'?"),
        ({"lenses": []}, "name at least one lens"),
        ({"lenses": [{"use": "coordinates", "indices": []}]}, "at least one coordinate"),
        ({"lenses": [{"use": "distance-to-rows", "rows": []}]}, "at least one row"),
        ({"lenses": [{"use": "density", "bandwidth": 0}]}, "greater than 0"),
        ({"cover": {"use": "uniform", "gain": 1.0}}, "less than 1"),
        ({"cover": {"use": "uniform", "resolution": 0}}, "greater than or equal to 1"),
        ({"clusterer": {"use": "sklearn", "estimator": "os.system"}}, "the rule is a class of sklearn.cluster"),
        ({"clusterer": {"use": "sklearn", "estimator": "sklearn.cluster.KMean"}}, "Did you mean 'KMeans'?"),
        ({"clusterer": {"use": "sklearn", "estimator": "sklearn.cluster.FeatureAgglomeration"}}, "no clusterer"),
        ({"clusterer": {"use": "sklearn", "estimator": "sklearn.cluster.k_means"}}, "no clusterer"),
        (
            {"clusterer": {"use": "sklearn", "estimator": "sklearn.cluster.KMeans", "options": {"clusters": 2}}},
            "Did you mean 'n_clusters'?",
        ),
        ({"min_points": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_remedy(written, sentence):
    assert any(sentence in problem.text for problem in problems(Mapper, written))
    with pytest.raises(InvalidParameter):
        Mapper(**written)


@pytest.mark.parametrize(
    ("lens", "error", "sentence"),
    [
        (Pca(components=9), InvalidInput, "lower components"),
        (Coordinates(indices=(4,)), InvalidInput, "use indices up to 3"),
        (DistanceToRows(rows=(150,)), InvalidInput, "use rows up to 149"),
        (Label(name="sid"), UnknownName, "Did you mean 'side'?"),
        (Label(name="side"), InvalidInput, "Use distance-to-class"),
        (DistanceToClass(label="side", value="lef"), UnknownName, "Did you mean 'left'?"),
        (FactorValue(name="angle"), UnknownName, "There are none here"),
    ],
)
def test_a_lens_that_does_not_fit_the_cloud_says_why(lens, error, sentence):
    with pytest.raises(error, match=sentence):
        Mapper(lenses=(lens,))(cloud())


def test_a_lens_axis_named_twice_is_refused():
    with pytest.raises(InvalidParameter, match="given twice"):
        Mapper(lenses=(Pca(components=1), Pca(components=2)))(cloud())


def test_the_facts_read_as_sentences():
    facts = Mapper(clusterer=SingleLinkage(cut=FirstGap(bins=12)))(cloud()).facts()
    assert facts["lens"] == "PC1, PC2"
    assert facts["cover"] == "uniform, resolution 10, gain 0.3"
    assert facts["clusterer"] == "single-linkage, cut (first-gap, bins 12)"
