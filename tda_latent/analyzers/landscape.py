"""`landscape`: persistence landscape: the tents of the bars, sorted by height at every scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.numerics.diagram_summaries import check_range, grid_stop, landscape, require_degree, settled
from tda_latent.records.diagram import PersistenceDiagram
from tda_latent.records.measures import Vectors
from tda_latent.registry import analyzer


@analyzer("landscape")
@dataclass(frozen=True)
class Landscape:
    """Persistence landscape: the tents of the bars, sorted by height at every scale.

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
    layers : int
        Number of layers; the j-th holds the j-th largest height at every grid value.

    Returns
    -------
    Vectors
        values (layers, resolution), in the unit of the diagram. The bar (0, 2) has its peak 1 at the scale 1.
        Zeros without bars, and in layers beyond the number of bars.

    Notes
    -----
    O(m resolution). [bubenik2015]; gudhi returns sqrt(2) times these values.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("bubenik2015",)
    libraries: ClassVar[tuple[str, ...]] = ("numba",)

    degree: Annotated[int, Field(ge=0, le=3)] = 1
    resolution: Annotated[int, Field(ge=2, le=100_000)] = 201
    start: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    stop: Annotated[float, Field(allow_inf_nan=False)] | None = None
    essential: Literal["drop", "clamp"] = "drop"
    layers: Annotated[int, Field(ge=1, le=1000)] = 5

    def __post_init__(self) -> None:
        check_range(self.start, self.stop)

    def __call__(self, diagram: PersistenceDiagram) -> Vectors:
        require_degree(self.degree, diagram.computed.get("max_degree"))
        bars = diagram.of_degree(self.degree)
        stop = grid_stop(bars, self.start, self.stop, diagram.unit)
        grid = np.linspace(self.start, stop, self.resolution)
        tents = settled(bars, self.essential, min(stop, diagram.reach))
        return Vectors.sampled(
            "landscape", self.degree, landscape(tents, grid, self.layers), grid, (diagram.unit, diagram.unit)
        )
