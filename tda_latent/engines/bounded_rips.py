"""Vietoris-Rips engines with their memory and time bounded: large tasks run in a child process that can be killed.

A child costs half a second and two copies of the matrix, so small tasks stay in this process. So does everything in a
process that is itself watched: a worker of an experiment has its own limits, and its death names the task.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.cost_model import EngineName
from tda_latent.engines.generators import rips_representatives
from tda_latent.engines.gudhi_rips import gudhi_bars
from tda_latent.engines.isolation import Limits, is_confined, isolated_arrays
from tda_latent.engines.ripser_rips import ripser_bars
from tda_latent.records import Representatives
from tda_latent.records.representatives import Kind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SECONDS_IN_PROCESS = 10.0
BYTES_IN_PROCESS = 2**30
_PATIENCE = 50.0  # times the estimate: clouds of one large loop take up to 40 times as long as noise
_GENEROSITY = 2.0  # times the estimate, which bounds every measured cloud with noise


def limits_for(seconds: float, memory: int) -> Limits | None:
    """The limits of a task with this estimated cost, or None where it should run in this process.

    Parameters
    ----------
    seconds, memory : estimates of the planner: reference seconds, and bytes beyond the points
    """
    if is_confined() or (seconds <= SECONDS_IN_PROCESS and memory <= BYTES_IN_PROCESS):
        return None
    return Limits(60.0 + _PATIENCE * seconds, int(_GENEROSITY * memory))


def bounded_bars(
    distances: Floats, cut: float, max_degree: int, field: int, engine: EngineName, limits: Limits | None
) -> list[Floats]:
    """Bars of each degree 0..max_degree, as `gudhi_bars` or `ripser_bars` gives them.

    Parameters
    ----------
    distances, cut, max_degree, field : as for `tda_latent.engines.gudhi_rips.gudhi_bars`
    engine : "gudhi" or "ripser"
    limits : of the child process, or None to compute in this one

    Raises
    ------
    EngineFailure
        When the child exceeds a limit or dies.
    """
    settings = {"cut": float(cut), "max_degree": max_degree, "field": field, "engine": engine}
    if limits is None:
        found = bars_by_degree(distances, cut, max_degree, field, engine)
    else:
        found = isolated_arrays(bars_by_degree, {"distances": distances}, settings, limits)
    return [found[str(degree)] for degree in range(max_degree + 1)]


def bars_by_degree(distances: Floats, cut: float, max_degree: int, field: int, engine: EngineName) -> dict[str, Floats]:
    """The bars under the names of their degrees: what the child computes."""
    bars = (gudhi_bars if engine == "gudhi" else ripser_bars)(distances, cut, max_degree, field)
    return {str(degree): pairs for degree, pairs in enumerate(bars)}


def bounded_representatives(
    distances: Floats, cut: float, max_degree: int, field: int, choice: tuple[Kind, EngineName], limits: Limits | None
) -> tuple[Floats, Integers, Representatives]:
    """Bars and their representatives, as `rips_representatives` gives them.

    Parameters
    ----------
    distances, cut, max_degree, field : as for `rips_representatives`
    choice : kind of representatives, and the engine that gives them
    limits : of the child process, or None to compute in this one

    Raises
    ------
    EngineFailure
        When the child exceeds a limit or dies.
    """
    kind, engine = choice
    if limits is None:
        return rips_representatives(distances, cut, max_degree, field, kind, engine)
    settings = {"cut": float(cut), "max_degree": max_degree, "field": field, "kind": kind, "engine": engine}
    found = isolated_arrays(representatives_by_name, {"distances": distances}, settings, limits)
    return found.pop("pairs"), found.pop("degrees"), Representatives(kind=kind, **found)


def representatives_by_name(
    distances: Floats, cut: float, max_degree: int, field: int, kind: Kind, engine: EngineName
) -> dict[str, NDArray[Any]]:
    """The arrays of `rips_representatives` under names: what the child computes."""
    pairs, degrees, found = rips_representatives(distances, cut, max_degree, field, kind, engine)
    names = ("births", "killers", "simplices", "coefficients", "offsets")
    return {"pairs": pairs, "degrees": degrees, **{name: getattr(found, name) for name in names}}
