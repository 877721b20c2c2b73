"""`MapperGraph` to and from networkx."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.records import MapperGraph

_ARRAYS = ("size", "lens", "lens_names", "ids")
_MAPPINGS = ("cover", "composition", "classes", "totals")


def to_networkx(graph: MapperGraph) -> Any:
    """The graph as a ``networkx.Graph``, nothing lost.

    Nodes are numbered 0, 1, ... and carry ``members`` (list of row numbers), ``size``, ``lens`` (means, one per
    axis), ``patch`` and ``pos`` where the graph has them; edges carry ``overlap``. The graph's attributes hold
    the lens values and the facts that `from_networkx` needs to rebuild the record.

    Raises
    ------
    MissingLibrary
        When networkx is not installed.
    InvalidInput
        When the record is no graph.
    """
    if not isinstance(graph, MapperGraph):
        raise InvalidInput(f"a {type(graph).__name__} is no graph; the rule is a MapperGraph, which mapper gives.")
    networkx = _networkx()
    result = networkx.Graph(
        **{name: getattr(graph, name) for name in _ARRAYS}, **{name: dict(getattr(graph, name)) for name in _MAPPINGS}
    )
    means = np.stack([graph.node_means(axis) for axis in graph.lens.T], axis=1) if graph.lens.shape[1] else None
    for node in range(len(graph)):
        facts: dict[str, Any] = {"members": graph.node(node).tolist(), "size": int(graph.sizes[node])}
        if means is not None:
            facts["lens"] = means[node].tolist()
        if graph.patches is not None:
            facts["patch"] = int(graph.patches[node])
        if graph.layout is not None:
            facts["pos"] = tuple(graph.layout[node].tolist())
        result.add_node(node, **facts)
    for (first, second), overlap in zip(graph.edges.tolist(), graph.overlaps.tolist(), strict=True):
        result.add_edge(first, second, overlap=overlap)
    return result


def from_networkx(source: Any, size: int | None = None) -> MapperGraph:
    """A record from a ``networkx.Graph`` whose nodes carry ``members``.

    Parameters
    ----------
    source : networkx.Graph
        From `to_networkx`, or foreign: nodes keep their order, overlaps are counted from the members.
    size : number of points of the cloud; by default the graph's attribute ``size``

    Raises
    ------
    InvalidInput
        When a node has no members, the size is unknown, or an edge joins nodes that share no point.
    """
    size = source.graph.get("size", size) if size is None else size
    if size is None:
        raise InvalidInput("the graph does not say how many points the cloud has; pass size=.")
    names = {name: number for number, name in enumerate(source.nodes)}
    members = [_members(name, facts) for name, facts in source.nodes(data=True)]
    edges = np.array(sorted(sorted((names[a], names[b])) for a, b in source.edges), dtype=np.int64).reshape(-1, 2)
    overlaps = [len(np.intersect1d(members[a], members[b])) for a, b in edges.tolist()]
    facts = source.graph
    return MapperGraph(
        members=np.array(list(itertools.chain.from_iterable(members)), dtype=np.int64),
        offsets=np.cumsum([0, *map(len, members)]),
        edges=edges,
        overlaps=np.array(overlaps, dtype=np.int64),
        size=size,
        lens=facts.get("lens", np.empty((size, 0))),
        lens_names=facts.get("lens_names", ()),
        patches=_column(source, "patch"),
        cover=facts.get("cover", {}),
        composition=facts.get("composition", {}),
        classes=facts.get("classes", {}),
        totals=facts.get("totals", {}),
        layout=None if (places := _column(source, "pos")) is None else places.reshape(-1, 2),
        ids=facts.get("ids"),
    )


def _members(name: Any, facts: dict[str, Any]) -> list[int]:
    members = sorted({int(row) for row in facts.get("members", ())})
    if not members:
        raise InvalidInput(f"node {name!r} has no members; give every node the row numbers of its points.")
    return members


def _column(source: Any, attribute: str) -> Any:
    """The values of a node attribute, or None unless every node has it."""
    values = [facts.get(attribute) for _, facts in source.nodes(data=True)]
    return None if any(value is None for value in values) else np.array(values)


def _networkx() -> Any:
    try:
        import networkx
    except ImportError as error:
        raise missing_library("networkx", "the export of graphs") from error
    return networkx
