"""Galleries: what they refuse, and which data are pictures."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import Gallery, unpack
from tda_latent.records.gallery import picture_shape, pictures, value_range

IMAGES = np.random.default_rng(0).uniform(size=(2, 3, 4, 5))


def gallery(**changes) -> Gallery:
    return Gallery(**{"images": IMAGES, "rows": ["a", "b"], "columns": ["", "x", "y"], "low": 0, "high": 1} | changes)


@pytest.mark.parametrize("changes", [{}, {"images": np.zeros((2, 3, 1, 5))}, {"images": np.zeros((2, 3, 2, 2, 3))}])
def test_it_survives_being_packed(changes):
    made = gallery(**changes, captions=np.full((2, 3), "n"), shown=np.ones((2, 3), dtype=bool))
    again = unpack(*made.packed())
    assert again == made
    assert again.captions.shape == (2, 3)
    assert made.images.dtype == np.float32
    assert not made.images.flags.writeable


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": IMAGES[0]}, "shape"),
        ({"images": np.full_like(IMAGES, np.nan)}, "NaN"),
        ({"images": np.zeros((2, 3, 4, 4, 2))}, "channels"),
        ({"images": IMAGES * 1e300}, "NaN or infinity"),
        ({"rows": ["a"]}, "row captions"),
        ({"captions": np.full((3, 2), "n")}, "captions have shape"),
        ({"shown": np.ones((2, 3))}, "one bool"),
        ({"low": 1.0}, "low < high"),
        ({"high": np.inf}, "finite"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changes, message):
    with np.errstate(over="ignore"), pytest.raises(InvalidInput, match=message):
        gallery(**changes)


def test_squares_are_pictures_and_all_else_are_curves():
    assert picture_shape(64) == (8, 8)
    assert picture_shape(784) == (28, 28)
    assert picture_shape(3072) == (32, 32, 3)
    assert picture_shape(40) == (1, 40)
    assert picture_shape(9) == (1, 9)
    assert picture_shape(64, "curve") == (1, 64)
    assert picture_shape(64, (4, 16)) == (4, 16)
    assert picture_shape(64, (8, 8, 1)) == (8, 8)
    for shape in ((3, 3), (8, 4, 2), (-8, -8)):
        with pytest.raises(InvalidParameter, match="an input has 64"):
            picture_shape(64, shape)


def test_rows_of_data_become_pictures_in_row_order():
    cells = np.arange(2 * 3 * 16.0).reshape(2, 3, 16)
    np.testing.assert_array_equal(pictures(cells, "auto")[1, 2], cells[1, 2].reshape(4, 4))


def test_constant_data_have_a_range():
    assert value_range(np.full(3, 2.0)) == (1.5, 2.5)
    assert value_range(np.array([-1.0, 3.0])) == (-1, 3)
