"""Latents are checked once, at construction, and equal by content."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.records import Factor, Latents, PersistenceDiagram, require_comparable

MATRIX = np.array([[0, 1, np.inf], [1, 0, 2], [np.inf, 2, 0.0]])


@pytest.mark.parametrize(
    ("points", "hint"),
    [
        (np.zeros((0, 3)), "n, d >= 1"),
        (np.zeros(4), "shape"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.array([[0.0, 1], [np.nan, 2]]), "row 1"),
        (np.array([[0.0, np.inf]]), "row 0"),
        (np.array([[1j, 0]]), "complex128"),
        (np.array([["a"]]), "dtype"),
        (-MATRIX, "row 0"),
        (MATRIX + np.eye(3), "row 0"),
    ],
)
def test_points_that_are_no_cloud_are_refused_with_what_was_found(points, hint) -> None:
    with pytest.raises(InvalidInput, match=hint):
        Latents(points)


def test_a_matrix_of_distances_may_say_that_an_edge_never_enters() -> None:
    assert np.isinf(Latents(MATRIX).points[0, 2])


def test_arrays_are_read_only_and_private() -> None:
    mine = np.ones((3, 2))
    latents = Latents(mine)
    mine[0, 0] = 9
    assert latents.points[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        latents.points[0, 0] = 2


def test_equality_is_by_content_and_sees_every_field() -> None:
    plain = Latents(np.ones((2, 2)))
    assert plain == Latents(np.ones((2, 2)))
    assert plain != Latents(np.ones((2, 2)), ids=["a", "b"])
    assert plain != Latents(np.ones((2, 2), dtype=np.float32))
    assert len({plain, Latents(np.ones((2, 2)))}) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"ids": ["a", "a"]},
        {"ids": ["a"]},
        {"labels": {"y": [1, 2, 3]}},
        {"scale": np.zeros((2, 2))},
        {"scale": np.ones((2, 3))},
        {"split": ["train", "validation"]},
        {"factors": {"t": [1.0, 2.0]}},
    ],
)
def test_columns_that_do_not_fit_are_refused(columns) -> None:
    with pytest.raises(InvalidInput):
        Latents(np.ones((2, 2)), **columns)


@pytest.mark.parametrize(("kind", "period"), [("circular", None), ("real", 1.0), ("circular", 0.0), ("angular", 1.0)])
def test_only_circular_factors_have_a_period(kind, period) -> None:
    with pytest.raises(InvalidInput):
        Factor(np.arange(3.0), kind, period)


def test_taking_rows_takes_every_column_along() -> None:
    latents = Latents(
        np.arange(6.0).reshape(3, 2), ids=["a", "b", "c"], labels={"y": [1, 2, 3]}, scale=np.ones((3, 2)),
        factors={"t": Factor(np.arange(3.0), "circular", 6.0)}, split=["train", "test", "test"],
    )  # fmt: skip
    taken = latents.take(np.array([2, 0]))
    assert taken.ids is not None
    assert taken.ids.tolist() == ["c", "a"]
    assert taken.labels["y"].tolist() == [3, 1]
    assert taken.factors["t"].values.tolist() == [2.0, 0.0]
    assert taken.factors["t"].period == 6.0


@pytest.mark.parametrize(
    ("pairs", "degrees"),
    [([[1, 0]], [0]), ([[0, np.nan]], [0]), ([[-np.inf, 1]], [0]), ([[0, 1]], [0, 1]), ([[0, 1]], [-1])],
)
def test_bars_that_are_none_are_refused(pairs, degrees) -> None:
    with pytest.raises(InvalidInput):
        PersistenceDiagram(pairs, degrees)


def test_zero_length_bars_go_and_the_order_of_rows_is_forgotten() -> None:
    first = PersistenceDiagram([[0, 2], [1, 1], [0, 1]], [0, 1, 0])
    second = PersistenceDiagram([[0, 1], [0, 2]], [0, 0])
    assert first == second
    assert len(first) == 2


@pytest.mark.parametrize("field", [0, 1, 4, 9])
def test_coefficients_need_a_prime(field) -> None:
    with pytest.raises(InvalidInput, match="prime"):
        PersistenceDiagram([[0, 1]], [0], field=field)


@pytest.mark.parametrize("change", [{"field": 3}, {"unit": "posterior sd"}, {"reach": 2.0}, {"filtration": "alpha"}])
def test_diagrams_with_different_conventions_are_not_compared(change) -> None:
    plain = PersistenceDiagram([[0, 1]], [0])
    with pytest.raises(InvalidInput, match=next(iter(change))):
        require_comparable(plain, plain.replace(**change), 0)


def test_a_bar_alive_at_the_cut_is_censored_and_not_compared() -> None:
    cut = PersistenceDiagram([[0, np.inf]], [0], reach=1.0)
    assert cut.censored.all()
    assert not cut.essential.any()
    with pytest.raises(InvalidInput, match="still alive at the cut"):
        require_comparable(cut, cut, 0)


def test_a_degree_that_was_not_computed_is_not_compared_as_empty() -> None:
    plain = PersistenceDiagram([[0, 1]], [0], computed={"max_degree": 0})
    with pytest.raises(InvalidInput, match="degree 1 was asked for"):
        require_comparable(plain, plain, 1)
