"""Draw the points that analyzers see; the same draw for every model, so that rows pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import centred
from tda_latent.records import Latents
from tda_latent.registry import step


@step("subsample")
@dataclass(frozen=True)
class Subsample:
    """Some points of a cloud.

    Parameters
    ----------
    size : int
        Number of points; a cloud with fewer points is refused, because unequal sizes would be compared.
    method : random | farthest
        "random" keeps the density; "farthest" (greedy farthest points from a random start) keeps the support
        and is drawn to outliers.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("gonzalez1985",)
    size: Annotated[int, Field(ge=1)] = 300
    method: Literal["random", "farthest"] = "random"

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Latents:
        if self.size > len(latents):
            raise InvalidInput(
                f"a sample of {self.size} points was asked for, but the cloud has {len(latents)}; lower sample: size."
            )
        order = rng.permutation(len(latents))
        if self.method == "random":
            return latents.take(np.sort(order[: self.size]))
        return latents.take(farthest_rows(latents.points, self.size, int(order[0])))


def farthest_rows(points: np.ndarray, size: int, start: int) -> np.ndarray:
    """(size,) different rows chosen greedily, each farthest from those before it [gonzalez1985]. O(n size) time."""
    wide = centred(points)
    rows = np.zeros(size, dtype=np.int64)
    rows[0] = start
    nearest = np.full(len(wide), np.inf)
    for step_number in range(1, size):
        last = rows[step_number - 1]
        nearest = np.minimum(nearest, cdist(wide[last : last + 1], wide)[0])
        nearest[last] = -1.0  # points that coincide are taken one by one, none of them twice
        rows[step_number] = int(np.argmax(nearest))
    return rows
