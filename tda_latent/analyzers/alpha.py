"""`alpha`: the alpha filtration of a cloud in the plane or in space."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.engines.gates import require_prime
from tda_latent.engines.gudhi_alpha import alpha_bars, require_flat, rips_factor
from tda_latent.errors import InvalidInput
from tda_latent.numerics.metric_cloud import EPSILON, EuclideanCloud, require_positive
from tda_latent.numerics.pairwise import centred, near_one
from tda_latent.numerics.scaling import UNITS
from tda_latent.numerics.threads import available_threads
from tda_latent.records import Latents, PersistenceDiagram
from tda_latent.registry import analyzer


@analyzer("alpha")
@dataclass(frozen=True)
class Alpha:
    """Persistent homology of the union of balls around the points, for clouds of at most three coordinates.

    At scale t the balls of diameter t around the points grow together; the alpha complex is a subcomplex of the
    Delaunay triangulation that has their shape. Exact for a hundred thousand points, where Vietoris-Rips is not to be
    had. It is another filtration: its values lie between those of Vietoris-Rips and sqrt(2 d / (d + 1)) times those
    (1.155 in the plane, 1.225 in space), so that every bar of either with death / birth above the square of this
    factor has a partner in the other. This engine is the part of gudhi that rests on CGAL and is under the GPL.

    Parameters
    ----------
    max_degree : int
        Highest degree of homology, 0 to 2; degrees from the number of coordinates on have no bars.
    field : int
        Prime p of the coefficients Z/p.
    scale : given | median
        Unit of the values: that of the distances, or the median distance between two points, exact up to 65,536
        points and estimated beyond, where the unit says so.
    precision : safe | exact | fast
        safe: exact decisions, values good to about 1e-15. exact: values correctly rounded, several times slower.
        fast: floating point throughout, some times faster, and wrong on nearly degenerate points such as lattices.

    Notes
    -----
    [edelsbrunner1995]; values are diameters, twice the radii of gudhi. The factor is recorded as ``rips_factor``: over
    logarithms of the values the bottleneck distance to Vietoris-Rips is at most its logarithm [jung1901; desilva2007].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("edelsbrunner1995", "desilva2007", "jung1901")
    libraries: ClassVar[tuple[str, ...]] = ("gudhi", "scipy", "numba")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")

    max_degree: Annotated[int, Field(ge=0, le=2)] = 1
    field: Annotated[int, Field(ge=2)] = 2
    scale: Literal["given", "median"] = "given"
    precision: Literal["safe", "exact", "fast"] = "safe"

    def __post_init__(self) -> None:
        require_prime(self.field)

    def shift(self, before: Latents, after: Latents) -> float:
        """Twice the largest move of a point, each cloud centred and in its own unit; bounds the move of the diagram.

        The distances to the two clouds differ by at most one such move everywhere [cohensteiner2007]. inf for clouds of
        unequal size.
        """
        if before.points.shape != after.points.shape:
            return float("inf")
        first, second = (
            centred(cloud.points) / self._divisor(EuclideanCloud(cloud.points)) for cloud in (before, after)
        )
        return 2 * float(np.linalg.norm(first - second, axis=1).max())

    def _divisor(self, cloud: EuclideanCloud) -> float:
        is_given = self.scale == "given" or len(cloud) == 1
        return 1.0 if is_given else require_positive(cloud.median(available_threads()).value)

    def __call__(self, latents: Latents) -> PersistenceDiagram:
        """The diagram of the cloud in degrees 0 to max_degree.

        Raises
        ------
        InvalidInput
            For more than three coordinates, or when most points coincide (scale: median).
        MissingLibrary
            Without gudhi.
        """
        require_flat(latents.dimension)
        cloud = EuclideanCloud(latents.points)
        unit = cloud.median(available_threads()) if self.scale == "median" and len(cloud) > 1 else None
        divisor = 1.0 if unit is None else require_positive(unit.value)
        largest = cloud.longest() / divisor
        if not np.isfinite(largest):
            raise InvalidInput("a distance exceeds the range of float64; divide the points by a large number first.")
        near, exponent = near_one(latents.points)
        bars = alpha_bars(near, self.max_degree, self.field, self.precision)
        return PersistenceDiagram(
            np.ldexp(np.concatenate(bars), exponent) / divisor,
            np.repeat(np.arange(len(bars)), [len(part) for part in bars]),
            field=self.field,
            filtration="alpha",
            unit=UNITS[self.scale] + ("" if unit is None or unit.is_exact else " (estimated)"),
            accuracy=EPSILON * largest * (latents.dimension + 16),
            computed={
                "engine": "gudhi alpha complex (GPL)",
                "engine_version": importlib.metadata.version("gudhi"),
                "points": len(latents),
                "max_degree": self.max_degree,
                "precision": self.precision,
                "scale_divisor": divisor,
                "rips_factor": rips_factor(latents.dimension),
            },
        )
