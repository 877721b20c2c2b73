"""The median distance without a matrix is that of the matrix; beyond what is affordable it is an honest estimate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tda_latent.numerics import median_length as subject
from tda_latent.numerics.median_length import median_length


def clouds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "gaussian": rng.normal(size=(701, 5)),
        "even number of pairs": rng.normal(size=(700, 5)),
        "two clusters": np.repeat([[0.0], [9.0]], 350, axis=0) + 0.01 * rng.normal(size=(700, 3)),
        "lattice": rng.integers(0, 4, (600, 2)).astype(float),
        "mostly one point": np.concatenate([np.zeros((500, 2)), rng.normal(size=(200, 2))]),
    }


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", list(clouds()))
def test_looking_at_all_pairs_gives_the_median_of_the_matrix_to_the_bit(name, threads, monkeypatch):
    points = clouds()[name]
    expected = float(np.median(pdist(points)))
    assert median_length(points).value == expected
    monkeypatch.setattr(subject, "DENSE", 10)
    found = median_length(points, threads)
    assert found == (expected, expected, expected)
    assert found.is_exact


def test_a_bracket_that_misses_is_widened(monkeypatch):
    points = clouds()["gaussian"]
    expected = float(np.median(pdist(points)))
    monkeypatch.setattr(subject, "DENSE", 10)
    for drawn in (np.linspace(0, 1e-9, subject.PAIRS), np.linspace(1e6, 2e6, subject.PAIRS)):
        monkeypatch.setattr(subject, "_drawn", lambda wide, drawn=drawn: drawn)
        assert median_length(points).value == expected


def test_an_estimate_says_that_it_is_one_and_its_interval_holds_the_median(monkeypatch):
    monkeypatch.setattr(subject, "DENSE", 10)
    monkeypatch.setattr(subject, "EXACT", 20)
    for seed in range(8):
        points = np.random.default_rng(seed).normal(size=(800, 3))
        found = median_length(points)
        assert not found.is_exact
        assert found.low <= np.median(pdist(points)) <= found.high
        assert found.low < found.value < found.high < 1.02 * found.low
        assert median_length(points) == found


def test_two_points_have_one_distance():
    assert median_length(np.array([[0.0, 0], [3, 4]])).value == 5
