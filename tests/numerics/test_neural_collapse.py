"""Neural collapse on simplices, on what only looks collapsed, and where a pseudo-inverse goes wrong."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.numerics.neural_collapse import collapse, nearest_means, self_duality, shuffled_collapse


def stream(seed=0):
    return np.random.default_rng(seed)


def simplex(count, dimension, seed=1):
    """Regular simplex of ``count`` corners, turned into ``dimension`` coordinates and moved off the origin."""
    corners = np.eye(count) - 1 / count
    axes = np.linalg.qr(stream(seed).normal(size=(dimension, dimension)))[0]
    padded = np.zeros((count, dimension))
    padded[:, : count - 1] = corners @ np.linalg.svd(corners)[2][: count - 1].T
    return padded @ axes + 3.0


@pytest.mark.parametrize(("count", "dimension"), [(2, 1), (3, 2), (5, 4), (10, 64)])
def test_collapsed_classes_on_a_regular_simplex_have_zero_of_everything(count, dimension):
    classes = np.repeat(np.arange(count), 7)
    found = collapse(simplex(count, dimension)[classes], classes, count)
    np.testing.assert_allclose([found.within, found.distance_ratio], 0, atol=1e-12)
    if count == 2:  # two means are opposite and as far from their middle in any cloud
        assert np.isnan([found.norms, found.angles]).all()
    else:
        np.testing.assert_allclose([found.norms, found.angles], 0, atol=1e-12)


def test_in_many_dimensions_classes_that_mean_nothing_look_like_a_simplex_and_the_reference_says_so():
    codes, classes = stream(1).normal(size=(400, 2000)), np.repeat(np.arange(4), 100)
    found, chance = collapse(codes, classes, 4), shuffled_collapse(codes, classes, 4, 9, stream(2))
    assert found.angles < 0.05
    assert found.norms < 0.05
    np.testing.assert_allclose([found.norms, found.angles], [chance.norms, chance.angles], atol=0.03)
    assert found.within == pytest.approx(chance.within, rel=0.2)
    assert found.distance_ratio == pytest.approx(chance.distance_ratio, rel=0.1)


def by_eigenvectors(codes, classes, count):
    """NC1 with the ``count - 1`` leading eigenpairs of the covariance of the class means, and their parts."""
    means = np.array([codes[classes == c].mean(axis=0) for c in range(count)])
    within = np.mean([np.cov(codes[classes == c].T) for c in range(count)], axis=0)
    spread = means - means.mean(axis=0)
    between = spread.T @ spread / count
    values, vectors = np.linalg.eigh(between)
    kept = slice(-(count - 1), None)
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return np.trace(within @ inverse) / count, within, between


def test_within_variability_is_the_trace_with_the_pseudo_inverse_of_the_right_rank():
    classes = stream(1).integers(4, size=200)
    codes = stream(2).normal(size=(200, 9)) + 3 * stream(3).normal(size=(4, 9))[classes]
    assert collapse(codes, classes, 4).within == pytest.approx(by_eigenvectors(codes, classes, 4)[0])


def test_with_n_in_the_denominator_it_is_the_published_formula():
    classes = np.repeat(np.arange(5), 12)
    codes = stream(2).normal(size=(60, 20)) + 3 * stream(3).normal(size=(5, 20))[classes]
    means = np.array([codes[classes == c].mean(axis=0) for c in range(5)])
    rest, spread = codes - means[classes], means - codes.mean(axis=0)
    published = np.trace(rest.T @ rest / 60 @ np.linalg.pinv(spread.T @ spread / 5, rcond=1e-9)) / 5
    found = collapse(codes, classes, 5)
    assert found.within * 11 / 12 == pytest.approx(published)
    lengths = np.linalg.norm(spread, axis=1)
    assert found.norms == pytest.approx(lengths.std() / lengths.mean())
    cosines = (spread @ spread.T / np.outer(lengths, lengths))[~np.eye(5, dtype=bool)]
    assert found.angles == pytest.approx(np.abs(cosines + 1 / 4).mean())


def test_features_after_a_rectifier_do_not_blow_up_as_with_a_cut_by_relative_size():
    classes = np.repeat(np.arange(10), 30)
    raw = stream(1).normal(size=(10, 200))[classes] + stream(2).normal(size=(300, 200))
    codes = np.maximum(raw, 0).astype(np.float32)  # as features are recorded
    found = collapse(codes, classes, 10).within
    assert found == pytest.approx(by_eigenvectors(codes.astype(np.float64), classes, 10)[0])
    _, within, between = by_eigenvectors(codes, classes, 10)
    careless = np.trace(within @ np.linalg.pinv(between.astype(np.float32), rcond=1e-15)) / 10
    assert not found / 100 < careless < found * 100


def test_isometries_and_the_unit_change_nothing():
    classes = stream(1).integers(3, size=90)
    codes = stream(2).normal(size=(90, 5)) + 4 * np.eye(5)[classes]
    turn = np.linalg.qr(stream(3).normal(size=(5, 5)))[0]
    np.testing.assert_allclose(collapse(7 * codes @ turn - 100, classes, 3), collapse(codes, classes, 3), rtol=1e-6)


def test_small_classes_do_not_look_collapsed_for_being_small():
    ratios = []
    for size in (2, 60):
        classes = np.repeat(np.arange(3), size)
        found = [
            collapse(20 * np.eye(3)[classes] + stream(seed).normal(size=(3 * size, 3)), classes, 3).within
            for seed in range(200)
        ]
        ratios.append(np.mean(found))
    # the between-class directions hold 400 / 3 each: 2 directions / 133 / 3 classes
    np.testing.assert_allclose(ratios, 2 / (400 / 3) / 3, rtol=0.08)


def test_a_large_class_counts_no_more_than_a_small_one():
    classes = np.concatenate([np.zeros(500, dtype=int), np.ones(10, dtype=int)])
    codes = np.where(classes[:, None] == 0, 0.0, 10.0) + stream(1).normal(size=(510, 1)) * np.where(
        classes[:, None] == 0, 0.001, 2.0
    )
    single = np.var(codes[500:], ddof=1)
    assert collapse(codes, classes, 2).within == pytest.approx(single / 2 / 25 / 2, rel=0.2)


def test_means_in_fewer_directions_than_classes_allow_leave_one_out():
    classes = np.repeat(np.arange(3), 20)
    line = np.outer(np.array([-1.0, 0, 1])[classes], [1, 0])
    assert np.isnan(collapse(line, classes, 3).within)  # nothing varies in the second direction at all
    noise = np.tile(np.vstack([np.eye(2), -np.eye(2)]), (15, 1))  # sums to zero in every class
    assert collapse(line + noise, classes, 3).within == np.inf


def test_in_too_few_dimensions_no_angle_error_is_given():
    classes = np.repeat(np.arange(4), 5)
    found = collapse(np.eye(4)[classes][:, :2] + 0.1 * stream().normal(size=(20, 2)), classes, 4)
    assert np.isnan(found.angles)
    assert np.isfinite([found.within, found.norms, found.distance_ratio]).all()


def test_codes_that_coincide_have_no_collapse_to_speak_of():
    assert np.isnan(collapse(np.ones((8, 3)), np.repeat([0, 1], 4), 2)).all()


def test_self_duality_does_not_see_what_a_softmax_does_not_see():
    means = simplex(4, 6)
    centred = means - means.mean(axis=0)
    assert self_duality(5 * centred + np.arange(6), means) == pytest.approx(0, abs=1e-12)
    assert self_duality(-centred, means) == pytest.approx(2)
    apart = np.linalg.svd(centred)[2][3:]  # directions without class means
    unrelated = stream().normal(size=(4, 3)) @ apart
    assert self_duality(unrelated, means) == pytest.approx(np.sqrt(2))
    assert np.isnan(self_duality(np.ones((4, 6)), means))


def test_the_nearest_mean_is_the_nearest():
    assert nearest_means(np.array([[0.1], [4.0]]), np.array([[0.0], [5.0]])).tolist() == [0, 1]
