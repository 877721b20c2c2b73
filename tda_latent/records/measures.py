"""`Measures` (named numbers, curves and tables) and `Vectors` (a diagram as a function on a grid)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.records.record import Array, Record, frozen_map, numbers, texts

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Scalar(Record):
    """One number and its unit ("" = unit-free). inf is legal, NaN means "not defined for this input"."""

    value: float
    unit: str = ""
    meaning: str = ""

    def __post_init__(self) -> None:
        self.set(value=float(self.value) + 0.0)

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "undefined"
        unit = self.unit.removesuffix("s") if self.value == 1 else self.unit
        return f"{self.value:.6g} {unit}".strip()

    def facts(self) -> dict[str, Any]:
        """The number with its unit, and what it means."""
        return {"value": str(self)} | ({"meaning": self.meaning} if self.meaning else {})


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Record):
    """A quantity over another one: x (k,) ascending, y (k,); ``steps`` = constant from each x to the next."""

    x: Floats
    y: Floats
    x_unit: str = ""
    unit: str = ""
    x_name: str = "x"
    name: str = "y"
    steps: bool = False

    def __post_init__(self) -> None:
        x = numbers(self.x, "x", (None,))
        self.set(x=x, y=numbers(self.y, "y", (len(x),), finite=False))
        if (np.diff(x) < 0).any():
            raise InvalidInput("the x of a curve must not decrease; sort it first.")


@dataclass(frozen=True, eq=False, repr=False)
class Table(Record):
    """Named rows and columns: values (r, c), NaN where undefined."""

    values: Floats
    rows: Array
    columns: Array
    unit: str = ""

    def __post_init__(self) -> None:
        values = numbers(self.values, "table values", (None, None), finite=False)
        self.set(
            values=values,
            rows=texts(self.rows, "rows", values.shape[0]),
            columns=texts(self.columns, "columns", values.shape[1]),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Measures(Record):
    """Named scalars, curves and tables measured on one cloud, graph or diagram, each with its unit."""

    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.set(scalars=frozen_map(self.scalars), curves=frozen_map(self.curves), tables=frozen_map(self.tables))
        for kind, wanted in (("scalars", Scalar), ("curves", Curve), ("tables", Table)):
            for name, value in getattr(self, kind).items():
                if not isinstance(value, wanted):
                    raise InvalidInput(f"{kind} {name!r} is a {type(value).__name__}; the rule is {wanted.__name__}.")

    def __getitem__(self, name: str) -> float:
        if name not in self.scalars:
            raise unknown_name("scalar", name, self.scalars)
        return float(self.scalars[name].value)

    def facts(self) -> dict[str, Any]:
        """Every scalar with its unit, then the names of curves and tables."""
        shown: dict[str, Any] = {name: str(scalar) for name, scalar in self.scalars.items()}
        if self.curves:
            shown["curves"] = ", ".join(self.curves)
        if self.tables:
            shown["tables"] = ", ".join(self.tables)
        return shown


@dataclass(frozen=True, eq=False, repr=False)
class Vectors(Record):
    """A persistence diagram turned into a function sampled on a grid.

    values : (k,) or (layers, k) for curves, (rows, columns) for images
    grid : (k,) the abscissae of a curve; for an image the column positions (births)
    rows_grid : for an image the row positions (lifetimes); else None
    name : which summary, "betti-curve" for instance
    degree : homology degree
    unit : unit of the values; grid_unit : unit of the grid
    integral_weight : weight of one sample in an L2 distance sqrt(sum(weight * difference^2)): the length of a grid cell
        for curves, one over the area of a pixel for images, whose values are masses
    """

    values: Floats
    grid: Floats
    name: str
    degree: int
    rows_grid: Floats | None = None
    unit: str = ""
    grid_unit: str = ""
    integral_weight: float = 1.0

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        grid = numbers(self.grid, "grid", (None,))
        if values.ndim not in (1, 2) or values.shape[-1] != len(grid):
            raise InvalidInput(f"values have shape {values.shape}; the last axis must match the grid of {len(grid)}.")
        self.set(values=numbers(values, "values", tuple([None] * values.ndim)), grid=grid)
        if self.rows_grid is not None:
            self.set(rows_grid=numbers(self.rows_grid, "rows_grid", (values.shape[0],)))

    @classmethod
    def sampled(cls, name: str, degree: int, values: Floats, grid: Floats, units: tuple[str, str]) -> Vectors:
        """Curves over an even grid (k >= 2), each sample weighing one step of it; units of the values and the grid."""
        return cls(
            values=values,
            grid=grid,
            name=name,
            degree=degree,
            unit=units[0],
            grid_unit=units[1],
            integral_weight=float(grid[1] - grid[0]),
        )

    def facts(self) -> dict[str, Any]:
        """Which summary, degree, shape and grid."""
        span = f"{self.grid[0]:.4g} to {self.grid[-1]:.4g} {self.grid_unit}" if len(self.grid) else "empty"
        return {"summary": self.name, "degree": self.degree, "shape": self.values.shape, "grid": span}
