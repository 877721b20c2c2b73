"""`pacmap-view`: a map that balances near, middling and far pairs, with how far to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.embeddings import Request, pacmap
from tda_latent.engines.trust import Trust, seeded_map
from tda_latent.records.latents import Latents
from tda_latent.records.model import Projection
from tda_latent.registry import analyzer


@analyzer("pacmap-view")
@dataclass(frozen=True)
class PacmapView:
    """Map of a cloud by PaCMAP, with its trust figures: near, middling and far pairs are pulled and pushed.

    Parameters
    ----------
    dimensions : 2 | 3
        Of the map.
    neighbours : int
        Near pairs of each point; at most a quarter of the other points are used.
    reruns : int
        Maps with other seeds that ``seed agreement`` compares with; 0 leaves it out. Each costs as much as the map.
    trust : Trust
        How the trust figures are made: neighbours, sample, landmarks, prominence.

    Returns
    -------
    Projection
        Coordinates without a unit, the labels, factors and ids of the latents, the figures of
        `tda_latent.engines.trust.trust_badge`, and the seed among the settings.

    Notes
    -----
    pacmap with Euclidean distances (above 100 dimensions those of the first 100 principal components), approximate
    neighbours, single precision, started from the principal view, on one thread: repeatable to the bit on one
    machine. Its own ``transform`` treats new points as another data set, so that they are placed between their
    nearest old points instead. [wang2021].

    Raises
    ------
    InvalidInput
        For fewer than five points, or points that all coincide.
    MissingLibrary
        Without pacmap; it is part of the extra ``projections``.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("wang2021", "venna2001", "kruskal1964")
    libraries: ClassVar[tuple[str, ...]] = ("pacmap", "faiss-cpu", "numba", "scikit-learn", "scipy", "gudhi")
    example: ClassVar[Mapping[str, Any]] = {"neighbours": 5, "reruns": 1}

    dimensions: Literal[2, 3] = 2
    neighbours: Annotated[int, Field(ge=1)] = 10
    reruns: Annotated[int, Field(ge=0, le=20)] = 2
    trust: Trust = field(default_factory=Trust)

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Projection:
        def make(seed: int) -> NDArray[np.float64]:
            return pacmap(Request(latents.points, self.dimensions, self.neighbours, seed)).coordinates

        found = seeded_map(make, latents.points, self.reruns, self.trust, rng)
        return Projection.of(
            latents,
            found.coordinates,
            method="pacmap",
            axes=tuple(f"PaCMAP {k + 1}" for k in range(self.dimensions)),
            trust=found.badge,
            settings={"dimensions": self.dimensions, "neighbours": self.neighbours, "seed": found.seed},
        )
