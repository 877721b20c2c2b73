"""`tsne-view`: a map that keeps small neighbourhoods together, with how far to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.engines.embeddings import Embedded, Request, tsne
from tda_latent.engines.trust import Trust, seeded_map
from tda_latent.records.latents import Latents
from tda_latent.records.model import Projection
from tda_latent.registry import analyzer


@analyzer("tsne-view")
@dataclass(frozen=True)
class TsneView:
    """Map of a cloud by t-SNE, with its trust figures: neighbours are kept, sizes of gaps and clusters are not.

    Parameters
    ----------
    dimensions : 2 | 3
        Of the map.
    perplexity : float
        Effective number of neighbours of each point; at most a third of the other points are used.
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
    openTSNE with exact neighbours and Euclidean distances, started from the principal view, on one thread: repeatable
    to the bit on one machine. New points are placed by its ``transform``. O(n^2 d) for the neighbours, O(n log n) for
    each of 750 steps. [vandermaaten2008], [policar2024], [kobak2019].

    Raises
    ------
    InvalidInput
        For fewer than five points, or points that all coincide.
    MissingLibrary
        Without openTSNE; it is part of the extra ``projections``.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = (
        "vandermaaten2008", "policar2024", "kobak2019", "venna2001", "kruskal1964"
    )  # fmt: skip
    libraries: ClassVar[tuple[str, ...]] = ("openTSNE", "scikit-learn", "scipy", "gudhi")
    example: ClassVar[Mapping[str, Any]] = {"perplexity": 8, "reruns": 1}

    dimensions: Literal[2, 3] = 2
    perplexity: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 30.0
    reruns: Annotated[int, Field(ge=0, le=20)] = 2
    trust: Trust = field(default_factory=Trust)

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Projection:
        found = seeded_map(
            lambda seed: self._map(latents, seed).coordinates, latents.points, self.reruns, self.trust, rng
        )
        return Projection.of(
            latents,
            found.coordinates,
            method="tsne",
            axes=tuple(f"t-SNE {k + 1}" for k in range(self.dimensions)),
            trust=found.badge,
            settings={"dimensions": self.dimensions, "perplexity": self.perplexity, "seed": found.seed},
        )

    def placed(self, view: Projection, into: Latents, new: Latents) -> Embedded:
        """The view of ``into`` made again, and places of new points in it."""
        return self._map(into, int(view.settings["seed"]), new)

    def _map(self, latents: Latents, seed: int, new: Latents | None = None) -> Embedded:
        points = None if new is None else new.points
        return tsne(Request(latents.points, self.dimensions, self.perplexity, seed, points))
