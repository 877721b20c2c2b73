"""The trust badge of a map of a cloud: what it keeps near, far and topologically, and whether it can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.rips import completion, rips_bars
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.projection import trustworthiness
from tda_latent.numerics.ties import distance_rounding
from tda_latent.numerics.view_trust import (
    FeatureChange,
    clusters_above_the_floor,
    feature_change,
    neighbours_kept,
    rank_correlation,
    scaled_stress,
)

Floats = NDArray[np.float64]
_OUTLIERS = 0.02  # of the different points: smaller parts are outliers, no components
_LEAST = 10  # different points; of fewer, nothing is said about components and loops
_CALIBRATED, _GROWTH = 300, 1 / 6  # points from which the prominence counts as it is; how it grows below


@dataclass(frozen=True)
class Trust:
    """How the trust figures of a view are made.

    Parameters
    ----------
    neighbours : int
        Size of the neighbourhoods that are compared; fewer for clouds of fewer than twice as many points.
    sample : int
        Largest number of points for distances and neighbourhoods; of a larger cloud, so many are drawn at random.
    landmarks : int
        Largest number of points for loops; of a larger sample, farthest points, of cloud and map each their own.
    prominence : float
        Lifetime, in median distances, above which a bar counts as a component or a loop, for 300 points or more. Of
        n < 300 points it has to be (300 / n)^(1/6) times as long, 1.2 times for 100. So about one in twenty clouds or
        maps of Gaussian noise, of 20 to 300 points in 2 to 100 dimensions, shows a feature; of more points, fewer.
    """

    neighbours: Annotated[int, Field(ge=1)] = 15
    sample: Annotated[int, Field(ge=3, le=20_000)] = 2000
    landmarks: Annotated[int, Field(ge=3, le=500)] = 300
    prominence: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.25


class SeededMap(NamedTuple):
    """A map that depends on a seed.

    coordinates : (n, 2 or 3); seed : makes it again; badge : `trust_badge`, agreement with other seeds included
    """

    coordinates: Floats
    seed: int
    badge: dict[str, float]


def seeded_map(
    make: Callable[[int], Floats], points: NDArray[Any], reruns: int, trust: Trust, rng: np.random.Generator
) -> SeededMap:
    """A map of (n, d) points by ``make(seed)``, judged beside so many others with other seeds."""
    seed, *others = (int(drawn) for drawn in rng.integers(2**31, size=reruns + 1))
    coordinates = make(seed)
    return SeededMap(coordinates, seed, trust_badge(points, coordinates, trust, rng, map(make, others)))


def trust_badge(
    points: NDArray[Any],
    coordinates: Floats,
    trust: Trust,
    rng: np.random.Generator,
    reruns: Iterable[Floats] = (),
    one_unit: bool = False,
) -> dict[str, float]:
    """Named figures that say how far to believe a map.

    Parameters
    ----------
    points : (n, d); coordinates : (n, 2 or 3), the map
    trust : how the figures are made; rng : draws the sample
    reruns : (n, 2 or 3) maps of the same cloud with other seeds; computed lazily, none for fewer than 3 points
    one_unit : the map keeps lengths, so that its bars are divided by the median distance of the cloud, not its own

    Returns
    -------
    dict
        ``trustworthiness`` (1 = neighbours on the map are neighbours in the cloud), ``continuity`` (1 = neighbours
        in the cloud stay neighbours on the map; both near 0.5 for unrelated ones) [venna2001]; ``stress`` (0 = all
        distances up to one factor, 1 = none) [kruskal1964]; ``rank correlation`` of distances (1 = the order of far
        and near, 0 = chance); ``seed agreement`` (share of map neighbours that another seed keeps) and ``seed
        agreement by chance``, k / (n - 1); ``components`` and ``loops``, the prominent ones of the cloud, with how
        many of them were ``lost`` and how many the map ``invented``; these not for fewer than 10 different points.
        Nothing for fewer than 3 points.

    Notes
    -----
    Loops: degree-one bars (Vietoris-Rips, Z/2) of at most ``landmarks`` farthest points of each side, divided by the
    median distance between these, matched as in `tda_latent.numerics.view_trust.feature_change`. Components: merges
    of parts of at least five different points and two percent of those of the sample, in the same unit, by how far
    they stand out above the median merge of their side (cut at twice the prominence), matched alike. Repeating
    points changes neither. O(n^2 log n) for a sample of n.
    """
    rows = _drawn(np.arange(len(points)), trust.sample, rng)
    neighbours = min(trust.neighbours, (len(rows) - 1) // 2)
    if not neighbours:
        return {}
    cloud, view = pairwise_distances(points[rows]), pairwise_distances(coordinates[rows])
    roundings = _roundings(points[rows], cloud, coordinates[rows], view)
    badge = {
        "trustworthiness": trustworthiness(cloud, view, neighbours, roundings),
        "continuity": trustworthiness(view, cloud, neighbours, roundings[::-1]),
        "stress": scaled_stress(cloud, view),
        "rank correlation": rank_correlation(cloud, view, roundings),
    }
    kept = [neighbours_kept(view, pairwise_distances(other[rows]), neighbours) for other in reruns]
    if kept:
        badge |= {"seed agreement": float(np.mean(kept)), "seed agreement by chance": neighbours / (len(rows) - 1)}
    different = len(np.unique(points[rows], axis=0))
    changes = _changes(cloud, view, trust, one_unit) if different >= _LEAST else {}
    for name, change in changes.items():
        count = change.present + (name == "components")  # the one that never merges is in no list of merges
        badge |= {name: count, f"{name} lost": change.lost, f"{name} invented": change.invented}
    return {name: float(value) for name, value in badge.items() if np.isfinite(value)}


def _roundings(points: NDArray[Any], cloud: Floats, coordinates: Floats, view: Floats) -> tuple[float, float]:
    """By how much equal distances of a cloud and of its map may differ; no map is known better than its cloud."""
    widest = float(cloud.max()), float(view.max())
    of_cloud, of_view = distance_rounding(points, widest[0]), distance_rounding(coordinates, widest[1])
    return of_cloud, max(of_view, of_cloud / widest[0] * widest[1] if widest[0] > 0 else 0.0)


def _drawn(rows: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _changes(cloud: Floats, view: Floats, trust: Trust, one_unit: bool) -> dict[str, FeatureChange]:
    """Lost and invented components and loops; nothing when one side has no scale."""
    sides = (cloud, view)
    few = [_landmarks(side, trust) for side in sides]
    units = [float(np.median(part[np.triu_indices(len(part), 1)])) if len(part) > 1 else 0.0 for part in few]
    if not min(units) > 0:
        return {}
    if one_unit:
        units[1] = units[0]
    pairs = list(zip(sides, few, units, strict=True))
    prominence = trust.prominence * max(1.0, (_CALIBRATED / min(map(len, few))) ** _GROWTH)
    clusters = [clusters_above_the_floor(side / unit, _OUTLIERS, 2 * prominence) for side, _, unit in pairs]
    loops = [_loops(part / unit) for _, part, unit in pairs]
    return {
        "components": feature_change(clusters[0], clusters[1], prominence),
        "loops": feature_change(loops[0], loops[1], prominence),
    }


def _landmarks(distances: Floats, trust: Trust) -> Floats:
    """Distances between farthest points: they are dense wherever their side is, however few points it has there."""
    from tda_latent.numerics.landmarks import farthest_of_matrix

    rows = np.sort(farthest_of_matrix(distances, min(trust.landmarks, len(distances))).rows)
    return np.asarray(distances[np.ix_(rows, rows)], dtype=np.float64)


def _loops(scaled: Floats) -> Floats:
    pairs, degrees = rips_bars(scaled, completion(scaled), 1, 2, "gudhi")
    return np.asarray(pairs[(degrees == 1) & np.isfinite(pairs[:, 1])], dtype=np.float64)
