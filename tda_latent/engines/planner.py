"""Which engine computes a Vietoris-Rips diagram, why, and what it will cost: a pure function of the task.

The cost model is fitted to measurements on one core of a server (2025, gudhi 3.13 and ripser.py 0.6.15, clouds of
60 to 5000 points). It errs on the side of memory: the coefficients bound every measured cloud with noise.
Noise-free loops of over a thousand points can need more, which the memory limit of a run catches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tda_latent.engines.gates import require_prime, require_ripser_size
from tda_latent.errors import InvalidInput

EngineName = Literal["gudhi", "ripser", "spanning tree"]
Request = Literal["auto", "gudhi", "ripser"]

MEMORY_CEILING = 16 * 2**30
"""Bytes above which a diagram is refused; a constant, so that one file means one result on every machine."""

_MATRICES = {"spanning tree": 30, "gudhi": 50, "ripser": 100}  # bytes for each entry of the distance matrix
# bytes = factor * points ** (degree + 1); seconds = factor * (points / reference) ** exponent
_BYTES = {"gudhi": {0: 20.0, 1: 300.0, 2: 4.0, 3: 0.1}, "ripser": {0: 20.0, 1: 380.0, 2: 10.0, 3: 2.2}}
_SECONDS = {
    "gudhi": {0: (0.08, 1000, 2.0), 1: (0.36, 1000, 2.4), 2: (0.24, 300, 3.2), 3: (0.1, 100, 4.2)},
    "ripser": {0: (0.15, 1000, 2.0), 1: (0.83, 1000, 2.3), 2: (2.6, 300, 3.2), 3: (7.0, 100, 4.4)},
}


@dataclass(frozen=True)
class RipsPlan:
    """How a Vietoris-Rips diagram will be computed.

    engine : what computes it; reason : why, as a clause
    bytes : memory beyond the points, an upper estimate; seconds : on one core of the reference machine, typical
    """

    engine: EngineName
    reason: str
    bytes: int
    seconds: float


def plan_rips(
    size: int, max_degree: int, field: int = 2, requested: Request = "auto", edges: int | None = None
) -> RipsPlan:
    """Choose the engine and estimate its cost.

    Parameters
    ----------
    size : number of points, >= 1
    max_degree : highest degree of homology, 0 to 3
    field : prime
    requested : an engine, or "auto"
    edges : number of edges below the threshold; None = all. A complex with these edges has at most as many
        simplices as the complete complex with as many edges, so the estimate is that of a smaller cloud

    Raises
    ------
    InvalidParameter
        For a field that is not prime or that the requested engine cannot compute with.
    InvalidInput
        For a cloud that the requested engine cannot number.
    """
    require_prime(field, requested)
    engine, reason = _choice(size, max_degree, requested)
    if engine == "ripser":
        require_ripser_size(size, max_degree)
    every = size * (size - 1) // 2
    dense = (1 + math.sqrt(1 + 8 * min(every, every if edges is None else edges))) / 2
    memory = _MATRICES[engine] * size**2
    seconds = 1e-8 * size**2
    if engine != "spanning tree":
        memory += int(_BYTES[engine][max_degree] * dense ** (max_degree + 1))
        factor, reference, exponent = _SECONDS[engine][max_degree]
        seconds += factor * (dense / reference) ** exponent
    return RipsPlan(engine, reason, memory, seconds)


def require_affordable(plan: RipsPlan, size: int, max_degree: int) -> None:
    """Refuse a diagram that would not fit, before the memory is asked for.

    Raises
    ------
    InvalidInput
        When the estimate exceeds `MEMORY_CEILING`, naming the ways to make the task smaller.
    """
    if plan.bytes > MEMORY_CEILING:
        gibibytes = plan.bytes / 2**30
        raise InvalidInput(
            f"Vietoris-Rips persistence of {size} points up to degree {max_degree} needs about {gibibytes:.3g} GiB, "
            f"and the ceiling is {MEMORY_CEILING / 2**30:g} GiB. Take a subsample of the points, set a threshold "
            "(bars alive at it have no known death), or lower max_degree."
        )


def _choice(size: int, max_degree: int, requested: Request) -> tuple[EngineName, str]:
    if size == 1:
        return "spanning tree", "one point has one component and nothing else"
    if requested != "auto":
        return requested, "asked for by the parameter engine"
    if max_degree == 0:
        return "spanning tree", "degree 0 alone is read exactly off a minimum spanning tree"
    return "gudhi", "exact in float64 over every prime field, and the faster and smaller of the two engines"
