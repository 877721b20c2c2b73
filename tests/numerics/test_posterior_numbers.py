"""Divergence and information of Gaussian posteriors against closed forms and numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import digamma
from scipy.stats import norm

from tda_latent.numerics.posterior import (
    chance_divergence,
    moment_divergence,
    mutual_information,
    posterior_draws,
    total_correlation,
    unit_divergences,
)


def stream(seed=0):
    return np.random.default_rng(seed)


def test_the_divergence_of_each_unit_is_the_integral_of_the_log_ratio():
    means, deviations = np.array([[0.7, -1.2]]), np.array([[0.4, 1.5]])
    for j in range(2):
        one = norm(means[0, j], deviations[0, j])
        expected = quad(lambda z, one=one: one.pdf(z) * (one.logpdf(z) - norm.logpdf(z)), -12, 12)[0]
        assert unit_divergences(means, deviations)[j] == pytest.approx(expected, rel=1e-8)


def test_posteriors_equal_to_the_prior_have_no_divergence_at_all():
    means, deviations = np.zeros((5, 3)), np.ones((5, 3))
    assert unit_divergences(means, deviations).tolist() == [0, 0, 0]
    assert moment_divergence(means, deviations) == 0


def test_the_moment_divergence_of_one_unit_is_that_of_two_normals():
    means = np.array([[1.0], [3.0]])  # mean 2, variance 1, beside posterior variance 0.25
    expected = (1.25 + 4 - 1 - np.log(1.25)) / 2
    assert moment_divergence(means, np.full((2, 1), 0.5)) == pytest.approx(expected)


def test_the_moment_divergence_does_not_see_how_the_axes_are_turned():
    means = stream(1).normal(size=(50, 3)) * [3, 1, 0.2]
    turn = np.linalg.qr(stream(2).normal(size=(3, 3)))[0]
    deviations = np.full((50, 3), 0.3)
    assert moment_divergence(means @ turn, deviations) == pytest.approx(moment_divergence(means, deviations))


def test_the_bounds_hold_the_information_of_a_gaussian_channel_between_them():
    signal, noise, units = 2.0, 0.7, 2
    truth = units * np.log(1 + signal**2 / noise**2) / 2
    means, deviations = signal * stream(3).normal(size=(1500, units)), np.full((1500, units), noise)
    found = mutual_information(means, deviations, posterior_draws(means, deviations, 2, stream(4)))
    slack = 4 * found.lower_error
    assert truth - 0.15 < found.lower < truth + slack
    assert truth - slack < found.upper < truth + 0.15


def test_two_far_groups_of_equal_posteriors_carry_one_bit():
    means = np.repeat([[-40.0], [40.0]], 100, axis=0)
    deviations = np.ones((200, 1))
    found = mutual_information(means, deviations, posterior_draws(means, deviations, 1, stream()))
    assert found.lower == pytest.approx(np.log(2), abs=1e-9)
    # an upper bound leaves one of the hundred equal posteriors out
    assert found.upper == pytest.approx(np.log(199 / 99), abs=1e-9)


def test_the_lower_bound_never_exceeds_the_log_of_the_number_of_points():
    means, deviations = 100 * stream(5).normal(size=(30, 2)), np.full((30, 2), 1e-3)
    found = mutual_information(means, deviations, posterior_draws(means, deviations, 1, stream()))
    assert found.lower == pytest.approx(np.log(30))
    assert found.upper > 1e6


def test_blocks_of_rows_change_nothing(monkeypatch):
    means, deviations = stream(6).normal(size=(40, 3)), stream(7).uniform(0.2, 1, (40, 3))
    draws = posterior_draws(means, deviations, 1, stream())
    whole = mutual_information(means, deviations, draws), total_correlation(means, deviations, draws)
    monkeypatch.setattr("tda_latent.numerics.posterior._BLOCK", 120)
    assert (mutual_information(means, deviations, draws), total_correlation(means, deviations, draws)) == whole


def test_units_that_copy_each_other_share_the_information_of_one_of_them():
    means = np.repeat([[-30.0, -30.0, -30.0], [30.0, 30.0, 30.0]], 60, axis=0)
    deviations = np.ones((120, 3))
    draws = posterior_draws(means, deviations, 1, stream())
    assert total_correlation(means, deviations, draws) == pytest.approx(2 * np.log(2), abs=1e-9)


def test_a_full_grid_of_posteriors_has_independent_units():
    grid = np.stack(np.meshgrid([-30.0, 0, 30], [-20.0, 20]), axis=-1).reshape(-1, 2)
    deviations = np.ones_like(grid)
    draws = posterior_draws(grid, deviations, 3, stream())
    assert total_correlation(grid, deviations, draws) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("size", "units"), [(400, 3), (100, 64), (40, 30)])
def test_the_chance_divergence_of_sharp_posteriors_is_that_of_a_wishart_matrix(size, units):
    """E log det of a covariance of n normal points: sum of digamma((n - i) / 2) + d log(2 / n), i = 1 ... d."""
    log_volume = digamma((size - np.arange(1, units + 1)) / 2).sum() + units * np.log(2 / size)
    # the trace misses one part in n, which the squared mean makes good
    expected = -log_volume / 2
    found = chance_divergence(np.full((size, units), 1e-6), 60, stream(8))
    assert found == pytest.approx(expected, rel=0.03)


def test_posteriors_that_fit_the_prior_have_the_chance_divergence_whatever_their_width():
    for noise in (0.2, 0.6, 0.95):
        deviations = np.full((60, 20), noise)
        found = [
            moment_divergence(np.sqrt(1 - noise**2) * stream(seed).normal(size=(60, 20)), deviations)
            for seed in range(60)
        ]
        assert chance_divergence(deviations, 60, stream(9)) == pytest.approx(np.mean(found), rel=0.05)


def test_posteriors_wider_than_the_prior_are_not_taken_for_a_fit():
    assert chance_divergence(np.full((50, 2), 3.0), 4, stream()) == pytest.approx(0, abs=1e-12)
    assert moment_divergence(np.zeros((50, 2)), np.full((50, 2), 3.0)) > 5


def test_densities_that_leave_float64_are_zero_and_not_a_warning():
    means, deviations = stream(1).normal(size=(20, 2)), np.full((20, 2), 1e-160)
    found = mutual_information(means, deviations, posterior_draws(means, deviations, 1, stream()))
    assert found.lower == pytest.approx(np.log(20))
    assert found.upper == np.inf
    assert unit_divergences(means, deviations) == pytest.approx(160 * np.log(10), rel=0.01)
