"""`silhouette`: mean of the tents of all bars, weighted by a power of their lifetimes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.numerics.diagram_summaries import check_range, grid_stop, require_degree, settled, silhouette
from tda_latent.records.diagram import PersistenceDiagram
from tda_latent.records.measures import Vectors
from tda_latent.registry import analyzer


@analyzer("silhouette")
@dataclass(frozen=True)
class Silhouette:
    """Mean of the tents of all bars, weighted by a power of their lifetimes.

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
        made to die at ``stop`` (or at the cut, if that is earlier).
    power : float
        Exponent of the weight: 0 weighs all bars alike, a large one follows the longest bar.

    Returns
    -------
    Vectors
        values (resolution,), in the unit of the diagram. Zeros without bars.

    Notes
    -----
    O(m resolution). [chazal2014].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("chazal2014",)

    degree: Annotated[int, Field(ge=0, le=3)] = 1
    resolution: Annotated[int, Field(ge=2, le=100_000)] = 201
    start: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    stop: Annotated[float, Field(allow_inf_nan=False)] | None = None
    essential: Literal["drop", "clamp"] = "drop"
    power: Annotated[float, Field(ge=0, le=100)] = 1.0

    def __post_init__(self) -> None:
        check_range(self.start, self.stop)

    def __call__(self, diagram: PersistenceDiagram) -> Vectors:
        require_degree(self.degree, diagram.computed.get("max_degree"))
        bars = diagram.of_degree(self.degree)
        stop = grid_stop(bars, self.start, self.stop, diagram.unit)
        grid = np.linspace(self.start, stop, self.resolution)
        tents = settled(bars, self.essential, min(stop, diagram.reach))
        return Vectors.sampled(
            "silhouette", self.degree, silhouette(tents, grid, self.power), grid, (diagram.unit, diagram.unit)
        )
