"""Vietoris-Rips persistence of a latent cloud."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from tda_latent.engines.budgets import bytes_of, seconds_of
from tda_latent.engines.cost_model import Lengths, Look, Task
from tda_latent.engines.gates import filtration_matrix
from tda_latent.engines.generators import representatives_engine
from tda_latent.engines.pilot import look_at, pilot_rows
from tda_latent.engines.planner import (
    Limits,
    Request,
    RipsPlan,
    fit_rips,
    plan_rips,
    require_affordable,
    require_computable,
)
from tda_latent.engines.rips import Filtered, Question, engine_version, filtered_bars
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.graph_distances import SPECTRAL, spectral_distances
from tda_latent.numerics.median_length import Median
from tda_latent.numerics.metric_cloud import (
    EPSILON,
    Cover,
    EuclideanCloud,
    MatrixCloud,
    MetricCloud,
    angular_cloud,
    largest_change,
    require_positive,
)
from tda_latent.numerics.pairwise import geodesic_distances
from tda_latent.numerics.scaling import UNITS, posterior_scaled
from tda_latent.numerics.threads import available_threads
from tda_latent.records import Latents, PersistenceDiagram, Representatives
from tda_latent.records.representatives import Kind
from tda_latent.registry import analyzer


@analyzer("vietoris-rips")
@dataclass(frozen=True)
class VietorisRips:
    """Persistent homology of the Vietoris-Rips filtration: the holes of a cloud, and the scales they live through.

    At scale t every two points at distance at most t are joined, and every clique is filled. Degree 0 counts
    components, degree 1 loops, degree 2 voids. Values are diameters (edge lengths). Degrees 0 and 1 over Z/2 take
    about a second for 5000 points and are computed for up to 65,536, degree 2 over Z/2 about a second for 1000; cost
    grows like n^4.2 in degree 3. A task that would need over 16 GiB is refused. With landmarks or a budget a larger
    cloud is represented by some of its points, and the diagram carries a certificate: its bottleneck distance to the
    diagram of the whole cloud is at most ``error``, and bars longer than twice that are certain to be there.

    Parameters
    ----------
    max_degree : int
        Highest degree of homology, 0 to 3.
    field : int
        Prime p of the coefficients Z/p, at most 46337 (ripser: 127; reduced: 2). A Klein bottle has two loops over
        Z/2 and one over Z/3.
    metric : euclidean | cosine | geodesic | effective-resistance | diffusion | precomputed
        cosine is the angle in radians; geodesic the shortest path in the graph of nearest neighbours joined with
        the minimum spanning tree; effective-resistance (corrected) and diffusion are distances through the graph of
        nearest neighbours, its components alone joined by the tree, without its lengths, which noise in many dimensions
        hardly moves, up to 5000 points; precomputed takes the points as a square matrix of distances, where +inf means
        that an edge never enters.
    neighbours : int
        Nearest neighbours of each point in the graph of those three metrics; not used otherwise.
    diffusion_steps : int
        Steps of the random walk of the diffusion metric; not used otherwise.
    scale : given | median | posterior
        Unit of the values. given: that of the distances; median: the median distance between two points of the
        whole cloud, exact up to 65,536 points and estimated beyond, where the unit says so; posterior: each
        coordinate divided by its root-mean-square posterior deviation over the cloud.
    threshold : float or None
        Longest edge, in the unit of the values. None = the enclosing radius, which loses nothing. Bars alive at a
        smaller threshold are censored: their death is unknown.
    engine : auto | reduced | gudhi | ripser | spanning tree
        auto lets the planner choose; the reason is recorded. All engines return the same numbers. reduced is our own,
        for degrees 0 to 2 over Z/2.
    landmarks : int or None
        Number of farthest-point landmarks to compute on; None, or not fewer than the cloud has points = exact.
    budget : str or float or None
        Time such as 60s or 5min (a number is seconds) on one core of a reference machine. Where the exact answer does
        not fit, it decides the number of landmarks, the same on every machine.
    memory : str or int or None
        Memory such as 8GB (a number is bytes) beside the cloud itself, in the same way. None = 16 GiB.
    representatives : none | cycles | cocycles | simplices
        What shows each bar, with the simplices that open and close it; not unique, so never read more into one than
        that it is in its class. cycles: closed walks in degree 1, shortened locally, over Z/2; cocycles: any degree,
        fields up to 127; simplices: the two simplices alone. They need a matrix of distances.

    Notes
    -----
    With landmarks of covering radius r, error is 2 r in a metric [chazal2014b; cohensteiner2007], where r is that of
    the whole cloud and landmarks are greedy farthest points [gonzalez1985]. In a matrix that need not be a metric, and
    for geodesic, whose paths run through the whole cloud, it is the largest change of a distance when both points move
    to their nearest landmarks, which a metric bounds by 2 r. A threshold takes the certificate away (error = None).
    Degrees 1 and 2 over Z/2 use the reduced filtration [koyama2023; koyama2024; forman1998]. Effective resistances are
    corrected after [vonluxburg2014]; they and diffusion distances [coifman2006] have no unit, and find loops under
    noise that hides them from Euclidean distances [damrich2024]: compare both.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = (
        "edelsbrunner2002",
        "zomorodian2005",
        "bauer2021",
        "tralie2018",
        "boissonnat2020",
        "koyama2023",
        "koyama2024",
        "forman1998",
        "gonzalez1985",
        "chazal2014b",
        "cohensteiner2007",
        "vonluxburg2014",
        "coifman2006",
        "damrich2024",
    )
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi", "ripser", "numba")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")
    example: ClassVar[Mapping[str, Any]] = {"max_degree": 1}

    max_degree: Annotated[int, Field(ge=0, le=3)] = 1
    field: Annotated[int, Field(ge=2)] = 2
    metric: Literal["euclidean", "cosine", "geodesic", "effective-resistance", "diffusion", "precomputed"] = "euclidean"
    neighbours: Annotated[int, Field(ge=1)] = 15
    diffusion_steps: Annotated[int, Field(ge=1)] = 8
    scale: Literal["given", "median", "posterior"] = "given"
    threshold: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    engine: Request = "auto"
    landmarks: Annotated[int, Field(ge=2)] | None = None
    budget: str | float | None = None
    memory: str | float | None = None
    representatives: Literal["none", "cycles", "cocycles", "simplices"] = "none"

    def __post_init__(self) -> None:
        require_computable(self.engine, self.max_degree, self.field)
        self._engine()
        self._limits()
        if self.landmarks is not None and not (self.budget is None and self.memory is None):
            raise InvalidParameter(
                f"landmarks is {self.landmarks} beside a budget of time or memory, which would decide them as well; "
                "give one or the other."
            )
        if self.scale == "posterior" and self.metric not in ("euclidean", "geodesic"):
            raise InvalidParameter(
                f"scale is posterior and metric is {self.metric}; posterior deviations divide coordinates, which "
                "needs metric: euclidean or geodesic. Use scale: given or median."
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """Posterior deviations, when values are to be measured in them."""
        return ("scale",) if self.scale == "posterior" else ()

    def plan(self, size: int, dimension: int = 1, edges: int | None = None) -> RipsPlan:
        """Engine, landmarks and cost for a cloud of this shape and so many edges below the threshold, None = all."""
        task = self._task(size, dimension, edges)
        if self.budget is None and self.memory is None:
            return plan_rips(task, self.field, self._engine(), self.landmarks)
        return fit_rips(task, self._limits(), self.field, self._engine())

    def _task(self, size: int, dimension: int, edges: int | None = None) -> Task:
        return Task(size, dimension, self.max_degree, edges, self._lengths)

    def resolved(self, size: int, dimension: int) -> VietorisRips:
        """The same analysis with engine and landmarks decided and no budget left: what a key is made of."""
        found = self.plan(size, dimension)
        engine = found.engine if size > 1 else "auto"
        return dataclasses.replace(self, engine=engine, landmarks=found.landmarks, budget=None, memory=None)

    def cost(self, size: int, dimension: int = 1, cloud: Latents | None = None) -> tuple[float, int]:
        """Seconds on one core of the reference machine and bytes for a cloud of this shape, for a person to read.

        A look at a few points of the cloud, where it is at hand, makes the seconds good to a factor of two.
        """
        plan = self.plan(size, dimension)
        if cloud is not None:
            task = dataclasses.replace(self._task(size, dimension), look=self._look(cloud))
            plan = plan_rips(task, self.field, plan.engine, plan.landmarks)
        return plan.seconds, plan.bytes

    def _look(self, latents: Latents) -> Look:
        """What some points say about the cost of all, in the metric as it is among them."""
        rows = pilot_rows(len(latents))
        few = latents.take(rows)
        return look_at(self._cloud(few.replace(points=few.points[:, rows]) if self._is_matrix else few).matrix())

    @property
    def _is_matrix(self) -> bool:
        return self.metric == "precomputed"

    def __call__(self, latents: Latents) -> PersistenceDiagram:
        """The diagram of the cloud in degrees 0 to max_degree.

        Raises
        ------
        InvalidInput
            When posterior deviations are missing, distances overflow, a precomputed matrix is none, more than half
            of the pairs coincide (scale: median), or the task would need too much memory or more than its budget.
        """
        plan = self.plan(len(latents), latents.dimension)
        least = plan if self.threshold is None else self.plan(len(latents), latents.dimension, edges=0)
        require_affordable(least, len(latents), self.max_degree)
        cloud, threads = self._cloud(latents), available_threads()
        unit = self._unit(cloud, threads)
        cover = None if plan.landmarks is None else cloud.cover(plan.landmarks, threads)
        part = cloud if cover is None else cloud.take(cover.rows)
        question = Question(plan.engine, self.max_degree, self.field, unit.value, self.threshold, threads, self._kind)
        found = filtered_bars(part, question)
        largest = cloud.longest() / unit.value
        rounding = cloud.rounding(cloud.longest()) / unit.value
        certificate = _certificate(cover, found, unit.value, rounding)
        exact_unit = {} if unit.is_exact else {"scale_divisor_low": unit.low, "scale_divisor_high": unit.high}
        return PersistenceDiagram(
            found.pairs,
            found.degrees,
            field=self.field,
            filtration=self._filtration,
            unit=self._unit_name + ("" if unit.is_exact else " (estimated)"),
            reach=np.inf if found.is_complete else found.cut,
            accuracy=rounding if self.scale != "median" else rounding * (1 + largest) + EPSILON * largest,
            error=certificate.error,
            representatives=_in_the_cloud(found.representatives, cover),
            computed={
                "engine": plan.engine,
                "engine_version": engine_version(plan.engine),
                "reason": plan.reason if self._kind is None else f"gives {self.representatives}, which were asked for",
                "points": len(latents),
                "landmarks": len(part),
                "max_degree": self.max_degree,
                "metric": self.metric,
                "scale_divisor": unit.value,
                **({} if found.radius is None else {"enclosing_radius": found.radius}),
                **exact_unit,
                **certificate.facts,
            },
        )

    def shift(self, before: Latents, after: Latents) -> float:
        """Largest change of a value between two clouds whose rows belong together, in the unit of the diagram.

        The exact diagrams of the two are at most this far apart in bottleneck distance [chazal2014b]. inf for clouds
        of unequal size.
        """
        clouds = self._cloud(before), self._cloud(after)
        threads = available_threads()
        units = (self._unit(clouds[0], threads).value, self._unit(clouds[1], threads).value)
        return largest_change(*clouds, units)

    @property
    def _lengths(self) -> Lengths:
        """Which matrix of distances has to be held."""
        if self.metric not in ("euclidean", "cosine"):
            return "matrix"
        if self._kind is not None or (self.max_degree == 0 and self.threshold is not None):
            return "part"
        return "points" if self.metric == "euclidean" or self.max_degree == 0 else "part"

    @property
    def _kind(self) -> Kind | None:
        kinds: dict[str, Kind] = {"cycles": "cycle", "cocycles": "cocycle", "simplices": "simplices"}
        return kinds.get(self.representatives)

    def _engine(self) -> Request:
        """The engine asked for, where representatives do not leave only one."""
        if self._kind is None:
            return self.engine
        return representatives_engine(self._kind, self.max_degree, self.field, self.engine)

    def _limits(self) -> Limits:
        return Limits(
            None if self.budget is None else seconds_of(self.budget),
            None if self.memory is None else bytes_of(self.memory),
        )

    @property
    def _filtration(self) -> str:
        """Angles and paths are not distances in the space, so their diagrams carry another name."""
        plain = self.metric in ("euclidean", "precomputed")
        return "vietoris-rips" + ("" if plain else f" ({self.metric})")

    @property
    def _unit_name(self) -> str:
        """Distances through the graph do not grow with the cloud."""
        free = self.scale == "given" and self.metric in SPECTRAL
        return self.metric.replace("-", " ") if free else UNITS[self.scale]

    def _cloud(self, latents: Latents) -> MetricCloud:
        if self._is_matrix:
            return MatrixCloud(filtration_matrix(latents.points))
        points = latents.points
        if self.scale == "posterior":
            points = posterior_scaled(points, latents.scale)
        if self.metric == "geodesic":
            return MatrixCloud(geodesic_distances(points, self.neighbours), latents.dimension + 2 * len(latents) + 8)
        if self.metric in SPECTRAL:
            return MatrixCloud(*spectral_distances(points, self.metric, self.neighbours, self.diffusion_steps))
        return angular_cloud(points) if self.metric == "cosine" else EuclideanCloud(points)

    def _unit(self, cloud: MetricCloud, threads: int) -> Median:
        largest = cloud.longest()
        if not math.isfinite(largest):
            raise InvalidInput("a distance exceeds the range of float64; divide the points by a large number first.")
        if self.scale != "median" or len(cloud) == 1:
            return Median(1.0, 1.0, 1.0)
        found = cloud.median(threads)
        if not math.isfinite(largest / require_positive(found.value)):
            raise InvalidInput(f"distances up to {largest:g} overflow in units of their median {found.value:g}.")
        return found


def _in_the_cloud(found: Representatives | None, cover: Cover | None) -> Representatives | None:
    """Representatives with the row numbers of the whole cloud."""
    return found if found is None or cover is None else found.renumbered(cover.rows)


class _Certificate(NamedTuple):
    """Bound of the bottleneck distance to the whole cloud, None = unknown, and what is said about it."""

    error: float | None
    facts: Mapping[str, Any]


def _certificate(cover: Cover | None, found: Filtered, unit: float, rounding: float) -> _Certificate:
    """The error of a diagram, rounded up."""
    if cover is None:
        return _Certificate(0.0, {})
    facts = {"covering_radius": cover.radius / unit}
    if not found.is_complete:
        return _Certificate(None, facts | {"certificate": "none: the filtration is cut at a threshold"})
    if not math.isfinite(cover.shift):
        return _Certificate(None, facts | {"certificate": "none: an edge that enters stands for one that never does"})
    error = cover.shift / unit * (1 + 4 * EPSILON) + 4 * rounding if cover.shift > 0 else 0.0
    return _Certificate(error, facts | {"certificate": "bottleneck distance to the whole cloud at most error"})
