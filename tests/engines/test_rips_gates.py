"""Nothing that makes an engine lie, hang or die gets past the gates."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.engines.cost_model import Task
from tda_latent.engines.gates import filtration_matrix, require_prime, require_ripser_size
from tda_latent.engines.planner import plan_rips
from tda_latent.engines.ripser_rips import ripser_bars
from tda_latent.errors import InvalidInput, InvalidParameter

TRIANGLE = np.array([[0, 1.0, 2], [1, 0, 3], [2, 3, 0]])


def changed(row, column, value, both=True):
    matrix = TRIANGLE.copy()
    matrix[row, column] = value
    if both:
        matrix[column, row] = value
    return matrix


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (changed(0, 1, np.nan), r"entry \(0, 1\).*NaN"),
        (changed(1, 2, -np.inf), r"entry \(1, 2\).*negative"),
        (changed(0, 2, -1e-300), r"entry \(0, 2\).*negative"),
        (changed(1, 1, 0.5), r"entry \(1, 1\).*diagonal"),
        (changed(0, 1, np.nextafter(1, 2), both=False), r"entry \(0, 1\).*mirror.*\(D \+ D.T\) / 2"),
        (np.zeros((2, 3)), r"\(2, 3\).*euclidean"),
        (np.zeros((0, 0)), "n >= 1"),
        (np.zeros(4), r"\(4,\)"),
    ],
)
def test_a_matrix_that_engines_would_misread_is_refused_with_its_first_bad_entry(matrix, words):
    with pytest.raises(InvalidInput, match=words):
        filtration_matrix(matrix)


def test_infinity_a_broken_triangle_inequality_and_duplicates_are_legal():
    legal = changed(0, 2, np.inf)
    assert np.array_equal(filtration_matrix(legal), legal)
    assert np.array_equal(filtration_matrix(changed(0, 2, 100)), changed(0, 2, 100))
    assert np.array_equal(filtration_matrix(np.zeros((2, 2))), np.zeros((2, 2)))
    assert not np.signbit(filtration_matrix(-np.zeros((2, 2)))).any()


def test_the_checked_matrix_is_a_copy():
    given = TRIANGLE.copy()
    filtration_matrix(given)[0, 1] = 7
    assert given[0, 1] == 1


@pytest.mark.parametrize("field", [-2, 0, 1, 4, 9, 46349, 46337 * 2, 2**31 - 1])
def test_coefficients_that_are_no_field_or_too_large_are_refused(field):
    with pytest.raises(InvalidParameter, match=str(field)):
        require_prime(field)


@pytest.mark.parametrize("field", [131, 179, 251, 46337])
def test_fields_on_which_ripser_dies_or_hangs_are_refused_for_it_alone(field):
    require_prime(field, "gudhi")
    with pytest.raises(InvalidParameter, match="gudhi"):
        require_prime(field, "ripser")
    with pytest.raises(InvalidParameter, match="gudhi"):
        ripser_bars(TRIANGLE, 3.0, 1, field)
    with pytest.raises(InvalidParameter, match="gudhi"):
        plan_rips(Task(10), field, "ripser")


def test_a_cloud_that_ripser_cannot_number_is_refused_before_it_ends_the_process():
    require_ripser_size(5337, 3)
    with pytest.raises(InvalidInput, match="gudhi"):
        require_ripser_size(5338, 3)
    with pytest.raises(InvalidInput, match="5338 points"):
        plan_rips(Task(5338, max_degree=3), 2, "ripser")
