"""`MapperGraph` to networkx and back."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

from tda_latent.analyzers.mapper import Mapper
from tda_latent.engines.networkx_graph import from_networkx, to_networkx
from tda_latent.errors import InvalidInput
from tda_latent.records import Latents

LATENTS = Latents(
    points=np.random.default_rng(0).normal(size=(80, 3)), labels={"kind": np.arange(80) % 3, "long": np.arange(80)}
)


@pytest.mark.parametrize("latents", [LATENTS, LATENTS.take(np.arange(2))], ids=["graph", "no-nodes"])
def test_nothing_is_lost_on_the_way_to_networkx_and_back(latents):
    graph = Mapper()(latents)
    assert from_networkx(to_networkx(graph)) == graph


def test_nodes_carry_members_size_lens_and_place_and_edges_their_overlap():
    graph = Mapper()(LATENTS)
    exported = to_networkx(graph)
    assert exported.nodes[0]["members"] == graph.node(0).tolist()
    assert exported.nodes[0]["size"] == len(graph.node(0))
    assert exported.nodes[0]["lens"] == pytest.approx(graph.lens[graph.node(0)].mean(axis=0))
    assert exported.nodes[0]["pos"] == tuple(graph.layout[0])
    first, second = graph.edges[0].tolist()
    assert exported.edges[first, second]["overlap"] == graph.overlaps[0]


def test_a_foreign_graph_with_members_becomes_a_record():
    foreign = networkx.Graph()
    foreign.add_node("b", members=[4, 2])
    foreign.add_node("a", members={2, 3})
    foreign.add_edge("a", "b")
    graph = from_networkx(foreign, size=6)
    assert graph.node(0).tolist() == [2, 4]
    assert graph.edges.tolist() == [[0, 1]]
    assert graph.overlaps.tolist() == [1]
    assert graph.uncovered.tolist() == [0, 1, 5]


def test_a_foreign_graph_that_cannot_be_a_mapper_graph_is_refused():
    foreign = networkx.Graph()
    foreign.add_node("a")
    with pytest.raises(InvalidInput, match="pass size="):
        from_networkx(foreign)
    with pytest.raises(InvalidInput, match="node 'a' has no members"):
        from_networkx(foreign, size=3)
    foreign.add_node("a", members=[0])
    foreign.add_node("b", members=[1])
    foreign.add_edge("a", "b")
    with pytest.raises(InvalidInput, match="at least one shared point"):
        from_networkx(foreign, size=3)
