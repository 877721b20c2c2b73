"""Living times over random landmarks: what would take hours is refused, and what the reference settings need is not."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tda_latent.engines.living_times import living_times
from tda_latent.errors import InvalidInput


def test_a_share_of_an_eighth_in_hundreds_of_dimensions_is_refused_at_once():
    cloud = np.random.default_rng(0).normal(size=(2000, 300))
    start = time.perf_counter()
    with pytest.raises(InvalidInput, match=r"100 draws of 64 landmarks among 2000 points .* smaller share") as refusal:
        living_times(cloud, 64, 1 / 8, 100, 100, np.random.default_rng(1))
    assert time.perf_counter() - start < 5
    assert "construction" not in str(refusal.value)
    assert living_times(cloud[:200], 16, 1 / 128, 10, 2, np.random.default_rng(1)).shape == (2, 10)


def test_two_points_are_their_own_landmarks():
    assert living_times(np.array([[0.0], [1.0]]), 64, 1 / 8, 3, 2, np.random.default_rng(0)).tolist() == [[1, 0, 0]] * 2


def test_few_draws_that_look_at_many_triangles_are_refused_by_the_rule_for_all_draws_or_made():
    """One draw once met the limit of a witness complex, whose remedy (another construction) the score does not have."""
    cloud = np.random.default_rng(2).normal(size=(6000, 200))
    with pytest.raises(InvalidInput, match="smaller share"):
        living_times(cloud, 128, 1 / 2, 10, 2, np.random.default_rng(1))
