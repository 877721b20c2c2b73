"""Vietoris-Rips bars of a cloud or of a matrix of edge lengths, by whichever engine the plan names."""

from __future__ import annotations

import importlib.metadata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.bounded_rips import bounded_bars, bounded_representatives, limits_for
from tda_latent.engines.cost_model import EngineName, Task
from tda_latent.engines.isolation import Limits
from tda_latent.engines.planner import SMALLEST_REDUCED, plan_rips, require_affordable
from tda_latent.numerics.metric_cloud import AngularCloud, EuclideanCloud, MatrixCloud, MetricCloud
from tda_latent.numerics.pairwise import minimum_spanning_edges
from tda_latent.records import Representatives
from tda_latent.records.representatives import Kind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_HOMES: dict[EngineName, str] = {"spanning tree": "numba", "reduced": "numba", "gudhi": "gudhi", "ripser": "ripser"}


class Filtered(NamedTuple):
    """Bars of a filtration and where it ended.

    pairs : (m, 2) births and deaths, in no particular order; degrees : (m,)
    cut : longest edge that entered; is_complete : whether nothing happens beyond it
    radius : enclosing radius; inf when no point is ever joined to all others, None where nobody asked for it
    representatives : one for each bar where they were asked for; bars of length zero are left out then
    """

    pairs: Floats
    degrees: Integers
    cut: float
    is_complete: bool
    radius: float | None
    representatives: Representatives | None = None


class Question(NamedTuple):
    """What is asked of a cloud.

    unit : every distance is divided by it; threshold : longest edge in that unit, None = the enclosing radius
    shown : kind of representatives, None = none
    """

    engine: EngineName
    max_degree: int = 1
    field: int = 2
    unit: float = 1.0
    threshold: float | None = None
    threads: int = 1
    shown: Kind | None = None


def enclosing_radius(distances: Floats) -> float:
    """Smallest length at which some point is joined to all others; inf when none ever is.

    From there on the complex is a cone and nothing more is born or dies.
    """
    return float(distances.max(axis=1).min())


def completion(distances: Floats) -> float:
    """The finite length from which on the filtration no longer changes its homology.

    The enclosing radius; where edges that never enter make that infinite, the longest edge that does.
    """
    radius = enclosing_radius(distances)
    return radius if np.isfinite(radius) else float(distances[np.isfinite(distances)].max())


def edges_up_to(distances: Floats, cut: float) -> int:
    """Number of edges i < j of at most this length."""
    return int(np.count_nonzero(distances <= cut) - len(distances)) // 2


def component_bars(distances: Floats, cut: float) -> list[Floats]:
    """Bars of degree 0 from a minimum spanning tree, exact, in O(n^2); n = 1 gives one bar that never dies."""
    lengths = minimum_spanning_edges(distances)[2]
    deaths = np.append(np.where(lengths <= cut, lengths, np.inf), np.inf)
    return [from_zero(deaths)]


def from_zero(deaths: Floats) -> Floats:
    """(k, 2) bars that are born at 0."""
    return np.stack([np.zeros(len(deaths)), deaths], axis=1)


def filtered_bars(cloud: MetricCloud, question: Question) -> Filtered:
    """Bars of degrees 0..max_degree of a cloud.

    Raises
    ------
    InvalidInput
        When the edges below the threshold make the task larger than is affordable.
    """
    if isinstance(cloud, EuclideanCloud) and _is_reduced_of_points(question):
        return _reduced_bars_of_points(cloud, question)
    if _is_tree_of_points(cloud, question):
        return _merges_of_points(cloud, question)
    distances = cloud.matrix()
    distances /= question.unit
    complete = completion(distances)
    cut = complete if question.threshold is None else min(question.threshold, complete)
    limits = None
    if question.engine in ("gudhi", "ripser"):
        task = Task(len(cloud), max_degree=question.max_degree, edges=edges_up_to(distances, cut), lengths="matrix")
        plan = plan_rips(task, question.field, question.engine)
        require_affordable(plan, task.size, task.max_degree)
        limits = limits_for(plan.seconds, plan.bytes)
    asked = (distances, cut, question.max_degree, question.field)
    found: Representatives | None = None
    if question.shown is None:
        pairs, degrees = rips_bars(*asked, question.engine, limits)
    else:
        pairs, degrees, found = bounded_representatives(*asked, (question.shown, question.engine), limits)
    return Filtered(pairs, degrees, cut, cut == complete, enclosing_radius(distances), found)


def _is_reduced_of_points(question: Question) -> bool:
    return question.engine == "reduced" and question.max_degree < 2 and question.shown is None


def rips_bars(
    distances: Floats, cut: float, max_degree: int, field: int, engine: EngineName, limits: Limits | None = None
) -> tuple[Floats, Integers]:
    """All bars of degrees 0..max_degree: (m, 2) pairs and (m,) degrees, in no particular order.

    Parameters
    ----------
    distances : (n, n), n >= 1, as `gates.filtration_matrix` returns it
    cut : finite; edges up to and including this length enter, and bars alive there have death inf
    field : prime within the limits of the engine
    engine : as `planner.plan_rips` chose it
    limits : of a child process for gudhi and ripser; None = compute here
    """
    if engine == "spanning tree":
        return _flat(component_bars(distances, cut))
    if engine in ("gudhi", "ripser"):
        return _flat(bounded_bars(distances, cut, max_degree, field, engine, limits))
    from tda_latent.numerics.reduced_rips import degree_one_of_matrix, degree_two_of_matrix

    if max_degree == 2:
        two = degree_two_of_matrix(distances, cut)
        loops = (two.component_deaths, two.loops[:, 0], two.loops[:, 1])
        return _flat([*_degree_one_bars(len(distances), loops, 1), two.voids])
    found = degree_one_of_matrix(distances, cut=cut)
    bars = (found.component_deaths, found.births, found.deaths)
    return _flat(_degree_one_bars(len(distances), bars, max_degree))


def _reduced_bars_of_points(cloud: EuclideanCloud, question: Question) -> Filtered:
    """Bars without a matrix of distances on our side; the same numbers as through one, to the bit."""
    from tda_latent.numerics.reduced_rips import degree_one

    longest = None if question.threshold is None else question.threshold * question.unit
    found = degree_one(cloud.points, longest, question.threads)
    radius = found.radius / question.unit
    merges, births, deaths = (part / question.unit for part in (found.component_deaths, found.births, found.deaths))
    pairs, degrees = _flat(_degree_one_bars(len(cloud), (merges, births, deaths), question.max_degree))
    cut = radius if question.threshold is None else min(question.threshold, radius)
    return Filtered(pairs, degrees, cut, cut == radius, radius)


def _is_tree_of_points(cloud: MetricCloud, question: Question) -> bool:
    plain = question.engine == "spanning tree" and question.threshold is None and question.shown is None
    return plain and not isinstance(cloud, MatrixCloud) and len(cloud) > SMALLEST_REDUCED


def _merges_of_points(cloud: MetricCloud, question: Question) -> Filtered:
    """Bars of degree 0 without a matrix of distances; the same numbers as from one, to the bit."""
    from tda_latent.numerics.spanning_tree import angular_tree, component_deaths

    if isinstance(cloud, AngularCloud):
        merges = angular_tree(cloud.directions).lengths
    elif isinstance(cloud, EuclideanCloud):
        merges = component_deaths(cloud.points)
    else:
        raise TypeError("a matrix of distances has no points")
    pairs, degrees = _flat([from_zero(np.append(merges / question.unit, np.inf))])
    return Filtered(pairs, degrees, float(pairs[-2, 1]), True, None)


def _degree_one_bars(size: int, found: tuple[Floats, Floats, Floats], max_degree: int) -> list[Floats]:
    """Bars by degree from the merges of components and the births and deaths of loops."""
    merges, births, deaths = found
    alive = np.full(size - len(merges), np.inf)
    return [from_zero(np.concatenate([merges, alive])), np.stack([births, deaths], axis=1)][: max_degree + 1]


def _flat(bars: list[Floats]) -> tuple[Floats, Integers]:
    degrees = np.repeat(np.arange(len(bars)), [len(pairs) for pairs in bars])
    return np.concatenate(bars), degrees


def engine_version(engine: EngineName) -> str:
    """Version of the distribution behind an engine."""
    return importlib.metadata.version(_HOMES[engine])
