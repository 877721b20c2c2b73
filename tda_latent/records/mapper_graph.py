"""`MapperGraph`: the nerve of a clustered cover, with its members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.records.record import Array, Record, freeze, frozen_map, numbers, texts

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class MapperGraph(Record):
    """Nodes are clusters of points, edges join clusters that share points.

    members : (s,) row numbers of the cloud, node after node, ascending within a node
    offsets : (nodes + 1,) node k owns members[offsets[k]:offsets[k + 1]]
    edges : (e, 2) node numbers, first < second, sorted
    overlaps : (e,) number of points that both ends share, >= 1
    size : number of points of the cloud
    lens : (size, q) float64 lens values; lens_names : q texts
    patches : (nodes,) number of the cover element that each node came from
    cover : description of cover, lens and clusterer as text or numbers
    composition : for each label column the counts (nodes, classes); classes : its class names; totals : (classes,)
        points of each class in the whole cloud
    layout : (nodes, 2) positions for drawing, or None
    ids : (size,) those of the cloud, by which points of two graphs are paired, or None

    ``uncovered`` lists the points in no node: left out by the cover or called noise by the clusterer.
    """

    members: Integers
    offsets: Integers
    edges: Integers
    overlaps: Integers
    size: int
    lens: Array
    lens_names: tuple[str, ...] = ()
    patches: Integers | None = None
    cover: Mapping[str, Any] = field(default_factory=dict)
    composition: Mapping[str, Array] = field(default_factory=dict)
    classes: Mapping[str, Array] = field(default_factory=dict)
    totals: Mapping[str, Array] = field(default_factory=dict)
    layout: Array | None = None
    ids: Array | None = None

    def __post_init__(self) -> None:
        members, offsets = _integers(self.members), _integers(self.offsets)
        edges = np.asarray(self.edges, dtype=np.int64).reshape(-1, 2)
        overlaps = _integers(self.overlaps)
        _check_nodes(members, offsets, self.size)
        _check_edges(edges, overlaps, len(offsets) - 1)
        self.set(
            members=members,
            offsets=offsets,
            edges=freeze(edges),
            overlaps=overlaps,
            lens=numbers(self.lens, "lens", (self.size, None)),
            lens_names=tuple(self.lens_names),
            patches=None if self.patches is None else _integers(self.patches),
            cover=frozen_map(self.cover),
            composition=frozen_map({name: freeze(np.asarray(table)) for name, table in self.composition.items()}),
            classes=frozen_map({name: freeze(np.asarray(names)) for name, names in self.classes.items()}),
            totals=frozen_map({name: freeze(np.asarray(counts)) for name, counts in self.totals.items()}),
        )
        if self.layout is not None:
            self.set(layout=numbers(self.layout, "layout", (len(self), 2)))
        if self.ids is not None:
            self.set(ids=texts(self.ids, "ids", self.size))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def node(self, index: int) -> Integers:
        """Row numbers of the points in one node."""
        return self.members[self.offsets[index] : self.offsets[index + 1]]

    @property
    def sizes(self) -> Integers:
        """(nodes,) number of points in each node."""
        return np.diff(self.offsets)

    @property
    def uncovered(self) -> Integers:
        """Row numbers of the points that lie in no node."""
        inside = np.zeros(self.size, dtype=bool)
        inside[self.members] = True
        return np.flatnonzero(~inside)

    def node_means(self, values: Array) -> NDArray[np.float64]:
        """(nodes,) mean of a per-point quantity over the members of each node."""
        totals = np.add.reduceat(np.asarray(values, dtype=np.float64)[self.members], self.offsets[:-1])
        return np.asarray(totals / self.sizes, dtype=np.float64)

    def facts(self) -> dict[str, Any]:
        """Numbers of nodes, edges and uncovered points, and the cover."""
        return {
            "nodes": len(self),
            "edges": len(self.edges),
            "points": self.size,
            "uncovered_points": len(self.uncovered),
        } | dict(self.cover)


def _integers(values: Any) -> Integers:
    return freeze(np.asarray(values, dtype=np.int64).reshape(-1))


def _check_nodes(members: Integers, offsets: Integers, size: int) -> None:
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(members) or (np.diff(offsets) < 1).any():
        raise InvalidInput("offsets must rise from 0 to the number of members; every node holds at least one point.")
    if len(members) and (members.min() < 0 or members.max() >= size):
        raise InvalidInput(f"a member lies outside the {size} points of the cloud.")


def _check_edges(edges: Integers, overlaps: Integers, nodes: int) -> None:
    if len(overlaps) != len(edges) or (overlaps < 1).any():
        raise InvalidInput("every edge needs an overlap of at least one shared point.")
    if len(edges) and ((edges[:, 0] >= edges[:, 1]).any() or edges.min() < 0 or edges.max() >= nodes):
        raise InvalidInput(f"edges must join two different nodes out of {nodes}, the smaller number first.")
