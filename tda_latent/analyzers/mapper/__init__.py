"""Mapper: the shape of a cloud as a graph of overlapping clusters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.analyzers.mapper.clusterers import Clusterer, Dbscan
from tda_latent.analyzers.mapper.covers import Cover, Uniform
from tda_latent.analyzers.mapper.lenses import Lens, Pca, lens_columns, lens_needs
from tda_latent.errors import InvalidParameter
from tda_latent.numerics.covers import patch_members
from tda_latent.numerics.graph_layout import graph_layout
from tda_latent.numerics.nerve import PulledBackCover, class_counts, nerve_edges, pulled_back_cover
from tda_latent.records import Latents, MapperGraph
from tda_latent.records.classes import has_value
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
MAX_CLASSES = 50  # label columns with more distinct values get no composition


@analyzer("mapper")
@dataclass(frozen=True)
class Mapper:
    """Mapper graph of a cloud: its points are sorted by lenses into overlapping patches, each patch is clustered,
    clusters become nodes, and clusters that share points are joined.

    Parameters
    ----------
    lenses : tuple of lenses
        What the points are sorted by; their axes stand side by side. Lenses: coordinates, pca, eccentricity,
        density, neighbour-density, distance-to-class, distance-to-rows, label, factor.
    cover : Uniform or Balanced
        Intervals on each lens axis: ``resolution`` is their number, ``gain`` the fraction of an interval shared
        with each neighbour.
    clusterer : Dbscan, SingleLinkage or Sklearn
        How the points of one patch are split. The default radius of DBSCAN is read off the whole cloud.
    min_points : int
        Smaller clusters are no nodes.

    Returns
    -------
    MapperGraph
        Nodes by patch, then by first row. Clusters of different patches with the same members are all kept. Every
        point lies in a patch; ``uncovered`` holds those in no node, of which ``cover`` counts ``noise_points``
        (noise for the clusterer in every patch) and ``points_in_small_clusters`` (below ``min_points``). Each
        label column with at most 50 values has its counts per node in ``composition``, in which points without a label
        (NaN, None or empty) do not count. ``layout`` is ready to draw.

    Notes
    -----
    Deterministic. O(m^2 d) time for a patch of m points at worst, and O(n^2 d) for lenses and radii that look at all
    pairs of the cloud. DBSCAN, and single linkage cut at a height, need O(m d) memory and much less time where points
    lie dense: above 2000 points compiled code passes over most pairs (`tda_latent.numerics.proximity`).

    A permutation of the points relabels the members and changes nothing else; translating or scaling the cloud leaves
    members and edges alone where lens and clusterer have no length as a parameter, and so does an isometry for all
    lenses but coordinates, up to points that rounding moves over the end of an interval.

    Raises
    ------
    InvalidInput
        When a lens does not fit the cloud, or the cover would put points into more than 20 million places.
    UnknownName
        When a lens names a label or factor that the latents do not have.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("singh2007", "carriere2018", "ester1996", "gansner2005", "brandes2007")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "scikit-learn", "numba")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")  # of the defaults
    example: ClassVar[Mapping[str, Any]] = {"cover": {"use": "uniform", "resolution": 6, "gain": 0.3}}

    lenses: tuple[Lens, ...] = (Pca(),)
    cover: Cover = field(default_factory=Uniform)
    clusterer: Clusterer = field(default_factory=Dbscan)
    min_points: Annotated[int, Field(ge=1)] = 1

    def __post_init__(self) -> None:
        if not self.lenses:
            raise InvalidParameter("lenses is empty; name at least one lens, {use: pca} for instance.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that the lenses read besides the points."""
        return tuple(dict.fromkeys(need for lens in self.lenses for need in lens_needs(lens)))

    def __call__(self, latents: Latents) -> MapperGraph:
        """The graph of the cloud."""
        points = np.asarray(latents.points, dtype=np.float64)
        lens, names = lens_columns(self.lenses, latents)
        patches = patch_members(lens, self.cover.intervals(lens))
        nodes = pulled_back_cover(points, patches, self.clusterer.labeller(points), self.min_points)
        edges, overlaps = nerve_edges(nodes.members, nodes.offsets, len(points))
        graph = MapperGraph(
            members=nodes.members,
            offsets=nodes.offsets,
            edges=edges,
            overlaps=overlaps,
            size=len(points),
            lens=lens,
            lens_names=names,
            patches=nodes.patches,
            ids=latents.ids,
        )
        classes, composition = _compositions(latents, nodes)
        return graph.replace(
            cover=self._facts(graph, nodes, len(patches[1]) - 1),
            classes=classes,
            composition=composition,
            totals={name: _totals(latents.labels[name]) for name in classes},
            layout=graph_layout(edges, np.stack([graph.node_means(axis) for axis in graph.lens.T], axis=1)),
        )

    def _facts(self, graph: MapperGraph, nodes: PulledBackCover, patches: int) -> dict[str, Any]:
        noise = int(nodes.is_noise.sum())
        return {
            "lens": ", ".join(graph.lens_names),
            "cover": _sentence(self.cover),
            "clusterer": _sentence(self.clusterer),
            "min_points": self.min_points,
            "patches": patches,
            "noise_points": noise,
            "points_in_small_clusters": len(graph.uncovered) - noise,
        }


def _sentence(part: Any) -> str:
    """A part of the parameters in words: ``uniform, resolution 10, gain 0.3``."""
    words = [part.use]
    for item in dataclasses.fields(part):
        value = getattr(part, item.name)
        if item.name != "use" and value != {}:
            text = f"({_sentence(value)})" if dataclasses.is_dataclass(value) else value
            words.append(f"{item.name} {'automatic' if value is None else text}")
    return ", ".join(words)


def _compositions(latents: Latents, nodes: PulledBackCover) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Class names and their counts per node for every label column with few enough of them."""
    classes: dict[str, NDArray[Any]] = {}
    counts: dict[str, NDArray[Any]] = {}
    for name, column in latents.labels.items():
        known = has_value(np.unique(column))
        if 1 <= known.sum() <= MAX_CLASSES:
            values, found = class_counts(nodes.members, nodes.offsets, column)
            classes[name], counts[name] = values[known], found[:, known]
    return classes, counts


def _totals(column: NDArray[Any]) -> NDArray[np.int64]:
    """(k,) points of each class in the cloud."""
    return np.asarray(np.unique(column[has_value(column)], return_counts=True)[1], dtype=np.int64)
