"""What a Vietoris-Rips diagram costs: seconds and bytes as functions of the task, the same on every machine.

The model is fitted to measurements on one core of a server (2026, clouds of 60 to 20,000 points of seven kinds). It
decides how many landmarks a budget buys, so it must not ask the machine it runs on; only the seconds that a person is
shown are calibrated (`tda_latent.experiment.costs`), and only they may use a look at the cloud. Without one, seconds
are typical: clouds of one size differ by a factor of two or three either way. Bytes are upper estimates, except for
gudhi and ripser on noise-free loops of over a thousand points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

EngineName = Literal["reduced", "gudhi", "ripser", "spanning tree"]
Lengths = Literal["points", "part", "matrix"]

STORED_UP_TO = 20_000
"""Points up to which the reduced engine keeps the matrix of lengths; beyond, lengths are computed anew."""

_ENTRY = {
    "points": 16,
    "part": 50,
    "matrix": 50,
}  # bytes for each entry of a matrix in the making
_RIPSER_CODES = 50  # further bytes for each entry, for ranks
_REDUCED = {"stored": 9.5, "recomputed": 3.5}  # bytes for each two points
# bytes = factor * points ** (degree + 1); seconds = factor * (points / reference) ** exponent
_BYTES = {"gudhi": {0: 20.0, 1: 300.0, 2: 4.0, 3: 0.1}, "ripser": {0: 20.0, 1: 380.0, 2: 10.0, 3: 2.2}}
_SECONDS = {
    "gudhi": {0: (0.08, 1000, 2.0), 1: (0.36, 1000, 2.4), 2: (0.24, 300, 3.2), 3: (0.1, 100, 4.2)},
    "ripser": {0: (0.15, 1000, 2.0), 1: (0.83, 1000, 2.3), 2: (2.6, 300, 3.2), 3: (7.0, 100, 4.4)},
}

_WIDE, _CLEAN_LOOP = 0.2, 10.0  # a loop that lives through a fifth of the edges makes gudhi and ripser ten times slower


class Look(NamedTuple):
    """What decides the cost of a cloud apart from its size, as `pilot.look_at` sees it on 200 points.

    live : share of the edges during which some loop is alive; loops : bars of degree 1 for each point
    span : share of the edges through which the longest-lived loop lives
    """

    live: float
    loops: float
    span: float


TYPICAL = Look(0.2, 0.5, 0.1)


@dataclass(frozen=True)
class Cost:
    """Typical seconds on one core of the reference machine; bytes beyond the points, an upper estimate."""

    seconds: float
    bytes: int

    def __add__(self, other: Cost) -> Cost:
        """One after the other, with nothing freed in between."""
        return Cost(self.seconds + other.seconds, self.bytes + other.bytes)


@dataclass(frozen=True)
class Task:
    """What the cost depends on.

    size : points, >= 1; dimension : coordinates; max_degree : 0 to 3; edges : below the threshold, None = all
    lengths : "points" = from coordinates when they are needed; "part" = a matrix among the points that the diagram is
        computed on, all or landmarks; "matrix" = a matrix of the whole cloud
    look : what is known of the cloud; only for times that are shown
    """

    size: int
    dimension: int = 1
    max_degree: int = 1
    edges: int | None = None
    lengths: Lengths = "points"
    look: Look = TYPICAL

    def of(self, size: int) -> Task:
        """The same for so many points."""
        return replace(self, size=size)


def cost(engine: EngineName, task: Task) -> Cost:
    """What one engine needs for a task, distances included.

    A complex with some edges has at most as many simplices as the complete complex with as many edges, so a threshold
    makes the task that of a smaller cloud.
    """
    size = task.size
    pairs = 1e-9 * size**2 * (1 + task.dimension / 16)
    copies = 24 * size * task.dimension
    if engine == "spanning tree":
        stored = 64 * size if task.lengths == "points" else 50 * size**2
        return Cost(pairs * (1 if task.lengths == "points" else 8), stored + copies)
    if engine == "reduced":
        return _reduced(task) + Cost(pairs / 2, copies)
    every = size * (size - 1) // 2
    dense = (1 + math.sqrt(1 + 8 * min(every, every if task.edges is None else task.edges))) / 2
    factor, reference, exponent = _SECONDS[engine][task.max_degree]
    if task.max_degree > 0:
        factor *= _CLEAN_LOOP if task.look.span > _WIDE else 1.2
    entry = _ENTRY[task.lengths] + (_RIPSER_CODES if engine == "ripser" else 0)
    stored = entry * size**2 + int(_BYTES[engine][task.max_degree] * dense ** (task.max_degree + 1))
    return Cost(pairs * 4 + factor * (dense / reference) ** exponent, stored + copies)


def _reduced(task: Task) -> Cost:
    size = task.size
    if task.max_degree == 2:
        every = size * (size - 1) // 2
        dense = (1 + math.sqrt(1 + 8 * min(every, every if task.edges is None else task.edges))) / 2
        return Cost(0.01 + 0.22 * (dense / 1000) ** 2.4, (_ENTRY["matrix"] + 12) * size**2)
    if task.lengths == "points":
        held = max(_REDUCED["stored"] * min(size, STORED_UP_TO) ** 2, _REDUCED["recomputed"] * size**2)
    else:
        held = (_ENTRY["matrix"] + 1.5) * size**2
    sweep = 0.005 + 0.54 * (size / 2000) ** 2.3 * (task.look.live + 0.02) ** 0.64 * (task.look.loops + 0.05) ** 0.47
    return Cost(sweep * max(1.0, size / 10_000) ** 0.5, int(held))


def landmark_cost(task: Task, count: int) -> Cost:
    """What choosing farthest-point landmarks needs, before their diagram."""
    if task.lengths == "matrix":
        return Cost(4e-9 * task.size**2 * (1 + task.dimension / 16), _ENTRY["matrix"] * task.size**2)
    passes = 3e-10 * task.size * count * (1 + task.dimension)
    return Cost(passes + 2e-8 * task.size * task.dimension, 8 * task.size * (4 * task.dimension + 6))
