"""Covering the rows of a bipartite graph, against Hall's condition written out."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays

from tda_latent.numerics.covering import covers_rows


def halls_condition(edges) -> bool:
    rows = range(len(edges))
    groups = itertools.chain.from_iterable(itertools.combinations(rows, k) for k in range(1, len(edges) + 1))
    return all(edges[list(group)].any(axis=0).sum() >= len(group) for group in groups)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6)))
def test_rows_are_covered_exactly_when_every_group_of_rows_has_enough_columns(edges) -> None:
    assert covers_rows(edges) == halls_condition(edges)


def test_no_rows_are_covered_and_no_columns_cover_nothing() -> None:
    assert covers_rows(np.empty((0, 3), dtype=bool))
    assert covers_rows(np.empty((0, 0), dtype=bool))
    assert not covers_rows(np.empty((2, 0), dtype=bool))


def test_a_chain_that_must_be_passed_on_end_to_end_is_found() -> None:
    size = 200
    edges = np.eye(size, dtype=bool) | np.eye(size, k=1, dtype=bool)
    edges[-1] = False
    edges[-1, 0] = True  # the first choices take column 0, and everyone has to move up by one
    assert covers_rows(edges)
    edges[:, -1] = False
    assert not covers_rows(edges)


def test_repeated_rows_without_a_cover_are_answered_at_once() -> None:
    edges = np.zeros((600, 600), dtype=bool)
    edges[:301, :300] = True  # one row too many for these columns
    edges[301:, :] = True
    assert not covers_rows(edges)
