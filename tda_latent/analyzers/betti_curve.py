"""`betti-curve`: betti number over the scale: how many bars are alive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.numerics.diagram_summaries import betti_curve, check_range, grid_stop, require_degree, settled
from tda_latent.records.diagram import PersistenceDiagram
from tda_latent.records.measures import Vectors
from tda_latent.registry import analyzer


@analyzer("betti-curve")
@dataclass(frozen=True)
class BettiCurve:
    """Betti number over the scale: how many bars are alive.

    Parameters
    ----------
    degree : int
        Homology degree of the bars, 0 to 3.
    resolution : int
        Number of grid values, both ends included.
    start : float
        First grid value, in the unit of the diagram.
    stop : float or None
        Last grid value. None: 2.0 when the diagram is median-normalised, the same for every model; otherwise the
        largest finite death of the degree, which differs between models, whose summaries then cannot be compared.
    essential : "drop" | "clamp"
        What happens to bars that never die and to bars still alive at a cut of the filtration: left out, or
        counted for ever, or to the cut.

    Returns
    -------
    Vectors
        values (resolution,): bars with birth <= t < death at each grid value t. Zeros without bars.

    Notes
    -----
    Over the whole line the integral of the curve of the finite bars is their total persistence. O(m log m).
    Essential classes are counted by default, because a Betti number counts them. [edelsbrunner2010].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("edelsbrunner2010",)

    degree: Annotated[int, Field(ge=0, le=3)] = 1
    resolution: Annotated[int, Field(ge=2, le=100_000)] = 201
    start: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    stop: Annotated[float, Field(allow_inf_nan=False)] | None = None
    essential: Literal["drop", "clamp"] = "clamp"

    def __post_init__(self) -> None:
        check_range(self.start, self.stop)

    def __call__(self, diagram: PersistenceDiagram) -> Vectors:
        require_degree(self.degree, diagram.computed.get("max_degree"))
        bars = diagram.of_degree(self.degree)
        stop = grid_stop(bars, self.start, self.stop, diagram.unit)
        grid = np.linspace(self.start, stop, self.resolution)
        alive = settled(bars, self.essential, diagram.reach)
        return Vectors.sampled("betti-curve", self.degree, betti_curve(alive, grid), grid, ("bars", diagram.unit))
