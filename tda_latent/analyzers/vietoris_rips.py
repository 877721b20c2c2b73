"""Vietoris-Rips persistence of a latent cloud."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.gates import filtration_matrix, require_prime
from tda_latent.engines.planner import plan_rips, require_affordable
from tda_latent.engines.rips import completion, edges_up_to, enclosing_radius, engine_version, rips_bars
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.pairwise import median_distance, pairwise_distances
from tda_latent.numerics.scaling import UNITS, posterior_scaled
from tda_latent.records import Latents, PersistenceDiagram
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
EPSILON = float(np.finfo(np.float64).eps)


@analyzer("vietoris-rips")
@dataclass(frozen=True)
class VietorisRips:
    """Persistent homology of the Vietoris-Rips filtration: the holes of a cloud, and the scales they live through.

    At scale t every two points at distance at most t are joined, and every clique is filled. Degree 0 counts
    components, degree 1 loops, degree 2 voids. Values are diameters (edge lengths). Cost grows like n^2.4 in degree
    1, n^3.2 in degree 2 and n^4.2 in degree 3; a task that would need over 16 GiB is refused.

    Parameters
    ----------
    max_degree : int
        Highest degree of homology, 0 to 3.
    field : int
        Prime p of the coefficients Z/p, at most 46337 (ripser: 127). A Klein bottle has two loops over Z/2 and one
        over Z/3.
    metric : euclidean | cosine | geodesic | precomputed
        cosine is the angle in radians; geodesic the shortest path in the graph of nearest neighbours joined with
        the minimum spanning tree; precomputed takes the points as a square matrix of distances, where +inf means
        that an edge never enters.
    neighbours : int
        Nearest neighbours of each point in the graph of the geodesic metric; not used otherwise.
    scale : given | median | posterior
        Unit of the values. given: that of the distances; median: the median distance between two points;
        posterior: each coordinate divided by its root-mean-square posterior deviation over the cloud.
    threshold : float or None
        Longest edge, in the unit of the values. None = the enclosing radius, which loses nothing. Bars alive at a
        smaller threshold are censored: their death is unknown.
    engine : auto | gudhi | ripser
        auto lets the planner choose; the reason is recorded. All engines return the same numbers.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = (
        "edelsbrunner2002",
        "zomorodian2005",
        "bauer2021",
        "tralie2018",
        "boissonnat2020",
    )
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi", "ripser")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")
    example: ClassVar[Mapping[str, Any]] = {"max_degree": 1}

    max_degree: Annotated[int, Field(ge=0, le=3)] = 1
    field: Annotated[int, Field(ge=2)] = 2
    metric: Literal["euclidean", "cosine", "geodesic", "precomputed"] = "euclidean"
    neighbours: Annotated[int, Field(ge=1)] = 15
    scale: Literal["given", "median", "posterior"] = "given"
    threshold: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    engine: Literal["auto", "gudhi", "ripser"] = "auto"

    def __post_init__(self) -> None:
        require_prime(self.field, self.engine)
        if self.scale == "posterior" and self.metric in ("cosine", "precomputed"):
            raise InvalidParameter(
                f"scale is posterior and metric is {self.metric}; posterior deviations divide coordinates, which "
                "needs metric: euclidean or geodesic. Use scale: given or median."
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """Posterior deviations, when values are to be measured in them."""
        return ("scale",) if self.scale == "posterior" else ()

    def cost(self, size: int) -> tuple[float, int]:
        """Seconds on the reference machine and bytes for a cloud of this size, all edges within the threshold."""
        plan = plan_rips(size, self.max_degree, self.field, self.engine)
        return plan.seconds, plan.bytes

    def __call__(self, latents: Latents) -> PersistenceDiagram:
        """The diagram of the cloud in degrees 0 to max_degree.

        Raises
        ------
        InvalidInput
            When posterior deviations are missing, distances overflow, a precomputed matrix is none, more than half
            of the pairs coincide (scale: median), or the task would need too much memory.
        """
        size = len(latents)
        require_affordable(plan_rips(size, self.max_degree, self.field, self.engine, edges=0), size, self.max_degree)
        distances = self._distances(latents)
        error = self._rounding(distances, latents.dimension)
        unit = median_distance(distances) if self.scale == "median" and size > 1 else 1.0
        largest = _longest(distances) / unit
        if not math.isfinite(largest):
            raise InvalidInput(f"distances up to {_longest(distances):g} overflow in units of their median {unit:g}.")
        distances /= unit
        complete = completion(distances)
        cut = complete if self.threshold is None else min(self.threshold, complete)
        plan = plan_rips(size, self.max_degree, self.field, self.engine, edges_up_to(distances, cut))
        require_affordable(plan, size, self.max_degree)
        pairs, degrees = rips_bars(distances, cut, self.max_degree, self.field, plan.engine)
        return PersistenceDiagram(
            pairs,
            degrees,
            field=self.field,
            filtration=self._filtration,
            unit=UNITS[self.scale],
            reach=np.inf if cut == complete else cut,
            accuracy=error if self.scale != "median" else (error / unit) * (1 + largest) + EPSILON * largest,
            computed={
                "engine": plan.engine,
                "engine_version": engine_version(plan.engine),
                "reason": plan.reason,
                "points": size,
                "max_degree": self.max_degree,
                "metric": self.metric,
                "scale_divisor": unit,
                "enclosing_radius": enclosing_radius(distances),
            },
        )

    @property
    def _filtration(self) -> str:
        """Angles and paths are not distances in the space, so their diagrams carry another name."""
        return "vietoris-rips" + (f" ({self.metric})" if self.metric in ("cosine", "geodesic") else "")

    def _distances(self, latents: Latents) -> Floats:
        if self.metric == "precomputed":
            return filtration_matrix(latents.points)
        points = latents.points
        if self.scale == "posterior":
            points = posterior_scaled(points, latents.scale)
        distances = pairwise_distances(points, self.metric, self.neighbours)
        if not np.isfinite(distances).all():
            raise InvalidInput("a distance exceeds the range of float64; divide the points by a large number first.")
        return distances

    def _rounding(self, distances: Floats, dimension: int) -> float:
        """Largest error of a distance by floating point, before it is divided by the unit."""
        if self.metric == "precomputed":
            return 0.0
        if self.metric == "cosine":  # an angle near pi moves with the square root of the error of its chord
            chord = EPSILON * (dimension + 8)
            return 2 * chord / max(math.cos(_longest(distances) / 2), math.sqrt(chord))
        steps = 2 * len(distances) if self.metric == "geodesic" else 0
        return EPSILON * _longest(distances) * (dimension + steps + 8)


def _longest(distances: Floats) -> float:
    """The longest edge that ever enters."""
    return float(distances[np.isfinite(distances)].max())
