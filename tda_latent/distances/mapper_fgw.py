"""`mapper-fgw`: fused Gromov-Wasserstein distance of two Mapper graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from tda_latent.engines.optimal_transport import Search, fused_gromov
from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.numerics.gromov import Space
from tda_latent.numerics.pairing import paired_rows
from tda_latent.records import MapperGraph
from tda_latent.registry import distance

Floats = NDArray[np.float64]
MOST_NODES = 300


@distance("mapper-fgw")
@dataclass(frozen=True)
class MapperFusedGromovWasserstein:
    """Fused Gromov-Wasserstein distance of two Mapper graphs: paths within them, and what their nodes hold.

    Parameters
    ----------
    feature : "members" | "composition" | "none"
        What nodes are compared by: the Jaccard distance of their members, paired by the ids of the clouds; half the
        sum of differences of their class shares (among members that have a class; of a node without any they are 0,
        which is 1/2 from all that have some); or nothing, for the structure alone.
    label : str | None
        Label column of the composition; may be left out when there is one only.
    structure : float
        Share of the structure in the objective, the rest is the feature's, in (0, 1].
    horizon : int
        Paths of so many edges and more, and no path at all, are length 1; shorter ones in proportion.
    weights : "members" | "equal"
        Whether nodes weigh what they hold, or all the same.
    starts : int
        Random couplings to descend from, besides those that are always tried.
    seed : int
        Which; no other randomness enters.

    Returns
    -------
    float
        Unit-free, 0 to 1: root of the structure's share of the mean squared difference of path lengths plus the
        feature's share of the mean squared distance of coupled nodes. The best coupling that was found.

    Raises
    ------
    IncompatibleRecords
        When members are compared and a graph carries no ids or they share none; when a graph lacks the label.
    InvalidInput
        When a graph has no node, or more than 300.
    MissingLibrary
        When POT is not installed: ``pip install "tda-latent[transport]"``.

    Notes
    -----
    [vayer2020] for the distance; [zhou2023] compares Mapper graphs of activations by optimal transport, too.
    0 for graphs that differ in the numbering of their nodes alone. A local optimum, never below the true value. Points
    that only one cloud has are left out of members; two nodes without common points are at distance 1. Identity holds
    one way only, and the triangle inequality fails for the squared form.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("vayer2020", "zhou2023", "singh2007")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "POT")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    example: ClassVar[dict[str, Any]] = {"feature": "composition"}

    feature: Literal["members", "composition", "none"] = "members"
    label: str | None = None
    structure: Annotated[float, Field(gt=0, le=1)] = 0.5
    horizon: Annotated[int, Field(ge=1)] = 10
    weights: Literal["members", "equal"] = "members"
    starts: Annotated[int, Field(ge=0)] = 10
    seed: Annotated[int, Field(ge=0)] = 0

    def __call__(self, a: MapperGraph, b: MapperGraph) -> float:
        spaces = self._space(a), self._space(b)
        if self.feature == "none":
            return fused_gromov(*spaces, None, Search(1.0, self.starts, self.seed))
        costs = _jaccard_distances(a, b) if self.feature == "members" else _share_distances(a, b, self.label)
        return fused_gromov(*spaces, costs**2, Search(self.structure, self.starts, self.seed))

    def _space(self, graph: MapperGraph) -> Space:
        size = len(graph)
        if not 1 <= size <= MOST_NODES:
            raise InvalidInput(f"a Mapper graph has {size} nodes; the rule is 1 to {MOST_NODES}. Use a coarser cover.")
        edges = csr_matrix((np.ones(len(graph.edges)), tuple(graph.edges.T)), shape=(size, size))
        hops = np.asarray(shortest_path(edges, directed=False, unweighted=True))
        masses = graph.sizes.astype(np.float64) if self.weights == "members" else np.ones(size)
        return Space(np.minimum(hops, self.horizon) / self.horizon, masses / masses.sum())


def _jaccard_distances(a: MapperGraph, b: MapperGraph) -> Floats:
    """(nodes, nodes) one minus the Jaccard index of members that both clouds have; 1 for two empty sets."""
    rows, others = paired_rows(a.ids, b.ids, least=1)
    first, second = (_incidence(graph)[:, chosen] for graph, chosen in ((a, rows), (b, others)))
    common = np.asarray((first @ second.T).toarray())
    either = np.asarray(first.sum(axis=1)).reshape(-1, 1) + np.asarray(second.sum(axis=1)).reshape(1, -1) - common
    return np.asarray(1.0 - common / np.maximum(either, 1.0), dtype=np.float64)


def _incidence(graph: MapperGraph) -> csr_matrix:
    """(nodes, points) of ones where a node holds a point."""
    return csr_matrix((np.ones(len(graph.members)), graph.members, graph.offsets), shape=(len(graph), graph.size))


def _share_distances(a: MapperGraph, b: MapperGraph, label: str | None) -> Floats:
    """(nodes, nodes) total variation distance of the class shares of two nodes, classes matched by name."""
    name = label or _only_label(a)
    for graph in (a, b):
        if name not in graph.composition:
            raise IncompatibleRecords(
                f"a Mapper graph has no composition of the label {name!r}; there are: "
                f"{', '.join(sorted(graph.composition)) or 'none'}. Name one that both carry, or use feature: none."
            )
    classes = np.union1d(a.classes[name], b.classes[name])
    shares = [_shares(graph, name, classes) for graph in (a, b)]
    return np.asarray(np.abs(shares[0][:, None] - shares[1][None]).sum(axis=2) / 2, dtype=np.float64)


def _only_label(graph: MapperGraph) -> str:
    if len(graph.composition) != 1:
        raise IncompatibleRecords(
            f"a Mapper graph has the labels: {', '.join(sorted(graph.composition)) or 'none'}; name one by label:, or "
            "use another feature."
        )
    return next(iter(graph.composition))


def _shares(graph: MapperGraph, name: str, classes: NDArray[Any]) -> Floats:
    """(nodes, classes) shares of the members of each node; rows of zeros where no member has a class."""
    counts = np.zeros((len(graph), len(classes)))
    counts[:, np.searchsorted(classes, graph.classes[name])] = graph.composition[name]
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0), dtype=np.float64)
