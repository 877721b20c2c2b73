"""The figure `boundary-matrix` draws the table it is given, in the order of the merge tree."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.figures.boundary_matrix import BoundaryMatrix
from tda_latent.records import Measures, Scalar, Table

NAMES = ["a", "b", "c"]
SHARES = np.array([[0.7, 0.1, 0.2], [0.1, 0.9, 0.0], [0.3, np.nan, 0.7]])


def measures(**more: object) -> Measures:
    merges = np.array([[0, 9.0, 1.0], [9.0, 0, 9.0], [1.0, 9.0, 0]])  # a and c first
    tables = {"class boundary": Table(SHARES, NAMES, NAMES), "class merge scale": Table(merges, NAMES, NAMES)}
    return Measures(tables=tables | more)


def test_cells_hold_the_shares_in_the_order_of_the_merges():
    ax = BoundaryMatrix()(measures())
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert abs(names.index("a") - names.index("c")) == 1
    rows = [NAMES.index(name) for name in names]
    np.testing.assert_array_equal(ax.images[0].get_array().filled(np.nan), SHARES[np.ix_(rows, rows)])
    assert len([text for text in ax.texts if text.get_text()]) == 8  # the undefined cell carries no number


def test_without_merge_scales_the_order_is_that_of_the_table():
    ax = BoundaryMatrix()(Measures(tables={"class boundary": Table(SHARES, NAMES, NAMES)}))
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES


def test_the_reference_is_written_below():
    scalars = {"boundary fraction": Scalar(0.125), "boundary fraction by chance": Scalar(0.66)}
    ax = BoundaryMatrix()(measures().replace(scalars=scalars))
    assert "0.125, by chance 0.66" in ax.figure.get_supxlabel()


def test_colours_can_be_shared_and_limits_set():
    half = measures().replace(tables={"class boundary": Table(SHARES / 2, NAMES, NAMES)})
    shared = BoundaryMatrix().sharing([half, measures()])
    assert shared.limits == (0.0, 0.9)
    assert shared(half).images[0].get_clim() == (0.0, 0.9)


def test_other_tables_are_refused_in_words():
    with pytest.raises(UnknownName, match="Did you mean 'class boundary'"):
        BoundaryMatrix(table="class boundry")(measures())
    with pytest.raises(InvalidInput, match="rows and columns"):
        BoundaryMatrix(table="wide")(measures(wide=Table(np.ones((1, 2)), ["a"], ["b", "c"])))
