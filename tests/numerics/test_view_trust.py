"""Stress, order of distances, shared neighbours, lost and invented features: known answers and other formulas."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import cdist, pdist
from scipy.stats import spearmanr

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.view_trust import (
    clusters_above_the_floor,
    feature_change,
    neighbours_kept,
    rank_correlation,
    scaled_stress,
)

RNG = np.random.default_rng(0)
CLOUD, VIEW = RNG.normal(size=(60, 6)), RNG.normal(size=(60, 2))
FAR, SHOWN = cdist(CLOUD, CLOUD), cdist(VIEW, VIEW)


def test_stress_is_the_least_over_all_common_factors():
    wanted, shown = pdist(CLOUD), pdist(VIEW)
    best = minimize_scalar(lambda a: ((a * shown - wanted) ** 2).sum() / (wanted**2).sum()).fun
    assert scaled_stress(FAR, SHOWN) == pytest.approx(np.sqrt(best), rel=1e-7)
    assert scaled_stress(FAR, 7 * FAR) == pytest.approx(0, abs=1e-7)
    assert scaled_stress(FAR, np.zeros_like(FAR)) == 1
    assert np.isnan(scaled_stress(np.zeros_like(FAR), FAR))


def test_rank_correlation_is_spearman_of_the_distances():
    assert rank_correlation(FAR, SHOWN) == pytest.approx(spearmanr(pdist(CLOUD), pdist(VIEW)).statistic, abs=1e-12)
    assert rank_correlation(FAR, FAR**3) == pytest.approx(1)
    assert np.isnan(rank_correlation(FAR, np.zeros_like(FAR)))


def test_neighbours_kept_counts_common_neighbours():
    near = [[set(np.argsort(row)[1:6]) for row in table] for table in (FAR, SHOWN)]
    expected = np.mean([len(one & other) / 5 for one, other in zip(*near, strict=True)])
    assert neighbours_kept(FAR, SHOWN, 5) == pytest.approx(expected)
    assert neighbours_kept(FAR, 2 * FAR, 5) == 1


def test_unrelated_spaces_share_neighbours_at_chance():
    shares = [neighbours_kept(FAR, cdist(v, v), 15) for v in np.random.default_rng(1).normal(size=(40, 60, 2))]
    assert np.mean(shares) == pytest.approx(15 / 59, abs=0.02)
    with pytest.raises(InvalidParameter, match="1 <= k < n"):
        neighbours_kept(FAR, SHOWN, 60)


def test_a_bar_without_a_partner_is_lost_and_one_without_a_model_is_invented():
    loop, other, noise = [0.5, 1.1], [3.0, 3.5], [0.5, 0.55]
    assert feature_change(np.array([loop]), np.array([loop]), 0.2) == (1, 0, 0)
    assert feature_change(np.array([loop]), np.array([noise]), 0.2) == (1, 1, 0)
    assert feature_change(np.array([noise]), np.array([loop]), 0.2) == (0, 0, 1)
    assert feature_change(np.array([loop]), np.array([other]), 0.2) == (1, 1, 1)
    assert feature_change(np.array([loop, other]), np.empty((0, 2)), 0.2) == (2, 2, 0)
    assert feature_change(np.empty((0, 2)), np.array([loop, noise]), 0.2) == (0, 0, 1)


def test_a_bar_a_little_shorter_than_the_threshold_still_answers_one_a_little_longer():
    assert feature_change(np.array([[0.5, 0.71]]), np.array([[0.5, 0.69]]), 0.2) == (1, 0, 0)


def test_swapping_the_sides_swaps_lost_and_invented():
    rng = np.random.default_rng(2)
    for _ in range(20):
        sides = [np.cumsum(rng.uniform(0.01, 0.5, (rng.integers(1, 6), 2)), axis=1) for _ in range(2)]
        there, back = feature_change(*sides, 0.2), feature_change(*sides[::-1], 0.2)
        assert (there.lost, there.invented) == (back.invented, back.lost)


def test_clusters_stand_out_above_the_merges_inside_them_and_outliers_do_not_count():
    blobs = np.concatenate([RNG.normal(scale=0.1, size=(30, 8)) + 10 * np.eye(8)[k] for k in range(3)])
    lonely = np.vstack([blobs, 100 * np.ones((1, 8))])
    bars = clusters_above_the_floor(cdist(lonely, lonely), 0.02, np.inf)
    high = bars[bars[:, 1] > 1]
    assert len(high) == 2
    assert not len(clusters_above_the_floor(cdist(lonely, lonely), 0.4, np.inf))
    assert clusters_above_the_floor(cdist(blobs, blobs), 0.02, 0.5)[:, 1].max() == 0.5


@pytest.mark.parametrize("times", [2, 7, 40])
def test_repeating_points_changes_no_cluster(times):
    blobs = np.concatenate([RNG.normal(scale=0.3, size=(12, 8)) + 4 * np.eye(8)[k] for k in range(3)])
    again = np.repeat(blobs, times, axis=0)
    expected = clusters_above_the_floor(cdist(blobs, blobs), 0.02, np.inf)
    found = clusters_above_the_floor(cdist(again, again), 0.02, np.inf)
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(expected, axis=0), atol=1e-9)
    assert not len(clusters_above_the_floor(np.zeros((9, 9)), 0.02, np.inf))


def test_stress_is_exactly_nothing_for_a_scaled_copy_and_has_no_scale():
    assert scaled_stress(FAR, 7 * FAR) < 1e-15
    for size in (1e-200, 1e-6, 1e6, 1e200):
        assert scaled_stress(FAR * size, SHOWN) == pytest.approx(scaled_stress(FAR, SHOWN), rel=1e-12)
        assert scaled_stress(FAR, SHOWN * size) == pytest.approx(scaled_stress(FAR, SHOWN), rel=1e-12)


def cheapest_by_trying_all(first: np.ndarray, second: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of the cheapest matching of two small diagrams, found among all partial matchings."""
    half = [(bars[:, 1] - bars[:, 0]) / 2 for bars in (first, second)]
    best, cost = [], np.inf
    for kept in range(min(len(first), len(second)) + 1):
        for rows in combinations(range(len(first)), kept):
            for columns in permutations(range(len(second)), kept):
                pairs = list(zip(rows, columns, strict=True))
                moved = sum(np.abs(first[i] - second[j]).max() for i, j in pairs)
                alone = np.delete(half[0], rows).sum() + np.delete(half[1], columns).sum()
                if moved + alone < cost:
                    best, cost = pairs, moved + alone
    return best


def test_features_are_matched_as_when_all_matchings_are_tried():
    rng = np.random.default_rng(5)
    for _ in range(60):
        sides = [np.cumsum(rng.uniform(0.01, 0.6, (rng.integers(1, 5), 2)), axis=1) for _ in range(2)]
        lives = [bars[:, 1] - bars[:, 0] for bars in sides]
        partner = dict(cheapest_by_trying_all(*sides))
        back = {j: i for i, j in partner.items()}
        lost = [i for i in np.flatnonzero(lives[0] > 0.3) if i not in partner or lives[1][partner[i]] <= 0.15]
        invented = [j for j in np.flatnonzero(lives[1] > 0.3) if j not in back or lives[0][back[j]] <= 0.15]
        assert feature_change(*sides, 0.3) == ((lives[0] > 0.3).sum(), len(lost), len(invented))
