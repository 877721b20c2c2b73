"""The lenses of Mapper: parameters, and the named columns that they read off a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, InvalidParameter, unknown_name
from tda_latent.numerics import lenses as functions
from tda_latent.records import Latents

Floats = NDArray[np.float64]
Columns = dict[str, Floats]


@dataclass(frozen=True)
class Coordinates:
    """Coordinates of the points.

    Parameters
    ----------
    indices : tuple[int, ...]
        Which coordinates, counted from 0; one lens axis each.
    """

    use: Literal["coordinates"] = "coordinates"
    indices: tuple[Annotated[int, Field(ge=0)], ...] = (0,)

    def __post_init__(self) -> None:
        if not self.indices:
            raise InvalidParameter("indices is empty; name at least one coordinate, counted from 0.")

    def columns(self, latents: Latents) -> Columns:
        """One column per index."""
        if max(self.indices) >= latents.dimension:
            raise InvalidInput(
                f"coordinate {max(self.indices)} was asked for, but the points have {latents.dimension}, "
                f"counted from 0; use indices up to {latents.dimension - 1}."
            )
        return {f"coordinate {k}": np.asarray(latents.points[:, k], dtype=np.float64) for k in self.indices}


@dataclass(frozen=True)
class Pca:
    """Scores on the leading principal axes, with signs that a rotation of the cloud does not change.

    Parameters
    ----------
    components : int
        Number of axes, at most the dimension of the points.
    """

    use: Literal["pca"] = "pca"
    components: Annotated[int, Field(ge=1)] = 2

    def columns(self, latents: Latents) -> Columns:
        """One column per component."""
        scores = functions.principal_scores(latents.points, self.components)
        return {f"PC{k + 1}": scores[:, k] for k in range(self.components)}


@dataclass(frozen=True)
class Eccentricity:
    """Mean distance to all points: small in the middle of the cloud, large at its tips.

    Parameters
    ----------
    exponent : 1, 2 or "inf"
        Of the power mean; "inf" takes the largest distance.
    """

    use: Literal["eccentricity"] = "eccentricity"
    exponent: Literal[1, 2, "inf"] = 1

    def columns(self, latents: Latents) -> Columns:
        """One column."""
        return {f"eccentricity (p={self.exponent})": functions.eccentricity(latents.points, float(self.exponent))}


@dataclass(frozen=True)
class Density:
    """Gaussian kernel density without its constant, in (0, 1].

    Parameters
    ----------
    bandwidth : float or None
        Standard deviation of the kernel, in the unit of the points; None = a quarter of the root-mean-square
        distance between points, so that scaling the cloud changes nothing.
    """

    use: Literal["density"] = "density"
    bandwidth: Annotated[float, Field(gt=0)] | None = None

    def columns(self, latents: Latents) -> Columns:
        """One column."""
        width = "automatic" if self.bandwidth is None else f"{self.bandwidth:g}"
        return {f"density (bandwidth {width})": functions.gaussian_density(latents.points, self.bandwidth)}


@dataclass(frozen=True)
class NeighbourDensity:
    """Minus the distance to the k-th nearest other point: rises with density.

    Parameters
    ----------
    neighbours : int
        k; at most all other points are used.
    """

    use: Literal["neighbour-density"] = "neighbour-density"
    neighbours: Annotated[int, Field(ge=1)] = 15

    def columns(self, latents: Latents) -> Columns:
        """One column."""
        name = f"neighbour density (k={self.neighbours})"
        return {name: functions.neighbour_density(latents.points, self.neighbours)}


@dataclass(frozen=True)
class DistanceToClass:
    """Distance to the nearest point of one class.

    Parameters
    ----------
    label : str
        Label column that names the classes.
    value : str, int, float or bool
        The class; compared as text, so that 3 and "3" are the same.
    """

    label: str
    value: str | int | float | bool
    use: Literal["distance-to-class"] = "distance-to-class"

    def columns(self, latents: Latents) -> Columns:
        """One column."""
        entries = _label(latents, self.label)
        wanted = np.array([str(entry) == str(self.value) for entry in entries.tolist()])
        if not wanted.any():
            raise unknown_name(f"value of label {self.label!r}", str(self.value), set(map(str, entries.tolist())))
        values = functions.distance_to_rows(latents.points, np.flatnonzero(wanted))
        return {f"distance to {self.label}={self.value}": values}


@dataclass(frozen=True)
class DistanceToRows:
    """Distance to the nearest of some chosen points.

    Parameters
    ----------
    rows : tuple[int, ...]
        Row numbers of the points, counted from 0.
    """

    rows: tuple[Annotated[int, Field(ge=0)], ...]
    use: Literal["distance-to-rows"] = "distance-to-rows"

    def __post_init__(self) -> None:
        if not self.rows:
            raise InvalidParameter("rows is empty; name at least one row of the cloud, counted from 0.")

    def columns(self, latents: Latents) -> Columns:
        """One column."""
        if max(self.rows) >= len(latents):
            raise InvalidInput(
                f"row {max(self.rows)} was asked for, but the cloud has {len(latents)}, counted from 0; "
                f"use rows up to {len(latents) - 1}."
            )
        listed = ", ".join(map(str, self.rows[:3])) + (", ..." if len(self.rows) > 3 else "")
        return {f"distance to rows {listed}": functions.distance_to_rows(latents.points, np.array(self.rows))}


@dataclass(frozen=True)
class Label:
    """A numeric label column.

    Parameters
    ----------
    name : str
        The column.
    """

    name: str
    use: Literal["label"] = "label"

    def columns(self, latents: Latents) -> Columns:
        """One column."""
        return {self.name: _numeric(_label(latents, self.name), f"label {self.name!r}")}


@dataclass(frozen=True)
class FactorValue:
    """A generative factor: a real one as it is, a circular one as cosine and sine, so that no turn is cut open.

    Parameters
    ----------
    name : str
        The factor.
    """

    name: str
    use: Literal["factor"] = "factor"

    def columns(self, latents: Latents) -> Columns:
        """One column, or two for a circular factor."""
        if self.name not in latents.factors:
            raise unknown_name("factor", self.name, latents.factors)
        factor = latents.factors[self.name]
        values = _numeric(factor.values, f"factor {self.name!r}")
        if factor.period is None:
            return {self.name: values}
        angles = values * (2 * np.pi / factor.period)
        return {f"cos {self.name}": np.cos(angles), f"sin {self.name}": np.sin(angles)}


Lens = Annotated[
    Coordinates
    | Pca
    | Eccentricity
    | Density
    | NeighbourDensity
    | DistanceToClass
    | DistanceToRows
    | Label
    | FactorValue,
    Field(discriminator="use"),
]


def lens_needs(lens: Lens) -> tuple[str, ...]:
    """Columns of the latents that a lens reads besides the points."""
    if isinstance(lens, (Label, DistanceToClass)):
        return ("labels",)
    return ("factors",) if isinstance(lens, FactorValue) else ()


def lens_columns(lenses: tuple[Lens, ...], latents: Latents) -> tuple[Floats, tuple[str, ...]]:
    """(n, q) lens values and the q names of their axes.

    Raises
    ------
    InvalidParameter
        When two lenses give the same axis.
    """
    columns: Columns = {}
    for lens in lenses:
        found = lens.columns(latents)
        twice = columns.keys() & found.keys()
        if twice:
            raise InvalidParameter(f"the lens axis {sorted(twice)[0]!r} is given twice; name each lens once.")
        columns |= found
    return np.stack(list(columns.values()), axis=1), tuple(columns)


def _label(latents: Latents, name: str) -> NDArray[Any]:
    if name not in latents.labels:
        raise unknown_name("label", name, latents.labels)
    return latents.labels[name]


def _numeric(column: NDArray[Any], name: str) -> Floats:
    if column.dtype.kind not in "iufb":
        raise InvalidInput(
            f"{name} holds text, {column[0]!r} for instance; a lens needs numbers. Use distance-to-class for classes."
        )
    values = np.asarray(column, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InvalidInput(f"{name} holds NaN or infinity; drop those points before using it as a lens.")
    return values
