"""Densities in two spaces: by loops, by hand, and what they do not see."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.density_divergence import density_divergence, gaussian_densities


def distances(points):
    return cdist(points, points)


def by_loops(source, view, width) -> float:
    parts = []
    for cloud in (source, view):
        apart = [[math.dist(x, y) for y in cloud] for x in cloud]
        largest = max(map(max, apart))
        heaps = [math.fsum(math.exp(-((d / largest) ** 2) / width) for d in row) for row in apart]
        parts.append([heap / math.fsum(heaps) for heap in heaps])
    return math.fsum(p * math.log(p / q) for p, q in zip(*parts, strict=True))


@pytest.mark.parametrize("width", [0.01, 0.1, 1.0])
def test_it_is_the_divergence_as_published_written_with_loops(width) -> None:
    rng = np.random.default_rng(0)
    source, view = rng.normal(size=(25, 6)), rng.normal(size=(25, 2))
    found = density_divergence(distances(source), distances(view), width)
    assert found == pytest.approx(by_loops(source.tolist(), view.tolist(), width), rel=1e-10)
    assert found > 0


def test_three_points_on_a_line_by_hand() -> None:
    """0, 1, 2 with width 1/4: sums 1 + e^-1 + e^-4 at the ends, 1 + 2 e^-1 in the middle."""
    end, middle = 1 + math.exp(-1) + math.exp(-4), 1 + 2 * math.exp(-1)
    total = 2 * end + middle
    found = gaussian_densities(distances(np.array([[0.0], [1], [2]])), 0.25)
    np.testing.assert_allclose(found, [end / total, middle / total, end / total], rtol=1e-14)


def test_the_size_of_either_space_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    source, view = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    assert density_divergence(distances(source), distances(7 * source), 0.1) == pytest.approx(0, abs=1e-15)
    assert density_divergence(distances(source), distances(1e-6 * view), 0.1) == pytest.approx(
        density_divergence(distances(3 * source), distances(view), 0.1), rel=1e-9
    )


def test_it_does_not_know_whose_neighbour_a_point_is() -> None:
    """The corners of a square are equally dense, in whatever order they are taken."""
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert density_divergence(distances(square), distances(square[[0, 2, 1, 3]]), 0.1) == pytest.approx(0, abs=1e-15)


def test_one_far_outlier_makes_all_others_equally_dense() -> None:
    rng = np.random.default_rng(2)
    crowd = np.vstack([rng.normal(size=(30, 2)), [[1e6, 0.0]]])
    near, lone = 30 + math.exp(-10), 1 + 30 * math.exp(-10)
    np.testing.assert_allclose(gaussian_densities(distances(crowd), 0.1)[:30], near / (30 * near + lone), rtol=1e-4)


def test_points_that_coincide_are_refused() -> None:
    with pytest.raises(InvalidInput, match="coincide"):
        gaussian_densities(np.zeros((4, 4)), 0.1)
