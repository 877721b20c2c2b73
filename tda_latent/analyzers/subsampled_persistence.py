"""`subsampled-persistence`: what diagrams of random subsamples of one cloud say on average, and how they scatter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.subsamples import drawn_rows, subsampled_bars
from tda_latent.numerics.diagram_summaries import (
    betti_curves,
    grid_stop,
    landscapes,
    maximal_persistence,
    settled,
    stacked,
    total_persistence,
)
from tda_latent.records import Curve, Latents, Measures, Scalar
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_WITHIN = "scatter of subsamples of this one model; says nothing about other trainings"


@analyzer("subsampled-persistence")
@dataclass(frozen=True)
class SubsampledPersistence:
    """Averages over random subsamples of the cloud, each with its standard error between subsamples.

    The errors say how well ``draws`` subsamples of this one cloud determine the average over all of them. They are the
    scatter within one model, and never stand for that between independently trained models.

    Parameters
    ----------
    size : int
        Points in a subsample, drawn without replacement. The same size for all clouds that are compared.
    draws : int
        Number of subsamples, at least 2.
    degree : int
        Homology degree, 0 or 1, over Z/2.
    scale : given | median
        Unit: that of the distances, or the median distance of the whole cloud.
    resolution : int
        Number of grid values of the curves.
    stop : float or None
        Last grid value. None: 2.0 with scale: median; otherwise the largest finite death in any subsample.

    Notes
    -----
    [chazal2015]. Bars that never die are left out, except in the Betti curve.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("chazal2015", "bubenik2015")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba")
    example: ClassVar[dict[str, int]] = {"size": 20, "draws": 5}

    size: Annotated[int, Field(ge=2, le=65_536)] = 200
    draws: Annotated[int, Field(ge=2, le=100_000)] = 100
    degree: Annotated[int, Field(ge=0, le=1)] = 1
    scale: Literal["given", "median"] = "given"
    resolution: Annotated[int, Field(ge=2, le=100_000)] = 200
    stop: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Measures:
        """Averages and standard errors within one model.

        Raises
        ------
        InvalidInput
            When the cloud has fewer points than a subsample.
        """
        rows = drawn_rows(len(latents), self.size, self.draws, rng)
        found = subsampled_bars(latents.points, rows, self.degree, self.scale)
        kept = [settled(bars, "drop", np.inf) for bars in found.bars]
        grid = np.linspace(0.0, grid_stop(np.concatenate(kept), 0.0, self.stop, found.unit), self.resolution)
        scalars: dict[str, Scalar] = {}
        for name, measure, unit in (
            ("number of bars", lambda bars: float(len(bars)), "bars"),
            ("total persistence", total_persistence, found.unit),
            ("longest bar", maximal_persistence, found.unit),
        ):
            mean, error = _averaged(np.array([[measure(bars)] for bars in kept]))
            scalars[name] = Scalar(float(mean[0]), unit, f"mean over {self.draws} subsamples of {self.size} points")
            scalars[f"{name}, standard error within one model"] = Scalar(float(error[0]), unit, _WITHIN)
        curves: dict[str, Curve] = {}
        for name, values, unit in (
            ("Betti curve", betti_curves(stacked(found.bars), grid), "bars"),
            ("landscape", landscapes(stacked(kept), grid, 1)[:, 0], found.unit),
        ):
            mean, error = _averaged(values)
            curves[f"mean {name}"] = Curve(grid, mean, found.unit, unit, "scale", f"mean {name}")
            label = f"{name}, standard error within one model"
            curves[label] = Curve(grid, error, found.unit, unit, "scale", label)
        return Measures(scalars=scalars, curves=curves)


def _averaged(values: Floats) -> tuple[Floats, Floats]:
    """Mean over the rows, and its standard error."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(len(values))
