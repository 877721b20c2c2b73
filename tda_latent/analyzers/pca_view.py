"""`pca-view`: a linear view of a cloud in two or three dimensions, with how far to believe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.projection import principal_view, trustworthiness
from tda_latent.records.latents import Latents
from tda_latent.records.model import Projection
from tda_latent.registry import analyzer


@analyzer("pca-view")
@dataclass(frozen=True)
class PcaView:
    """Projection of a cloud onto its leading principal directions, with its trust figures.

    Parameters
    ----------
    dimensions : 2 | 3
        Number of directions.
    neighbours : int
        Size of the neighbourhoods that trustworthiness and continuity compare.
    trust_sample : int
        Largest number of points for these two; of a larger cloud, so many are drawn at random.

    Returns
    -------
    Projection
        Centred coordinates in the unit of the points, axes such as "PC1 (23 % of variance)", the labels, factors
        and ids of the latents. Trust: ``explained variance`` (share held by the view), ``trustworthiness`` (1 =
        neighbours in the view are neighbours in the cloud), ``continuity`` (1 = neighbours in the cloud stay
        neighbours in the view). The last two are left out for fewer than 3 points.

    Notes
    -----
    Signs are fixed by the cloud (see `principal_view`): permuting the points permutes the rows and changes nothing
    else; rotating the cloud changes nothing unless two variances are equal. O(n d min(n, d) + trust_sample^2 d).
    [pearson1901], [venna2001].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("pearson1901", "venna2001")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation")

    dimensions: Literal[2, 3] = 2
    neighbours: Annotated[int, Field(ge=1)] = 15
    trust_sample: Annotated[int, Field(ge=3, le=20_000)] = 2000

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Projection:
        coordinates, shares = principal_view(latents.points, self.dimensions)
        trust = {"explained variance": float(shares.sum())}
        rows = np.arange(len(latents))
        if len(rows) > self.trust_sample:
            rows = np.sort(rng.choice(len(rows), self.trust_sample, replace=False))
        neighbours = min(self.neighbours, (len(rows) - 1) // 2)
        if neighbours:
            cloud, view = pairwise_distances(latents.points[rows]), pairwise_distances(coordinates[rows])
            trust["trustworthiness"] = trustworthiness(cloud, view, neighbours)
            trust["continuity"] = trustworthiness(view, cloud, neighbours)
        return Projection(
            coordinates,
            method="pca",
            axes=tuple(f"PC{k + 1} ({_percent(share)} of variance)" for k, share in enumerate(shares.tolist())),
            trust=trust,
            labels={name: factor.values for name, factor in latents.factors.items()} | dict(latents.labels),
            ids=latents.ids,
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
