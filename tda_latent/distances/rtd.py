"""`rtd`: representation topology divergence of two clouds of the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.cross_rips import total_length
from tda_latent.numerics.cross_barcode import paired_cross_matrix, quantile_scaled
from tda_latent.numerics.pairing import paired_rows
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.records import Latents, Table
from tda_latent.registry import distance

Array = NDArray[Any]
Floats = NDArray[np.float64]
_BOTH = ("forward", "backward")
_DIRECTIONS = {"mean": _BOTH, "max": _BOTH, "forward": ("forward",), "backward": ("backward",)}


@distance("rtd")
@dataclass(frozen=True)
class RepresentationTopologyDivergence:
    """Representation topology divergence: clusters and loops of the same inputs that one cloud has and the other lacks.

    Parameters
    ----------
    quantile : float
        Distances of each cloud are divided by this quantile of them, in (0, 1].
    batch : int
        Largest number of inputs in one barcode. The sum of bars grows with it: compare values of equal size only.
    batches : int
        Random batches averaged over, when there are more inputs than one batch holds.
    seed : int
        Which batches are drawn; no other randomness enters.
    combine : mean | max | forward | backward
        Of the two directions: the mean, as published, the larger, or one alone. forward: what the second cloud joins
        or closes and the first does not yet, such as clusters of the first that lie together in the second; backward:
        the reverse.

    Returns
    -------
    float
        Sum of the lengths of the bars, in units of the quantile. 0 when both clouds have equal distances up to scale.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 2 are shared.
    InvalidInput
        When the quantile of the distances is zero, because too many points coincide.

    Notes
    -----
    [barannikov2022], in degree 1 as published: a bar lives from where inputs that one cloud joins are joined in it to
    where they are in the other, or is a loop that only the closer of both has. Rows are paired by id; inputs
    that only one cloud has are left out. Identity holds one way only, the triangle inequality fails, and symmetry
    holds for mean and max alone. The batches are no replicates; `per_batch` tells their spread. 500 inputs take about a
    second for each batch and direction.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("barannikov2022",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "gudhi")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)
    unit: ClassVar[str] = "quantile-normalised"

    quantile: Annotated[float, Field(gt=0, le=1)] = 0.9
    batch: Annotated[int, Field(ge=2)] = 500
    batches: Annotated[int, Field(ge=1)] = 10
    seed: Annotated[int, Field(ge=0)] = 0
    combine: Literal["mean", "max", "forward", "backward"] = "mean"

    @property
    def axioms(self) -> tuple[str, ...]:
        """One direction alone is not symmetric."""
        return ("identity", "symmetry") if self.combine in ("mean", "max") else ("identity",)

    def __call__(self, a: Latents, b: Latents) -> float:
        lengths = self._of_batches(a, b, _DIRECTIONS[self.combine])
        return float(np.mean(lengths.max(axis=1) if self.combine == "max" else lengths.mean(axis=1)))

    def per_batch(self, a: Latents, b: Latents) -> Table:
        """Total lengths of both directions, one row for each batch: their spread is the error of the mean."""
        lengths = self._of_batches(a, b, _BOTH)
        return Table(lengths, np.arange(len(lengths)).astype(np.str_), np.array(_BOTH), self.unit)

    def _of_batches(self, a: Latents, b: Latents, directions: tuple[str, ...]) -> Floats:
        """(batches, directions) total lengths."""
        rows, others = paired_rows(a.ids, b.ids, least=2)
        first, second = a.points[rows], b.points[others]
        parts: list[Any] = [slice(None)]
        if len(rows) > self.batch:
            rng = np.random.default_rng(self.seed)
            parts = [rng.choice(len(rows), self.batch, replace=False) for _ in range(self.batches)]
        return np.array([self._of_batch(first[part], second[part], directions) for part in parts])

    def _of_batch(self, first: Array, second: Array, directions: tuple[str, ...]) -> list[float]:
        w, other = (quantile_scaled(pairwise_distances(points), self.quantile) for points in (first, second))
        pairs = {"forward": (w, other), "backward": (other, w)}
        return [total_length(paired_cross_matrix(*pairs[direction]), 1) for direction in directions]
