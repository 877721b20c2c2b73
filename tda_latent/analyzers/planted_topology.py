"""`planted-topology`: do codes have the holes that their data are known to have?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cost_model import Task
from tda_latent.engines.planner import plan_rips, require_affordable
from tda_latent.engines.rips import Question, filtered_bars
from tda_latent.errors import InvalidInput
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.numerics.distance_blocks import neighbour_distances
from tda_latent.numerics.gaussian_twin import gaussian_twin
from tda_latent.numerics.metric_cloud import EuclideanCloud, require_positive
from tda_latent.numerics.sliced import wasserstein_on_line
from tda_latent.numerics.spectrum import effective_rank, principal_deviations
from tda_latent.numerics.threads import available_threads
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Betti = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=2, max_length=3)]
_UNIT = "median-normalised"
_DATA = "of the same inputs, in the space of the data"
_NOISE = "of a Gaussian cloud"
_LEAST = 4  # points that can enclose a loop


@dataclass(frozen=True)
class _Shape:
    """Bars of a cloud in its median distance, by degree, and the distances to the nearest neighbour."""

    bars: tuple[Floats, ...]
    nearest: Floats

    def lives(self, degree: int) -> Floats:
        """Lifetimes of the bars that die, longest first."""
        finite = self.bars[degree][np.isfinite(self.bars[degree][:, 1])]
        return np.sort(finite[:, 1] - finite[:, 0])[::-1]

    def split(self, degree: int, planted: int) -> tuple[float, float]:
        """The shortest bar among as many as were planted, inf for none, and the longest beyond them; 0 = no bar."""
        padded = np.concatenate([[np.inf], self.lives(degree), np.zeros(planted + 1)])
        return float(padded[planted]), float(padded[planted + 1])


class _Found(NamedTuple):
    """What is said about one side, codes or data: margin, and by degree the prominent bars and the gap ratio."""

    margin: float
    prominent: dict[int, int]
    ratios: dict[int, float]

    def keeps(self, planted: tuple[int, ...]) -> bool:
        """Whether as many bars are prominent as were planted, in every degree from 1 on."""
        return all(count == planted[k] for k, count in self.prominent.items())


@analyzer("planted-topology")
@dataclass(frozen=True)
class PlantedTopology:
    """Holes of codes against the Betti numbers of the data, and their diagrams against those of the data themselves.

    Vietoris-Rips bars over Z/2 of farthest points, each side divided by the median distance of its cloud. A planted
    hole is kept when its bar stands out, so the numbers say how far the planted bars are above all others.

    Parameters
    ----------
    betti : numbers, or mapping from the name of a data set to them, or None
        Betti numbers over Z/2 from degree 0 on, up to degree 1 or 2, of a connected space. A mapping serves several
        data sets in one experiment, by the name of their source; those that it leaves out have nothing planted.
    landmarks : int
        Farthest points of either side that bars are computed on; all points of smaller clouds.
    prominence : float
        Length above which a bar counts as prominent, in median distances.
    gaussian_clouds : int
        Normal clouds of the size and covariance of the codes, whose mean is what noise gives; 0 = none.

    Returns
    -------
    Measures
        With Betti numbers: ``margin``, the shortest planted bar less the longest of all others, over the degrees from
        1 on: 0 without any bar, negative when holes that nobody planted are longer. With holes planted in one degree
        only it is never negative, for some bar is the longest: read it beside that ``of a Gaussian cloud (reference)``,
        which has no hole, above all for few points. ``homology kept``, 1 when in each of these degrees as many bars
        are prominent as were planted, else 0 (for the Gaussian clouds their share); and by degree ``Hk prominent bars``
        beside ``Hk planted bars (reference)``, and ``Hk gap ratio``, the shortest planted bar over the longest other
        (inf: no other; 0: fewer bars than planted), where something was planted.

        For every data set: ``Hk bottleneck distance to the data`` beside ``Hk bottleneck distance to the data, of no
        bars (reference)``, that of a code without holes (from degree 1 on); and the plain baselines ``neighbour
        distance W1 to the data`` (between the nearest-neighbour distances of the two clouds) and ``effective rank``.
        What has no other reference stands beside the same number ``of the data (reference)``.

    Notes
    -----
    The data have no more than their own points either: a code is to be judged by how near it comes to the number of the
    data, and where theirs is no good, their sample is too small or too noisy for the question. Where the data have only
    short bars, the bottleneck distance ranks nothing: a code without any is near them. A code may keep a space without
    keeping its distances, and a thin or uneven loop has a short bar: what is measured is homology that can be seen at
    the scale of the cloud. Betti numbers of manifolds: [hatcher2002]; prominence as in ``pca-view``.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("hatcher2002", "cohensteiner2007", "gonzalez1985", "vallender1974")
    needs: ClassVar[tuple[str, ...]] = ("ids",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi", "numba")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    example: ClassVar[Mapping[str, Any]] = {"betti": [1, 1]}

    betti: Betti | Mapping[str, Betti] | None = None
    landmarks: Annotated[int, Field(ge=_LEAST, le=500)] = 250
    prominence: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.25
    gaussian_clouds: Annotated[int, Field(ge=0)] = 3

    def __call__(self, latents: Latents, inputs: Latents, rng: Generator) -> Measures:
        """Measures of the codes of some inputs; ``inputs`` hold theirs by id, in the space of the data.

        Raises
        ------
        InvalidInput
            For fewer than 4 points, or when most points of one side coincide.
        """
        own = inputs.matching(latents.ids)
        planted = self._planted(inputs.origin.data)
        degree = 1 if planted is None else len(planted) - 1
        codes, data = (self._shape(side.points, degree) for side in (latents, own))
        scalars = {} if planted is None else self._against(codes, data, planted)
        if planted is not None and self.gaussian_clouds:
            scalars |= self._of_noise(latents.points, planted, rng)
        return Measures(scalars=scalars | _beside(codes, data) | _ranks(latents, own))

    def _planted(self, name: str) -> tuple[int, ...] | None:
        return self.betti.get(name) if isinstance(self.betti, Mapping) else self.betti

    def _shape(self, points: NDArray[Any], degree: int) -> _Shape:
        if len(points) < _LEAST:
            raise InvalidInput(f"a cloud of {len(points)} points cannot enclose a hole; bring at least {_LEAST}.")
        threads = available_threads()
        cloud = EuclideanCloud(np.asarray(points, dtype=np.float64))
        unit = require_positive(cloud.median(threads).value)
        part = cloud.take(cloud.cover(self.landmarks, threads).rows) if len(cloud) > self.landmarks else cloud
        plan = plan_rips(Task(len(part), points.shape[1], degree))
        require_affordable(plan, len(part), degree)
        found = filtered_bars(part, Question(plan.engine, degree, unit=unit, threads=threads))
        bars = tuple(found.pairs[found.degrees == k] for k in range(degree + 1))
        return _Shape(bars, neighbour_distances(cloud.points, 1) / unit)

    def _side(self, shape: _Shape, planted: tuple[int, ...]) -> _Found:
        parts = {k: shape.split(k, planted[k]) for k in range(1, len(planted))}
        least, other = min(part[0] for part in parts.values()), max(part[1] for part in parts.values())
        margin = least - other if np.isfinite(least) else -other
        prominent = {k: int(np.count_nonzero(shape.lives(k) > self.prominence)) for k in parts}
        ratios = {k: _ratio(*part) for k, part in parts.items() if planted[k]}
        return _Found(margin, prominent, ratios)

    def _against(self, codes: _Shape, data: _Shape, planted: tuple[int, ...]) -> dict[str, Scalar]:
        """Codes and data against the Betti numbers."""
        ours, theirs = self._side(codes, planted), self._side(data, planted)
        scalars = _paired("margin", ours.margin, theirs.margin, _UNIT, "shortest planted bar less longest other")
        about = "1 = as many prominent bars as planted in every degree"
        scalars |= _paired("homology kept", ours.keeps(planted), theirs.keeps(planted), "", about)
        for k in ours.prominent:
            counts = ours.prominent[k], theirs.prominent[k]
            scalars |= _paired(f"H{k} prominent bars", *counts, "bars", f"longer than {self.prominence:g} {_UNIT}")
            scalars[f"H{k} planted bars (reference)"] = Scalar(planted[k], "bars", "Betti number of the data")
        for k in ours.ratios:
            about = "shortest planted bar over longest other"
            scalars |= _paired(f"H{k} gap ratio", ours.ratios[k], theirs.ratios[k], "", about)
        return scalars

    def _of_noise(self, points: NDArray[Any], planted: tuple[int, ...], rng: Generator) -> dict[str, Scalar]:
        """The same of normal clouds, on average."""
        twins = (gaussian_twin(points, rng) for _ in range(self.gaussian_clouds))
        found = [self._side(self._shape(twin, len(planted) - 1), planted) for twin in twins]
        about = f"mean of {len(found)} of the size and covariance of the codes"
        scalars = {
            f"margin, {_NOISE} (reference)": Scalar(float(np.mean([each.margin for each in found])), _UNIT, about),
            f"homology kept, {_NOISE} (reference)": Scalar(
                float(np.mean([each.keeps(planted) for each in found])), "", about
            ),
        }
        for k in found[0].prominent:
            count = float(np.mean([each.prominent[k] for each in found]))
            scalars[f"H{k} prominent bars, {_NOISE} (reference)"] = Scalar(count, "bars", about)
        return scalars


def _paired(name: str, ours: float, theirs: float, unit: str, meaning: str) -> dict[str, Scalar]:
    """A number of the codes and the same number of the data."""
    return {name: Scalar(ours, unit, meaning), f"{name}, of the data (reference)": Scalar(theirs, unit, _DATA)}


def _ratio(planted: float, other: float) -> float:
    return planted / other if other else np.inf if planted else 0.0


def _beside(codes: _Shape, data: _Shape) -> dict[str, Scalar]:
    """How far the codes are from the data, degree by degree and in the plainest way."""
    scalars = {}
    for k, (ours, theirs) in enumerate(zip(codes.bars, data.bars, strict=True)):
        name = f"H{k} bottleneck distance to the data"
        scalars[name] = Scalar(bottleneck_distance(ours, theirs), _UNIT)
        if k:
            longest = float(data.lives(k).max(initial=0.0))
            scalars[f"{name}, of no bars (reference)"] = Scalar(longest / 2, _UNIT, "of a code without holes")
    near = wasserstein_on_line(codes.nearest, data.nearest)
    scalars["neighbour distance W1 to the data"] = Scalar(near, _UNIT, "between nearest-neighbour distances")
    return scalars


def _ranks(latents: Latents, own: Latents) -> dict[str, Scalar]:
    ours, theirs = (effective_rank(principal_deviations(side.points) ** 2) for side in (latents, own))
    return _paired("effective rank", ours, theirs, "directions", "exp entropy of the variance shares")
