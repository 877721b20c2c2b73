"""Vietoris-Rips bars of a matrix of edge lengths, by whichever engine the plan names."""

from __future__ import annotations

import importlib.metadata

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.gudhi_rips import gudhi_bars
from tda_latent.engines.planner import EngineName
from tda_latent.engines.ripser_rips import ripser_bars
from tda_latent.numerics.pairwise import minimum_spanning_edges

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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
    return [np.stack([np.zeros(len(deaths)), deaths], axis=1)]


def rips_bars(
    distances: Floats, cut: float, max_degree: int, field: int, engine: EngineName
) -> tuple[Floats, Integers]:
    """All bars of degrees 0..max_degree: (m, 2) pairs and (m,) degrees, in no particular order.

    Parameters
    ----------
    distances : (n, n), n >= 1, as `gates.filtration_matrix` returns it
    cut : finite; edges up to and including this length enter, and bars alive there have death inf
    field : prime within the limits of the engine
    engine : as `planner.plan_rips` chose it
    """
    if engine == "spanning tree":
        bars = component_bars(distances, cut)
    elif engine == "gudhi":
        bars = gudhi_bars(distances, cut, max_degree, field)
    else:
        bars = ripser_bars(distances, cut, max_degree, field)
    degrees = np.repeat(np.arange(len(bars)), [len(pairs) for pairs in bars])
    return np.concatenate(bars), degrees


def engine_version(engine: EngineName) -> str:
    """Version of the distribution behind an engine."""
    return importlib.metadata.version("numpy" if engine == "spanning tree" else engine)
