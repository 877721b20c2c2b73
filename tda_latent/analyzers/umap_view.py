"""`umap-view`: a map of the neighbour graph of a cloud, with how far to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.engines.embeddings import Embedded, Request, umap
from tda_latent.engines.trust import Trust, seeded_map
from tda_latent.records.latents import Latents
from tda_latent.records.model import Projection
from tda_latent.registry import analyzer


@analyzer("umap-view")
@dataclass(frozen=True)
class UmapView:
    """Map of a cloud by UMAP, with its trust figures: neighbours are kept, sizes of gaps and clusters are not.

    Parameters
    ----------
    dimensions : 2 | 3
        Of the map.
    neighbours : int
        Neighbours of each point in the graph that is laid out.
    least_distance : float
        How close points may lie on the map.
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
    umap-learn with Euclidean distances, started from the principal view, on one thread: repeatable to the bit on one
    machine. New points are placed by its ``transform``. The first map of a process compiles for seconds.
    [mcinnes2018], [kobak2019].

    Raises
    ------
    InvalidInput
        For fewer than five points, or points that all coincide.
    MissingLibrary
        Without umap-learn; it is part of the extra ``projections``.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("mcinnes2018", "kobak2019", "venna2001", "kruskal1964")
    libraries: ClassVar[tuple[str, ...]] = ("umap-learn", "pynndescent", "numba", "scikit-learn", "scipy", "gudhi")
    example: ClassVar[Mapping[str, Any]] = {"neighbours": 8, "reruns": 1}

    dimensions: Literal[2, 3] = 2
    neighbours: Annotated[int, Field(ge=2)] = 15
    least_distance: Annotated[float, Field(ge=0, lt=1)] = 0.1
    reruns: Annotated[int, Field(ge=0, le=20)] = 2
    trust: Trust = field(default_factory=Trust)

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Projection:
        found = seeded_map(
            lambda seed: self._map(latents, seed).coordinates, latents.points, self.reruns, self.trust, rng
        )
        settings = {"dimensions": self.dimensions, "neighbours": self.neighbours, "least_distance": self.least_distance}
        return Projection.of(
            latents,
            found.coordinates,
            method="umap",
            axes=tuple(f"UMAP {k + 1}" for k in range(self.dimensions)),
            trust=found.badge,
            settings=settings | {"seed": found.seed},
        )

    def placed(self, view: Projection, into: Latents, new: Latents) -> Embedded:
        """The view of ``into`` made again, and places of new points in it."""
        return self._map(into, int(view.settings["seed"]), new)

    def _map(self, latents: Latents, seed: int, new: Latents | None = None) -> Embedded:
        points = None if new is None else new.points
        return umap(Request(latents.points, self.dimensions, self.neighbours, seed, points, self.least_distance))
