"""Mutual information and gaps against closed forms and other ways of writing them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.numerics.disentanglement import (
    code_disentanglement,
    code_modularity,
    factor_completeness,
    fixed_factor_votes,
    ranking_quality,
    score_gap,
    standardised,
    target_of,
    vote_accuracy,
)
from tda_latent.numerics.mutual_information import (
    binned,
    effective_bins,
    entropy,
    information_table,
    mutual_information,
)

COLUMNS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(COLUMNS)
def test_information_is_symmetric_and_the_sum_of_entropies_less_the_joint_one(pairs):
    first, second = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    found = mutual_information(first, second)
    assert found == pytest.approx(mutual_information(second, first), abs=1e-12)
    assert found == pytest.approx(entropy(first) + entropy(second) - entropy(first * 10 + second), abs=1e-12)
    assert -1e-12 <= found <= min(entropy(first), entropy(second)) + 1e-12


def test_a_noisy_binary_channel_has_its_textbook_information():
    joint = np.array([[3, 1], [1, 3]])  # flips one bit in four
    first, second = (np.repeat(index.ravel(), joint.ravel()) for index in np.indices((2, 2)))
    flip = 0.25 * np.log(0.25) + 0.75 * np.log(0.75)
    assert mutual_information(first, second) == pytest.approx(np.log(2) + flip, abs=1e-14)


def test_independent_columns_have_the_bias_of_the_plug_in_estimate():
    rng = np.random.default_rng(0)
    draws = [mutual_information(rng.integers(0, 8, 2000), rng.integers(0, 6, 2000)) for _ in range(200)]
    assert np.mean(draws) == pytest.approx(7 * 5 / (2 * 2000), rel=0.1)


def test_bins_of_equal_width_are_those_of_a_histogram():
    values = np.random.default_rng(1).normal(size=500)
    counts = np.bincount(binned(values, 20), minlength=20)
    np.testing.assert_array_equal(counts, np.histogram(values, 20)[0])


def test_bins_of_equal_mass_hold_equally_many_and_never_part_equal_values():
    values = np.random.default_rng(1).normal(size=400) ** 3
    assert set(np.bincount(binned(values, 20, "mass"))) == {20}
    ties = np.repeat([5.0, 1.0, 9.0], [10, 50, 40])
    assert len(set(zip(ties.tolist(), binned(ties, 20, "mass").tolist(), strict=True))) == 3


@pytest.mark.parametrize("binning", ["width", "mass"])
def test_a_constant_column_lies_in_one_bin_and_huge_values_do_not_overflow(binning):
    assert effective_bins(binned(np.full(9, 3.0), 5, binning)) == 1.0
    assert binned(np.array([-1.7e308, 0.0, 1.7e308]), 3, binning).tolist() == [0, 1, 2]


def test_the_gap_of_a_pair_skips_the_coordinates_of_the_pair():
    scores = np.array([0.6, 0.5, 0.1])
    pairs = {(0, 1): 0.9, (0, 2): 0.65, (1, 2): 0.55}
    best = score_gap(scores, lambda a, b: pairs[a, b])
    assert (best.best, best.coordinates) == (0.9, (0, 1))
    assert best.gap == pytest.approx(0.8)
    assert score_gap(scores).gap == pytest.approx(0.1)
    assert score_gap(scores[:1]).gap == pytest.approx(0.6)


def test_importance_tables_have_the_scores_of_their_formulas():
    assert code_disentanglement(np.eye(3)) == pytest.approx(1.0)
    assert code_disentanglement(np.full((4, 3), 0.25)) == pytest.approx(0.0)
    assert np.isnan(code_disentanglement(np.array([[1.0], [0.0]])))
    assert code_disentanglement(np.zeros((10, 10))) == 0.0
    assert factor_completeness(np.array([0.5, 0.5, 0, 0]), "real") == pytest.approx(0.5)
    assert factor_completeness(np.zeros(10), "real") == 0.0
    assert np.isnan(factor_completeness(np.ones(1), "real"))  # nothing to choose between
    assert np.isnan(factor_completeness(np.array([0.5, 0.5]), "circular"))
    assert factor_completeness(np.array([0.5, 0.5, 0, 0]), "circular") == 1.0
    assert factor_completeness(np.full(5, 0.2), "real") == pytest.approx(0.0)
    np.testing.assert_allclose(code_modularity(np.array([[2.0, 0, 0], [1, 1, 1], [2, 1, 0]])), [1, 0, 1 - 1 / 8])


def test_the_importance_tables_of_disentanglement_lib_have_the_scores_that_its_tests_expect():
    # dci_test.py and modularity_explicitness_test.py: codes twice, too few codes, factors twice, a dead code, nothing
    five = 5.0 * np.eye(5)
    for table, disentangled, modular in (
        (five, 1.0, 1.0),
        (np.vstack([five, five]), 1.0, 1.0),
        (five[:2], 1.0, 1.0),
        (np.hstack([five, five]), 1 - np.log(2) / np.log(10), 1 - 1 / 9),
        (np.array([[1.0, 0], [0, 1], [0, 0]]), 1.0, 2 / 3),
        (np.zeros((10, 10)), 0.0, 0.0),
    ):
        assert code_disentanglement(table) == pytest.approx(disentangled)
        assert np.nan_to_num(code_modularity(table)).mean() == pytest.approx(modular)
    assert factor_completeness(np.vstack([five, five])[:, 0], "real") == pytest.approx(1 - np.log(2) / np.log(10))
    assert factor_completeness(five[:2, 0], "real") == 1.0


def test_a_factor_of_many_steps_that_repeat_keeps_them_and_a_continuous_one_is_binned():
    steps = np.arange(4000) % 32
    assert target_of(steps, "real", None, 20, "width").classes.max() == 31
    assert target_of(steps[:400], "real", None, 20, "width").classes.max() == 19
    assert target_of(np.linspace(0, 1, 4000), "real", None, 20, "width").classes.max() == 19
    angles = steps / 32 * 360.0
    assert target_of(angles, "circular", 360.0, 20, "width").classes.max() == 31
    assert target_of(angles[:400], "circular", 360.0, 20, "width").classes.max() == 19


def test_equal_angles_share_a_sector_though_they_are_on_different_turns():
    places = np.arange(480) % 24
    turned = 2 * np.pi * (places / 24 + np.random.default_rng(0).integers(-9, 10, 480))
    found = target_of(turned, "circular", 2 * np.pi, 12, "width").classes
    np.testing.assert_array_equal(found, places // 2)


def test_no_votes_are_held_for_a_single_factor_nor_where_one_factor_has_no_value_often_enough():
    rng = np.random.default_rng(0)
    codes, halves, names = rng.normal(size=(200, 3)), np.arange(200) % 2, np.arange(200)
    assert not len(fixed_factor_votes(codes, [halves], 50, 5, rng)[0])
    assert not len(fixed_factor_votes(codes, [halves, names], 50, 5, rng)[0])
    assert len(fixed_factor_votes(codes, [halves, names // 10], 50, 5, rng)[0]) == 50


def test_ranking_quality_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(2)
    classes, scores = rng.integers(0, 3, 60), rng.integers(0, 9, (60, 3)).astype(float)
    areas = []
    for number in range(3):
        inside, outside = scores[classes == number, number], scores[classes != number, number]
        areas.append(np.mean((inside[:, None] > outside) + 0.5 * (inside[:, None] == outside)))
    assert ranking_quality(scores, classes, 3) == pytest.approx(np.mean(areas), abs=1e-12)


def test_votes_are_judged_on_the_half_that_did_not_choose():
    factors = np.array([0, 0, 1, 1, 0, 1, 0, 1])
    assert vote_accuracy(factors + 3, factors) == 1.0
    assert vote_accuracy(np.zeros(8, np.int64), factors) == 0.5
    assert np.isnan(vote_accuracy(np.empty(0, np.int64), np.empty(0, np.int64)))


def test_standardising_is_blind_to_scale_and_sees_a_constant_far_from_zero():
    codes = np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_allclose(standardised(codes * [1e200, 1e-200] + [1e200, 0]), standardised(codes), atol=1e-9)
    assert not standardised(np.full((5, 1), 0.1) + 1e6).any()


def test_a_dead_code_knows_nothing_so_that_its_modularity_is_not_that_of_rounding():
    steps = np.random.default_rng(0).integers(0, 11, (5000, 3))
    table = information_table(np.column_stack([steps, np.zeros(5000, dtype=np.int64)]), list(steps.T))
    assert not table[3].any()
    assert np.nan_to_num(code_modularity(table)).mean() == pytest.approx(3 / 4, abs=1e-4)
