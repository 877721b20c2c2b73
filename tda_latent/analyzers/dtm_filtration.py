"""`dtm-filtration`: a Vietoris-Rips filtration in which points enter when they have enough company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cost_model import Task
from tda_latent.engines.planner import plan_rips, require_affordable, require_computable
from tda_latent.engines.rips import Question, engine_version, filtered_bars
from tda_latent.errors import InvalidParameter
from tda_latent.numerics.distance_blocks import require_memory
from tda_latent.numerics.metric_cloud import EPSILON, MatrixCloud
from tda_latent.numerics.scaling import scaled_distances
from tda_latent.numerics.threads import available_threads
from tda_latent.numerics.weighted_rips import Growth, component_bars_from, distance_to_measure, weighted_edges
from tda_latent.records import Latents, PersistenceDiagram
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_BYTES = 56  # for each pair: distances, edges, and what lies between them


@analyzer("dtm-filtration")
@dataclass(frozen=True)
class DtmFiltration:
    """Persistent homology of the density-weighted (DTM) Rips filtration: outliers enter late instead of filling holes.

    A single point in the middle of a ring kills its loop in a Vietoris-Rips filtration. Here every point x enters at
    twice f(x), its distance to the measure: the mean of order q of the distances to its k nearest points. f is small in
    a crowd and large for an outlier, and the diagram moves little when few points are added, not only when points move.

    Parameters
    ----------
    neighbours : int
        k, the point itself among them. With 1 the filtration is that of Vietoris-Rips; a feature made by fewer than
        about k points is taken for noise.
    order : float
        q of the mean, at least 1.
    growth : 1 | 2 | inf
        p of the radius (t^p - f(x)^p)^(1/p) that a ball has at t.
    max_degree : int
        Highest degree of homology, 0 to 3.
    field : int
        Prime p of the coefficients Z/p.
    metric : euclidean | cosine | geodesic
        Distance between points, as for vietoris-rips.
    metric_neighbours : int
        Nearest neighbours in the graph of the geodesic metric; not used otherwise.
    scale : given | median | posterior
        Unit of all values, as for vietoris-rips.
    engine : auto | reduced | gudhi | ripser
        What computes the degrees above 0; all give the same numbers.

    Notes
    -----
    [anai2020], with the distance to a measure of [chazal2011]. Values are diameters: an edge between points of weights
    f and g enters at d + f + g for p = 1, and for all p at d when k = 1. gudhi's DTM Rips complex is the case p = 1.
    Degrees above 0 are those of the flag complex of the edges, whatever the vertices do: a vertex that is there too
    early is a component of its own until its first edge. O(n^2) memory.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("anai2020", "chazal2011")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi", "ripser", "numba")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")

    neighbours: Annotated[int, Field(ge=1)] = 15
    order: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 2.0
    growth: Growth = 1
    max_degree: Annotated[int, Field(ge=0, le=3)] = 1
    field: Annotated[int, Field(ge=2)] = 2
    metric: Literal["euclidean", "cosine", "geodesic"] = "euclidean"
    metric_neighbours: Annotated[int, Field(ge=1)] = 15
    scale: Literal["given", "median", "posterior"] = "given"
    engine: Literal["auto", "reduced", "gudhi", "ripser"] = "auto"

    def __post_init__(self) -> None:
        require_computable(self.engine, self.max_degree, self.field)
        if self.metric == "cosine" and self.scale == "posterior":
            raise InvalidParameter("scale: posterior needs lengths, but metric: cosine measures angles.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Posterior deviations, when values are to be measured in them."""
        return ("scale",) if self.scale == "posterior" else ()

    def __call__(self, latents: Latents) -> PersistenceDiagram:
        """The diagram of the cloud in degrees 0 to max_degree.

        Raises
        ------
        InvalidInput
            When posterior deviations are missing, most points coincide (scale: median), or the task is too large.
        """
        plan = plan_rips(self._task(len(latents), latents.dimension), self.field, self.engine)
        require_affordable(plan, len(latents), self.max_degree)
        require_memory(len(latents), _BYTES)
        births, edges, unit = self._filtration(latents)
        bars, degrees = [component_bars_from(births, edges)], [0]
        if self.max_degree > 0 and len(latents) > 1:
            question = Question(plan.engine, self.max_degree, self.field, threads=available_threads())
            found = filtered_bars(MatrixCloud(edges), question)
            bars += [found.pairs[found.degrees == degree] for degree in range(1, self.max_degree + 1)]
            degrees += list(range(1, self.max_degree + 1))
        longest = max(float(edges.max()), float(births.max()))
        return PersistenceDiagram(
            np.concatenate(bars),
            np.repeat(degrees, [len(part) for part in bars]),
            field=self.field,
            filtration=f"dtm k={self.neighbours} q={self.order:g} p={self.growth}"
            + ("" if self.metric == "euclidean" else f" ({self.metric})"),
            unit=unit,
            accuracy=EPSILON * longest * (latents.dimension + 2 * self.neighbours + 16),
            computed={
                "engine": plan.engine,
                "engine_version": engine_version(plan.engine),
                "points": len(latents),
                "max_degree": self.max_degree,
                "metric": self.metric,
                "median_weight": float(np.median(births) / 2),
                "largest_weight": float(births.max() / 2),
            },
        )

    def shift(self, before: Latents, after: Latents) -> float:
        """Largest change of the entry of a vertex or an edge, row by row, which bounds the move of the diagram.

        inf for clouds of unequal size [cohensteiner2007].
        """
        if len(before) != len(after):
            return float("inf")
        first, second = self._filtration(before), self._filtration(after)
        return max(float(np.abs(one - other).max()) for one, other in zip(first[:2], second[:2], strict=True))

    def cost(self, size: int, dimension: int = 1, cloud: Latents | None = None) -> tuple[float, int]:
        """Seconds on one core of the reference machine and bytes for a cloud of this shape."""
        plan = plan_rips(self._task(size, dimension), self.field, self.engine)
        return plan.seconds, plan.bytes + _BYTES * size**2

    def _task(self, size: int, dimension: int) -> Task:
        return Task(size, dimension, self.max_degree, None, "matrix")

    def _filtration(self, latents: Latents) -> tuple[Floats, Floats, str]:
        """Entries of the vertices, of the edges, and their unit."""
        scaled = scaled_distances(latents.points, latents.scale, self.scale, self.metric, self.metric_neighbours)
        weights = distance_to_measure(scaled.matrix, self.neighbours, self.order)
        return 2 * weights, weighted_edges(scaled.matrix, weights, self.growth), scaled.unit
