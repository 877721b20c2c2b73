"""`subsampled-landscape`: the average persistence landscape, or image, of many random subsamples of one cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.engines.subsamples import drawn_rows, subsampled_bars
from tda_latent.numerics.diagram_summaries import (
    check_range,
    grid_stop,
    landscapes,
    persistence_image,
    settled,
    stacked,
)
from tda_latent.records import Latents
from tda_latent.records.measures import Vectors
from tda_latent.registry import analyzer


@analyzer("subsampled-landscape")
@dataclass(frozen=True)
class SubsampledLandscape:
    """Average persistence landscape, or mean persistence measure, of random subsamples of the cloud.

    Landmarks keep the support of a cloud and are drawn to its outliers; subsamples keep its density, and their average
    hardly sees an outlier that most of them miss. It is stable in the Wasserstein distance between the distributions
    that points are drawn from, and shows the shape at the resolution of the subsample size: it does not tend to the
    diagram of the whole cloud. Use `subsampled-persistence` for averages with their standard errors.

    Parameters
    ----------
    size : int
        Points in a subsample, drawn without replacement. The same size for all clouds that are compared.
    draws : int
        Number of subsamples.
    degree : int
        Homology degree, 0 or 1, over Z/2.
    summary : landscape | image
        landscape: the mean of the persistence landscapes; image: the mean persistence measure (the diagrams on top of
        each other, divided by their number) as an image weighted by lifetime.
    scale : given | median
        Unit: that of the distances, or the median distance of the whole cloud.
    resolution : int
        Number of grid values of a landscape, or of pixels along each side of an image.
    stop : float or None
        Last grid value. None: 2.0 with scale: median; otherwise the largest finite death in any subsample, which
        differs between models, whose summaries then cannot be compared.
    layers : int
        Number of layers of the landscape; not used by images.
    deviation : float or None
        Standard deviation of the Gaussian around each bar of an image. None: a twentieth of the side.

    Notes
    -----
    [chazal2015; cao2022]. Bars that never die are left out. Subsamples of one trained model are no replicates.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("chazal2015", "cao2022", "bubenik2015", "adams2017")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba")
    example: ClassVar[dict[str, int]] = {"size": 20, "draws": 5}

    size: Annotated[int, Field(ge=2, le=65_536)] = 200
    draws: Annotated[int, Field(ge=1, le=100_000)] = 100
    degree: Annotated[int, Field(ge=0, le=1)] = 1
    summary: Literal["landscape", "image"] = "landscape"
    scale: Literal["given", "median"] = "given"
    resolution: Annotated[int, Field(ge=2, le=2000)] = 100
    stop: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    layers: Annotated[int, Field(ge=1, le=1000)] = 5
    deviation: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    def __post_init__(self) -> None:
        check_range(0.0, self.stop)

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Vectors:
        """The average over the subsamples.

        Raises
        ------
        InvalidInput
            When the cloud has fewer points than a subsample.
        """
        rows = drawn_rows(len(latents), self.size, self.draws, rng)
        found = subsampled_bars(latents.points, rows, self.degree, self.scale)
        kept = [settled(bars, "drop", np.inf) for bars in found.bars]
        stop = grid_stop(np.concatenate(kept), 0.0, self.stop, found.unit)
        if self.summary == "image":
            return self._image(np.concatenate(kept), stop, found.unit)
        grid = np.linspace(0.0, stop, self.resolution)
        return Vectors(
            values=landscapes(stacked(kept), grid, self.layers).mean(axis=0),
            grid=grid,
            name="average-landscape",
            degree=self.degree,
            unit=found.unit,
            grid_unit=found.unit,
            integral_weight=float(grid[1] - grid[0]),
        )

    def _image(self, bars: np.ndarray, stop: float, unit: str) -> Vectors:
        edges = np.linspace(0.0, stop, self.resolution + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        return Vectors(
            values=persistence_image(bars, (edges, edges), self.deviation or stop / 20, 1.0) / self.draws,
            grid=middles,
            rows_grid=middles,
            name="mean-persistence-measure",
            degree=self.degree,
            unit=unit,
            grid_unit=unit,
            integral_weight=float(self.resolution / stop) ** 2,
        )
