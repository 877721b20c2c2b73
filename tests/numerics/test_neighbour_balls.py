"""Balls by matrix products: the answers of the difference form, ties, duplicates and clouds far from the origin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.numerics.neighbour_balls import neighbour_squares, prepared, within_balls


def clouds(kind) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(60, 30)), rng.normal(size=(45, 30))
    return {
        "plain": (first, second),
        "far": (first + 1e7, second + 1e7),
        "ties": (np.round(first[:, :3]), np.round(second[:, :3])),
        "copies": (first, np.concatenate([first[::2], second[:15]])),
        "all equal": (np.full((20, 4), 0.1), np.full((9, 4), 0.1)),
        "tiny": (first * 1e-200, second * 1e-200),
        "huge": (first * 1e200, second * 1e200),
        "one outlier": (np.concatenate([first, 1e9 * first[:1]]), second),
    }[kind]


@pytest.mark.parametrize("kind", ["plain", "far", "ties", "copies", "all equal", "tiny", "huge", "one outlier"])
@pytest.mark.parametrize("neighbours", [1, 5])
def test_balls_are_those_of_the_difference_form(kind, neighbours) -> None:
    first, second = clouds(kind)
    scale = 2.0 ** np.frexp(np.abs(np.concatenate([first, second])).max())[1]
    plain = first / scale, second / scale  # squares of tiny and huge coordinates leave the range
    ends = prepared(first, second)
    own = cdist(plain[0], plain[0])
    np.fill_diagonal(own, np.inf)
    radius = np.partition(own, neighbours - 1, axis=1)[:, neighbours - 1]
    found = neighbour_squares(ends[0], neighbours)
    np.testing.assert_allclose(np.sqrt(found), radius, rtol=1e-13)
    other = np.random.default_rng(4).choice(found, len(second))  # any radii for the second cloud
    blocks = list(within_balls(ends[0], found, ends[1], other))
    apart = cdist(*plain)
    for place, bound in ((1, radius[:, None]), (2, np.sqrt(other)[None])):
        flags = np.concatenate([block[place] for block in blocks])
        sure = np.abs(apart - bound) > 1e-13 * bound
        np.testing.assert_array_equal(flags[sure], (apart <= bound)[sure])


def test_a_point_on_the_boundary_is_inside() -> None:
    """The k-th neighbour itself, as a target: equal to the bit, whatever the products round to."""
    first = np.random.default_rng(1).normal(size=(40, 20)) + 1e4
    one, other = prepared(first, first)
    for neighbours in (1, 3, 10):
        squares = neighbour_squares(one, neighbours)
        ((_, own, their),) = within_balls(one, squares, other, squares)
        assert (own.sum(axis=1) == neighbours + 1).all()  # so many neighbours, and the centre
        np.testing.assert_array_equal(own, their.T)


def test_the_order_of_points_changes_no_answer() -> None:
    first = np.round(np.random.default_rng(2).normal(size=(50, 3)), 1)
    order = np.random.default_rng(3).permutation(50)
    (one,), (other,) = prepared(first), prepared(first[order])
    np.testing.assert_array_equal(neighbour_squares(one, 4)[order], neighbour_squares(other, 4))
