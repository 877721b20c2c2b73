"""`mtop-div`: manifold topology divergence of two clouds in one space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cross_rips import total_length
from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.numerics.cross_barcode import cross_matrix
from tda_latent.records import Latents, Table
from tda_latent.registry import distance

Array = NDArray[Any]
Floats = NDArray[np.float64]
_BOTH = ("forward", "backward")


@distance("mtop-div")
@dataclass(frozen=True)
class ManifoldTopologyDivergence:
    """Manifold topology divergence: topology that one cloud has and another cloud in the same space does not fill.

    Parameters
    ----------
    degree : int
        Degree of the Cross-Barcode, 1 as published, or 2.
    batch : int
        Largest number of points of the cloud that is asked about.
    base_batch : int
        Largest number of points of the cloud that may fill it, best many times more: distances among them count as 0.
    batches : int
        Random batches averaged over, when a cloud has more points than a batch holds.
    seed : int
        Which batches are drawn; no other randomness enters.
    direction : both | forward | backward
        forward: what the first cloud has and the second does not fill, such as a loop of the data where a generator
        puts nothing; backward: the reverse; both: their mean.

    Returns
    -------
    float
        Sum of the lengths of the bars, in the unit of the points. 0 when all points of the first lie in the base, so
        not for equal clouds that are drawn from: *samples of one law are not at 0*, and `null` tells where they are.

    Raises
    ------
    IncompatibleRecords
        When the clouds have different numbers of coordinates.
    InvalidInput
        When the batches would need too much memory.

    Notes
    -----
    [barannikov2021]. Nothing is paired, and nothing is normalised: both clouds must live in one space, so that only a
    common motion changes nothing. The sum grows with the batches: compare values of equal batches only. Identity holds
    one way only, and up to sampling when batches are drawn; symmetry holds for direction: both alone; the triangle
    inequality fails. The batches are no replicates; `per_batch` tells their spread. In degree 1 only the few points of
    the base that decide a bar enter the complex: a batch of 1000 against 10000 points takes seconds and 500 MB.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("barannikov2021",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "gudhi")
    invariances: ClassVar[tuple[str, ...]] = ("permutation",)
    unit: ClassVar[str] = "input distance"

    degree: Annotated[int, Field(ge=1, le=2)] = 1
    batch: Annotated[int, Field(ge=2)] = 100
    base_batch: Annotated[int, Field(ge=2)] = 1000
    batches: Annotated[int, Field(ge=1)] = 20
    seed: Annotated[int, Field(ge=0)] = 0
    direction: Literal["both", "forward", "backward"] = "both"

    @property
    def axioms(self) -> tuple[str, ...]:
        """One direction alone is not symmetric."""
        return ("identity", "symmetry") if self.direction == "both" else ("identity",)

    def __call__(self, a: Latents, b: Latents) -> float:
        return float(np.mean([self._one_way(*pair).mean() for pair in self._directed(a, b)]))

    def per_batch(self, a: Latents, b: Latents) -> Table:
        """Sums of lengths, a row for each batch, a column for each direction: their spread is the error of the mean.

        NaN where one direction needs no drawing, so that its first row is all there is.
        """
        names = _BOTH if self.direction == "both" else (self.direction,)
        columns = [self._one_way(*pair) for pair in self._directed(a, b)]
        values = np.full((max(map(len, columns)), len(names)), np.nan)
        for place, column in enumerate(columns):
            values[: len(column), place] = column
        return Table(values, np.arange(len(values)).astype(np.str_), np.array(names), self.unit)

    def null(self, cloud: Latents) -> Floats:
        """(batches,) values of batches of one cloud against others of it: what samples of equal laws are at.

        Raises
        ------
        InvalidInput
            When the cloud cannot fill a batch and a base batch at once.
        """
        if len(cloud) < self.batch + self.base_batch:
            raise InvalidInput(
                f"{len(cloud)} points; the rule is {self.batch + self.base_batch} of one cloud for a batch of "
                f"{self.batch} against {self.base_batch} others. Use smaller batches, for the distance as well."
            )
        rng = np.random.default_rng(self.seed)
        lengths = []
        for _ in range(self.batches):
            rows = rng.permutation(len(cloud))[: self.batch + self.base_batch]
            lengths.append(self._length(cloud.points[rows[: self.batch]], cloud.points[rows[self.batch :]]))
        return np.array(lengths)

    def _directed(self, a: Latents, b: Latents) -> list[tuple[Array, Array]]:
        """The clouds asked about, each before the cloud that may fill it."""
        if a.dimension != b.dimension:
            raise IncompatibleRecords(
                f"the clouds have {a.dimension} and {b.dimension} coordinates; mtop-div compares clouds in one space. "
                "Clouds of the same inputs in different spaces are compared by rtd."
            )
        first, second = a.points, b.points
        return {
            "forward": [(first, second)],
            "backward": [(second, first)],
            "both": [(first, second), (second, first)],
        }[self.direction]

    def _one_way(self, first: Array, second: Array) -> Floats:
        """(batches,) what the first has and the second lacks."""
        if len(first) <= self.batch and len(second) <= self.base_batch:
            return np.array([self._length(first, second)])
        rng = np.random.default_rng(self.seed)
        lengths = []
        for _ in range(self.batches):
            part, base = (
                points[rng.choice(len(points), min(size, len(points)), replace=False)]
                for points, size in ((first, self.batch), (second, self.base_batch))
            )
            lengths.append(self._length(part, base))
        return np.array(lengths)

    def _length(self, part: Array, base: Array) -> float:
        return total_length(cross_matrix(part, base, for_degree_one=self.degree == 1), self.degree)
