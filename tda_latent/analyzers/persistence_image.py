"""`persistence-image`: the density of bars over births and lifetimes, integrated over pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.numerics.diagram_summaries import check_range, grid_stop, persistence_image, require_degree, settled
from tda_latent.records.diagram import PersistenceDiagram
from tda_latent.records.measures import Vectors
from tda_latent.registry import analyzer


@analyzer("persistence-image")
@dataclass(frozen=True)
class PersistenceImage:
    """Density of the bars over births and lifetimes, smoothed, weighted, and integrated over square pixels.

    Parameters
    ----------
    degree : int
        Homology degree of the bars, 0 to 3.
    resolution : int
        Number of pixels along each side.
    start : float
        Smallest birth, in the unit of the diagram. Lifetimes start at 0.
    stop : float or None
        Largest birth; lifetimes end at stop - start. None: 2.0 when the diagram is median-normalised, the same for
        every model; otherwise the largest finite death of the degree, which differs between models, whose
        summaries then cannot be compared.
    essential : "drop" | "clamp"
        What happens to bars that never die and to bars still alive at a cut of the filtration: left out, or made
        to die at ``stop`` (or at the cut, if that is earlier).
    deviation : float or None
        Standard deviation of the Gaussian around each bar, in the unit of the diagram (never a variance).
        None: a twentieth of the side of the image.
    power : float
        A bar weighs its lifetime to this power, >= 1: the weight vanishes at the diagonal, without which the image
        would jump when a bar of length zero appears.

    Returns
    -------
    Vectors
        values (resolution, resolution), row = lifetime, column = birth: the mass in each pixel. The image of one
        bar far from the edges sums to its weight. Zeros without bars. ``integral_weight`` is one over the area of
        a pixel, with which the squared differences of masses add up to the integral of squared densities.

    Notes
    -----
    Exact integrals, O(m resolution^2). Mass outside of the square is lost: half of each bar born at the start.
    [adams2017]. gudhi samples the density instead; persim calls the variance sigma.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("adams2017",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)

    degree: Annotated[int, Field(ge=0, le=3)] = 1
    resolution: Annotated[int, Field(ge=1, le=1000)] = 32
    start: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    stop: Annotated[float, Field(allow_inf_nan=False)] | None = None
    essential: Literal["drop", "clamp"] = "drop"
    deviation: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    power: Annotated[float, Field(ge=1, le=10)] = 1.0

    def __post_init__(self) -> None:
        check_range(self.start, self.stop)

    def __call__(self, diagram: PersistenceDiagram) -> Vectors:
        require_degree(self.degree, diagram.computed.get("max_degree"))
        bars = diagram.of_degree(self.degree)
        stop = grid_stop(bars, self.start, self.stop, diagram.unit)
        births = np.linspace(self.start, stop, self.resolution + 1)
        lifetimes = births - self.start
        spots = settled(bars, self.essential, min(stop, diagram.reach))
        deviation = self.deviation or float(lifetimes[-1]) / 20
        return Vectors(
            values=persistence_image(spots, (births, lifetimes), deviation, self.power),
            grid=(births[1:] + births[:-1]) / 2,
            rows_grid=(lifetimes[1:] + lifetimes[:-1]) / 2,
            name="persistence-image",
            degree=self.degree,
            unit=f"{diagram.unit}^{self.power:g}",
            grid_unit=diagram.unit,
            integral_weight=float(self.resolution / lifetimes[-1]) ** 2,
        )
