"""`semantic-map`: which regions of the latent space mean what, and where one meaning ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.analyzers.semantic_map.boundaries import boundaries
from tda_latent.analyzers.semantic_map.contents import contents
from tda_latent.analyzers.semantic_map.hierarchy import hierarchy
from tda_latent.errors import InvalidInput
from tda_latent.numerics.connectivity import nearest_neighbour_graph
from tda_latent.numerics.kmeans import kmeans_regions
from tda_latent.numerics.known_trees import newick_heights
from tda_latent.numerics.scaling import scaled_distances
from tda_latent.records.classes import class_column, numbered_classes
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.registry import analyzer

_LARGEST = 10_000


@analyzer("semantic-map")
@dataclass(frozen=True)
class SemanticMap:
    """Which regions of a cloud hold which classes, where classes touch, and in which order they run into each other.

    Parameters
    ----------
    label : str or None
        Label column, or categorical factor, with the classes. None takes the first label column of text or integers
        with at most 64 values, then the first such factor. Points without a value (NaN, None or empty) are of no class:
        they are part of the cloud, its regions, its graph and its tree, and count in nothing that is said of classes.
    regions : int or None
        Number of k-means cells; None = as many as there are classes.
    neighbours : int
        k of the graph of nearest neighbours, in which boundaries are counted.
    scale : given | median
        Unit of the merge scales.
    tree : str or None
        A known hierarchy of classes in the Newick notation, ``((cat, dog), (car, truck))`` for instance. Classes that
        it does not name are left out of the correlation.
    permutations : int
        How often the labels are permuted for references and p-values; the smallest p is 1 / (permutations + 1).
    false_discovery_rate : float
        Expected share of false ones among the classes that are called enriched in a region.

    Returns
    -------
    Measures
        ``points``, ``different points`` and ``unlabelled points``.

        *Regions.* Scalars ``purity``, ``normalised entropy``, each with its mean over ``(permuted labels)``; ``adjusted
        mutual information`` of regions and classes (0 by chance, 1 when they agree) and ``regions p`` (share of
        permutations with as much information); ``enriched pairs`` of a region and a class, with its mean over permuted
        labels. Tables ``regions`` (points, purity, entropy; each is named by its most frequent class; NaN where no
        point has one), ``composition``, ``fold change`` (times as frequent as in the cloud) and ``enrichment q``
        (hypergeometric, adjusted over all regions and classes).

        *Boundaries.* Scalars ``boundary fraction`` (share of neighbour edges between classes), its value ``by chance``,
        and ``boundary p`` (share of permutations with as few). Tables ``class boundary`` (share of the row's edge ends
        in each class) and ``boundary over chance`` (edges over those expected of permuted labels).

        *Hierarchy.* Tables ``class merge scale`` (single linkage: smallest scale at which a point of one and a point of
        the other lie in one component), ``class centre distance`` and ``class merge tree``; with a tree the scalars
        ``tree correlation`` of the merge scales, of the ``centres``, and ``tree p`` of each (classes permuted).

    Notes
    -----
    p-values take points for independent draws: copies, neighbouring frames or augmentations of one input make anything
    significant; ``different points`` shows exact copies. Regions are found without the labels, which keeps the tests
    valid. Single linkage follows single points between classes; read it beside the centres. O(n^2 d) time, O(n^2)
    memory, up to 10,000 points.
    [lloyd1982], [vinh2010], [benjamini1995], [phipson2010], [gower1969], [sokal1962].
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = (
        "lloyd1982", "arthur2007", "vinh2010", "benjamini1995", "phipson2010", "gower1969", "sokal1962",
    )  # fmt: skip
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "scikit-learn", "numba")
    needs: ClassVar[tuple[str, ...]] = ("labels",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation")
    example: ClassVar[Mapping[str, Any]] = {"permutations": 19}

    label: str | None = None
    regions: Annotated[int, Field(ge=2)] | None = None
    neighbours: Annotated[int, Field(ge=1)] = 15
    scale: Literal["given", "median"] = "given"
    tree: str | None = None
    permutations: Annotated[int, Field(ge=19)] = 199
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05

    def __post_init__(self) -> None:
        if self.tree is not None:
            newick_heights(self.tree)

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """The map of the cloud.

        Raises
        ------
        InvalidInput
            Without a column of classes, with a single class, for more than 10,000 points, when fewer than three classes
            are named by the tree, or most points coincide (scale: median).
        UnknownName
            For a label that the latents do not have.
        """
        column = class_column(latents, self.label)
        if column is None:
            raise InvalidInput("no label column holds classes; give text or integers with at most 64 values, or label.")
        values, classes = numbered_classes(column)
        names = np.array([str(value) for value in values])
        if len(names) < 2:
            raise InvalidInput(f"all points are of the class {str(names[0])!r}; a map of meanings needs at least two.")
        if len(latents) > _LARGEST:
            raise InvalidInput(
                f"{len(latents)} points; boundaries need all distances, up to {_LARGEST}. Draw a sample."
            )
        scaled = scaled_distances(latents.points, None, self.scale)
        regions = kmeans_regions(latents.points, self.regions or len(names), rng)
        draws = [_permuted(classes, rng) for _ in range(self.permutations)]
        graph = nearest_neighbour_graph(scaled.matrix, self.neighbours, scaled.rounding)
        parts = (
            contents(regions, classes, names, draws, self.false_discovery_rate),
            boundaries(graph, classes, names, draws),
            hierarchy((latents.points, scaled), classes, names, self.tree, (self.permutations, rng)),
        )
        different = len(np.unique(latents.points, axis=0))
        sizes = {
            "points": Scalar(len(latents), "points"),
            "different points": Scalar(different, "points", "copies make p-values too small"),
            "unlabelled points": Scalar((classes < 0).sum(), "points", "of no class"),
        }
        return Measures(
            scalars={name: scalar for part in parts for name, scalar in part.scalars.items()} | sizes,
            tables={name: table for part in parts for name, table in part.tables.items()},
        )


def _permuted(classes: NDArray[np.int64], rng: Generator) -> NDArray[np.int64]:
    """(n,) the same classes in random order; points without one keep none."""
    draw, known = classes.copy(), classes >= 0
    draw[known] = rng.permutation(classes[known])
    return draw
