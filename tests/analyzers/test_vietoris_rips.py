"""Published diagrams, laws of the filtration, and the conventions that travel with a diagram."""

from __future__ import annotations

import itertools
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.records import Latents, PersistenceDiagram, require_comparable, unpack
from tda_latent.registry import needs_of

ENGINES = ("gudhi", "ripser")
ROOT3 = np.sqrt(3)


def diagram(points, **parameters) -> PersistenceDiagram:
    return VietorisRips(**parameters)(Latents(points))


def polygon(corners: int) -> np.ndarray:
    angles = 2 * np.pi * np.arange(corners) / corners
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def chord(steps: float, corners: float) -> float:
    return 2 * np.sin(np.pi * steps / corners)


def long_bars(result: PersistenceDiagram, degree: int, length: float = 1e-9) -> np.ndarray:
    """Bars longer than the rounding of equal lengths, which leaves bars of 1e-16 behind."""
    pairs = result.of_degree(degree)
    return pairs[pairs[:, 1] - pairs[:, 0] > length]


def assert_bars(result: PersistenceDiagram, degree: int, expected: list, tolerance: float = 1e-12) -> None:
    found = long_bars(result, degree)
    wanted = np.array(sorted(map(tuple, expected)), dtype=float).reshape(-1, 2)
    order = np.lexsort((found[:, 1].round(9), found[:, 0].round(9)))
    np.testing.assert_allclose(found[order], wanted, rtol=0, atol=tolerance)


def same(a: PersistenceDiagram, b: PersistenceDiagram, tolerance: float) -> None:
    """Equal up to a shift of every bar by the tolerance, bars of that length aside."""
    for degree in range(a.max_degree + 1):
        first, second = (np.sort(long_bars(d, degree, 4 * tolerance), axis=0) for d in (a, b))
        np.testing.assert_allclose(first, second, rtol=0, atol=tolerance)


# --- published diagrams ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("corners", [4, 5, 6, 7, 8, 9, 12, 20, 40])
def test_a_regular_polygon_has_one_loop_until_a_third_of_the_way_round(engine, corners):
    found = diagram(polygon(corners), engine=engine)
    side = chord(1, corners)
    assert_bars(found, 0, [(0, side)] * (corners - 1) + [(0, np.inf)])
    assert_bars(found, 1, [(side, chord(np.ceil(corners / 3), corners))])


def test_a_triangle_has_no_loop():
    assert not len(diagram(polygon(3)).of_degree(1))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("thirds", [2, 3, 4, 5])
def test_a_polygon_of_3m_corners_has_m_minus_one_voids(engine, thirds):
    corners = 3 * thirds
    found = diagram(polygon(corners), max_degree=2, engine=engine)
    assert_bars(found, 2, [(ROOT3, chord(thirds + 1, corners))] * (thirds - 1))


def test_heptagons_and_octagons_have_no_void_and_the_octagon_has_a_three_sphere():
    for corners in (7, 8):
        assert_bars(diagram(polygon(corners), max_degree=2), 2, [])
    for engine in ENGINES:
        assert_bars(diagram(polygon(8), max_degree=3, engine=engine), 3, [(chord(3, 8), 2)])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dimension", [2, 3, 4])
def test_a_cross_polytope_is_a_sphere_from_root_two_to_two(engine, dimension):
    points = np.vstack([np.eye(dimension), -np.eye(dimension)])
    found = diagram(points, max_degree=dimension - 1, engine=engine)
    for degree in range(1, dimension):
        assert_bars(found, degree, [(np.sqrt(2), 2)] if degree == dimension - 1 else [])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_corners_of_the_cube_have_five_loops_and_one_three_sphere(engine):
    found = diagram(np.array(list(itertools.product([0.0, 1.0], repeat=3))), max_degree=3, engine=engine)
    assert_bars(found, 0, [(0, 1)] * 7 + [(0, np.inf)])
    assert_bars(found, 1, [(1, np.sqrt(2))] * 5)
    assert_bars(found, 2, [])
    assert_bars(found, 3, [(np.sqrt(2), ROOT3)])


def greatest_of(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Distance of a product: the larger of the two."""
    a, b = squareform(pdist(first)), squareform(pdist(second))
    rows, columns = np.divmod(np.arange(len(a) * len(b)), len(b))
    return np.maximum(a[np.ix_(rows, rows)], b[np.ix_(columns, columns)])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_product_of_two_hexagons_is_a_torus_with_two_artefacts(engine):
    matrix = greatest_of(polygon(6), polygon(6)).round(12)
    found = diagram(matrix, max_degree=2, metric="precomputed", engine=engine)
    assert_bars(found, 1, [(1, ROOT3)] * 2, 1e-11)
    assert_bars(found, 2, [(1, ROOT3), (ROOT3, 2), (ROOT3, 2)], 1e-11)


def test_the_product_of_a_hexagon_and_an_octagon_follows_kuenneth():
    matrix = greatest_of(polygon(6), polygon(8)).round(12)
    found = diagram(matrix, max_degree=2, metric="precomputed")
    side, end = chord(1, 8), chord(3, 8)
    assert_bars(found, 1, [(side, end), (1, ROOT3)] + [(side, 1)] * 5, 1e-11)
    assert_bars(found, 2, [(1, ROOT3), (ROOT3, 2)], 1e-11)


def klein_bottle(side: int) -> np.ndarray:
    """Flat distances of a grid on [0, 1)^2 with (i, j) ~ (i, j + side) ~ (i + side, -j)."""
    cells = list(itertools.product(range(side), repeat=2))

    def squared(a, b):
        turns = itertools.product((-1, 0, 1), (-2, -1, 0, 1, 2))
        return min((b[0] + side * s - a[0]) ** 2 + ((-1) ** s * b[1] + side * t - a[1]) ** 2 for s, t in turns)

    return np.sqrt(np.array([[squared(a, b) for b in cells] for a in cells])) / side


@pytest.mark.parametrize("engine", ENGINES)
def test_a_klein_bottle_has_two_loops_and_a_void_over_two_and_one_loop_over_odd_primes(engine):
    matrix = klein_bottle(9)
    loop, artefacts = (1 / 9, 1 / 3), [(1 / 3, 4 / 9)] * 3
    for field, loops, voids in ((2, 2, [(np.sqrt(2) / 9, np.sqrt(10) / 9)]), (3, 1, []), (5, 1, [])):
        found = diagram(matrix, max_degree=2, field=field, metric="precomputed", engine=engine)
        np.testing.assert_allclose(long_bars(found, 1, 0.1), [loop] * loops)
        np.testing.assert_allclose(long_bars(found, 2, 0.1), voids + artefacts)
        assert found.field == field


def barycentric_projective_plane() -> np.ndarray:
    """Path lengths of the 31 faces of the six-vertex projective plane: two faces one apart when nested."""
    triangles = [tuple(map(int, str(face))) for face in (124, 126, 134, 135, 156, 235, 236, 245, 346, 456)]
    faces = {part for face in triangles for size in (1, 2, 3) for part in itertools.combinations(face, size)}
    ordered = sorted(faces, key=lambda face: (len(face), face))
    nested = [[set(a) < set(b) or set(b) < set(a) for b in ordered] for a in ordered]
    return np.where(nested, 1.0, 2.0) - 2 * np.eye(len(ordered))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_31_faces_of_a_projective_plane_have_torsion_only(engine):
    matrix = barycentric_projective_plane()
    assert len(matrix) == 31
    for field, bars in ((2, [(1, 2)]), (3, []), (11, [])):
        found = diagram(matrix, max_degree=2, field=field, metric="precomputed", engine=engine)
        assert_bars(found, 1, bars)
        assert_bars(found, 2, bars)


def fibonacci_sphere(size: int) -> np.ndarray:
    heights = 1 - (2 * np.arange(size) + 1) / size
    angles = np.pi * (3 - np.sqrt(5)) * np.arange(size)
    widths = np.sqrt(1 - heights**2)
    return np.stack([widths * np.cos(angles), widths * np.sin(angles), heights], axis=1)


def test_eighty_lines_through_the_origin_are_a_projective_plane():
    points = fibonacci_sphere(160)[:80]  # the upper half: each line once
    matrix = np.arccos(np.minimum(np.abs(points @ points.T), 1))
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    even = diagram(matrix, max_degree=2, metric="precomputed")
    np.testing.assert_allclose(long_bars(even, 1, 0.25), [(0.281, 1.052)], atol=5e-4)
    np.testing.assert_allclose(long_bars(even, 2, 0.25), [(0.439, 1.108)], atol=1e-3)
    odd = diagram(matrix, max_degree=2, field=3, metric="precomputed")
    assert not len(long_bars(odd, 1, 0.25))
    assert not len(long_bars(odd, 2, 0.25))


def test_a_sampled_sphere_has_one_void_that_ends_above_its_known_scale():
    deaths = {60: 1.6793, 120: 1.6592}
    for size, death in deaths.items():
        ((_, found),) = long_bars(diagram(fibonacci_sphere(size), max_degree=2), 2, 0.5)
        assert found == pytest.approx(death, abs=5e-5)
        assert found > np.sqrt(8 / 3)


# --- laws --------------------------------------------------------------------------------------------------------

CLOUD = np.random.default_rng(3).normal(size=(36, 3))


def test_doubling_the_cloud_doubles_the_diagram_exactly():
    one, two = diagram(CLOUD, max_degree=2), diagram(2 * CLOUD, max_degree=2)
    assert np.array_equal(2 * one.pairs, two.pairs)
    assert two.accuracy == 2 * one.accuracy


def test_turning_moving_and_reordering_the_cloud_change_nothing_beyond_the_recorded_accuracy():
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    order = np.random.default_rng(5).permutation(len(CLOUD))
    plain = diagram(CLOUD, max_degree=2)
    for points in (CLOUD @ turn, CLOUD[order], (CLOUD @ turn)[order] + 3.0):
        same(plain, diagram(points, max_degree=2), 1e-13)


def test_a_cloud_far_from_the_origin_keeps_its_diagram():
    near = (CLOUD * 2**20).round()  # whole numbers, so that the shifted points are the same points
    moved, plain = diagram(near + 1e8), diagram(near)
    same(plain, moved, plain.accuracy + moved.accuracy)
    assert len(plain.of_degree(0)) == len(moved.of_degree(0)) == len(CLOUD)
    assert moved.accuracy < 1e-13 * 2**22


def test_duplicates_change_nothing():
    twice = np.vstack([CLOUD, CLOUD[:7]])
    for engine in ENGINES:
        same(diagram(CLOUD, max_degree=2), diagram(twice, max_degree=2, engine=engine), 1e-13)


def test_points_1e_minus_9_apart_are_all_seen():
    pairs = np.vstack([CLOUD, CLOUD + 1e-9])
    assert len(diagram(pairs, max_degree=0).of_degree(0)) == len(pairs)


def test_a_monotone_change_of_distances_changes_values_and_not_bars():
    matrix = squareform(pdist(CLOUD))
    plain = diagram(matrix, max_degree=2, metric="precomputed")
    bent = diagram(np.log1p(matrix), max_degree=2, metric="precomputed")
    assert np.array_equal(np.log1p(plain.pairs), bent.pairs)


def bottleneck(a: PersistenceDiagram, b: PersistenceDiagram, degree: int) -> float:
    return bottleneck_distance(a.of_degree(degree), b.of_degree(degree))


def test_moving_each_point_by_epsilon_moves_the_diagram_by_two_epsilon_at_most():
    steps = np.random.default_rng(6).normal(size=CLOUD.shape)
    steps *= 0.01 / np.linalg.norm(steps, axis=1, keepdims=True)
    first, second = diagram(CLOUD, max_degree=2), diagram(CLOUD + steps, max_degree=2)
    for degree in range(3):
        assert 0 < bottleneck(first, second, degree) <= 0.02


def test_a_subsample_moves_the_diagram_by_twice_its_distance_to_the_cloud_at_most():
    cloud, some = diagram(CLOUD, max_degree=2), diagram(CLOUD[::2], max_degree=2)
    farthest = cdist(CLOUD, CLOUD[::2]).min(axis=1).max()
    for degree in range(3):
        assert bottleneck(cloud, some, degree) <= 2 * farthest


def test_the_bars_of_two_shapes_glued_at_a_point_add_up():
    a, b = (squareform(pdist(polygon(corners))) for corners in (6, 8))
    glued = np.zeros((13, 13))
    glued[:6, :6], glued[6:, 6:] = a, b[1:, 1:]
    glued[:6, 6:] = a[:, [0]] + b[[0], 1:]
    glued[6:, :6] = glued[:6, 6:].T
    found = diagram(glued.round(12), max_degree=2, metric="precomputed")
    assert_bars(found, 1, [(1, ROOT3), (chord(1, 8), chord(3, 8))], 1e-11)
    assert_bars(found, 2, [(ROOT3, 2)], 1e-11)


def test_the_points_of_a_line_have_no_loops():
    assert not len(long_bars(diagram(CLOUD[:, :1], max_degree=2), 1))
    assert not len(long_bars(diagram(CLOUD[:, :1], max_degree=2), 2))


def test_two_points_merge_at_their_distance_and_not_at_half_of_it():
    found = diagram(np.array([[0.0], [3.0], [7.0]]))
    assert found.pairs.tolist() == [[0, 3], [0, 4], [0, np.inf]]


# --- engines and plan --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["given", "median"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "geodesic"])
def test_both_engines_give_the_same_record_in_every_metric(metric, scale):
    first, second = (
        diagram(CLOUD, max_degree=2, metric=metric, scale=scale, neighbours=4, engine=engine) for engine in ENGINES
    )
    assert np.array_equal(first.pairs, second.pairs)
    assert np.array_equal(first.degrees, second.degrees)
    assert first.accuracy == second.accuracy > 0
    assert (first.computed["engine"], second.computed["engine"]) == ENGINES


def test_degree_zero_alone_is_read_off_the_spanning_tree_and_equals_both_engines():
    tree = diagram(CLOUD, max_degree=0)
    assert tree.computed["engine"] == "spanning tree"
    for engine in ENGINES:
        other = diagram(CLOUD, max_degree=0, engine=engine)
        assert other.computed["engine"] == engine
        assert np.array_equal(other.pairs, tree.pairs)


def test_the_record_says_how_it_was_computed_and_survives_being_packed():
    found = diagram(CLOUD, max_degree=1, scale="median")
    facts = found.computed
    assert set(facts) == {
        "engine", "engine_version", "reason", "points", "landmarks", "max_degree", "metric", "scale_divisor",
        "enclosing_radius",
    }  # fmt: skip
    matrix = squareform(pdist(CLOUD))
    assert (facts["points"], facts["max_degree"], facts["metric"]) == (36, 1, "euclidean")
    assert facts["scale_divisor"] == pytest.approx(np.median(pdist(CLOUD)))
    assert facts["enclosing_radius"] == pytest.approx(matrix.max(1).min() / np.median(pdist(CLOUD)))
    assert found.error == 0
    assert found.representatives is None
    assert unpack(*found.packed()) == found


def test_one_point_is_one_component_in_every_engine_and_scale():
    for parameters in ({}, {"engine": "ripser"}, {"scale": "median", "max_degree": 3}, {"threshold": 0.1}):
        found = diagram(np.array([[3.0, 4.0]]), **parameters)
        assert found.pairs.tolist() == [[0, np.inf]]
        assert found.reach == np.inf
    assert diagram(np.zeros((1, 1)), metric="precomputed").pairs.tolist() == [[0, np.inf]]
    assert diagram(np.ones((1, 3)), metric="geodesic").pairs.tolist() == [[0, np.inf]]


def test_a_cloud_of_one_repeated_point_is_one_component():
    assert diagram(np.ones((6, 2)), max_degree=2).pairs.tolist() == [[0, np.inf]]


def test_a_task_beyond_the_ceiling_is_refused_before_the_distances_are_computed():
    crowd = Latents(np.zeros((70_000, 1)))
    with pytest.raises(InvalidInput, match=r"70000 points.*65536.*landmarks.*subsample"):
        VietorisRips()(crowd)
    with pytest.raises(InvalidInput, match=r"40000 points.*landmarks.*subsample.*threshold.*max_degree"):
        VietorisRips(max_degree=2)(crowd.take(np.arange(40_000)))
    seconds, size = VietorisRips().cost(1000)
    assert 0.01 < seconds < 1
    assert 1e6 < size < 1e8


# --- threshold and reach -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cut_at_the_enclosing_radius_or_above_is_complete(engine):
    plain = diagram(CLOUD, engine=engine)
    radius = plain.computed["enclosing_radius"]
    for threshold in (radius, 2 * radius, 1e300):
        assert diagram(CLOUD, threshold=threshold, engine=engine) == plain
    assert plain.reach == np.inf
    assert not plain.censored.any()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_smaller_cut_censors_what_is_alive_there_and_keeps_all_that_died_before(engine):
    plain, cut = diagram(CLOUD, max_degree=2), diagram(CLOUD, max_degree=2, threshold=1.2, engine=engine)
    assert cut.reach == 1.2
    assert not cut.essential.any()
    early = plain.pairs[plain.pairs[:, 0] <= 1.2]
    expected = np.where(early > 1.2, np.inf, early)
    found = cut.pairs
    assert np.array_equal(found[np.lexsort(found.T)], expected[np.lexsort(expected.T)])
    with pytest.raises(InvalidInput, match="reach"):
        require_comparable(plain, cut, 1)


def test_the_threshold_is_in_the_unit_of_the_values():
    median = np.median(pdist(CLOUD))
    given, normal = diagram(CLOUD, threshold=0.5 * median), diagram(CLOUD, threshold=0.5, scale="median")
    np.testing.assert_allclose(given.pairs / median, normal.pairs, rtol=1e-14)


# --- metrics and units -------------------------------------------------------------------------------------------


def test_precomputed_distances_give_the_diagram_of_their_points():
    same(diagram(CLOUD), diagram(squareform(pdist(CLOUD)), metric="precomputed"), 1e-13)
    assert diagram(squareform(pdist(CLOUD)), metric="precomputed").accuracy == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_edges_that_never_enter_leave_essential_bars_in_a_complete_diagram(engine):
    apart = np.full((6, 6), np.inf)
    apart[:4, :4] = [[0, 1, np.inf, 1], [1, 0, 1, np.inf], [np.inf, 1, 0, 1], [1, np.inf, 1, 0]]
    apart[4:, 4:] = [[0, 2.0], [2.0, 0]]
    latents = Latents(np.zeros((6, 6)))
    latents.set(points=apart)  # the analyzer's own rule, whatever latents accept
    found = VietorisRips(metric="precomputed", engine=engine)(latents)
    assert found.of_degree(0).tolist() == [[0, 1]] * 3 + [[0, 2]] + [[0, np.inf]] * 2
    assert found.of_degree(1).tolist() == [[1, np.inf]]
    assert (found.reach, found.computed["enclosing_radius"]) == (np.inf, np.inf)
    assert found.essential.sum() == 3
    assert unpack(*found.packed()) == found
    cut = VietorisRips(metric="precomputed", engine=engine, threshold=1.5)(latents)
    assert (cut.reach, cut.censored.sum(), len(cut.of_degree(0))) == (1.5, 4, 6)


def test_the_cosine_metric_sees_directions_only_and_measures_radians():
    lengths = np.random.default_rng(7).uniform(0.1, 10, size=(36, 1))
    same(diagram(CLOUD, metric="cosine"), diagram(CLOUD * lengths, metric="cosine"), 1e-7)
    right_angle = diagram(np.eye(2), metric="cosine")
    assert right_angle.finite(0)[0, 1] == pytest.approx(np.pi / 2, abs=1e-15)


def test_the_geodesic_metric_unrolls_a_spiral():
    turns = np.linspace(2 * np.pi, 6 * np.pi, 120)
    spiral = np.stack([turns * np.cos(turns), turns * np.sin(turns)], axis=1)
    assert len(long_bars(diagram(spiral), 1, 3.0))
    assert not len(long_bars(diagram(spiral, metric="geodesic", neighbours=2), 1, 1e-6))


def test_diagrams_of_different_metrics_are_not_comparable():
    euclidean, cosine = diagram(CLOUD), diagram(CLOUD, metric="cosine")
    with pytest.raises(InvalidInput, match="filtration"):
        require_comparable(euclidean, cosine, 1)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "geodesic"])
def test_median_normalised_diagrams_do_not_see_the_unit_of_the_cloud(metric):
    first, second = (diagram(factor * CLOUD, metric=metric, scale="median") for factor in (1.0, 1024.0))
    assert first.unit == "median-normalised"
    same(first, second, 1e-12)


def test_posterior_units_do_not_see_the_unit_of_any_coordinate():
    rng = np.random.default_rng(8)
    deviations, units = rng.uniform(0.1, 2, CLOUD.shape), np.array([4.0, 0.5, 128.0])
    analyzer = VietorisRips(scale="posterior")
    one = analyzer(Latents(CLOUD, scale=deviations))
    other = analyzer(Latents(CLOUD * units, scale=deviations * units))
    same(one, other, 1e-12)
    same(one, diagram(CLOUD / np.sqrt((deviations**2).mean(axis=0))), 1e-12)
    twice = analyzer(Latents(CLOUD, scale=2 * deviations))
    np.testing.assert_allclose(twice.pairs * 2, one.pairs, rtol=1e-14)
    assert (one.unit, one.computed["scale_divisor"]) == ("posterior sd", 1.0)


def test_posterior_units_far_from_the_origin_keep_their_digits():
    whole = (CLOUD * 2**20).round()
    deviations = np.full(CLOUD.shape, 3.0)
    near, far = (VietorisRips(scale="posterior")(Latents(p, scale=deviations)) for p in (whole, whole + 1e9))
    same(near, far, near.accuracy + far.accuracy)


def test_posterior_units_are_refused_where_they_mean_nothing():
    assert needs_of(VietorisRips(scale="posterior")) == ("scale",)
    assert needs_of(VietorisRips()) == ()
    for metric in ("cosine", "precomputed"):
        with pytest.raises(InvalidParameter, match=f"posterior.*{metric}"):
            VietorisRips(scale="posterior", metric=metric)
    with pytest.raises(InvalidInput, match="posterior"):
        diagram(CLOUD, scale="posterior")


def test_units_and_filtrations_have_their_exact_names():
    deviations = np.ones_like(CLOUD)
    found = [VietorisRips(scale=scale)(Latents(CLOUD, scale=deviations)) for scale in ("given", "median", "posterior")]
    assert [d.unit for d in found] == ["input distance", "median-normalised", "posterior sd"]
    assert {d.filtration for d in found} == {"vietoris-rips"}


def test_the_recorded_accuracy_bounds_the_error_of_every_distance():
    points = np.random.default_rng(9).normal(size=(8, 40)) + 1e6
    with localcontext(prec=60):
        exact = [
            float(sum((Decimal(a) - Decimal(b)) ** 2 for a, b in zip(p, q, strict=True)).sqrt())
            for p, q in itertools.combinations(points.tolist(), 2)
        ]
    found = diagram(points, max_degree=0)
    tree = diagram(squareform(exact), max_degree=0, metric="precomputed")
    gap = np.abs(np.sort(found.finite(0)[:, 1]) - np.sort(tree.finite(0)[:, 1])).max()
    assert gap <= found.accuracy < 1e-12


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"field": 4}, "not prime"),
        ({"field": 1}, "field"),
        ({"field": 46349}, "46337"),
        ({"field": 131, "engine": "ripser"}, "gudhi"),
        ({"max_degree": 4}, "max_degree"),
        ({"max_degree": -1}, "max_degree"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"metric": "euclid"}, "euclidean"),
        ({"engine": "giotto"}, "gudhi"),
        ({"neighbours": 0}, "neighbours"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(parameters, words):
    with pytest.raises(InvalidParameter, match=words):
        VietorisRips(**parameters)


def test_a_precomputed_matrix_that_is_none_is_refused():
    bad = squareform(pdist(CLOUD))
    bad[3, 5] *= 1.5
    with pytest.raises(InvalidInput, match=r"entry \(3, 5\)"):
        diagram(bad, metric="precomputed")
    with pytest.raises(InvalidInput, match=r"\(36, 3\)"):
        diagram(CLOUD, metric="precomputed")


def test_a_median_of_zero_is_refused_with_the_way_out():
    with pytest.raises(InvalidInput, match="scale: given"):
        diagram(np.zeros((5, 2)), scale="median")


def test_distances_beyond_float64_are_refused():
    with np.errstate(over="ignore"), pytest.raises(InvalidInput, match="range of float64"):
        diagram(np.array([[1.7e308], [-1.7e308]]))


def test_only_the_point_itself_has_no_angle():
    with pytest.raises(InvalidInput, match="row 1 is the origin"):
        diagram(np.array([[1.0, 0], [0, 0]]), metric="cosine")


def test_distances_between_clouds_confirm_the_merge_of_two_clusters():
    left, right = CLOUD * 0.01, CLOUD * 0.01 + 50.0
    gap = cdist(left, right).min()
    assert diagram(np.vstack([left, right])).finite(0)[-1, 1] == pytest.approx(gap, rel=1e-13)
