"""Pictures of one small figure whose generative factors are all known."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.isometry import placed
from tda_latent.numerics.sprites import coloured, sprites
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source

Shape = Literal["square", "ellipse", "heart"]
Varied = Literal["scale", "orientation", "right", "up", "hue"]
Columns = dict[Varied, NDArray[np.float64]]
_LARGEST = 1 << 28  # entries of the array of images, 2 GiB


@source("sprites")
@dataclass(frozen=True)
class Sprites:
    """Pictures of a square, an ellipse or a heart with known shape, scale, orientation, place and, if asked for, hue.

    Points are rows of pixels between 0 and 1 (in colour: red, green, blue planes). Factors: ``shape`` (categorical),
    ``scale`` (real; 1 fills half the canvas), ``orientation`` (circular, period 1), ``right`` and ``up`` (real; centre
    of the figure, the canvas is [-1, 1]), ``hue`` (circular, period 1); those that are held fixed are left out.

    Parameters
    ----------
    size : int
        Pictures drawn at random, every factor independent and even over its range; not used with a grid.
    grid : mapping or None
        Numbers of values of scale, orientation, right, up, hue: every combination is drawn once for each shape.
        A factor without a number keeps the middle of its range (orientation and hue: 0).
    shapes : tuple of {"square", "ellipse", "heart"}
        Which figures, each once.
    scales : (float, float)
        Least and greatest scale.
    reach : float
        Greatest shift of the centre to each side; 0 keeps the figure in the middle.
    turning : bool
        Whether the orientation varies.
    colour : bool
        Whether pictures have a hue.
    pixels : int
        Side of the square picture.
    softness : float
        Width of the edge of the figure as a share of half the picture; hard edges make the manifold of pictures rough.
    noise : float
        Standard deviation of Gaussian noise added to each pixel.

    Notes
    -----
    The orientation is counted in periods of the shape, counter-clockwise: a quarter of a turn for a square, half of one
    for an ellipse, a turn for a heart, so that orientations less than 1 apart are different pictures for all shapes
    alike. dSprites [matthey2017] counts whole turns for each shape and so holds every square four times. 1200
    pictures of 32 x 32 a second on one core.

    Raises
    ------
    InvalidParameter
        For a shape given twice, ranges upside down, a grid over a factor that is held fixed, or over 2 GiB of pictures.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("matthey2017",)
    provides: ClassVar[tuple[str, ...]] = ("factors", "ids")
    example: ClassVar[dict[str, object]] = {"size": 12, "pixels": 12}

    size: Annotated[int, Field(ge=1)] = 1000
    grid: Mapping[Varied, Annotated[int, Field(ge=1)]] | None = None
    shapes: Annotated[tuple[Shape, ...], Field(min_length=1)] = ("square", "ellipse", "heart")
    scales: tuple[Annotated[float, Field(gt=0, le=2)], Annotated[float, Field(gt=0, le=2)]] = (0.5, 1.0)
    reach: Annotated[float, Field(ge=0, le=1)] = 0.4
    turning: bool = True
    colour: bool = False
    pixels: Annotated[int, Field(ge=4, le=256)] = 32
    softness: Annotated[float, Field(gt=0, le=1)] = 0.04
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    def __post_init__(self) -> None:
        if len(set(self.shapes)) < len(self.shapes):
            raise InvalidParameter(f"shapes is {list(self.shapes)}; the rule is each shape once.")
        if self.scales[0] > self.scales[1]:
            raise InvalidParameter(f"scales is {list(self.scales)}; the rule is the least before the greatest.")
        for name, number in (self.grid or {}).items():
            if number > 1 and not self._varies[name]:
                raise InvalidParameter(f"grid has {number} values of {name}, which is held fixed. {_REMEDY[name]}")
        entries = self._count * self.pixels**2 * (3 if self.colour else 1)
        if entries > _LARGEST:
            raise InvalidParameter(
                f"{self._count} pictures have {entries:,} pixels; the rule is at most {_LARGEST:,}. Ask for fewer."
            )

    @property
    def _varies(self) -> dict[Varied, bool]:
        moves = self.reach > 0
        resized = self.scales[0] < self.scales[1]
        return {"scale": resized, "orientation": self.turning, "right": moves, "up": moves, "hue": self.colour}

    @property
    def _count(self) -> int:
        if self.grid is None:
            return self.size
        return len(self.shapes) * int(np.prod([self.grid.get(name, 1) for name in self._varies]))

    def __call__(self, rng: Generator) -> Latents:
        which, columns, ids = self._drawn(rng) if self.grid is None else self._every_combination(self.grid)
        images = np.empty((len(which), self.pixels**2))
        place = np.column_stack([columns["right"], columns["up"]])
        for number, shape in enumerate(self.shapes):
            rows = np.flatnonzero(which == number)
            scale, orientation = columns["scale"][rows], columns["orientation"][rows]
            images[rows] = sprites(shape, scale, orientation, place[rows], self.pixels, self.softness)
        if self.colour:
            images = coloured(images, columns["hue"])
        return Latents(
            placed(images, None, self.noise, rng),
            ids=ids,
            factors=self._factors(which, columns),
            origin=Origin(data="sprites"),
        )

    def _drawn(self, rng: Generator) -> tuple[NDArray[np.int64], Columns, NDArray[np.str_]]:
        which = rng.integers(len(self.shapes), size=self.size)
        columns = {name: rng.uniform(low, high, self.size) for name, (low, high) in self._ranges().items()}
        return which, columns, np.array([f"sprite-{row:06d}" for row in range(self.size)])

    def _every_combination(self, grid: Mapping[Varied, int]) -> tuple[NDArray[np.int64], Columns, NDArray[np.str_]]:
        counts = {name: grid.get(name, 1) for name in self._varies}
        steps = np.indices((len(self.shapes), *counts.values())).reshape(1 + len(counts), -1)
        columns: Columns = {}
        for (name, (low, high)), row in zip(self._ranges().items(), steps[1:], strict=True):
            circular = name in _CIRCULAR
            values = np.linspace(low, high, counts[name], endpoint=not circular) if counts[name] > 1 else None
            columns[name] = np.full(len(row), low if circular else (low + high) / 2) if values is None else values[row]
        names = itertools.product(self.shapes, *(range(count) for count in counts.values()))
        return steps[0], columns, np.array(["/".join(map(str, name)) for name in names])

    def _ranges(self) -> dict[Varied, tuple[float, float]]:
        """Least and greatest value of each factor, in the order of a grid."""
        places = (-self.reach, self.reach)
        turn = (0.0, 1.0 if self.turning else 0.0)
        hue = (0.0, 1.0 if self.colour else 0.0)
        return {"scale": self.scales, "orientation": turn, "right": places, "up": places, "hue": hue}

    def _factors(self, which: NDArray[np.int64], columns: Columns) -> dict[str, Factor]:
        counts = self.grid or dict.fromkeys(columns, 2)
        found: dict[str, Factor] = {}
        if len(self.shapes) > 1:
            found["shape"] = Factor(np.array(self.shapes)[which], "categorical")
        for name, values in columns.items():
            if self._varies[name] and counts.get(name, 1) > 1:
                found[name] = Factor(values, "circular", 1.0) if name in _CIRCULAR else Factor(values)
        return found


_CIRCULAR: tuple[Varied, ...] = ("orientation", "hue")
_REMEDY: dict[Varied, str] = {
    "scale": "Give two different scales.",
    "orientation": "Set turning: true.",
    "right": "Give a reach above 0.",
    "up": "Give a reach above 0.",
    "hue": "Set colour: true.",
}
