"""`pca-view`: a linear view of a cloud in two or three dimensions, with how far to believe it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from tda_latent.engines.embeddings import Embedded
from tda_latent.engines.trust import Trust, trust_badge
from tda_latent.numerics.projection import principal_places, principal_view
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
    trust : Trust
        How the trust figures are made: neighbours, sample, landmarks, prominence.

    Returns
    -------
    Projection
        Centred coordinates in the unit of the points, axes such as "PC1 (23 % of variance)", the labels, factors
        and ids of the latents. Trust: ``explained variance`` (share held by the view) and the figures of
        `tda_latent.engines.trust.trust_badge`; ``seed agreement`` is 1 by construction, nothing is random.

    Notes
    -----
    Signs are fixed by the cloud (see `principal_view`): permuting the points permutes the rows and changes nothing
    else; rotating the cloud changes nothing unless two variances are equal. O(n d min(n, d) + sample^2 d). New
    points are placed exactly. [pearson1901], [venna2001], [kruskal1964].
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("pearson1901", "venna2001", "kruskal1964")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "gudhi")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation")

    dimensions: Literal[2, 3] = 2
    trust: Trust = field(default_factory=Trust)

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Projection:
        coordinates, shares = principal_view(latents.points, self.dimensions)
        badge = trust_badge(latents.points, coordinates, self.trust, rng, [coordinates])
        return Projection.of(
            latents,
            coordinates,
            method="pca",
            axes=tuple(f"PC{k + 1} ({_percent(share)} of variance)" for k, share in enumerate(shares.tolist())),
            trust={"explained variance": float(shares.sum())} | badge,
            settings={"dimensions": self.dimensions},
        )

    def placed(self, view: Projection, into: Latents, new: Latents) -> Embedded:
        """Places of new points in a view of ``into``: exact."""
        again = principal_view(into.points, self.dimensions)[0]
        return Embedded(again, principal_places(into.points, again, new.points))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
