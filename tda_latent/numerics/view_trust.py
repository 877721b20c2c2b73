"""How far a map of a cloud keeps its distances, its neighbours and its prominent features; all from distances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.pairwise import minimum_spanning_edges
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.ties import level_ranks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_SAME = 1e-12  # of the longest distance: points that are nearer coincide
_FEWEST = 5  # points in a cluster: in noise, smaller groups stand apart as often as not


class FeatureChange(NamedTuple):
    """Prominent features of a cloud, and what a map made of them.

    present : prominent features of the cloud; lost : those that the map does not show
    invented : prominent features of the map that the cloud does not have
    """

    present: int
    lost: int
    invented: int


def scaled_stress(cloud: Floats, view: Floats) -> float:
    """Normalised stress after the best common factor: sqrt(min_a sum (a v - d)^2 / sum d^2) [kruskal1964].

    Parameters
    ----------
    cloud, view : (n, n) distances d and v

    Returns
    -------
    float
        0 = the view is the cloud up to scale; 1 = nothing of the distances is left. NaN when all points of the cloud
        coincide. Scaling either side changes nothing, as it would without the factor [smelser2024].
    """
    wanted, shown = (over_power_of_two(squareform(part, checks=False))[0] for part in (cloud, view))
    total, spread = float(wanted @ wanted), float(shown @ shown)
    if not total:
        return float("nan")
    factor = float(wanted @ shown) / spread if spread else 0.0
    return float(np.linalg.norm(factor * shown - wanted) / np.sqrt(total))


def rank_correlation(cloud: Floats, view: Floats, roundings: tuple[float, float] = (0.0, 0.0)) -> float:
    """Spearman correlation of all distances between pairs: 1 = the same order of far and near; NaN without spread.

    Parameters
    ----------
    cloud, view : (n, n) distances
    roundings : by how much equal ones may differ on either side, see `ties.distance_rounding`
    """
    sides = zip((cloud, view), roundings, strict=True)
    ranks = np.stack([level_ranks(squareform(part, checks=False), rounding) for part, rounding in sides])
    ranks -= ranks.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(ranks, axis=1)
    return float(ranks[0] @ ranks[1] / norms.prod()) if norms.all() else float("nan")


def neighbours_kept(first: Floats, second: Floats, neighbours: int) -> float:
    """Mean share of the k nearest others in one space that are among the k nearest in the other.

    Parameters
    ----------
    first, second : (n, n) distances
    neighbours : 1 <= k < n; of equally far points, those of the first rows count

    Returns
    -------
    float
        1 = the same neighbourhoods; k / (n - 1) is what unrelated spaces share.
    """
    size = len(first)
    if not 1 <= neighbours < size:
        raise InvalidParameter(f"neighbours is {neighbours} for {size} points; the rule is 1 <= k < n.")
    near = np.zeros((2, size, size), dtype=bool)
    for table, distances in zip(near, (first, second), strict=True):
        others = distances.copy()
        np.fill_diagonal(others, np.inf)
        order = np.argsort(others, axis=1, kind="stable")[:, :neighbours]
        np.put_along_axis(table, order, True, axis=1)
    return float((near[0] & near[1]).sum() / (size * neighbours))


def clusters_above_the_floor(distances: Floats, least: float, ceiling: float) -> Floats:
    """(k, 2) clusters as bars from 0 to how far their merge stands out above the median merge of the cloud.

    Parameters
    ----------
    distances : (n, n), n >= 2
    least : share of the different points that the smaller side of a merge holds, and five of them; smaller sides are
        outliers and left out
    ceiling : higher bars are cut there: maps stretch gaps, and a wider gap is still the same one

    Notes
    -----
    In many dimensions all points are far from all others, so that merges are judged against the merge of a typical
    point, not against zero. Merges at or below the median are left out. Points that coincide, up to 1e-12 of the
    longest distance, count as one.
    """
    tails, heads, lengths = minimum_spanning_edges(distances)
    is_proper = lengths > _SAME * distances.max()
    if not is_proper.any():
        return np.empty((0, 2))
    sides = _smaller_sides(tails, heads, is_proper)
    heights = lengths - np.median(lengths[is_proper])
    enough = sides >= max(_FEWEST, round(least * (1 + int(is_proper.sum()))))
    heights = heights[is_proper & (heights > 0) & enough]
    return np.stack([np.zeros(len(heights)), np.minimum(heights, ceiling)], axis=1)


def _smaller_sides(tails: Integers, heads: Integers, is_proper: NDArray[np.bool_]) -> Integers:
    """(n-1,) different points on the smaller side of each merge, edges in the order of merging."""
    owner, members = np.arange(len(tails) + 1), np.ones(len(tails) + 1, dtype=np.int64)
    sides = np.zeros(len(tails), dtype=np.int64)
    for row, (tail, head) in enumerate(zip(tails.tolist(), heads.tolist(), strict=True)):
        first, second = _root(owner, tail), _root(owner, head)
        sides[row] = min(members[first], members[second])
        owner[second] = first
        if is_proper[row]:
            members[first] += members[second]
    return sides


def _root(owner: Integers, point: int) -> int:
    while owner[point] != point:
        owner[point] = owner[owner[point]]
        point = int(owner[point])
    return point


def feature_change(cloud: Floats, view: Floats, prominence: float) -> FeatureChange:
    """Features lost and invented by a view, by matching two diagrams.

    Parameters
    ----------
    cloud, view : (k, 2), (m, 2) finite bars of one degree, in one unit
    prominence : > 0, lifetime above which a bar is a feature

    Returns
    -------
    FeatureChange
        A feature is kept when the cheapest matching of the two diagrams (sum of sup-norm moves, bars may go to the
        diagonal) pairs it with a bar of more than half that lifetime on the other side.

    Notes
    -----
    O((k + m)^3) at worst. A matching compares sizes and scales, not places: it cannot see that a loop was replaced by
    another one of the same births and deaths.
    """
    lives = cloud[:, 1] - cloud[:, 0], view[:, 1] - view[:, 0]
    partner = _matching(cloud, view)
    back = np.full(len(view), -1)
    back[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    prominent = [life > prominence for life in lives]
    return FeatureChange(
        present=int(prominent[0].sum()),
        lost=int((prominent[0] & ~_answered(partner, lives[1], prominence)).sum()),
        invented=int((prominent[1] & ~_answered(back, lives[0], prominence)).sum()),
    )


def _answered(partner: Integers, others: Floats, prominence: float) -> NDArray[np.bool_]:
    found = np.append(others, 0.0)[partner]  # -1, the diagonal, has no lifetime
    return np.asarray(found > prominence / 2)


def _matching(first: Floats, second: Floats) -> Integers:
    """(k,) bar of the second diagram that each bar of the first goes to, or -1 for the diagonal."""
    k, m = len(first), len(second)
    if not k or not m:
        return np.full(k, -1)
    falls = [(bars[:, 1] - bars[:, 0]) / 2 for bars in (first, second)]
    costs = np.zeros((k + m, m + k))
    costs[:k, :m] = np.abs(first[:, None] - second[None]).max(axis=2)
    costs[:k, m:] = falls[0][:, None]
    costs[k:, :m] = falls[1][None]
    _, columns = linear_sum_assignment(costs)
    return np.where(columns[:k] < m, columns[:k], -1)
