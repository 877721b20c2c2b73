"""The analyzers `semantic-map` and `node-enrichment`: blobs, permuted labels, known trees, and what must be refused."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.mapper import Mapper
from tda_latent.analyzers.node_enrichment import NodeEnrichment
from tda_latent.analyzers.semantic_map import SemanticMap
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.records import Latents, Measures

CENTRES = {"cat": (0.0, 0.0), "dog": (12.0, 0.0), "car": (0.0, 60.0), "truck": (14.0, 60.0)}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def blobs(each: int = 30, spread: float = 1.0) -> Latents:
    parts = [np.array(place) + spread * rng(k).normal(size=(each, 2)) for k, place in enumerate(CENTRES.values())]
    return Latents(np.concatenate(parts), labels={"kind": np.repeat(list(CENTRES), each)})


def noise(seed: int, size: int = 120) -> Latents:
    stream = rng(seed)
    return Latents(
        stream.normal(size=(size, 5)), labels={"kind": stream.permutation(np.repeat(list("abcd"), size // 4))}
    )


def mapped(latents: Latents, **parameters: object) -> Measures:
    return SemanticMap(**({"permutations": 39} | parameters))(latents, rng(7))


def test_separated_blobs_are_pure_regions_without_edges_between_classes():
    found = mapped(blobs(), neighbours=5)
    assert found["purity"] == 1.0
    assert found["normalised entropy"] == pytest.approx(0.0, abs=1e-12)
    assert found["adjusted mutual information"] == pytest.approx(1.0)
    assert found["boundary fraction"] == 0.0
    assert found["boundary fraction by chance"] == pytest.approx(1 - 4 * 30 * 29 / (120 * 119))
    assert (found["regions p"], found["boundary p"]) == (1 / 40, 1 / 40)
    assert found["enriched pairs"] == 4
    np.testing.assert_array_equal(found.tables["class boundary"].values, np.eye(4))
    assert {row.split(" (")[1] for row in found.tables["regions"].rows} == {"cat)", "dog)", "car)", "truck)"}


def test_one_class_spread_over_two_blobs_is_pure_in_both():
    latents = blobs()
    animals = np.where(np.isin(latents.labels["kind"], ["cat", "dog"]), "animal", latents.labels["kind"])
    found = mapped(latents.replace(labels={"kind": animals}), regions=4, neighbours=5)
    assert found["purity"] == 1.0
    assert found["adjusted mutual information"] < 1.0
    assert found["enriched pairs"] == 4


def test_p_values_of_permuted_labels_are_uniform():
    values = {"regions p": [], "boundary p": []}
    for seed in range(100):
        found = SemanticMap(permutations=19)(noise(seed, 40), rng(seed + 1000))
        for name, seen in values.items():
            seen.append(found[name])
    levels = (np.arange(20) + 1) / 20
    for name, seen in values.items():
        shares = np.array([np.mean(np.array(seen) <= level + 1e-9) for level in levels])
        assert np.abs(shares - levels).max() < 1.63 / np.sqrt(100), name  # Kolmogorov and Smirnov, 1 %


def test_noise_has_the_purity_of_permuted_labels_and_next_to_no_enriched_pair():
    found = [mapped(noise(seed)) for seed in range(20)]
    assert np.mean([m["purity"] - m["purity (permuted labels)"] for m in found]) == pytest.approx(0.0, abs=0.02)
    assert np.mean([m["adjusted mutual information"] for m in found]) == pytest.approx(0.0, abs=0.01)
    assert np.mean([m["enriched pairs"] > 0 for m in found]) <= 0.2
    assert found[0]["purity"] > 0.28  # above 1/4 though nothing is there: hence the reference


def test_few_points_in_many_regions_are_pure_by_chance_and_the_reference_says_so():
    found = mapped(noise(3, 40), regions=30)
    assert found["purity"] > 0.7
    assert found["purity (permuted labels)"] > 0.7
    assert found["enriched pairs"] == 0
    assert found["regions p"] > 0.05


def test_classes_that_touch_are_seen_on_both_sides_of_the_boundary():
    strip = np.linspace(0, 3, 90, endpoint=False)[:, None]
    found = mapped(Latents(strip, labels={"third": np.repeat(["a", "b", "c"], 30)}), neighbours=2)
    shares = found.tables["class boundary"].values
    assert shares[0, 1] > 0
    assert shares[1, 2] > 0
    assert shares[0, 2] == shares[2, 0] == 0
    over = found.tables["boundary over chance"].values
    assert (np.diag(over) > 2).all()
    assert over[0, 2] == 0
    assert found["boundary p"] == 1 / 40


def test_sizes_of_classes_of_one_law_follow_no_tree():
    """A large class reaches others at a smaller scale and its mean lies nearer; a tree of sizes must not show."""
    names = np.repeat(list("abcdefgh"), [60] * 4 + [6] * 4)
    tests = [
        mapped(Latents(np.random.default_rng(seed).normal(size=(264, 16)), labels={"class": names}),
               tree="((a,b,c,d),e,f,g,h);", permutations=99)
        for seed in range(30)
    ]  # fmt: skip
    for kind in ("", " (centres)"):
        assert np.mean([found[f"tree p{kind}"] <= 0.05 for found in tests]) <= 0.2
        assert abs(np.mean([found[f"tree correlation{kind}"] for found in tests])) < 0.12


def test_a_known_tree_is_recognised_and_a_wrong_one_is_not():
    right = mapped(blobs(), tree="((cat,dog),(car,truck))")
    wrong = mapped(blobs(), tree="((cat,car),(dog,truck))")
    assert right["tree correlation"] > 0.95
    assert right["tree correlation (centres)"] > 0.95
    assert wrong["tree correlation"] < 0.0
    assert right["tree p"] == pytest.approx(8 / 24)  # four names are too few for a small p, and it says so
    assert wrong["tree p"] > 0.6


def test_merge_scales_are_single_linkage_and_follow_bridges_where_centres_do_not():
    bridge = np.column_stack([np.zeros(60), np.linspace(0.5, 59.5, 60)])
    latents = blobs()
    spoilt = Latents(
        np.concatenate([latents.points, bridge]),
        labels={"kind": np.concatenate([latents.labels["kind"], np.repeat("cat", 60)])},
    )
    plain, found = (mapped(cloud, tree="((cat,dog),(car,truck))") for cloud in (latents, spoilt))
    assert found["tree correlation"] < plain["tree correlation"] - 0.5
    names = found.tables["class merge scale"].rows.tolist()
    place = names.index("cat"), names.index("car")
    assert found.tables["class merge scale"].values[place] < 2
    assert found.tables["class centre distance"].values[place] > 20


def test_scales_in_units_of_the_median_distance_do_not_see_the_size_of_the_cloud():
    latents = blobs()
    small, large = (mapped(latents.replace(points=latents.points * size), scale="median") for size in (1.0, 50.0))
    for name in ("class merge scale", "class centre distance"):
        np.testing.assert_allclose(small.tables[name].values, large.tables[name].values, rtol=1e-9)
    given = mapped(latents)
    ratio = given.tables["class merge scale"].values[0, 1] / small.tables["class merge scale"].values[0, 1]
    centres = given.tables["class centre distance"].values[0, 1] / small.tables["class centre distance"].values[0, 1]
    assert ratio == pytest.approx(centres)


def test_what_cannot_be_mapped_is_refused_in_words():
    with pytest.raises(InvalidInput, match="no label column"):
        mapped(Latents(np.ones((5, 2)), labels={"weight": np.arange(5.0)}))
    with pytest.raises(InvalidInput, match="at least two"):
        mapped(Latents(np.ones((5, 2)), labels={"kind": np.repeat("a", 5)}))
    with pytest.raises(UnknownName, match="Did you mean 'kind'"):
        mapped(blobs(), label="knd")
    with pytest.raises(InvalidParameter, match="tree"):
        SemanticMap(tree="((a,b)")
    with pytest.raises(InvalidInput, match="needs three"):
        mapped(blobs(), tree="(cat,(mouse,rat))")


def test_duplicates_and_constant_clouds_give_defined_numbers():
    latents = Latents(np.ones((12, 3)), labels={"kind": np.array(["a", "b"] * 6)})
    found = mapped(latents)
    assert found["purity"] == 0.5
    assert found["boundary fraction"] == pytest.approx(found["boundary fraction by chance"])
    assert all(np.isfinite(scalar.value) for scalar in found.scalars.values())


# --- nodes of a Mapper graph ----------------------------------------------------------------------------------------


def test_nodes_of_separated_blobs_are_pure_and_enriched():
    found = NodeEnrichment()(Mapper()(blobs()))
    assert found["purity"] == 1.0
    assert found["purity of the cloud"] == 0.25
    assert found["normalised entropy of the cloud"] == pytest.approx(1.0)
    large = found.tables["nodes"].values[:, 0] >= 8
    assert (found.tables["enrichment q"].values[large].min(axis=1) < 0.05).all()


def test_nodes_of_permuted_labels_are_hardly_ever_enriched():
    false = []
    for seed in range(30):
        found = NodeEnrichment()(Mapper()(noise(seed)))
        false.append(found["enriched pairs"] > 0)
        assert found["normalised entropy"] < found["normalised entropy of the cloud"]
    assert np.mean(false) <= 0.17  # 5 % of graphs, and three standard errors of thirty


def test_a_graph_without_totals_or_labels_is_refused():
    graph = Mapper()(blobs())
    with pytest.raises(InvalidInput, match="totals"):
        NodeEnrichment()(graph.replace(totals={}))
    with pytest.raises(InvalidInput, match="no classes"):
        NodeEnrichment()(graph.replace(composition={}, classes={}, totals={}))
    with pytest.raises(UnknownName, match="Did you mean 'kind'"):
        NodeEnrichment(label="kinds")(graph)
