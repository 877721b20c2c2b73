"""Points without a label are of no class, and the classes that others have do not depend on how that is written."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import hypergeom

from tda_latent.analyzers.attributes import AttributeDirections, AttributeEdits
from tda_latent.analyzers.connectivity import Connectivity
from tda_latent.analyzers.fit_regimes import FitRegimes
from tda_latent.analyzers.label_mean import LabelMean
from tda_latent.analyzers.mapper import Mapper
from tda_latent.analyzers.node_enrichment import NodeEnrichment
from tda_latent.analyzers.semantic_map import SemanticMap
from tda_latent.errors import InvalidInput
from tda_latent.figures.mapper_graph import MapperPlot
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.records import Factor, Latents
from tda_latent.records.classes import class_column, has_value, numbered_classes
from tda_latent.sources.classifier import Classifier

NOTHING = (None, float("nan"), "")


def stream(seed=0):
    return np.random.default_rng(seed)


def two_groups(missing=0.4, nothing=(None,), size=200, spread=1.0):
    """Two groups far apart, with the group as a label where it is not missing."""
    rng = stream(1)
    groups = np.arange(size) % 2
    points = rng.normal(scale=spread, size=(size, 3)) + 12.0 * groups[:, None]
    names = np.array(["left", "right"], dtype=object)[groups]
    absent = np.flatnonzero(rng.random(size) < missing)
    for place, row in enumerate(absent):
        names[row] = nothing[place % len(nothing)]
    return Latents(points, ids=np.arange(size), labels={"group": names}), absent


def mapped(latents, **parameters):
    return SemanticMap(**({"permutations": 39} | parameters))(latents, stream(7))


@pytest.mark.parametrize("column", [
    ["a", None, "b"], ["a", float("nan"), "b"], np.array(["a", "", "b"]), np.array([b"a", b"", b"b"]),
    [1.0, float("nan"), 2.0], ["a", "NA", "b"], ["a", "<NA>", "b"], ["a", np.datetime64("NaT"), "b"],
])  # fmt: skip
def test_what_libraries_write_for_nothing_is_no_value(column):
    given = Latents(np.zeros((3, 1)), labels={"c": np.array(column, dtype=object) if None in column else column})
    assert has_value(given.labels["c"]).tolist() == [True, False, True]
    names, classes = numbered_classes(given.labels["c"])
    assert len(names) == 2
    assert classes.tolist() == [0, -1, 1]


def test_a_class_may_be_called_none_and_numbers_always_are_values():
    assert has_value(np.array(["none", "null", "no", "Nan"])).all()
    assert has_value(np.array([0, -1])).all()
    assert has_value(np.array([False, True])).all()


def test_a_column_without_any_value_is_no_column_of_classes():
    empty = Latents(np.eye(3), labels={"a": ["", "", ""], "b": ["x", "", "y"]})
    assert class_column(empty).tolist() == ["x", "", "y"]
    with pytest.raises(InvalidInput, match="no value on any of 3 points"):
        class_column(empty, "a")
    with pytest.raises(InvalidInput, match="all points are of the class 'x'"):
        mapped(empty.replace(labels={"b": ["x", "", "x"]}))


def test_separated_groups_stay_pure_when_labels_are_missing():
    latents, absent = two_groups()
    found = mapped(latents, neighbours=5)
    assert found["purity"] == 1.0
    assert found["adjusted mutual information"] == pytest.approx(1.0)
    assert found["boundary fraction"] == 0.0
    assert found["enriched pairs"] == 2
    assert found["unlabelled points"] == len(absent)
    assert list(found.tables["composition"].columns) == ["left", "right"]
    assert found.tables["composition"].values.sum() == 200 - len(absent)
    assert found.tables["regions"].values[:, 0].sum() == 200


def test_it_does_not_matter_how_nothing_is_written():
    plain = two_groups(spread=8.0)[0]
    mixed = two_groups(spread=8.0, nothing=NOTHING)[0]
    assert set(mixed.labels["group"].tolist()) == {"left", "right", "nan", "None", ""}
    for analyzer in (mapped, Connectivity()):
        assert analyzer(plain).digest == analyzer(mixed).digest
    enriched = NodeEnrichment()
    assert enriched(Mapper()(plain)).digest == enriched(Mapper()(mixed)).digest
    ask = AttributeDirections(columns="labels", permutations=9)
    assert ask(plain, stream()).digest == ask(mixed, stream()).digest


def test_edges_and_enrichment_count_labelled_points_alone():
    latents, _ = two_groups(spread=6.0, size=120)
    column = latents.labels["group"]
    found = mapped(latents, neighbours=4)
    distances = cdist(latents.points, latents.points) + np.diag(np.full(120, np.inf))
    near = distances <= np.sort(distances, axis=1)[:, [3]]
    pairs = [(i, j) for i, j in np.argwhere(np.triu(near | near.T)) if "None" not in (column[i], column[j])]
    assert found["boundary fraction"] == pytest.approx(np.mean([column[i] != column[j] for i, j in pairs]))
    left, known = np.count_nonzero(column == "left"), np.count_nonzero(column != "None")
    expected = 1 - (left * (left - 1) + (known - left) * (known - left - 1)) / (known * (known - 1))
    assert found["boundary fraction by chance"] == pytest.approx(expected)
    counts = found.tables["composition"].values
    p_values = [hypergeom.sf(counts[r, c] - 1, known, counts.sum(0)[c], counts.sum(1)[r]) for r, c in np.ndindex(2, 2)]
    order = np.argsort(p_values)
    wanted = np.minimum.accumulate((np.array(p_values)[order] * 4 / np.arange(1, 5))[::-1])[::-1]
    np.testing.assert_allclose(found.tables["enrichment q"].values.ravel()[order], np.minimum(wanted, 1))


def test_classes_meet_through_a_point_of_none():
    latents = Latents(np.array([[0.0], [1], [2]]), labels={"c": np.array(["a", None, "b"], dtype=object)})
    for found in (Connectivity(neighbours=1)(latents), mapped(latents, neighbours=2)):
        table = found.tables["class merge scale"]
        assert list(table.rows) == ["a", "b"]
        np.testing.assert_array_equal(table.values, [[0, 1], [1, 0]])
        assert found["unlabelled points"] == 1


def test_a_region_without_labels_is_called_so():
    latents, _ = two_groups(missing=0.0)
    far = Latents(
        np.vstack([latents.points, stream(3).normal(size=(50, 3)) - 40]),
        labels={"group": [*latents.labels["group"].tolist(), *[""] * 50]},
    )
    found = mapped(far, regions=3, neighbours=5)
    assert found["purity"] == 1.0
    row = [str(name).endswith("(no class)") for name in found.tables["regions"].rows].index(True)
    assert found.tables["regions"].values[row, 0] == 50
    assert np.isnan(found.tables["regions"].values[row, 1:]).all()


def test_too_few_labels_for_any_edge_are_refused():
    names = np.full(200, "", dtype="<U5")
    names[[0, 1]] = "left", "right"
    latents = two_groups()[0].replace(labels={"group": names})
    with pytest.raises(InvalidInput, match="joins two of the 2 labelled points"):
        mapped(latents, neighbours=1)


def test_nodes_hold_known_classes_alone():
    latents, absent = two_groups()
    graph = Mapper()(latents)
    assert graph.classes["group"].tolist() == ["left", "right"]
    column = latents.labels["group"]
    for node in range(len(graph)):
        members = column[graph.node(node)]
        assert graph.composition["group"][node].tolist() == [np.sum(members == "left"), np.sum(members == "right")]
    found = NodeEnrichment()(graph)
    assert found["purity"] == pytest.approx(1.0)
    assert found["unlabelled points"] == len(absent)
    assert found["purity of the cloud"] < 0.7
    wrong = {"group": np.array(["left", "nan", "right"])}
    counts = {"group": np.insert(graph.composition["group"], 1, 3, axis=1)}
    totals = {"group": np.insert(graph.totals["group"], 1, len(absent))}
    assert NodeEnrichment()(graph.replace(classes=wrong, composition=counts, totals=totals)).digest == found.digest


def test_a_pie_shows_the_members_of_no_class_in_grey():
    from matplotlib.colors import to_hex

    graph = Mapper()(two_groups()[0])
    axes = MapperPlot(colour="group")(graph)
    pies = next(part for part in axes.collections if part.get_label() == "_nodes")
    assert to_hex("0.85") in {to_hex(colour) for colour in pies.get_facecolors()}
    whole = Mapper()(two_groups(missing=0.0)[0])
    axes = MapperPlot(colour="group")(whole)
    pies = next(part for part in axes.collections if part.get_label() == "_nodes")
    assert to_hex("0.85") not in {to_hex(colour) for colour in pies.get_facecolors()}


def test_the_share_of_a_class_is_one_among_labelled_points():
    latents, absent = two_groups(nothing=NOTHING)
    found = LabelMean("group", "left")(latents)
    assert found["mean"] == np.mean(latents.labels["group"][np.setdiff1d(np.arange(200), absent)] == "left")
    assert found["points"] == 200 - len(absent)


def test_class_measures_of_a_model_leave_unlabelled_points_out():
    latents, absent = two_groups(nothing=NOTHING)
    split = np.where(np.arange(200) < 100, "train", "test")
    inputs = latents.replace(split=split)
    training, unseen = inputs.take(split == "train"), inputs.take(split == "test")
    model = fit_linear(training.points, 2)
    found = FitRegimes(size=40, permutations=9)(encode_latents(model, unseen), model, inputs, training, stream(1))
    assert found["k-NN accuracy, training"] == found["k-NN accuracy, held-out"] == 1.0
    assert found["majority share (reference)"] < 0.65
    assert found["unlabelled points, training"] == np.count_nonzero(absent < 100)
    assert found["unlabelled points, held-out"] == np.count_nonzero(absent >= 100)


def test_a_classifier_learns_from_labels_that_are_there():
    with pytest.raises(InvalidInput, match="training points have no label"):
        Classifier(epochs=1)(two_groups()[0], stream())


def test_an_attribute_is_judged_on_the_points_that_have_it():
    latents, absent = two_groups(nothing=NOTHING)
    size = np.where(stream(2).random(200) < 0.4, np.nan, latents.points @ [1.0, -1.0, 0.5])
    size[5] = np.inf
    labelled = latents.replace(labels={**latents.labels, "size": size, "nothing": np.full(200, np.nan)})
    found = AttributeDirections(columns="labels", permutations=19)(labelled, stream())
    assert found["balanced accuracy, group"] == 1.0
    assert found["unlabelled points, group"] == len(absent)
    assert found["R2, size"] > 0.99
    assert found["unlabelled points, size"] == np.count_nonzero(~np.isfinite(size))
    assert list(found.tables["directions"].rows) == ["group", "size"]
    with pytest.raises(InvalidInput, match="no attribute varies"):
        AttributeDirections(columns="labels", attributes=("nothing",))(labelled, stream())


def test_edits_use_points_that_have_all_attributes():
    latents, absent = two_groups()
    size = np.where(np.arange(200) < 20, np.nan, latents.points @ [1.0, -1.0, 0.5])
    both = latents.replace(labels={**latents.labels, "size": size, "rare": np.where(np.arange(200) < 9, 1.0, np.nan)})
    model = fit_linear(both.points, 3)
    codes = encode_latents(model, both)
    ask = AttributeEdits(columns="labels", edits=20)
    found = ask(codes, model, both, stream())
    kept = np.setdiff1d(np.arange(20, 200), absent)
    assert found.digest == ask(codes.take(kept), model, both, stream()).digest
    assert "edits" in found.tables
    never = both.replace(labels={"a": np.where(np.arange(200) < 100, size, np.nan), "b": np.roll(size, 110)})
    never = never.replace(labels={**never.labels, "b": np.where(np.arange(200) < 100, np.nan, never.labels["b"])})
    with pytest.raises(InvalidInput, match="0 points have all of a, b"):
        ask(encode_latents(model, never), model, never, stream())


def test_complete_labels_give_what_they_gave_as_factors():
    latents, _ = two_groups(missing=0.0)
    as_factor = latents.replace(labels={}, factors={"group": Factor(latents.labels["group"], "categorical")})
    found = AttributeDirections(columns="labels", permutations=9)(latents, stream())
    assert found.digest == AttributeDirections(permutations=9)(as_factor, stream()).digest
