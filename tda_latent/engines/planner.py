"""Which engine computes a Vietoris-Rips diagram, on how many points, and why: a pure function of the task.

Nothing here asks the machine. What fits a budget is decided by the shipped cost model, so that one file means one
result everywhere, and the numbers that a budget is resolved to (engine and landmarks) say all that a key must know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tda_latent.engines.cost_model import Cost, EngineName, Task, cost, landmark_cost
from tda_latent.engines.gates import require_prime, require_ripser_size
from tda_latent.errors import InvalidInput, InvalidParameter

Request = Literal["auto", "reduced", "gudhi", "ripser", "spanning tree"]

MEMORY_CEILING = 16 * 2**30
"""Bytes above which a diagram is refused; a constant, so that one file means one result on every machine."""

LARGEST_REDUCED = 65_536
"""Points that the reduced engine numbers in 16 bits."""

SMALLEST_REDUCED = 500
"""Points up to which gudhi takes well under a second on most clouds, and no first use has to be compiled."""

SMALLEST_VOIDS = 200
"""The same for degree 2, where gudhi falls behind sooner."""

CAUTION = 2.5
"""A budget of time is compared with so many typical seconds, so that slow kinds of clouds keep it too."""

ASKED = "asked for by the parameter engine"


@dataclass(frozen=True)
class RipsPlan:
    """How a Vietoris-Rips diagram will be computed.

    engine : what computes it; reason : why, as a clause
    landmarks : points that it is computed on, None = all
    bytes : memory beyond the points, an upper estimate; seconds : on one core of the reference machine, typical
    """

    engine: EngineName
    reason: str
    landmarks: int | None
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What a budget allows: reference seconds and bytes; None = no limit on time, `MEMORY_CEILING`."""

    seconds: float | None = None
    bytes: int | None = None

    def allow(self, needed: Cost) -> bool:
        """Whether the cost stays within the limits."""
        in_time = self.seconds is None or CAUTION * needed.seconds <= self.seconds
        return in_time and needed.bytes <= (MEMORY_CEILING if self.bytes is None else self.bytes)


def plan_rips(task: Task, field: int = 2, requested: Request = "auto", landmarks: int | None = None) -> RipsPlan:
    """Choose the engine and estimate the cost.

    Parameters
    ----------
    task : the cloud and what is asked of it
    field : prime
    requested : an engine, or "auto"
    landmarks : number of farthest points to stand for the cloud; None, or not fewer than the cloud has = all points

    Raises
    ------
    InvalidParameter
        For a field that is not prime, or what the requested engine cannot compute.
    InvalidInput
        For a cloud that the requested engine cannot number.
    """
    require_computable(requested, task.max_degree if task.size > 1 else 0, field)
    kept = landmarks if landmarks is not None and landmarks < task.size else None
    part = task if kept is None else task.of(kept)
    engine, reason = _choice(part, field, requested)
    if engine == "ripser":
        require_ripser_size(part.size, task.max_degree)
    if engine == "reduced":
        require_reduced_size(part.size)
    needed = cost(engine, part)
    if kept is not None:
        needed += landmark_cost(task, kept)
    return RipsPlan(engine, reason, kept, needed.bytes, needed.seconds)


def fit_rips(task: Task, limits: Limits, field: int = 2, requested: Request = "auto") -> RipsPlan:
    """The exact plan where it stays within the limits, else the one with the most landmarks that does.

    Numbers of landmarks are rounded down to two digits, so that budgets that differ little mean one result.

    Raises
    ------
    InvalidInput
        When not even two landmarks fit.
    """
    if _fits(task, limits, field, requested, None):
        return plan_rips(task, field, requested)
    few, many = 1, task.size
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if _fits(task, limits, field, requested, middle) else (few, middle)
    if few < 2:
        least = plan_rips(task, field, requested, 2) if task.size > 2 else plan_rips(task, field, requested)
        raise InvalidInput(
            f"the budget is too small for {task.size} points: even 2 landmarks need {CAUTION * least.seconds:.2g} s "
            f"and {least.bytes / 2**20:.0f} MiB. Allow more, or take a sample of the points."
        )
    step = 10 ** max(0, len(str(few)) - 2)
    return plan_rips(task, field, requested, few // step * step)


def _fits(task: Task, limits: Limits, field: int, requested: Request, landmarks: int | None) -> bool:
    try:
        plan = plan_rips(task, field, requested, landmarks)
    except InvalidInput:
        return False
    return limits.allow(Cost(plan.seconds, plan.bytes))


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
            f"Vietoris-Rips persistence of {plan.landmarks or size} points up to degree {max_degree} needs "
            f"about {gibibytes:.3g} GiB, and the ceiling is {MEMORY_CEILING / 2**30:g} GiB. Set landmarks or a budget "
            "(certified), take a subsample, set a threshold (bars alive at it have no known death), or lower "
            "max_degree."
        )


def require_reduced_size(size: int) -> None:
    """Refuse clouds whose vertices the reduced engine cannot number.

    Raises
    ------
    InvalidInput
        Above `LARGEST_REDUCED` points.
    """
    if size > LARGEST_REDUCED:
        raise InvalidInput(
            f"{size} points were given, and degree 1 is computed on up to {LARGEST_REDUCED}. Set landmarks: 5000, or "
            "a budget such as 5min, for a diagram with a certificate; or take a subsample."
        )


def require_computable(requested: Request, max_degree: int, field: int) -> None:
    """Refuse what the requested engine cannot compute, whatever the cloud.

    Raises
    ------
    InvalidParameter
        For a field that is not prime or too large, or a degree or field beyond the engine.
    """
    require_prime(field, requested)
    if requested == "spanning tree" and max_degree > 0:
        raise InvalidParameter(
            f"engine is spanning tree and max_degree {max_degree}; a spanning tree has degree 0 alone. Use auto."
        )
    if requested == "reduced" and (max_degree > 2 or field != 2):
        raise InvalidParameter(
            f"engine is reduced, max_degree {max_degree} and field {field}; the reduced engine computes degrees 0 to "
            "2 over Z/2. Use engine: auto, gudhi or ripser."
        )


def _choice(task: Task, field: int, requested: Request) -> tuple[EngineName, str]:
    """The engine and why; the reason is the same whether the best engine was asked for or found."""
    engine, reason = _best(task, field)
    if requested == "auto" or requested == engine or task.size == 1:
        return engine, reason
    return requested, ASKED


def _best(task: Task, field: int) -> tuple[EngineName, str]:
    if task.size == 1:
        return "spanning tree", "one point has one component and nothing else"
    if task.max_degree == 0:
        return "spanning tree", "degree 0 alone is read exactly off a minimum spanning tree"
    if task.max_degree == 1 and field == 2 and task.size > SMALLEST_REDUCED:
        return "reduced", "degree 1 over Z/2 is read exactly off lunes of edges, without triangles"
    if task.max_degree == 2 and field == 2 and task.size > SMALLEST_VOIDS:
        return "reduced", "degree 2 over Z/2 is read exactly off lunes of edges, without tetrahedra"
    if task.max_degree == 1 and field == 2:
        return "gudhi", f"exact, and quick on up to {SMALLEST_REDUCED} points without anything to compile"
    return "gudhi", "exact in float64 over every prime field, and the faster and smaller of gudhi and ripser"
