"""`witness`: the shape of a large cloud on a few landmarks, with all other points as witnesses."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cost_model import Task
from tda_latent.engines.gates import require_prime
from tda_latent.engines.gudhi_witness import Strength, witness_bars, witness_seconds
from tda_latent.engines.planner import plan_rips, require_affordable
from tda_latent.engines.rips import Question, engine_version, filtered_bars
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.numerics.metric_cloud import EPSILON, EuclideanCloud, MatrixCloud, require_positive
from tda_latent.numerics.scaling import UNITS
from tda_latent.numerics.threads import available_threads
from tda_latent.numerics.witness import lazy_witness_edges, witness_distances
from tda_latent.records import Latents, PersistenceDiagram
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_LONGEST = 200  # seconds that a weak or strong complex may take


class _Bars(NamedTuple):
    pairs: Floats
    degrees: NDArray[np.int64]
    engine: str
    engine_version: str


@analyzer("witness")
@dataclass(frozen=True)
class Witness:
    """Persistent homology of a witness complex: few landmarks as vertices, joined where other points lie between them.

    Two landmarks are joined as soon as some point of the cloud is near to both, so that the shape is read off all
    points at the cost of the landmarks. Values are relaxations: at 0 a simplex has a witness to which no other landmark
    is nearer. Bars say nothing certain about the cloud, and short ones depend on the landmarks: try other ones.

    Parameters
    ----------
    landmarks : int
        Number of landmarks; all points where there are not more.
    selection : farthest | random
        Greedy farthest points, which reach every outlier, or a random sample, which follows the density.
    construction : lazy | weak | strong
        lazy: the flag complex of edges, for hundreds of landmarks; weak: every simplex and all its faces need witnesses
        of their own; strong: witnesses to which no landmark at all is nearer.
    nu : 0 | 1 | 2
        Of lazy complexes: nearness counts from the nu-th nearest landmark of the witness; for 0 the filtration comes
        near that of Vietoris-Rips on the landmarks as the cloud fills up.
    max_degree : int
        Highest degree of homology, 0 to 2.
    field : int
        Prime p of the coefficients Z/p.
    threshold : float or None
        Largest value, in the unit of the values; bars alive there are censored. None = all.
    scale : given | median
        Unit of the values: that of the distances, or the median distance between two points of the cloud.

    Notes
    -----
    [desilva2004]. Values are twice the relaxation R, so that for nu = 0 they compare with diameters. The diagram has no
    certificate: error is None. O(n l^2) for l landmarks of n points when lazy; for each simplex and witness weak
    complexes take a microsecond, so that without a threshold 60 landmarks of 10,000 points are refused, and strong ones
    a hundredth of it.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("desilva2004",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi", "ripser", "numba")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation")
    example: ClassVar[Mapping[str, Any]] = {"landmarks": 12}

    landmarks: Annotated[int, Field(ge=2)] = 100
    selection: Literal["farthest", "random"] = "farthest"
    construction: Literal["lazy", "weak", "strong"] = "lazy"
    nu: Literal[0, 1, 2] = 1
    max_degree: Annotated[int, Field(ge=0, le=2)] = 1
    field: Annotated[int, Field(ge=2)] = 2
    threshold: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    scale: Literal["given", "median"] = "given"

    def __post_init__(self) -> None:
        require_prime(self.field)
        if self.construction != "lazy" and self.nu != 1:
            raise InvalidParameter(
                f"nu is {self.nu} and construction {self.construction}; only lazy complexes have a nu. Leave it out."
            )

    def __call__(self, latents: Latents, rng: Generator) -> PersistenceDiagram:
        """The diagram of the landmarks in degrees 0 to max_degree.

        Raises
        ------
        InvalidInput
            When most points coincide (scale: median), or the complex would be too large.
        """
        cloud, threads = EuclideanCloud(latents.points), available_threads()
        is_given = self.scale == "given" or len(latents) == 1
        unit = None if is_given else cloud.median(threads)
        divisor = 1.0 if unit is None else require_positive(unit.value)
        rows = self._rows(cloud, rng, threads)
        distances = witness_distances(latents.points, rows) / divisor
        cut = math.inf if self.threshold is None else self.threshold
        found = self._lazy(distances, cut) if self.construction == "lazy" else self._relaxed(distances, cut)
        nearest = distances.min(axis=1)
        return PersistenceDiagram(
            found.pairs,
            found.degrees,
            field=self.field,
            filtration=f"witness ({self.construction}{f', nu = {self.nu}' if self.construction == 'lazy' else ''})",
            unit=UNITS[self.scale] + ("" if unit is None or unit.is_exact else " (estimated)"),
            reach=cut,
            accuracy=4 * EPSILON * float(distances.max()) * (latents.dimension + 8),
            error=None,
            computed={
                "engine": found.engine,
                "engine_version": found.engine_version,
                "points": len(latents),
                "landmarks": len(rows),
                "selection": self.selection,
                "covering_radius": float(nearest.max()),
                "max_degree": self.max_degree,
                "scale_divisor": divisor,
            },
        )

    def _rows(self, cloud: EuclideanCloud, rng: Generator, threads: int) -> NDArray[np.int64]:
        count = min(self.landmarks, len(cloud))
        if self.selection == "farthest":
            return cloud.cover(count, threads).rows
        return np.asarray(np.sort(rng.choice(len(cloud), count, replace=False)), dtype=np.int64)

    def _lazy(self, distances: Floats, cut: float) -> _Bars:
        edges = MatrixCloud(lazy_witness_edges(distances, self.nu))
        plan = plan_rips(Task(len(edges), 1, self.max_degree, None, "matrix"), self.field)
        require_affordable(plan, len(edges), self.max_degree)
        threshold = None if math.isinf(cut) else cut
        question = Question(plan.engine, self.max_degree, self.field, 1.0, threshold, available_threads())
        found = filtered_bars(edges, question)
        return _Bars(found.pairs, found.degrees, plan.engine, engine_version(plan.engine))

    def _relaxed(self, distances: Floats, cut: float) -> _Bars:
        strength: Strength = "weak" if self.construction == "weak" else "strong"
        _require_patience(distances, witness_seconds(distances, cut / 2, self.max_degree, strength))
        bars = witness_bars(distances, cut / 2, self.max_degree, self.field, strength)
        degrees = np.repeat(np.arange(len(bars)), [len(part) for part in bars])
        return _Bars(2 * np.concatenate(bars), degrees, "gudhi witness complex", importlib.metadata.version("gudhi"))


def _require_patience(distances: Floats, seconds: float) -> None:
    if seconds > _LONGEST:
        raise InvalidInput(
            f"{len(distances)} witnesses of {distances.shape[1]} landmarks would take about {seconds:.0f} s; the rule "
            f"is at most {_LONGEST} s. Use construction: lazy, a threshold (of weak complexes), fewer landmarks, or a "
            "sample of the points."
        )
