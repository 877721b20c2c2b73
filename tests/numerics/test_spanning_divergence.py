"""RTD-Lite: clusters by hand, the merge order written another way, and the number its authors' formula gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.engines.cross_rips import matrix_bars
from tda_latent.errors import InvalidInput
from tda_latent.numerics.cross_barcode import paired_cross_matrix, quantile_scaled
from tda_latent.numerics.spanning_divergence import merge_bars, spanning_divergence


def line(*places) -> np.ndarray:
    points = np.array(places, dtype=float)[:, None]
    return cdist(points, points)


def random_pair(seed) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if seed % 2:  # ties and duplicates
        return tuple(squareform(pdist(rng.integers(0, 4, (25, 2)).astype(float))) for _ in range(2))
    return tuple(squareform(pdist(rng.normal(size=(25, dimension)))) for dimension in (2, 5))


def naive_bars(first, second) -> list[list[float]]:
    """As the paper has it: every edge of the lesser tree, until the first distance joins what lighter ones hold."""
    least = np.minimum(first, second)
    groups = {vertex: {vertex} for vertex in range(len(first))}
    bars = []
    for i, j in sorted(zip(*np.triu_indices(len(first), 1), strict=True), key=lambda pair: least[pair]):
        if groups[i] is groups[j]:
            continue
        parts = list({id(group): group for group in groups.values()}.values())
        where = {vertex: place for place, part in enumerate(parts) for vertex in part}
        between = np.array([[first[np.ix_(sorted(a), sorted(b))].min() for a in parts] for b in parts])
        np.fill_diagonal(between, 0.0)
        joined = minimax(between)[where[i], where[j]]
        if joined > least[i, j]:
            bars.append([least[i, j], joined])
        merged = groups[i] | groups[j]
        for vertex in merged:
            groups[vertex] = merged
    return sorted(bars)


def minimax(lengths) -> np.ndarray:
    """Least longest edge over all paths, by Floyd and Warshall."""
    paths = lengths.copy()
    for k in range(len(paths)):
        paths = np.minimum(paths, np.maximum(paths[:, k, None], paths[None, k]))
    return paths


def test_two_clusters_against_one_are_one_bar_from_joining_to_joining() -> None:
    """Two pairs 10 apart here, evenly spaced there: the bridge is joined at 1 there and at 10 here."""
    two, one = line(0, 1, 11, 12), line(0, 1, 2, 3)
    assert merge_bars(two, one).tolist() == [[1.0, 10.0]]
    assert merge_bars(one, two).tolist() == []
    assert spanning_divergence(two, one) == (9.0, 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_bars_are_those_of_the_merges_written_out(seed) -> None:
    first, second = random_pair(seed)
    for w, other in ((first, second), (second, first)):
        found = merge_bars(w, other)
        lengths = np.sort(found[:, 1] - found[:, 0])
        expected = np.array(naive_bars(w, other)).reshape(-1, 2)
        # which of several edges of one length comes first is a matter of order; the sum is not
        assert lengths.sum() == pytest.approx((expected[:, 1] - expected[:, 0]).sum(), abs=1e-12)
        if not seed % 2:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(6))
def test_the_scalar_is_half_the_sum_of_both_directed_barcodes(seed) -> None:
    first, second = random_pair(seed)
    sums = [float((bars[:, 1] - bars[:, 0]).sum()) for bars in (merge_bars(first, second), merge_bars(second, first))]
    assert spanning_divergence(first, second) == pytest.approx(tuple(sums), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_lengths_are_differences_of_single_linkage_heights(seed) -> None:
    first, second = random_pair(seed)
    heights = [linkage(squareform(matrix), "single")[:, 2].sum() for matrix in (first, np.minimum(first, second))]
    assert spanning_divergence(first, second).forward == pytest.approx(heights[0] - heights[1], abs=1e-12)


def test_bars_of_clusters_are_among_those_of_the_whole_cross_barcode() -> None:
    """Clusters that one distance holds together and another does not are bars of degree one of R-Cross-Barcode."""
    two, one = line(0, 1, 11, 12, 40, 41), line(0, 1, 2, 3, 4, 5)
    np.testing.assert_array_equal(merge_bars(two, one), matrix_bars(paired_cross_matrix(two, one), 1))


def test_equal_trees_are_at_zero_whatever_the_other_edges() -> None:
    w = random_pair(0)[0]
    ultrametric = squareform(cophenet(linkage(squareform(w), "single")))
    assert spanning_divergence(w, w) == (0.0, 0.0)
    assert spanning_divergence(w, ultrametric) == pytest.approx((0.0, 0.0), abs=1e-12)
    assert len(merge_bars(w, w)) == 0


def test_the_clusters_experiment_gives_the_value_of_the_published_formula() -> None:
    """7.5469016157 for one cluster against two: ``torch.quantile`` and trees of the authors' RTD_Lite_summ_only."""
    rng = np.random.RandomState(7)
    draws = np.stack([rng.multivariate_normal(np.zeros(2), np.eye(2), 5) for _ in range(60)])
    centres = np.array([[10.0, 0.0], [-10.0, 0.0]])[np.arange(60) % 2]
    pair = [quantile_scaled(cdist(cloud, cloud), 0.9) for cloud in map(flat, (draws, draws + centres[:, None]))]
    assert sum(spanning_divergence(*pair)) / 2 == pytest.approx(7.546902, abs=5e-7)


def flat(draws) -> np.ndarray:
    return draws.reshape(-1, 2)


def test_matrices_of_different_objects_are_refused() -> None:
    with pytest.raises(InvalidInput, match="same n >= 2"):
        spanning_divergence(line(0, 1), line(0, 1, 2))
    with pytest.raises(InvalidInput, match="same n >= 2"):
        merge_bars(line(0), line(0))
