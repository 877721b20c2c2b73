"""MNIST-1D is as hard for a linear model as its paper says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tda_latent.sources.mnist1d import Mnist1d

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [5, 6])
def test_logistic_regression_is_right_for_about_a_third(seed) -> None:
    """[greydanus2024]: 32 % on 1000 test signals after 4000; five standard errors are 7.4 %."""
    found = Mnist1d(size=5000)(np.random.default_rng(seed))
    train, test = found.split == "train", found.split == "test"
    linear = LogisticRegression(max_iter=2000).fit(found.points[train], found.labels["digit"][train])
    score = linear.score(found.points[test], found.labels["digit"][test])
    assert score == pytest.approx(0.32, abs=0.074)
