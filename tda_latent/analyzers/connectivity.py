"""`connectivity`: merge scales, the longest gap, bridges, the neighbour graph, and where classes touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.connectivity import (
    Gap,
    algebraic_connectivity,
    boundary_fraction,
    boundary_shares,
    chance_boundary_fraction,
    class_edges,
    class_merge_scales,
    component_counts,
    components_at,
    longest_gap,
    nearest_neighbour_graph,
)
from tda_latent.numerics.pairwise import component_labels, minimum_spanning_edges
from tda_latent.numerics.scaling import ScaledDistances, scaled_distances
from tda_latent.numerics.spanning_tree import SpanningTree
from tda_latent.numerics.trees import ultrametric_tree
from tda_latent.records.classes import class_column, numbered_classes
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Curve, Measures, Scalar, Table
from tda_latent.records.record import Array
from tda_latent.registry import analyzer


@analyzer("connectivity")
@dataclass(frozen=True)
class Connectivity:
    """How a cloud hangs together: at which scales its components merge, and where its classes touch.

    Parameters
    ----------
    metric : "euclidean" | "cosine" | "geodesic"
        Distance between points: straight line, angle in radians, or shortest path in the neighbour graph.
    scale : "given" | "median" | "posterior"
        Unit of all scales: as given, the median distance between points, or posterior deviations (each
        coordinate divided by its root-mean-square posterior deviation over the cloud).
    neighbours : int
        k of the k-nearest-neighbour graph, and of the geodesic metric.
    label : str or None
        Label column, or categorical factor, with the classes. None takes the first label column of text or
        integers with at most 64 values, then the first such factor; without one the class measures are left out. Points
        without a value (NaN, None or empty) are of no class: they are part of the cloud, its tree and its graph, and
        their edges count for no class.

    Returns
    -------
    Measures
        Merge scales are exact: the lengths of a minimum spanning tree (single linkage). At a scale s, points at
        distance <= s are joined.

        Scalars: ``largest merge scale`` (the cloud is connected from there on), ``median merge scale``,
        ``total merge scale`` (length of the tree); ``longest gap``, the longest scale range that starts at a merge
        and has a constant number of components, with ``gap start``, ``gap stop``, ``gap ratio`` (stop / start),
        ``gap components`` and ``gap smallest component`` (in points); ``neighbour graph components`` and
        ``algebraic connectivity`` (second eigenvalue of the normalised Laplacian of the neighbour graph, 0 when
        disconnected); with classes ``boundary fraction`` (share of neighbour edges between classes) and
        ``boundary fraction by chance`` (its expectation when labels are permuted) and ``unlabelled points``.

        Curves: ``components`` over the scale (steps), ``merge scales`` by rank.

        Tables: ``bridges`` (the tree edges that join the components at the longest gap: both row numbers and the
        length; rows are named by ids where the latents have them), ``component sizes`` at the gap; with classes
        ``class edges`` (neighbour edges between classes, each counted once), ``class boundary`` (the same as
        shares of the row's edge ends, rows sum to 1), ``class merge scale`` (smallest scale at which a point of
        one and a point of the other lie in one component) and ``class merge tree`` (single linkage of these, as
        SciPy writes a linkage; class numbers are row numbers of ``class merge scale``).

    Notes
    -----
    O(n^2) memory and O(n^2 d) time. Permuting the points changes nothing but the row numbers in ``bridges``
    (and, among bridges of equal length, which of them are listed). [gower1969], [chung1997].
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("gower1969", "chung1997")
    libraries: ClassVar[tuple[str, ...]] = ("numba", "scipy")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation")

    metric: Literal["euclidean", "cosine", "geodesic"] = "euclidean"
    scale: Literal["given", "median", "posterior"] = "given"
    neighbours: Annotated[int, Field(ge=1)] = 15
    label: str | None = None

    def __post_init__(self) -> None:
        if self.metric == "cosine" and self.scale == "posterior":
            raise InvalidParameter(
                "scale: posterior needs lengths, but metric: cosine measures angles; use metric: euclidean."
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """Posterior deviations for scale: posterior."""
        return ("scale",) if self.scale == "posterior" else ()

    def __call__(self, latents: Latents) -> Measures:
        scaled = scaled_distances(latents.points, latents.scale, self.scale, self.metric, self.neighbours)
        tree, unit = SpanningTree(*minimum_spanning_edges(scaled.matrix)), scaled.unit
        graph = nearest_neighbour_graph(scaled.matrix, self.neighbours, scaled.rounding)
        column = class_column(latents, self.label)
        parts = [_merges(tree, unit), _gap(tree, latents.ids, scaled), _graph(graph)]
        if column is not None:
            parts.append(_classes(tree, graph, column, unit))
        return Measures(
            scalars={name: scalar for part in parts for name, scalar in part.scalars.items()},
            curves={name: curve for part in parts for name, curve in part.curves.items()},
            tables={name: table for part in parts for name, table in part.tables.items()},
        )


def _merges(tree: SpanningTree, unit: str) -> Measures:
    lengths = tree.lengths
    scales, counts = component_counts(lengths)
    ranks = np.arange(1, len(lengths) + 1, dtype=np.float64)
    return Measures(
        scalars={
            "largest merge scale": Scalar(lengths.max(initial=0.0), unit, "scale from which the cloud is connected"),
            "median merge scale": Scalar(np.median(lengths) if len(lengths) else 0.0, unit),
            "total merge scale": Scalar(lengths.sum(), unit, "length of the minimum spanning tree"),
        },
        curves={
            "components": Curve(scales, counts, unit, "components", "scale", "number of components", steps=True),
            "merge scales": Curve(ranks, lengths, "", unit, "rank of the merge", "merge scale"),
        },
    )


def _gap(tree: SpanningTree, ids: Array | None, scaled: ScaledDistances) -> Measures:
    gap, unit = longest_gap(tree.lengths, scaled.rounding), scaled.unit
    sizes = np.sort(np.bincount(components_at(tree, gap.start)))[::-1].astype(np.float64)
    return Measures(
        scalars={
            "longest gap": Scalar(gap.length, unit, "longest scale range with a constant number of components"),
            "gap start": Scalar(gap.start, unit),
            "gap stop": Scalar(gap.stop, unit),
            "gap ratio": Scalar(gap.ratio, "", "gap stop / gap start"),
            "gap components": Scalar(gap.components, "components", "number of components in the longest gap"),
            "gap smallest component": Scalar(sizes[-1], "points"),
        },
        tables={
            "bridges": _bridges(tree, gap, ids, unit),
            "component sizes": Table(sizes[:, None], np.arange(len(sizes)), np.array(["points"]), "points"),
        },
    )


def _bridges(tree: SpanningTree, gap: Gap, ids: Array | None, unit: str) -> Table:
    """The spanning-tree edges that join the components of the gap, shortest first."""
    bridge = tree.lengths >= gap.stop if gap.length > 0 else np.zeros(len(tree.lengths), dtype=bool)
    ends = np.sort(np.stack([tree.tails[bridge], tree.heads[bridge]], axis=1), axis=1)
    names = ends if ids is None else ids[ends]
    return Table(
        np.column_stack([ends, tree.lengths[bridge]]),
        np.array([f"{first} - {second}" for first, second in names], dtype=np.str_),
        np.array(["first row", "second row", "length"]),
        unit,
    )


def _graph(graph: csr_matrix) -> Measures:
    components = int(component_labels(graph).max()) + 1
    meaning = "second eigenvalue of the normalised Laplacian of the neighbour graph"
    return Measures(
        scalars={
            "neighbour graph components": Scalar(components, "components"),
            "algebraic connectivity": Scalar(algebraic_connectivity(graph), "", meaning),
        }
    )


def _classes(tree: SpanningTree, graph: csr_matrix, column: Array, unit: str) -> Measures:
    values, classes = numbered_classes(column)
    names = np.array([str(value) for value in values])
    edges = class_edges(graph, classes, len(names))
    scales = class_merge_scales(tree, classes, len(names))
    merges = ultrametric_tree(scales)
    steps = np.array([f"merge {step + 1}" for step in range(len(merges))], dtype=np.str_)
    chance = chance_boundary_fraction(classes, len(names))
    return Measures(
        scalars={
            "boundary fraction": Scalar(boundary_fraction(edges), "", "share of neighbour edges between classes"),
            "boundary fraction by chance": Scalar(chance, "", "expected boundary fraction of permuted labels"),
            "unlabelled points": Scalar((classes < 0).sum(), "points", "of no class"),
        },
        tables={
            "class edges": Table(edges, names, names, "edges"),
            "class boundary": Table(boundary_shares(edges), names, names, "share of edge ends of the row's class"),
            "class merge scale": Table(scales, names, names, unit),
            "class merge tree": Table(merges, steps, np.array(["first", "second", "scale", "classes"]), unit),
        },
    )
