"""Farthest-point landmarks are those of the plain algorithm, to the bit, and their covering radius is exact."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics import landmarks as subject
from tda_latent.numerics.landmarks import distortion, farthest_of_matrix, farthest_points

LITTLE = settings(max_examples=80, deadline=None, derandomize=True)


def plain(points: np.ndarray, count: int) -> tuple[list[int], list[float], float]:
    """The definition: rows, insertion distances, covering radius."""
    rows = [int(np.argmin((points**2).sum(axis=1)))]
    nearest, inserted = cdist(points[rows], points)[0], [np.inf]
    while len(rows) < count and nearest.max() > 0:
        rows.append(int(np.argmax(nearest)))
        inserted.append(float(nearest.max()))
        nearest = np.minimum(nearest, cdist(points[rows[-1:]], points)[0])
    return rows, inserted, float(nearest.max())


def assert_plain(points: np.ndarray, count: int, threads: int = 1) -> None:
    found = farthest_points(points, count, threads)
    rows, inserted, radius = plain(points, count)
    assert found.rows.tolist() == rows
    assert found.insertion.tolist() == inserted
    assert found.radius == radius


def clouds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "gaussian": rng.normal(size=(900, 9)),
        "clusters": np.repeat(30 * rng.normal(size=(9, 5)), 100, axis=0) + rng.normal(size=(900, 5)),
        "lattice": np.stack(np.meshgrid(*[np.arange(-4.0, 6.0)] * 3), axis=-1).reshape(-1, 3),
        "duplicates": np.repeat(rng.normal(size=(300, 2)), 3, axis=0),
        "line": rng.normal(size=(900, 1)),
        "one point": np.ones((900, 3)),
    }


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", list(clouds()))
def test_they_are_those_of_the_definition_for_any_number_of_threads(name, threads):
    for count in (1, 2, 50, 400):
        assert_plain(clouds()[name], count, threads)


@pytest.mark.parametrize("name", list(clouds()))
def test_groups_of_blocks_change_nothing(name, monkeypatch):
    monkeypatch.setattr(subject, "_SAMPLE", 200)
    for groups in (1, 5, 64):
        monkeypatch.setattr(subject, "GROUPS", groups)
        assert_plain(clouds()[name], 150, 2)


@LITTLE
@given(
    points=arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.integers(-3, 3)),
    count=st.integers(1, 35),
)
def test_they_are_those_of_the_definition_among_ties_and_duplicates(points, count):
    assert_plain(points, count)


def test_no_two_landmarks_are_nearer_than_the_covering_radius_and_no_point_is_farther():
    points = clouds()["clusters"]
    found = farthest_points(points, 60)
    assert pdist(points[found.rows]).min() >= found.radius
    assert cdist(points, points[found.rows]).min(axis=1).max() == found.radius
    assert (np.diff(found.insertion) <= 0).all()


def test_the_covering_radius_is_at_most_twice_the_best_possible():
    points = np.random.default_rng(1).normal(size=(12, 2))
    for count in (2, 3):
        best = min(
            cdist(points, points[list(rows)]).min(axis=1).max() for rows in itertools.combinations(range(12), count)
        )
        assert farthest_points(points, count).radius <= 2 * best


def test_more_landmarks_begin_with_the_fewer():
    points = clouds()["gaussian"]
    assert farthest_points(points, 90).rows[:40].tolist() == farthest_points(points, 40).rows.tolist()


def test_float32_points_are_taken_for_what_they_are():
    single = clouds()["gaussian"].astype(np.float32)
    assert farthest_points(single, 30).rows.tolist() == farthest_points(single.astype(np.float64), 30).rows.tolist()


@pytest.mark.parametrize("count", [0, -1])
def test_no_landmarks_at_all_are_refused(count):
    for function, argument in ((farthest_points, np.ones((3, 1))), (farthest_of_matrix, np.zeros((3, 3)))):
        with pytest.raises(InvalidInput, match=f"{count} landmarks"):
            function(argument, count)


# --- a matrix of distances ---------------------------------------------------------------------------------------


def test_landmarks_of_a_matrix_start_at_its_centre_and_cover_it():
    points = clouds()["clusters"][::3]
    matrix = squareform(pdist(points))
    found = farthest_of_matrix(matrix, 25)
    assert matrix[found.rows[0]].max() == matrix.max(axis=1).min()
    assert matrix[:, found.rows].min(axis=1).max() == found.radius
    assert len(set(found.rows.tolist())) == 25


def test_parts_that_are_infinitely_far_get_a_landmark_each_first():
    matrix = np.full((6, 6), np.inf)
    for part in (slice(0, 2), slice(2, 4), slice(4, 6)):
        matrix[part, part] = [[0, 1], [1, 0]]
    found = farthest_of_matrix(matrix, 3)
    assert sorted(row // 2 for row in found.rows) == [0, 1, 2]
    assert found.radius == 1
    assert farthest_of_matrix(matrix, 2).radius == np.inf


def slow_distortion(matrix: np.ndarray, rows: np.ndarray) -> float:
    owner = [min(rows, key=lambda row: (matrix[i, row], row)) for i in range(len(matrix))]
    pairs = itertools.product(range(len(matrix)), repeat=2)
    return max(
        (
            abs(matrix[i, j] - matrix[owner[i], owner[j]])
            for i, j in pairs
            if matrix[i, j] != matrix[owner[i], owner[j]]
        ),
        default=0.0,
    )


@LITTLE
@given(
    entries=st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0, np.inf]), min_size=28, max_size=28), count=st.integers(1, 8)
)
def test_the_distortion_is_that_of_its_definition(entries, count):
    matrix = squareform(np.array(entries), checks=False)
    rows = np.sort(farthest_of_matrix(matrix, count).rows)
    assert distortion(matrix, rows) == slow_distortion(matrix, rows)


def test_in_a_metric_the_distortion_is_at_most_twice_the_covering_radius():
    matrix = squareform(pdist(clouds()["gaussian"][:200]))
    for count in (2, 20, 100):
        found = farthest_of_matrix(matrix, count)
        assert found.radius <= distortion(matrix, np.sort(found.rows)) <= 2 * found.radius
