"""Neural collapse in the words of its authors' code: what their plots show, from what we return [papyan2020]."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import svds

from tda_latent.numerics.neural_collapse import class_means, collapse, nearest_means, self_duality

COUNT, EACH, DIMENSION = 6, 40, 15
RNG = np.random.default_rng(0)
CLASSES = np.repeat(np.arange(COUNT), EACH)
CENTRES = 5 + 3 * RNG.normal(size=(COUNT, DIMENSION))
CODES = CENTRES[CLASSES] + RNG.normal(size=(COUNT * EACH, DIMENSION))
MEANS = CODES.reshape(COUNT, EACH, DIMENSION).mean(axis=1)
SPREAD = (MEANS - CODES.mean(axis=0)).T  # (d, C), as theirs
FOUND = collapse(CODES, CLASSES, COUNT)


def test_their_first_number_is_ours_with_n_in_the_denominator_and_not_divided_by_the_classes():
    within = sum(np.outer(row, row) for row in CODES - MEANS[CLASSES]) / len(CODES)
    left, values, _ = svds(SPREAD @ SPREAD.T / COUNT, k=COUNT - 1)
    theirs = np.trace(within @ left @ np.diag(1 / values) @ left.T)
    assert FOUND.within * COUNT * (EACH - 1) / EACH == pytest.approx(theirs)


def test_their_variation_of_norms_divides_by_one_class_less():
    """As torch takes deviations; the text has the plain deviation over the classes, as here."""
    norms = np.linalg.norm(SPREAD, axis=0)
    assert FOUND.norms * np.sqrt(COUNT / (COUNT - 1)) == pytest.approx(norms.std(ddof=1) / norms.mean())


def test_their_coherence_is_our_angle_error():
    unit = SPREAD / np.linalg.norm(SPREAD, axis=0)
    gram = unit.T @ unit + 1 / (COUNT - 1)
    gram -= np.diag(np.diag(gram))
    assert FOUND.angles == pytest.approx(np.abs(gram).sum() / (COUNT * (COUNT - 1)))


def test_their_distance_of_weights_and_means_is_the_square_of_ours_for_weights_that_sum_to_zero():
    weights = RNG.normal(size=(COUNT, DIMENSION)) + 2 * MEANS
    weights -= weights.mean(axis=0)
    apart = weights.T / np.linalg.norm(weights) - SPREAD / np.linalg.norm(SPREAD)
    assert self_duality(weights, MEANS) ** 2 == pytest.approx(np.linalg.norm(apart) ** 2)


def test_their_nearest_class_centre_is_ours():
    scores = np.stack([np.linalg.norm(code - MEANS, axis=1) for code in CODES])
    np.testing.assert_array_equal(nearest_means(CODES, class_means(CODES, CLASSES, COUNT)), scores.argmin(axis=1))
