"""Witness complexes against their definition, written out simplex by simplex, and against known shapes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from gudhi import SimplexTree

from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.analyzers.witness import Witness
from tda_latent.engines.gudhi_witness import witness_bars, witness_seconds
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.numerics.witness import lazy_witness_edges, witness_distances
from tda_latent.records import Latents


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def ring(size: int, noise: float = 0.0) -> np.ndarray:
    angles = 2 * np.pi * np.arange(size) / size
    return np.column_stack([np.cos(angles), np.sin(angles)]) + noise * rng().normal(size=(size, 2))


def entries(distances: np.ndarray, strength: str, dimension: int = 2) -> dict[tuple[int, ...], float]:
    """Relaxation of every simplex by the definition: its own, or that of its latest face."""
    found: dict[tuple[int, ...], float] = {}
    landmarks = range(distances.shape[1])
    for size in range(1, dimension + 2):
        for simplex in itertools.combinations(landmarks, size):
            others = [k for k in landmarks if strength == "strong" or k not in simplex]
            farthest = distances[:, simplex].max(axis=1)
            nearest = distances[:, others].min(axis=1) if others else np.full(len(distances), np.inf)
            own = max(0.0, float((farthest - nearest).min()))
            faces = [found[face] for face in itertools.combinations(simplex, size - 1) if face]
            found[simplex] = max([own, *faces])
    return found


def bars_of(simplices: dict[tuple[int, ...], float]) -> list[np.ndarray]:
    tree = SimplexTree()
    for simplex, value in simplices.items():
        tree.insert(list(simplex), value)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=0)
    return [tree.persistence_intervals_in_dimension(degree).reshape(-1, 2) for degree in (0, 1)]


@pytest.mark.parametrize("strength", ["weak", "strong"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_relaxed_complexes_are_those_of_the_definition(strength, seed):
    points = rng(seed).normal(size=(40, 2))
    distances = witness_distances(points, np.arange(8))
    found = witness_bars(distances, np.inf, 1, 2, strength)
    for degree, expected in enumerate(bars_of(entries(distances, strength))):
        ours = found[degree][found[degree][:, 0] < found[degree][:, 1]]
        assert bottleneck_distance(ours, expected[expected[:, 0] < expected[:, 1]]) < 1e-14


@pytest.mark.parametrize("nu", [0, 1, 2])
def test_lazy_edges_are_those_of_the_definition(nu):
    distances = witness_distances(rng(1).normal(size=(50, 3)), np.arange(9))
    for a, b in itertools.combinations(range(9), 2):
        witnesses = [max(row[a], row[b]) - (np.sort(row)[nu - 1] if nu else 0.0) for row in distances]
        assert lazy_witness_edges(distances, nu)[a, b] == pytest.approx(2 * max(min(witnesses), 0.0), abs=1e-14)


def test_with_a_witness_half_way_everywhere_lazy_edges_are_the_distances():
    landmarks = rng(2).normal(size=(7, 3))
    middles = [(a + b) / 2 for a, b in itertools.combinations(landmarks, 2)]
    edges = lazy_witness_edges(witness_distances(np.concatenate([landmarks, middles]), np.arange(7)), 0)
    expected = np.linalg.norm(landmarks[:, None] - landmarks, axis=2)
    np.testing.assert_allclose(edges, expected, atol=1e-14)


@pytest.mark.parametrize(("nu", "diameter"), [(0, 6.0), (1, 4.0), (2, 0.0)])
def test_of_two_landmarks_and_one_point_between_everything_is_by_hand(nu, diameter):
    points = np.array([[0.0], [4.0], [1.0]])  # the point at 1 is 1 from one landmark, 3 from the other
    assert lazy_witness_edges(witness_distances(points, np.array([0, 1])), nu)[0, 1] == diameter


@pytest.mark.parametrize("construction", ["lazy", "weak"])
@pytest.mark.parametrize("selection", ["farthest", "random"])
def test_twelve_landmarks_see_the_loop_that_two_thousand_points_make(construction, selection):
    cloud = Latents(ring(2000, 0.03))
    found = Witness(landmarks=12, construction=construction, selection=selection)(cloud, rng(3))
    loops = np.sort(np.minimum(found.of_degree(1), 4.0) @ [-1, 1])[::-1]
    assert loops[0] > 0.5
    assert loops[1:].max(initial=0.0) < 0.25 * loops[0]
    assert found.computed["landmarks"] == 12


def test_a_filled_disc_has_no_loop():
    points = rng(4).normal(size=(3000, 2))
    disc = points[np.linalg.norm(points, axis=1) < 1]
    found = Witness(landmarks=20)(Latents(disc), rng())
    assert np.ptp(found.finite(1), axis=1).max(initial=0.0) < 0.25


def test_landmarks_alone_are_lazily_never_joined_before_they_are_at_their_distance():
    points = rng(5).normal(size=(25, 3))
    found = Witness(landmarks=25, nu=0)(Latents(points), rng())
    plain = VietorisRips()(Latents(points))
    assert (np.sort(found.finite(0)[:, 1]) >= np.sort(plain.finite(0)[:, 1]) - 1e-12).all()


@pytest.mark.parametrize("construction", ["lazy", "weak", "strong"])
def test_bars_alive_at_a_threshold_are_censored_and_agree_below(construction):
    cloud = Latents(ring(300, 0.05))
    whole = Witness(landmarks=10, construction=construction)(cloud, rng())
    part = Witness(landmarks=10, construction=construction, threshold=0.2)(cloud, rng())
    assert part.reach == 0.2
    assert whole.error is None
    born = whole.pairs[whole.pairs[:, 0] <= 0.2]
    expected = np.where(born > 0.2, np.inf, born)
    np.testing.assert_allclose(part.pairs, expected[expected[:, 0] < expected[:, 1]], atol=1e-14)


def test_the_unit_is_the_median_distance_of_the_whole_cloud():
    cloud = Latents(ring(100, 0.1))
    given, normal = (Witness(landmarks=9, scale=scale)(cloud, rng()) for scale in ("given", "median"))
    np.testing.assert_allclose(normal.pairs * normal.computed["scale_divisor"], given.pairs, rtol=1e-12)


@pytest.mark.parametrize("construction", ["lazy", "weak", "strong"])
def test_the_size_and_place_of_the_cloud_change_nothing_but_the_unit(construction):
    points = rng(6).normal(size=(60, 3))
    plain = Witness(landmarks=9, construction=construction)(Latents(points), rng())
    huge = Witness(landmarks=9, construction=construction)(Latents(points * 1e200), rng())
    far = Witness(landmarks=9, construction=construction)(Latents(points + 1e6), rng())
    np.testing.assert_allclose(huge.pairs / 1e200, plain.pairs, rtol=1e-9)
    np.testing.assert_allclose(far.pairs, plain.pairs, atol=1e-8)


def test_degenerate_clouds_and_wrong_questions():
    assert Witness()(Latents(np.ones((1, 2))), rng()).pairs.tolist() == [[0.0, np.inf]]
    assert Witness()(Latents(np.ones((8, 2))), rng()).pairs.tolist() == [[0.0, np.inf]]
    assert Witness(construction="weak", selection="random", landmarks=5)(
        Latents(np.ones((8, 2))), rng()
    ).pairs.tolist() == [[0.0, np.inf]]
    with pytest.raises(InvalidParameter, match="only lazy"):
        Witness(construction="weak", nu=2)
    with pytest.raises(InvalidInput, match="landmarks span"):
        Witness(construction="weak", landmarks=300)(Latents(rng().normal(size=(400, 2))), rng())


def test_hours_of_weak_witnesses_are_refused_and_a_threshold_makes_them_seconds():
    points = np.random.default_rng(0).uniform(size=(10_000, 2))
    asked = {"construction": "weak", "landmarks": 60, "max_degree": 1}
    with pytest.raises(InvalidInput, match=r"10000 witnesses.*threshold"):
        Witness(**asked)(Latents(points), np.random.default_rng(0))
    short = Witness(**asked, threshold=0.02)(Latents(points[:2000]), np.random.default_rng(0))
    assert short.reach == 0.02


def test_strong_complexes_of_many_near_landmarks_end():
    """gudhi's own ends after 2^40 steps for each witness; the filtration is that of all subsets, by the definition."""
    points = rng(7).uniform(size=(300, 2))
    found = Witness(landmarks=40, construction="strong", selection="random")(Latents(points), rng(8))
    rows = np.sort(rng(8).choice(300, 40, replace=False))
    late = witness_distances(points, rows)
    late -= late.min(axis=1, keepdims=True)
    tree = SimplexTree()
    for size in (1, 2, 3):
        for simplex in itertools.combinations(range(40), size):
            tree.insert(list(simplex), float(late[:, simplex].max(axis=1).min()))
    tree.compute_persistence(homology_coeff_field=2, min_persistence=0)
    for degree in (0, 1):
        bars = 2 * tree.persistence_intervals_in_dimension(degree)
        assert bottleneck_distance(found.of_degree(degree), bars[bars[:, 0] < bars[:, 1]]) < 1e-14
    with pytest.raises(InvalidInput, match=r"would take about \d+ s"):
        Witness(landmarks=200, construction="strong")(Latents(rng(9).normal(size=(20_000, 2))), rng())


@pytest.mark.parametrize("cut", [0.1, 0.6, np.inf])
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_strong_complexes_of_few_landmarks_are_those_of_gudhi(cut, degree):
    from gudhi import StrongWitnessComplex

    distances = witness_distances(rng(10).normal(size=(60, 3)), np.arange(9))
    table = [sorted(enumerate(row), key=lambda pair: pair[1]) for row in distances.tolist()]
    tree = StrongWitnessComplex(nearest_landmark_table=table).create_simplex_tree(
        max_alpha_square=cut, limit_dimension=degree + 1
    )
    tree.compute_persistence(homology_coeff_field=3, min_persistence=0, persistence_dim_max=tree.dimension() <= degree)
    for k, ours in enumerate(witness_bars(distances, cut, degree, 3, "strong")):
        expected = tree.persistence_intervals_in_dimension(k).reshape(-1, 2)
        assert bottleneck_distance(ours, expected[expected[:, 0] < expected[:, 1]]) < 1e-14


@pytest.mark.parametrize("cut", [0.05, 0.5, np.inf])
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_the_estimate_of_time_counts_at_least_every_witness_of_every_weak_simplex(cut, degree):
    distances = witness_distances(rng(11).normal(size=(30, 3)), np.arange(8))
    count = 0
    for row, size in itertools.product(distances, range(1, degree + 3)):
        for simplex in itertools.combinations(range(8), size):
            others = [row[k] for k in range(8) if k not in simplex]
            count += row[list(simplex)].max() <= min(others, default=np.inf) + cut
    assert witness_seconds(distances, cut, degree, "weak") >= 1e-6 * count * (1 - 1e-9)
    if cut == np.inf:
        assert witness_seconds(distances, cut, degree, "weak") == pytest.approx(1e-6 * count)
