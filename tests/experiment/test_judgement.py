"""Verdicts: the bounds are theorems, so no moved cloud ever breaks them; and what is planted beyond them is caught."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.alpha import Alpha
from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.experiment.proof.change import change
from tda_latent.experiment.proof.judgement import judge
from tda_latent.experiment.steps.collect import Collect
from tda_latent.experiment.steps.compare import Compare
from tda_latent.numerics import metric_cloud
from tda_latent.numerics.metric_cloud import EuclideanCloud, MatrixCloud, angular_cloud, largest_change
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.records import (
    Comparison,
    Curve,
    Latents,
    MapperGraph,
    Measures,
    Model,
    Origin,
    PersistenceDiagram,
    Scalar,
    Table,
)
from tda_latent.registry import registry


def clouds(seed: int, size: float, dimension: int = 3):
    """A cloud and the same cloud with every coordinate moved by about ``size``."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(40, dimension)) + 3
    return Latents(points), Latents(points + size * rng.normal(size=points.shape))


ANALYZERS = [
    VietorisRips(max_degree=2),
    VietorisRips(scale="median"),
    VietorisRips(metric="cosine"),
    VietorisRips(metric="geodesic", neighbours=4),
    VietorisRips(threshold=1.0),
    VietorisRips(landmarks=15),
    Alpha(max_degree=2),
    Alpha(scale="median"),
]


@pytest.mark.parametrize("size", [1e-13, 1e-6, 0.05, 1.0])
@pytest.mark.parametrize("analyzer", ANALYZERS, ids=lambda item: f"{type(item).__name__}-{item.scale}")
def test_no_move_of_the_points_breaks_the_bound(analyzer, size) -> None:
    for seed in range(3):
        before, after = clouds(seed, size)
        old, new = analyzer(before), analyzer(after)
        verdict = judge(old, new, analyzer, {"latents": before}, {"latents": after})
        assert verdict.state in ("within the bound", "identical"), verdict


def test_the_bound_is_attained_by_two_points() -> None:
    before, after = Latents([[0.0], [1.0]]), Latents([[0.0], [1.25]])
    rips = VietorisRips(max_degree=0)
    assert rips.shift(before, after) == 0.25
    found = change(rips(before), rips(after))
    assert (found.largest, found.where) == (0.25, "bottleneck distance in degree 0")


def test_bars_that_no_move_of_the_points_explains_are_different() -> None:
    before, after = clouds(0, 1e-6)
    rips = VietorisRips()
    old = rips(before)
    planted = old.replace(pairs=np.where(np.isfinite(old.pairs), old.pairs * 1.01, old.pairs))
    verdict = judge(old, planted, rips, {"latents": before}, {"latents": after})
    assert verdict.state == "different"
    assert "stability theorem allows" in verdict.why


def test_equal_clouds_leave_room_for_rounding_alone() -> None:
    cloud, _ = clouds(0, 0)
    rips = VietorisRips()
    old = rips(cloud)
    for factor, state in ((1 + 2e-16, "within the bound"), (1 + 1e-12, "different")):
        moved = old.replace(pairs=old.pairs * factor)
        assert judge(old, moved, rips, {"latents": cloud}, {"latents": cloud}).state == state


def test_a_lost_component_or_another_meaning_is_different() -> None:
    cloud, _ = clouds(0, 0)
    rips, given = VietorisRips(), {"latents": clouds(0, 0)[0]}
    old = rips(cloud)
    keep = np.isfinite(old.pairs[:, 1])
    for new in (old.replace(pairs=old.pairs[keep], degrees=old.degrees[keep]), old.replace(unit="parsec")):
        assert judge(old, new, rips, given, given).state == "different"


def test_landmarks_may_move_as_far_as_their_certificates_say() -> None:
    cloud, _ = clouds(1, 0)
    rips = VietorisRips(landmarks=15)
    given, old = {"latents": cloud}, rips(cloud)
    other = old.replace(pairs=old.pairs * 1.01)  # as if a tie had chosen another landmark
    assert "certificates of landmarks" in judge(old, other, rips, given, given).why
    assert judge(old, other, rips, given, given).state == "within the bound"
    unknown = old.replace(error=None), other.replace(error=None)
    assert judge(*unknown, rips, given, given).state == "different"


def test_a_diagram_of_an_analyzer_that_states_no_bound_is_identical_or_different() -> None:
    cloud, _ = clouds(0, 0)
    old = VietorisRips()(cloud)
    new = old.replace(pairs=old.pairs * (1 + 1e-15))
    assert judge(old, old, object(), {}, {}).state == "identical"
    assert judge(old, new, object(), {"latents": cloud}, {"latents": cloud}).state == "different"


def test_the_largest_change_is_that_of_the_whole_matrices(monkeypatch) -> None:
    before, after = (cloud.points for cloud in clouds(2, 0.3))
    whole = {
        EuclideanCloud: (pairwise_distances(before), pairwise_distances(after)),
        angular_cloud: (pairwise_distances(before, "cosine"), pairwise_distances(after, "cosine")),
    }
    monkeypatch.setattr(metric_cloud, "_CHUNK", 100)  # two rows at a time
    for cloud, (first, second) in whole.items():
        expected = np.abs(first / 2 - second / 3).max()
        assert largest_change(cloud(before), cloud(after), (2.0, 3.0)) == pytest.approx(expected, rel=1e-12)
        assert largest_change(MatrixCloud(first), MatrixCloud(second), (2.0, 3.0)) == expected


def test_an_edge_that_enters_one_cloud_alone_changes_by_infinity() -> None:
    first, second = np.array([[0, 1.0], [1.0, 0]]), np.array([[0, np.inf], [np.inf, 0]])
    assert largest_change(MatrixCloud(first), MatrixCloud(second), (1.0, 1.0)) == np.inf
    assert largest_change(MatrixCloud(second), MatrixCloud(second), (1.0, 1.0)) == 0
    assert VietorisRips().shift(Latents(np.eye(3)), Latents(np.eye(4))) == np.inf


@pytest.mark.parametrize("name", ["bottleneck", "wasserstein", "sliced-wasserstein", "nearest-neighbour-w1"])
@pytest.mark.parametrize("size", [1e-13, 0.1])
def test_distances_move_by_no_more_than_what_they_compare(name, size) -> None:
    before, after = zip(*(clouds(seed, size) for seed in range(4)), strict=True)
    if name != "nearest-neighbour-w1":
        before, after = (tuple(VietorisRips()(cloud) for cloud in side) for side in (before, after))
    parameters = {"order": 2, "ground": "inf"} if name == "wasserstein" else {}
    step = Compare(name, parameters, rows=("0", "1"), columns=("0", "1"))
    given = [{"first": ((a,), (b,)), "second": ((c,), (d,))} for a, b, c, d in (before, after)]
    old, new = step(**given[0]), step(**given[1])
    verdict = judge(old, new, step, *given)
    assert verdict.state in ("within the bound", "identical"), verdict
    table = old.tables["distance"]
    wrong = old.replace(tables={"distance": table.replace(values=table.values + 10)})
    assert judge(old, wrong, step, *given).state == "different"


def test_a_distance_without_the_triangle_inequality_is_judged_by_the_tolerance_alone() -> None:
    assert "triangle" not in registry().find("distance", "cka").axioms
    pairs = [[cloud.replace(ids=np.arange(40)) for cloud in clouds(seed, 1e-3)] for seed in range(2)]
    given = [{"first": ((a,),), "second": ((b,),)} for a, b in zip(*pairs, strict=True)]
    step = Compare("cka", {}, rows=("0",), columns=("0",))
    old, new = step(**given[0]), step(**given[1])
    assert judge(old, new, step, *given).state == "different"


def test_numbers_within_the_tolerance_pass_and_say_that_no_theorem_stands_behind() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20, 3))
    for dtype, close, far in ((np.float64, 1e-12, 1e-2), (np.float32, 1e-6, 1e-2)):
        old = Latents(points.astype(dtype), origin=Origin(source="a"))
        near, away = (Latents((points + size).astype(dtype), origin=Origin(source="b")) for size in (close, far))
        verdict = judge(old, near, object(), {}, {})
        assert (verdict.state, "no theorem" in verdict.why) == ("within the tolerance", True)
        assert judge(old, away, object(), {}, {}).state == "different"
        assert judge(old, old.replace(ids=np.arange(20)), object(), {}, {}).state == "different"


def test_measures_are_compared_number_by_number() -> None:
    old = Measures({"a": Scalar(1e-9), "b": Scalar(1e9)}, {"c": Curve([0.0, 1.0], [1.0, np.inf])})
    for name, value in (("a", 1.001e-9), ("b", 1.001e9)):
        new = old.replace(scalars={**old.scalars, name: Scalar(value)})
        assert name in judge(old, new, object(), {}, {}).why
        assert judge(old, new, object(), {}, {}).state == "different"
    curve = old.replace(curves={"c": Curve([0.0, 1.0], [1.0, 2.0])})
    assert "infinite or undefined" in judge(old, curve, object(), {}, {}).why
    more = old.replace(scalars={**old.scalars, "d": Scalar(0.0)})
    assert "only in one" in judge(old, more, object(), {}, {}).why


def test_the_arrangement_of_a_comparison_is_not_its_numbers() -> None:
    values = np.array([[0.0, 1.0], [1.0, 0.0]])
    old = Comparison(values, ["a", "b"], ["0", "0"], "bottleneck", order=np.array([0, 1]))
    assert judge(old, old.replace(order=np.array([1, 0])), object(), {}, {}).passes
    assert not judge(old, old.replace(values=values * 1.1), object(), {}, {}).passes


def test_records_of_two_types_are_different_however_they_came_about() -> None:
    old = Measures()
    assert judge(old, Latents(np.eye(2)), object(), {}, {}).why == "a Measures became a Latents"
    assert change(old, Latents(np.eye(2))).largest == np.inf


def test_weights_may_move_in_their_last_bits_and_members_of_a_graph_may_not() -> None:
    old = Model("pca", weights={"axes": np.eye(3)}, quality={"error": 0.5})
    assert judge(old, old.replace(weights={"axes": np.eye(3) * (1 + 1e-14)}), object(), {}, {}).passes
    assert not judge(old, old.replace(weights={"axes": np.eye(3) * 1.01}), object(), {}, {}).passes
    assert not judge(old, old.replace(quality={"error": 0.6}), object(), {}, {}).passes
    graph = MapperGraph([0, 1, 1, 2], [0, 2, 4], [[0, 1]], [1], 3, np.eye(3), ("a", "b", "c"), layout=np.eye(2))
    assert judge(graph, graph.replace(layout=graph.layout + 1, lens=np.eye(3) * (1 + 1e-14)), object(), {}, {}).passes
    assert not judge(graph, graph.replace(overlaps=graph.overlaps + 1), object(), {}, {}).passes


def test_the_order_of_settings_is_no_part_of_a_comparison() -> None:
    found = [
        Collect("d", models=("a",), replicates=("0",), settings=settings)(())
        for settings in ({"use": "bottleneck", "degree": 1}, {"degree": 1, "use": "bottleneck"})
    ]
    assert found[0].digest == found[1].digest


def test_diagrams_know_their_highest_degree_even_without_bars() -> None:
    empty = PersistenceDiagram(np.empty((0, 2)), np.empty(0), computed={"max_degree": 2})
    assert change(empty, empty).largest == 0


def test_a_matrix_of_distances_moves_by_no_more_than_its_blocks() -> None:
    def block(value: float) -> Measures:
        table = Table(np.array([[0.0, value], [value, 0.0]]), np.array(["0", "1"]), np.array(["0", "1"]))
        return Measures(tables={"distance": table})

    step = Collect("d", models=("a",), replicates=("0", "1"), pairs=((0, 0),))
    given = [{"blocks": (block(value),)} for value in (1.0, 1.5)]
    old, new = step(**given[0]), step(**given[1])
    verdict = judge(old, new, step, *given)
    assert (verdict.state, verdict.change, verdict.bound) == ("within the bound", 0.5, 0.5)
    assert judge(old, new, step, given[0], given[0]).state == "different"
