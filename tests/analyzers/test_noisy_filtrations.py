"""Filtrations for clouds with outliers or much noise: against gudhi, and against what Vietoris-Rips gets wrong."""

from __future__ import annotations

import numpy as np
import pytest
from gudhi.dtm_rips_complex import DTMRipsComplex

from tda_latent.analyzers.dtm_filtration import DtmFiltration
from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.numerics.graph_distances import spectral_distances
from tda_latent.records import Latents, PersistenceDiagram


def ring(size: int, noise: float, dimension: int = 2, seed: int = 0) -> np.ndarray:
    """Evenly spaced points of a circle of radius one, with isotropic noise in many dimensions."""
    angles = 2 * np.pi * np.arange(size) / size
    points = np.zeros((size, dimension))
    points[:, 0], points[:, 1] = np.cos(angles), np.sin(angles)
    return points + noise * np.random.default_rng(seed).normal(size=points.shape)


def loop_score(diagram: PersistenceDiagram) -> float:
    """(p1 - p2) / p1 of the two longest bars of degree one: 1 for one loop and nothing else, near 0 for noise."""
    lengths = np.sort(np.concatenate([np.ptp(diagram.finite(1), axis=1), [0.0, 0.0]]))[::-1]
    return float((lengths[0] - lengths[1]) / lengths[0]) if lengths[0] > 0 else 0.0


# --- distances through the graph of neighbours ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_in_fifty_dimensions_hides_a_loop_from_euclidean_distances_and_not_from_resistances(seed):
    latents = Latents(ring(250, 0.25, 50, seed))
    assert loop_score(VietorisRips()(latents)) < 0.4
    assert loop_score(VietorisRips(metric="effective-resistance", neighbours=25)(latents)) > 0.85


def test_a_metric_by_name_is_the_matrix_of_its_distances_given_by_hand():
    points = ring(40, 0.1, 5)
    for metric in ("effective-resistance", "diffusion"):
        found = VietorisRips(metric=metric, neighbours=6, diffusion_steps=4)(Latents(points))
        matrix = spectral_distances(points, metric, 6, 4)[0]
        given = VietorisRips(metric="precomputed")(Latents(matrix))
        np.testing.assert_array_equal(found.pairs, given.pairs)
        assert found.unit == metric.replace("-", " ")
        assert found.filtration == f"vietoris-rips ({metric})"


def test_distances_without_a_unit_take_no_posterior_deviations():
    with pytest.raises(InvalidParameter, match="posterior"):
        VietorisRips(metric="diffusion", scale="posterior")


def test_noise_without_a_loop_gets_none_from_resistances():
    scores = [
        loop_score(
            VietorisRips(metric="effective-resistance")(Latents(np.random.default_rng(seed).normal(size=(200, 50))))
        )
        for seed in range(5)
    ]
    assert np.median(scores) < 0.4


@pytest.mark.parametrize("apart", [3.0, 5.0])
def test_two_clusters_that_touch_make_no_loop_of_resistances(apart):
    points = np.random.default_rng(1).normal(size=(200, 10))
    points += np.where(np.arange(200) < 100, apart, 0.0)[:, None] * np.eye(10)[0]
    assert loop_score(VietorisRips(metric="effective-resistance")(Latents(points))) < 0.4


# --- the density-weighted filtration --------------------------------------------------------------------------------


@pytest.mark.parametrize("neighbours", [1, 4, 10])
@pytest.mark.parametrize("order", [1.0, 2.0])
def test_the_diagram_is_that_of_gudhi(neighbours, order):
    points = np.random.default_rng(neighbours).normal(size=(30, 3))
    found = DtmFiltration(neighbours=neighbours, order=order, max_degree=2, field=3)(Latents(points))
    tree = DTMRipsComplex(points=points, k=neighbours, q=order).create_simplex_tree(max_dimension=3)
    tree.compute_persistence(homology_coeff_field=3, min_persistence=0)
    for degree in range(3):
        expected = tree.persistence_intervals_in_dimension(degree).reshape(-1, 2)
        ours, theirs = found.of_degree(degree), expected[expected[:, 0] < expected[:, 1] - 1e-12]
        assert bottleneck_distance(ours, theirs) < 1e-12, degree


def test_one_neighbour_gives_vietoris_rips_whatever_the_growth():
    latents = Latents(np.random.default_rng(5).normal(size=(40, 2)))
    plain = VietorisRips()(latents)
    for growth in (1, 2, "inf"):
        found = DtmFiltration(neighbours=1, growth=growth)(latents)
        np.testing.assert_allclose(found.pairs, plain.pairs, atol=1e-14)


def test_outliers_in_a_ring_shorten_its_loop_under_vietoris_rips_and_hardly_with_density():
    clean = ring(150, 0.02)
    spoilt = np.concatenate([clean, [[0.0, 0.0], [0.3, 0.2], [-0.4, 0.1], [0.1, -0.4]]])

    def longest(analyzer, points):
        return np.ptp(analyzer(Latents(points)).finite(1), axis=1).max()

    plain, weighted = (
        1 - longest(analyzer, spoilt) / longest(analyzer, clean) for analyzer in (VietorisRips(), DtmFiltration())
    )
    assert plain > 0.4
    assert weighted < plain / 3


def test_outliers_enter_after_the_crowd():
    points = np.concatenate([ring(60, 0.02), [[30.0, 0.0]]])
    found = DtmFiltration(neighbours=5)(Latents(points)).of_degree(0)
    assert found[:-1, 0].max() < found[-1, 0]
    assert found[-1, 1] > found[-1, 0] > 30


def test_the_move_of_a_diagram_is_bounded_by_the_shift():
    rng = np.random.default_rng(6)
    before = Latents(ring(50, 0.1))
    after = Latents(before.points + rng.uniform(-0.05, 0.05, before.points.shape))
    analyzer = DtmFiltration(neighbours=6)
    bound = analyzer.shift(before, after)
    for degree in (0, 1):
        moved = bottleneck_distance(analyzer(before).of_degree(degree), analyzer(after).of_degree(degree))
        assert moved <= bound + 1e-12
    assert analyzer.shift(before, after.take(np.arange(10))) == np.inf


def test_units_and_degenerate_clouds():
    cloud = Latents(ring(40, 0.1))
    given, normal = DtmFiltration()(cloud), DtmFiltration(scale="median")(cloud)
    ratio = given.pairs[np.isfinite(given.pairs)].max() / normal.pairs[np.isfinite(normal.pairs)].max()
    assert ratio == pytest.approx(
        np.median([np.linalg.norm(a - b) for k, a in enumerate(cloud.points) for b in cloud.points[:k]])
    )
    assert DtmFiltration()(Latents(np.ones((1, 3)))).pairs.tolist() == [[0.0, np.inf]]
    assert DtmFiltration()(Latents(np.ones((9, 3)))).pairs.tolist() == [[0.0, np.inf]]
    with pytest.raises(InvalidInput, match="median"):
        DtmFiltration(scale="median")(Latents(np.ones((9, 3))))
    with pytest.raises(InvalidParameter, match="posterior"):
        DtmFiltration(metric="cosine", scale="posterior")
