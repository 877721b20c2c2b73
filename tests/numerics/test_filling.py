"""The base points that decide a Cross-Barcode in degree one: the same bars to the bit, and few of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.engines.cross_rips import matrix_bars
from tda_latent.numerics.cross_barcode import cross_matrix
from tda_latent.numerics.filling import filling_columns


def pair(seed) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    one = rng.normal(size=(rng.integers(1, 40), rng.integers(1, 5)))
    base = rng.normal(size=(rng.integers(1, 120), one.shape[1])) * rng.uniform(0.2, 2) + rng.uniform(0, 2)
    if seed % 3 == 0:  # ties, duplicates, points of both clouds
        one, base = np.round(2 * one), np.round(2 * base)
    return one, base


@pytest.mark.parametrize("seed", range(24))
def test_the_bars_of_degree_one_are_the_same_to_the_bit(seed) -> None:
    one, base = pair(seed)
    whole, part = (matrix_bars(cross_matrix(one, base, kept), 1) for kept in (False, True))
    np.testing.assert_array_equal(part, whole)


@pytest.mark.parametrize("seed", range(8))
def test_nearest_points_and_first_triangles_are_kept(seed) -> None:
    one, base = pair(seed)
    within, across = cdist(one, one), cdist(one, base)
    kept = filling_columns(within, across)
    np.testing.assert_array_equal(across[:, kept].min(axis=1), across.min(axis=1))
    first = np.array([np.maximum(row, across).min(axis=1) for row in across])
    found = np.array([np.maximum(row, across[:, kept]).min(axis=1) for row in across[:, kept]])
    np.testing.assert_array_equal(np.maximum(found, within), np.maximum(first, within))


def test_few_of_many_base_points_decide() -> None:
    rng = np.random.default_rng(0)
    one, base = rng.normal(size=(50, 8)), rng.normal(size=(3000, 8))
    assert len(filling_columns(cdist(one, one), cdist(one, base))) < 4 * len(one)


def test_one_base_point_far_away_is_kept() -> None:
    one, base = np.array([[0.0], [1.0]]), np.array([[100.0]])
    assert filling_columns(cdist(one, one), cdist(one, base)).tolist() == [0]
