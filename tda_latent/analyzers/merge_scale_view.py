"""`merge-scale-view`: a planar layout whose components merge at exactly the scales of the cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from tda_latent.engines.trust import Trust, trust_badge
from tda_latent.records.latents import Latents
from tda_latent.records.model import Projection
from tda_latent.registry import analyzer


@analyzer("merge-scale-view")
@dataclass(frozen=True)
class MergeScaleView:
    """Layout in the plane with the degree-0 diagram of the cloud: gaps between clusters are true, all else is not.

    Parameters
    ----------
    trust : Trust
        How the trust figures are made: neighbours, sample, landmarks, prominence.

    Returns
    -------
    Projection
        Coordinates in the unit of the points, the labels, factors and ids of the latents, and the figures of
        `tda_latent.engines.trust.trust_badge`; ``seed agreement`` is 1 by construction, nothing is random. Trust has
        also ``merge error``: the largest difference between a merge scale of the layout and of the cloud, over the
        largest merge scale; it is rounding.

    Notes
    -----
    TopoMap [doraiswamy2021]: the Euclidean minimum spanning tree of the layout has the lengths of that of the cloud.
    Two dimensions hold any tree of merges exactly, so that a third would add nothing. Shapes of clusters, loops and
    distances beyond the merges have no meaning; the trust figures show that. Of merges of equal length, as in lattices,
    the earlier rows go first: there another order of the rows is another, equally true layout. New points are placed
    between their nearest old points. O(n^2 d) for the tree, O(n log n) for the layout.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("doraiswamy2021", "venna2001", "kruskal1964")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "gudhi")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "permutation")

    trust: Trust = field(default_factory=Trust)

    def __call__(self, latents: Latents, rng: np.random.Generator) -> Projection:
        from tda_latent.numerics.merge_layout import merge_layout
        from tda_latent.numerics.spanning_tree import component_deaths

        coordinates = merge_layout(latents.points)
        merges, shown = component_deaths(latents.points), component_deaths(coordinates)
        largest = float(merges.max(initial=0.0))
        error = float(np.abs(shown - merges).max(initial=0.0)) / largest if largest else 0.0
        badge = trust_badge(latents.points, coordinates, self.trust, rng, [coordinates], one_unit=True)
        return Projection.of(
            latents,
            coordinates,
            method="merge-scale",
            axes=("merge layout 1", "merge layout 2"),
            trust=badge | {"merge error": error},
        )
