"""`imd`: intrinsic multi-scale distance of two clouds by the heat traces of their neighbour graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.numerics.heat_trace import (
    HeatTrace,
    Probes,
    estimated_heat_trace,
    exact_heat_trace,
    normalised_laplacian,
)
from tda_latent.records import Curve, Latents, Measures
from tda_latent.registry import distance

Floats = NDArray[np.float64]
TIMES: Floats = np.logspace(-1, 1, 256)
PER_MILLION = 1e6  # the published values are of traces per million points


@distance("imd")
@dataclass(frozen=True)
class IntrinsicMultiscaleDistance:
    """Intrinsic multi-scale distance: the largest weighted difference of the heat traces of two neighbour graphs.

    Parameters
    ----------
    neighbours : int
        Each point is joined to so many nearest others, and to all that are as far as the last of them.
    exact_size : int
        Clouds of up to so many points have their whole spectrum computed; of larger ones traces are estimated.
    probes : int
        Random probes of an estimate. Its standard error falls with their root.
    steps : int
        Steps of Lanczos' iteration for each of them.
    seed : int
        Which probes are drawn; no other randomness enters.

    Returns
    -------
    float
        Unit-free: the maximum over 256 times t from 0.1 to 10 of ``exp(-2 (t + 1 / t)) |h(t) - h'(t)|`` for the mean
        heat traces h, times 10^6 as published. `traces` gives both with their standard errors.

    Raises
    ------
    InvalidInput
        When a cloud has no more points than neighbours, or most of many points coincide.

    Notes
    -----
    [tsitsulin2020], of the normalised Laplacian. Nothing is paired, and sizes, dimensions and units may differ: only
    who is whose neighbour enters, so every change that keeps the order of distances leaves it alone. Clouds of one
    distribution are not at 0 but at the noise of their graphs; hold the value against two halves of one cloud.
    Published values are of estimates with 100 Gaussian probes, whose noise is of the size of small distances and adds
    to them; here the spectrum is exact, or the noise a hundred times smaller. Symmetry and triangle hold; identity
    holds one way only. A spectrum of 1500 points takes a second and grows with the cube. Where points are equally far,
    the authors' code leaves it to the order of the rows which of them are neighbours; clouds without ties have the same
    graph in both. The rank correlations that [barannikov2022] prints for this distance (0.43 for clusters, 0.8 for
    rings) are of few such estimates, which scatter from -0.4 to 0.7 and from -0.2 to 1; exact spectra give 0.62 and 1.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("tsitsulin2020", "ubaru2017", "barannikov2022")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")

    neighbours: Annotated[int, Field(ge=1)] = 5
    exact_size: Annotated[int, Field(ge=0)] = 1500
    probes: Annotated[int, Field(ge=2)] = 100
    steps: Annotated[int, Field(ge=3)] = 10
    seed: Annotated[int, Field(ge=0)] = 0

    def __call__(self, a: Latents, b: Latents) -> float:
        apart = np.abs(self._trace(a.points).values - self._trace(b.points).values)
        return float((np.exp(-2.0 * (TIMES + 1.0 / TIMES)) * apart).max() * PER_MILLION)

    def traces(self, a: Latents, b: Latents) -> Measures:
        """Mean heat traces of both clouds over time, with the standard errors of those that are estimated."""
        curves = {}
        for name, latents in (("first", a), ("second", b)):
            found = self._trace(latents.points)
            curves[name] = Curve(TIMES, found.values, x_name="time", name="mean heat trace")
            curves[f"{name} (standard error)"] = Curve(TIMES, found.errors, x_name="time", name="standard error")
        return Measures(curves=curves)

    def _trace(self, points: NDArray[Any]) -> HeatTrace:
        laplacian = normalised_laplacian(points, self.neighbours)
        if len(points) <= self.exact_size:
            return exact_heat_trace(laplacian, TIMES)
        return estimated_heat_trace(laplacian, TIMES, Probes(self.probes, self.steps, self.seed))
