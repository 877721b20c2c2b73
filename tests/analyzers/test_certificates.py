"""The diagram of landmarks lies as near to that of the whole cloud as its certificate says, always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.records import Latents, PersistenceDiagram, require_comparable, unpack


def diagram(points, deviations=None, **parameters) -> PersistenceDiagram:
    return VietorisRips(**parameters)(Latents(points, scale=deviations))


def gap(a: PersistenceDiagram, b: PersistenceDiagram) -> float:
    """Largest bottleneck distance over all degrees."""
    require_comparable(a, b, 0)
    return max(bottleneck_distance(a.of_degree(k), b.of_degree(k)) for k in range(a.max_degree + 1))


def clouds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 400)
    even = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    sphere = rng.normal(size=(300, 3))
    torus = rng.uniform(0, 2 * np.pi, (400, 2))
    return {
        "circle": np.stack([np.cos(angles), np.sin(angles)], axis=1) + 0.03 * rng.normal(size=(400, 2)),
        "polygon": np.stack([np.cos(even), np.sin(even)], axis=1),
        "sphere": sphere / np.linalg.norm(sphere, axis=1, keepdims=True),
        "torus": np.concatenate([np.cos(torus), np.sin(torus)], axis=1),
        "gaussian": rng.normal(size=(300, 8)),
        "clusters": np.repeat(20 * rng.normal(size=(6, 4)), 50, axis=0) + rng.normal(size=(300, 4)),
        "lattice": np.stack(np.meshgrid(np.arange(18.0), np.arange(18.0)), axis=-1).reshape(-1, 2),
        "duplicates": np.repeat(rng.normal(size=(100, 2)), 3, axis=0),
        "tiny": 1e-150 * rng.normal(size=(300, 2)),
    }


@pytest.mark.parametrize("name", list(clouds()))
@pytest.mark.parametrize("count", [2, 15, 60, 150])
def test_the_true_distance_to_the_whole_cloud_is_at_most_the_error(name, count):
    points = clouds()[name]
    whole, part = diagram(points), diagram(points, landmarks=count)
    assert part.computed["landmarks"] <= count < part.computed["points"]
    assert gap(whole, part) <= (part.error or part.accuracy)
    assert part.error <= 2 * part.computed["covering_radius"] * (1 + 1e-9)
    assert whole.error == 0


@pytest.mark.parametrize("name", ["circle", "torus", "clusters"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"metric": "cosine"},
        {"metric": "cosine", "scale": "median"},
        {"metric": "geodesic", "neighbours": 6},
        {"scale": "median"},
        {"scale": "posterior"},
        {"max_degree": 0},
    ],
    ids=str,
)
def test_the_certificate_holds_in_every_metric_and_unit_with_the_constant_of_the_whole_cloud(name, parameters):
    points = clouds()[name] + 0.3
    deviations = np.random.default_rng(1).uniform(0.5, 2, points.shape)
    whole, part = (diagram(points, deviations, **parameters, **more) for more in ({}, {"landmarks": 80}))
    assert part.computed["scale_divisor"] == whole.computed["scale_divisor"]
    assert 0 < gap(whole, part) <= part.error
    assert part.unit == whole.unit


def test_the_certificate_holds_in_degree_two():
    points = clouds()["sphere"][:120]
    assert gap(diagram(points, max_degree=2), diagram(points, max_degree=2, landmarks=60)) <= (
        diagram(points, max_degree=2, landmarks=60).error
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    points=arrays(np.float64, st.tuples(st.integers(3, 14), st.integers(1, 3)), elements=st.integers(-4, 4)),
    count=st.integers(2, 13),
    metric=st.sampled_from(["euclidean", "geodesic", "cosine"]),
)
def test_the_certificate_holds_on_any_small_cloud(points, count, metric):
    shifted = points + 0.25 if metric == "cosine" else points
    whole, part = diagram(shifted, metric=metric), diagram(shifted, metric=metric, landmarks=count)
    assert gap(whole, part) <= (part.error or part.accuracy)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(entries=st.lists(st.integers(0, 9), min_size=66, max_size=66), count=st.integers(2, 11))
def test_a_matrix_that_is_no_metric_is_certified_by_its_distortion(entries, count):
    matrix = squareform(np.array(entries, dtype=np.float64))
    whole, part = (diagram(matrix, metric="precomputed", **more) for more in ({}, {"landmarks": count}))
    assert gap(whole, part) <= part.error


def test_two_covering_radii_would_not_certify_a_matrix_that_is_no_metric():
    matrix = squareform(np.random.default_rng(3).integers(1, 9, 45).astype(float))
    part = diagram(matrix, metric="precomputed", landmarks=7)
    assert part.error > 2 * part.computed["covering_radius"]


def test_a_matrix_that_is_a_metric_is_certified_by_two_covering_radii_at_most():
    matrix = diagram(squareform(pdist(clouds()["torus"])), metric="precomputed", landmarks=50)
    assert 0 < matrix.error <= 2 * matrix.computed["covering_radius"] * (1 + 1e-9)


def test_edges_that_never_enter_take_the_certificate_away_unless_landmarks_lack_them_alike():
    apart = np.full((8, 8), np.inf)
    apart[:4, :4] = apart[4:, 4:] = 1.0
    np.fill_diagonal(apart, 0.0)
    found = diagram(apart, metric="precomputed", landmarks=2)
    assert found.pairs.tolist() == [[0, np.inf], [0, np.inf]]
    assert 1 <= found.error == pytest.approx(1)  # rounded up
    apart[0, 1] = apart[1, 0] = np.inf
    lost = diagram(apart, metric="precomputed", landmarks=3)
    assert lost.error is None
    assert "never does" in lost.computed["certificate"]
    assert not lost.certain.any()


def test_the_radius_is_the_hausdorff_distance_between_landmarks_and_cloud():
    points = clouds()["clusters"]
    part = diagram(points, landmarks=40)
    births = part.computed["covering_radius"]
    deaths = diagram(points, landmarks=41, max_degree=0).finite(0)[:, 1]
    assert deaths.min() <= births  # the next landmark is that far from all others
    brute = min(
        cdist(points, points[list(rows)]).min(axis=1).max()
        for rows in (np.random.default_rng(k).permutation(300)[:40] for k in range(20))
    )
    assert births <= brute


def test_as_many_landmarks_as_points_mean_the_exact_diagram_and_the_record_says_so():
    points = clouds()["gaussian"][:50]
    exact = diagram(points)
    for more in (50, 51, 10**6):
        assert diagram(points, landmarks=more) == exact
    assert (exact.computed["landmarks"], exact.error) == (50, 0)
    assert "covering_radius" not in exact.computed


def test_fewer_different_points_than_landmarks_are_an_exact_diagram():
    points = clouds()["duplicates"]
    found = diagram(points, landmarks=200)
    assert found.computed["landmarks"] == 100
    assert (found.error, found.computed["covering_radius"]) == (0, 0)
    assert gap(found, diagram(points)) <= found.accuracy


def test_one_point_and_one_repeated_point_need_no_landmarks():
    assert diagram(np.ones((1, 2)), landmarks=5).pairs.tolist() == [[0, np.inf]]
    assert diagram(np.ones((1, 2)), budget="1s", memory="1GB").error == 0
    assert diagram(np.ones((9, 2)), landmarks=3).pairs.tolist() == [[0, np.inf]]


def test_a_threshold_takes_the_certificate_away_and_the_record_says_why():
    cut = diagram(clouds()["circle"], landmarks=60, threshold=0.4)
    assert cut.error is None
    assert "threshold" in cut.computed["certificate"]
    assert "none" in cut.facts()["certificate"]
    assert diagram(clouds()["circle"], landmarks=60, threshold=1e9).error > 0


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"landmarks": 520},
        {"metric": "cosine"},
        {"metric": "geodesic"},
        {"scale": "median"},
        {"threshold": 0.8},
        {"threshold": 1.0, "scale": "median", "landmarks": 600},
        {"max_degree": 0},
    ],
    ids=str,
)
def test_the_reduced_engine_gives_the_diagram_of_gudhi_to_the_bit(parameters):
    points = np.random.default_rng(2).normal(size=(650, 4)) + 1.5
    reduced, other = (diagram(points, engine=engine, **parameters) for engine in ("reduced", "gudhi"))
    assert reduced.computed["engine"] == "reduced"
    assert np.array_equal(reduced.pairs, other.pairs)
    assert np.array_equal(reduced.degrees, other.degrees)
    for name in ("reach", "accuracy", "error", "unit", "filtration"):
        assert getattr(reduced, name) == getattr(other, name)
    assert reduced.computed["enclosing_radius"] == other.computed["enclosing_radius"]


@pytest.mark.parametrize("parameters", [{}, {"metric": "cosine"}, {"scale": "median"}, {"landmarks": 600}], ids=str)
def test_the_spanning_tree_of_points_gives_degree_zero_of_gudhi_to_the_bit(parameters):
    points = np.repeat(np.random.default_rng(5).normal(size=(350, 3)), 2, axis=0)[: 640 if parameters else 501] + 2.0
    tree, other = (diagram(points, engine=engine, max_degree=0, **parameters) for engine in ("auto", "gudhi"))
    assert tree.computed["engine"] == "spanning tree"
    assert np.array_equal(tree.pairs, other.pairs)
    assert (tree.error, tree.reach) == (other.error, np.inf)
    cut = diagram(points, max_degree=0, threshold=0.2)
    assert (cut.reach, cut.of_degree(0).tolist()) == (0.2, diagram(points, threshold=0.2).of_degree(0).tolist())


# --- what is certain ---------------------------------------------------------------------------------------------


def test_a_loop_longer_than_four_covering_radii_is_certain_and_the_record_says_so():
    found = diagram(clouds()["circle"], landmarks=100)
    loops = found.certain & (found.degrees == 1)
    assert loops.sum() == 1
    ((birth, death),) = found.pairs[loops]
    assert death - birth > 4 * found.computed["covering_radius"]
    assert "1 of degree 1" in found.facts()["certificate"]
    assert diagram(clouds()["circle"]).certain.all()
    assert "certificate" not in diagram(clouds()["circle"]).facts()
    assert unpack(*found.packed()) == found


def test_a_wide_gaussian_in_many_dimensions_certifies_nothing():
    points = np.random.default_rng(4).normal(size=(2000, 32))
    found = diagram(points, landmarks=300)
    assert found.error > 5
    assert not (found.certain & np.isfinite(found.pairs[:, 1])).any()
    assert "certifies nothing" in found.facts()["certificate"]
    assert "certifies nothing" in repr(found)


def test_the_certain_bars_of_landmarks_are_bars_of_the_whole_cloud():
    for name in ("circle", "torus", "clusters"):
        whole, part = diagram(clouds()[name]), diagram(clouds()[name], landmarks=120)
        for degree in (0, 1):
            sure = part.pairs[part.certain & (part.degrees == degree) & np.isfinite(part.pairs[:, 1])]
            near = np.abs(whole.finite(degree)[:, None] - sure[None]).max(axis=2) <= part.error
            assert near.any(axis=0).all()


# --- budgets -----------------------------------------------------------------------------------------------------


def test_a_budget_comes_to_engine_and_landmarks_and_to_nothing_else():
    rips = VietorisRips(budget="5min", memory="8GB")
    fixed = rips.resolved(10**6, 64)
    assert (fixed.budget, fixed.memory, fixed.engine) == (None, None, "reduced")
    assert fixed.resolved(10**6, 64) == fixed
    assert fixed.landmarks == rips.plan(10**6, 64).landmarks
    assert rips.cost(10**6, 64)[0] <= 300
    assert VietorisRips(memory="1GB").resolved(300, 3) == VietorisRips().resolved(300, 3)
    assert VietorisRips().resolved(1, 3) == VietorisRips()


def test_a_matrix_metric_that_does_not_fit_its_memory_is_refused_not_attempted():
    with pytest.raises(InvalidInput, match="even 2 landmarks"):
        VietorisRips(metric="geodesic", memory="1GB")(Latents(np.zeros((50_000, 2))))


def test_a_matrix_is_planned_for_only_where_one_is_held():
    def needed(size, **parameters):
        return VietorisRips(**parameters).plan(size, 3).bytes / 2**30

    assert needed(10**6, max_degree=0) < 1 < needed(10**6, max_degree=0, threshold=1.0)
    assert needed(10**6, max_degree=0, metric="cosine") < 1
    assert needed(10**6, metric="cosine", landmarks=1000) < 1
    assert needed(10**6, metric="geodesic", landmarks=1000) > 1000
    with pytest.raises(InvalidInput, match="ceiling"):
        VietorisRips(max_degree=0, threshold=1.0)(Latents(np.zeros((100_000, 1))))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"budget": "soon"}, "60s, 5min"),
        ({"budget": -1}, "budget"),
        ({"memory": "8 elephants"}, "8GB"),
        ({"landmarks": 1}, "landmarks"),
        ({"landmarks": 10, "budget": "5s"}, "one or the other"),
        ({"landmarks": 10, "memory": "1GB"}, "one or the other"),
        ({"engine": "reduced", "max_degree": 3}, "Z/2"),
        ({"engine": "spanning tree"}, "degree 0 alone"),
    ],
)
def test_bad_budgets_and_engines_are_refused_by_name(parameters, words):
    with pytest.raises(InvalidParameter, match=words):
        VietorisRips(**parameters)
