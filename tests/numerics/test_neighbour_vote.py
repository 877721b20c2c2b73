"""The vote of neighbours against scikit-learn, and what a point may not do."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from tda_latent.numerics.neighbour_vote import vote_accuracies


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("k", [1, 5])
def test_unseen_points_are_classified_as_scikit_learn_does(k):
    classes = stream(1).integers(3, size=200)
    points = stream(2).normal(size=(200, 4)) + classes[:, None]
    side = np.arange(200) < 120
    expected = KNeighborsClassifier(k).fit(points[side], classes[side]).score(points[~side], classes[~side])
    assert vote_accuracies(points, classes, side[None], k)[0].unseen == pytest.approx(expected)


def test_a_point_does_not_vote_on_itself():
    # in every pair of neighbours the two classes differ: leaving the point out, the vote is always wrong
    points = np.repeat(np.arange(10.0), 2)[:, None] * 10 + np.tile([0.0, 1.0], 10)[:, None]
    classes = np.tile([0, 1], 10)
    found = vote_accuracies(points, classes, np.ones((1, 20), dtype=bool) & (np.arange(20) < 18), 1)[0]
    assert found.seen == 0


def test_votes_are_cut_at_the_number_of_voters():
    found = vote_accuracies(np.arange(4.0)[:, None], np.zeros(4, dtype=int), np.array([[True, True, False, False]]), 9)
    assert found[0] == (1.0, 1.0)
