"""`structure-preservation`: which neighbourhoods, distances and densities of the inputs their codes keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.numerics.density_divergence import density_divergence
from tda_latent.numerics.neighbour_ranks import kept_neighbourhoods
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.projection import principal_view
from tda_latent.numerics.ties import distance_rounding
from tda_latent.numerics.view_trust import rank_correlation, scaled_stress
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Curve, Measures, Scalar
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Width = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_REFERENCES = ("permuted codes", "principal directions")


class _Space(NamedTuple):
    """(n, n) distances, and by how much equal ones may differ."""

    distances: Floats
    rounding: float


@analyzer("structure-preservation")
@dataclass(frozen=True)
class StructurePreservation:
    """Codes beside the inputs that they stand for: neighbours, order of distances, densities.

    Parameters
    ----------
    neighbours : tuple of int
        Sizes of neighbourhoods; trustworthiness and continuity are means over those below half of the points.
    widths : tuple of float
        Of the Gaussian that densities are taken with, in squared diameters of either space.
    points : int
        Most points that are compared; of a larger cloud so many are drawn.

    Returns
    -------
    Measures
        Each scalar is followed by its value for ``(permuted codes)``, which know nothing, and for ``(principal
        directions)``, as many of the same inputs as codes have coordinates: the linear map that loses least.

        ``trustworthiness`` (1 = neighbours among the codes are neighbours among the inputs), ``continuity`` (1 = the
        reverse), about 1/2 by chance. Inputs that are equally far share their ranks, so that they do not reach 1
        themselves: ``(inputs themselves)`` is what codes have that keep everything. ``rank correlation`` of distances;
        ``stress`` (0 = all distances up to one factor, 1 = none); ``density divergence, width 0.01`` and so on, in
        nats: 0 = codes are dense where inputs are. The correlation is NaN when all distances are equal.

        Curves ``trustworthiness`` and ``continuity`` over the size of the neighbourhood.

    Raises
    ------
    InvalidInput
        When codes and inputs cannot be paired by id, no neighbourhood is smaller than half of the points, or all codes
        or all inputs coincide.

    Notes
    -----
    The measures of [moor2020], where densities are written KL with the width beside it, and means are over 10, 20, ...,
    200 neighbours of 1000 points. They contradict each other, for no map keeps everything: the wide densities speak of
    the large picture, trustworthiness of the small one. Densities do not know which point is whose neighbour. O(n^2 (d
    + log n)) for n points. [venna2001], [kruskal1964], [chazal2011].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("moor2020", "venna2001", "kruskal1964", "chazal2011")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale")
    needs: ClassVar[tuple[str, ...]] = ("ids",)
    example: ClassVar[dict[str, object]] = {"neighbours": [3, 5]}

    neighbours: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (10, 50, 100, 150, 200)
    widths: Annotated[tuple[Width, ...], Field(min_length=1)] = (0.01, 0.1, 1.0)
    points: Annotated[int, Field(ge=3, le=10_000)] = 1000

    def __call__(self, latents: Latents, inputs: Latents, rng: Generator) -> Measures:
        own = inputs.matching(latents.ids)
        if len(own) > self.points:
            rows = np.sort(rng.choice(len(own), self.points, replace=False))
            own, latents = own.take(rows), latents.take(rows)
        sizes = np.array(sorted({k for k in self.neighbours if k < len(own) / 2}))
        if not len(sizes):
            raise InvalidInput(
                f"neighbours are {list(self.neighbours)} for {len(own)} points; the rule is at least one size below "
                "half of the points. Use smaller neighbourhoods, or more points."
            )
        source, view = _space(own.points), _space(latents.points)
        order = rng.permutation(len(own))
        linear = pairwise_distances(principal_view(own.points, latents.dimension)[0])
        scalars, near = self._scalars(source, view, sizes)
        others = [
            self._scalars(source, part, sizes)[0]
            for part in (
                view._replace(distances=view.distances[np.ix_(order, order)]),
                source._replace(distances=linear),
            )
        ]
        named: dict[str, Scalar] = {}
        for name, value in scalars.items():
            unit = "nats" if name.startswith("density") else ""
            named[name] = Scalar(value, unit)
            for kind, other in zip(_REFERENCES, others, strict=True):
                named[f"{name} ({kind})"] = Scalar(other[name], unit)
        for name, values in _kept(source, source, sizes).items():
            named[f"{name} (inputs themselves)"] = Scalar(values.mean(), "", "1 unless inputs are equally far")
        curves = {
            name: Curve(sizes.astype(np.float64), values, "points", "", "neighbours", name)
            for name, values in near.items()
        }
        return Measures(scalars=named | {"points": Scalar(len(own), "points")}, curves=curves)

    def _scalars(self, source: _Space, view: _Space, sizes: Integers) -> tuple[dict[str, float], dict[str, Floats]]:
        """Scalars of a view, and trustworthiness and continuity for each size of the neighbourhood."""
        near = _kept(source, view, sizes)
        scalars = {name: float(values.mean()) for name, values in near.items()}
        scalars["rank correlation"] = rank_correlation(
            source.distances, view.distances, (source.rounding, view.rounding)
        )
        scalars["stress"] = scaled_stress(source.distances, view.distances)
        for width in self.widths:
            scalars[f"density divergence, width {width:g}"] = density_divergence(
                source.distances, view.distances, width
            )
        return scalars, near


def _space(points: NDArray[Any]) -> _Space:
    distances = pairwise_distances(points)
    return _Space(distances, distance_rounding(points, float(distances.max())))


def _kept(source: _Space, view: _Space, sizes: Integers) -> dict[str, Floats]:
    return kept_neighbourhoods(source.distances, view.distances, sizes, (source.rounding, view.rounding))._asdict()
