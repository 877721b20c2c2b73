"""Purity, enrichment, k-means and known trees against enumeration and other libraries."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from sklearn.metrics import mutual_info_score

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.kmeans import kmeans_regions
from tda_latent.numerics.known_trees import cophenetic_correlation, newick_heights, tree_p_value
from tda_latent.numerics.regions import (
    adjusted_p_values,
    composition,
    enrichment_p_values,
    fold_changes,
    purity_of,
    region_entropies,
)

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=50)


@settings(max_examples=50, deadline=None)
@given(LABELS)
def test_information_is_that_of_scikit_learn_and_purity_is_counted(pairs):
    regions, classes = (np.unique(column, return_inverse=True)[1] for column in zip(*pairs, strict=True))
    found = purity_of(composition(regions, classes))
    assert found.information == pytest.approx(mutual_info_score(classes, regions), abs=1e-12)
    best = [np.bincount(classes[regions == region]).max() for region in np.unique(regions)]
    assert found.purity == pytest.approx(sum(best) / len(pairs))
    assert -1e-12 <= found.entropy <= 1 + 1e-12


def test_pure_and_even_regions_have_entropy_zero_and_one():
    np.testing.assert_allclose(region_entropies(np.array([[5.0, 0, 0], [2, 2, 2]])), [0.0, 1.0], atol=1e-15)
    assert region_entropies(np.array([[7.0]])).tolist() == [0.0]


def test_enrichment_is_the_share_of_all_draws_of_a_region():
    classes = np.array([0, 0, 0, 1, 1, 1, 1])
    counts = np.array([[2.0, 1.0]])
    draws = [sum(classes[list(rows)] == 0) for rows in itertools.combinations(range(7), 3)]
    expected = np.mean([draw >= 2 for draw in draws]), np.mean([3 - draw >= 1 for draw in draws])
    found = enrichment_p_values(counts, np.array([3.0, 4.0]), 7)
    np.testing.assert_allclose(found[0], expected, rtol=1e-12)
    np.testing.assert_allclose(fold_changes(counts, np.array([3.0, 4.0]), 7)[0], [2 / (9 / 7), 1 / (12 / 7)])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_those_of_scipy(values):
    p_values = np.array(values)
    np.testing.assert_allclose(adjusted_p_values(p_values), false_discovery_control(p_values, method="bh"), atol=1e-14)


def test_k_means_finds_blobs_and_numbers_them_by_size():
    rng = np.random.default_rng(0)
    sizes, centres = (30, 60, 10), np.array([[0.0, 0], [20, 0], [0, 20]])
    points = np.concatenate([centre + rng.normal(size=(size, 2)) for centre, size in zip(centres, sizes, strict=True)])
    found = kmeans_regions(points, 3, np.random.default_rng(1))
    assert found.tolist() == [1] * 30 + [0] * 60 + [2] * 10


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_every_point_lies_with_the_nearest_mean(offset):
    points = np.random.default_rng(2).normal(size=(200, 3)) + offset
    found = kmeans_regions(points, 7, np.random.default_rng(1))
    means = np.stack([points[found == region].mean(axis=0) for region in range(7)])
    nearest = np.linalg.norm(points[:, None] - means, axis=2).argmin(axis=1)
    assert np.mean(nearest == found) > (0.999 if offset == 0 else 0.97)  # at 1e9 a unit is 1e7 last places


def test_k_means_of_few_different_points_has_no_empty_region():
    points = np.repeat(np.array([[0.0], [1.0], [5.0]]), [4, 3, 2], axis=0)
    assert kmeans_regions(points, 6, np.random.default_rng(0)).tolist() == [0] * 4 + [1] * 3 + [2] * 2
    assert not kmeans_regions(np.ones((5, 2)), 3, np.random.default_rng(0)).any()


def test_a_tree_says_how_high_two_leaves_join():
    leaves, heights = newick_heights("((cat, dog), (car, truck), 'a (b)')root;")
    assert leaves == ("cat", "dog", "car", "truck", "a (b)")
    assert heights.tolist() == [
        [0, 1, 2, 2, 2], [1, 0, 2, 2, 2], [2, 2, 0, 1, 2], [2, 2, 1, 0, 2], [2, 2, 2, 2, 0],
    ]  # fmt: skip
    _, lengths = newick_heights("((a:0.5,b:1.5):2,c:1)")
    assert lengths[0, 1] == 1.5
    assert lengths[0, 2] == 3.5


@pytest.mark.parametrize(
    "text", ["", "a", "(a", "(a,b", "(a,a)", "(a,,b)", "(a:x,b)", "(a,b))", "(a:-1,b)", "(a,'b)", "(a,b),(c,d)", "()"]
)
def test_text_that_is_no_tree_is_refused(text):
    with pytest.raises(InvalidParameter, match="tree"):
        newick_heights(text)


def test_a_table_that_follows_the_tree_is_correlated_with_it_and_few_assignments_are():
    _, heights = newick_heights("(((a,b),(c,d)),(e,f))")
    found = 3 * heights + 1
    assert cophenetic_correlation(found, heights) == pytest.approx(1.0)
    symmetries = sum(
        np.array_equal(heights[np.ix_(order, order)], heights) for order in itertools.permutations(range(6))
    )
    assert tree_p_value(found, heights, 10, np.random.default_rng(0)) == pytest.approx(symmetries / 720)
    assert np.isnan(cophenetic_correlation(np.ones((4, 4)), heights[:4, :4]))
    assert np.isnan(tree_p_value(np.ones((4, 4)), heights[:4, :4], 10, np.random.default_rng(0)))


def test_p_values_of_a_tree_are_uniform_when_the_names_mean_nothing():
    _, heights = newick_heights("(((a,b),(c,d)),((e,f),(g,h)))")
    rng = np.random.default_rng(0)
    values = []
    for _ in range(200):
        table = rng.uniform(size=(8, 8))
        values.append(tree_p_value(table + table.T, heights, 39, rng))
    expected = (np.arange(40) + 1) / 40
    shares = np.array([np.mean(np.array(values) <= level + 1e-9) for level in expected])
    assert np.abs(shares - expected).max() < 1.63 / np.sqrt(200)  # Kolmogorov and Smirnov, 1 %
