"""Exact intervals of medians against coverage counted by hand and by simulation; ranks within blocks."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.numerics.order_statistics import median_interval, ranks_within


def counted_coverage(count: int, left_out: int) -> float:
    """Chance that the median of a continuous law lies inside, with so many values cut off at each end: coin throws."""
    return sum(comb(count, k) for k in range(left_out + 1, count - left_out)) / 2**count


@pytest.mark.parametrize(("count", "cut"), [(5, 0), (6, 0), (8, 1), (10, 1), (20, 5), (9, 1)])
def test_the_interval_is_the_narrowest_that_reaches_the_level(count, cut):
    values = np.random.default_rng(count).permutation(np.arange(1.0, count + 1))
    found = median_interval(values, 0.9)
    assert (found.low, found.high) == (cut + 1, count - cut)
    assert found.coverage == pytest.approx(counted_coverage(count, cut), abs=1e-12)
    assert counted_coverage(count, cut + 1) < 0.9 <= found.coverage
    assert found.median == np.median(values)


def test_least_to_greatest_of_five_holds_the_median_with_15_chances_in_16():
    assert median_interval(np.arange(5.0)).coverage == pytest.approx(15 / 16, abs=1e-12)


def test_draws_from_a_skewed_law_cover_its_median_as_often_as_is_said():
    draws = np.random.default_rng(0).exponential(size=(4000, 7))
    found = [median_interval(row, 0.8) for row in draws]
    inside = np.mean([low <= np.log(2) <= high for _, low, high, _ in found])
    assert inside == pytest.approx(found[0].coverage, abs=4 * np.sqrt(0.25 / 4000))


def test_too_few_values_give_their_whole_range_and_say_what_it_is_worth():
    assert median_interval(np.array([3.0, 1.0])) == (2.0, 1.0, 3.0, pytest.approx(0.5))
    assert median_interval(np.array([7.0])) == (7.0, 7.0, 7.0, 0.0)


def test_infinite_values_are_values():
    found = median_interval(np.array([1.0, np.inf, 2.0, np.inf, np.inf]))
    assert found[:3] == (np.inf, 1.0, np.inf)


@pytest.mark.parametrize("values", [[], [1.0, np.nan]])
def test_nothing_and_nan_have_no_median(values):
    with pytest.raises(InvalidInput, match="median"):
        median_interval(np.array(values))


def test_ranks_are_within_each_column_and_ties_share_them():
    values = np.array([[3.0, 1.0], [2.0, 5.0], [3.0, 5.0]])
    assert ranks_within(values).tolist() == [[1.5, 3.0], [3.0, 1.5], [1.5, 1.5]]
    assert ranks_within(values, higher_first=False).tolist() == [[2.5, 1.0], [1.0, 2.5], [2.5, 2.5]]
