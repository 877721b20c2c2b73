"""Couplings of two weighted metric spaces by POT: exact transport, and local optima of (fused) Gromov-Wasserstein."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import EngineFailure, missing_library
from tda_latent.numerics.gromov import (
    Space,
    anchored_costs,
    canonical_order,
    profile_costs,
    reordered,
    squared_distortion,
)

Floats = NDArray[np.float64]
EXTRA = "transport"
_STEPS, _TOLERANCE = 200, 1e-7  # of a descent: steps at most, and relative gain below which it ends
_ANCHORED = 10  # starts from points matched one by one
_ROUNDING = 1e-28  # of the mean squared distance: nothing is left to gain
_DUST = 1e-14  # entries of a coupling below this share of its mass are rounding


class Search(NamedTuple):
    """How a coupling is looked for.

    structure : share of the distortion of distances in the objective, the rest is the cost of the features, in (0, 1]
    starts : random couplings to start from, besides those that are always tried
    seed : which
    """

    structure: float
    starts: int
    seed: int


def transport_plan(costs: NDArray[Any], first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """(n, m) coupling of the weights of least mean cost, exact by the network simplex."""
    return np.asarray(_pot().emd(first, second, np.ascontiguousarray(costs, dtype=np.float64)), dtype=np.float64)


def lower_bound(first: Space, second: Space) -> float:
    """Third lower bound of the Gromov-Wasserstein distance, for equal weights [memoli2011]."""
    costs = profile_costs(first, second)
    return float(np.sqrt((transport_plan(costs, first.weights, second.weights) * costs).sum()))


def fused_gromov(first: Space, second: Space, costs: NDArray[Any] | None, search: Search) -> float:
    """Fused Gromov-Wasserstein distance: the best local optimum of a conditional gradient from several couplings.

    Parameters
    ----------
    first, second : spaces whose lengths are in comparable units
    costs : (n, m) squared distances between features of points, or None
    search : weight of the structure, starts

    Returns
    -------
    float
        Root of ``structure * distortion + (1 - structure) * cost`` [vayer2020], with the mean squared distortion of
        distances [peyre2016]; never below the global optimum.

    Raises
    ------
    EngineFailure
        When POT gives no finite coupling.

    Notes
    -----
    Points are put into an order of their own first, and the spaces into one that does not depend on which came first,
    so that the random couplings do not either. Always tried: all with all; the transport between the profiles of
    distances, and between the features; in equal weights one by one in that order; and ten times the transport between
    the distances to a few points that are matched greedily, for spaces with symmetries. A coupling that keeps all
    distances ends the search.
    """
    orders = canonical_order(first), canonical_order(second)
    spaces = [reordered(space, order) for space, order in zip((first, second), orders, strict=True)]
    between = (
        np.zeros((len(first.weights), len(second.weights))) if costs is None else np.asarray(costs)[np.ix_(*orders)]
    )
    if (len(spaces[0].weights), spaces[0].lengths.tobytes()) > (len(spaces[1].weights), spaces[1].lengths.tobytes()):
        spaces, between = spaces[::-1], np.ascontiguousarray(between.T)
    best = np.inf
    for start in _starts(spaces, between, search):
        value = _descended(spaces, between, start, search.structure)
        if not np.isfinite(value):
            raise EngineFailure(
                "POT gave no finite coupling; check that the lengths of both spaces are of common size."
            )
        best = min(best, value)
        if best <= _ROUNDING * float((first.lengths**2).mean() + between.mean()):
            break
    return float(np.sqrt(max(best, 0.0)))


def _starts(spaces: list[Space], costs: Floats, search: Search) -> Iterator[Floats]:
    first, second = (space.weights for space in spaces)
    profiles = profile_costs(spaces[0], spaces[1])
    yield np.outer(first, second)
    yield transport_plan(profiles, first, second)
    if costs.any():
        yield transport_plan(costs, first, second)
    if np.array_equal(first, second):
        yield np.diag(first)
    rng = np.random.default_rng(search.seed)
    for _ in range(search.starts):
        yield transport_plan(rng.uniform(size=costs.shape), first, second)
    for _ in range(_ANCHORED):
        yield transport_plan(anchored_costs(spaces[0], spaces[1], profiles, rng), first, second)


def _descended(spaces: list[Space], costs: Floats, start: Floats, structure: float) -> float:
    """Objective of the coupling that the descent from a start ends in, or of the start when that is better."""
    from ot.gromov import fused_gromov_wasserstein

    ended = fused_gromov_wasserstein(
        costs, spaces[0].lengths, spaces[1].lengths, spaces[0].weights, spaces[1].weights,
        loss_fun="square_loss", symmetric=True, alpha=structure, G0=start,
        max_iter=_STEPS, tol_rel=_TOLERANCE, tol_abs=0.0,
    )  # fmt: skip
    return min(_objective(spaces, costs, np.asarray(plan), structure) for plan in (start, ended))


def _objective(spaces: list[Space], costs: Floats, plan: Floats, structure: float) -> float:
    clean = np.where(plan > _DUST, plan, 0.0)
    features = float((clean * costs).sum())
    return structure * squared_distortion(spaces[0], spaces[1], clean) + (1.0 - structure) * features


def _pot() -> Any:
    try:
        import ot
    except ImportError as error:
        raise missing_library("POT", "Gromov-Wasserstein distances", EXTRA) from error
    return ot
