"""`Gallery`: decoded pictures in rows and columns, with everything a reader needs written beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records.measures import Scalar
from tda_latent.records.record import Array, Record, freeze, frozen_map, texts

Shape = Literal["auto", "curve"] | tuple[int, int] | tuple[int, int, int]
"""Height and width of a picture, with its channels (1, 3 or 4) if it has some; "auto" as `picture_shape` infers it."""
_LEAST_SIDE = 4  # smaller squares are no pictures


@dataclass(frozen=True, eq=False, repr=False)
class Gallery(Record):
    """A grid of pictures, or of curves.

    images : (rows, columns, height, width) or (rows, columns, height, width, channels) float32, finite; height 1 =
        curves over the width. 3 channels are red, green, blue, a fourth is opacity
    rows : (rows,) and columns : (columns,) captions, empty text where there is nothing to say
    captions : (rows, columns) captions of single pictures, or None
    shown : (rows, columns) False leaves a cell empty, or None = all are shown
    low, high : values that are drawn as black and as white, low < high; curves are drawn between them
    title : one sentence, what is shown
    scalars : named numbers about the pictures, each with its unit and its reference beside it
    """

    images: Array
    rows: Array
    columns: Array
    low: float
    high: float
    captions: Array | None = None
    shown: Array | None = None
    title: str = ""
    scalars: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        images = np.asarray(self.images, dtype=np.float32)
        if images.ndim not in (4, 5) or not images.size or (images.ndim == 5 and images.shape[4] not in (3, 4)):
            raise InvalidInput(
                f"images have shape {images.shape}; the rule is (rows, columns, height, width), with 3 or 4 channels "
                "behind it for colours, none of them 0."
            )
        if not np.isfinite(images).all():
            raise InvalidInput("images hold NaN or infinity; does the decoder overflow? Leave such cells empty.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidInput(f"the range is {self.low} to {self.high}; the rule is two finite values, low < high.")
        self.set(
            images=freeze(images),
            rows=texts(self.rows, "row captions", images.shape[0]),
            columns=texts(self.columns, "column captions", images.shape[1]),
            low=float(self.low),
            high=float(self.high),
            scalars=frozen_map(self.scalars),
        )
        self._check_cells(images.shape[:2])

    def _check_cells(self, grid: tuple[int, ...]) -> None:
        if self.captions is not None:
            captions = np.asarray(self.captions)
            if captions.shape != grid or captions.dtype.kind != "U":
                raise InvalidInput(f"captions have shape {captions.shape}; the rule is one text for each of {grid}.")
            self.set(captions=texts(captions.ravel(), "captions", captions.size).reshape(grid))
        if self.shown is not None:
            shown = np.asarray(self.shown)
            if shown.shape != grid or shown.dtype != np.bool_:
                raise InvalidInput(f"shown has shape {shown.shape}; the rule is one bool for each of {grid}.")
            self.set(shown=freeze(shown))

    @property
    def is_curves(self) -> bool:
        """Whether the cells are curves: values over their position, with no second direction."""
        return bool(self.images.shape[2] == 1)

    def facts(self) -> dict[str, Any]:
        """Grid, size of a picture, range and scalars."""
        rows, columns, height, width = self.images.shape[:4]
        size = f"curves of {width} values" if self.is_curves else f"{height} x {width}"
        shown: dict[str, Any] = {"pictures": f"{rows} x {columns}", "size": size}
        shown["range"] = f"{self.low:.4g} to {self.high:.4g}"
        return shown | {name: str(scalar) for name, scalar in self.scalars.items()}


def picture_shape(width: int, shape: Shape = "auto") -> tuple[int, ...]:
    """The shape of a picture out of so many numbers: (height, width), (height, width, channels), or (1, width).

    Parameters
    ----------
    width : numbers in one row of data
    shape : "auto": a square of side 4 and up; three times a square, a square in colours; all else curves.
        "curve": one line; else the shape itself, which must hold as many numbers

    Raises
    ------
    InvalidParameter
        When the shape holds another number of values.
    """
    if shape == "curve":
        return (1, width)
    if shape == "auto":
        side, coloured = math.isqrt(width), math.isqrt(width // 3)
        if side >= _LEAST_SIDE and side * side == width:
            return (side, side)
        return (coloured, coloured, 3) if coloured >= _LEAST_SIDE and 3 * coloured**2 == width else (1, width)
    if math.prod(shape) != width or min(shape) < 1 or (len(shape) == 3 and shape[2] not in (1, 3, 4)):
        raise InvalidParameter(
            f"shape is {tuple(shape)}, which holds {math.prod(shape)} numbers, and an input has {width}; the rule is "
            "[height, width] or [height, width, channels] of an input, channels 1, 3 or 4, or curve."
        )
    return tuple(shape[:2]) if len(shape) == 3 and shape[2] == 1 else tuple(shape)


def pictures(cells: NDArray[Any], shape: Shape) -> NDArray[np.float32]:
    """(rows, columns, d) data as (rows, columns, height, width[, channels]) pictures."""
    return np.asarray(cells, dtype=np.float32).reshape(*cells.shape[:2], *picture_shape(cells.shape[2], shape))


def value_range(points: NDArray[Any]) -> tuple[float, float]:
    """Smallest and largest value of the data, or one around their only value."""
    low, high = float(np.min(points)), float(np.max(points))
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def caption_grid(rows: Iterable[Iterable[str]]) -> NDArray[np.str_]:
    """(rows, columns) texts."""
    return np.array([list(row) for row in rows], dtype=np.str_)
