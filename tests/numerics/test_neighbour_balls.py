"""Balls by matrix products: the answers of the difference form, ties, duplicates and clouds far from the origin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.numerics.neighbour_balls import (
    Balls,
    nearest_with_ties,
    neighbour_balls,
    neighbour_squares,
    prepared,
    within_balls,
)


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
    epsilon = np.finfo(np.float64).eps
    balls = neighbour_balls(ends[0], neighbours, epsilon)
    np.testing.assert_array_equal(balls.reach, np.sqrt(found))
    rows = np.random.default_rng(4).integers(len(found), size=len(second))  # any radii for the second cloud
    other = found[rows]
    blocks = list(within_balls(ends[0], balls, ends[1], Balls(*(part[rows] for part in balls)), epsilon))
    apart = cdist(*plain)
    for place, bound in ((1, radius[:, None]), (2, np.sqrt(other)[None])):
        flags = np.concatenate([block[place] for block in blocks])
        sure = np.abs(apart - bound) > 1e-13 * (bound + np.abs(plain[0]).max() * first.shape[1])
        np.testing.assert_array_equal(flags[sure], (apart <= bound)[sure])


def test_a_point_on_the_boundary_is_inside() -> None:
    """The k-th neighbour itself, as a target: equal to the bit, whatever the products round to."""
    first = np.random.default_rng(1).normal(size=(40, 20)) + 1e4
    one, other = prepared(first, first)
    for neighbours in (1, 3, 10):
        balls = neighbour_balls(one, neighbours, np.finfo(np.float64).eps)
        ((_, own, their),) = within_balls(one, balls, other, balls, np.finfo(np.float64).eps)
        assert (own.sum(axis=1) == neighbours + 1).all()  # so many neighbours, and the centre
        np.testing.assert_array_equal(own, their.T)


def test_the_order_of_points_changes_no_answer() -> None:
    first = np.round(np.random.default_rng(2).normal(size=(50, 3)), 1)
    order = np.random.default_rng(3).permutation(50)
    (one,), (other,) = prepared(first), prepared(first[order])
    np.testing.assert_array_equal(neighbour_squares(one, 4)[order], neighbour_squares(other, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_in_balls_are_those_of_whole_numbers_whatever_the_axes_and_the_unit(dtype) -> None:
    """Squared distances of a grid are integers, which know no rounding; some points repeat more often than k."""
    rng, k = np.random.default_rng(5), 4
    first, second = rng.integers(0, 4, (150, 3)), rng.integers(0, 4, (110, 3))
    within = ((first[:, None] - first[None]) ** 2).sum(axis=2)
    np.fill_diagonal(within, 99)
    reach = np.sort(within, axis=1)[:, k - 1]
    expected = ((first[:, None] - second[None]) ** 2).sum(axis=2) <= reach[:, None]
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    for move in (lambda cloud: cloud @ turn, lambda cloud: (cloud - 0.1307) / 0.3081, lambda cloud: cloud @ turn + 9):
        one, other = (move(cloud.astype(np.float64)).astype(dtype) for cloud in (first, second))
        ends, epsilon = prepared(one, other), np.finfo(dtype).eps
        balls = [neighbour_balls(end, k, epsilon) for end in ends]
        found = [part for _, part, _ in within_balls(ends[0], balls[0], ends[1], balls[1], epsilon)]
        np.testing.assert_array_equal(np.concatenate(found), expected)
        pairs = np.concatenate(list(nearest_with_ties(prepared(one)[0], k, epsilon)), axis=1)
        joined = np.zeros_like(within, dtype=bool)
        joined[tuple(pairs)] = True
        np.testing.assert_array_equal(joined, within <= reach[:, None])


def test_float32_far_from_the_origin_does_not_make_all_points_neighbours() -> None:
    """There all distances are within the rounding of storage; a ten-thousandth of the reach is the most that counts."""
    cloud = (np.random.default_rng(6).normal(size=(300, 3)) + 1e6).astype(np.float32)
    (end,), epsilon = prepared(cloud), np.finfo(np.float32).eps
    balls = neighbour_balls(end, 5, epsilon)
    ((_, inside, _),) = within_balls(end, balls, end, balls, epsilon)
    apart = cdist(cloud.astype(float), cloud.astype(float))
    np.testing.assert_array_equal(inside, apart <= np.sort(apart, axis=1)[:, 5:6])
