"""Mapper graphs by fused Gromov-Wasserstein: numbering, members by ids, structure, class shares and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.mapper import Mapper
from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.records import Latents, MapperGraph
from tda_latent.registry import registry


def built(**parameters):
    return registry().find("distance", "mapper-fgw").build(parameters)


def graph(nodes, edges, size, **columns) -> MapperGraph:
    members = [sorted(node) for node in nodes]
    links = np.array(sorted(sorted(edge) for edge in edges), dtype=np.int64).reshape(-1, 2)
    return MapperGraph(
        members=np.concatenate(members), offsets=np.cumsum([0, *map(len, members)]), edges=links,
        overlaps=np.ones(len(links), dtype=np.int64), size=size, lens=np.zeros((size, 1)), **columns,
    )  # fmt: skip


def path(length, closed=False, **columns) -> MapperGraph:
    """Nodes of two points in a row, neighbours share one; closed, the last shares one with the first."""
    nodes = [{k, (k + 1) % (length if closed else length + 1)} for k in range(length)]
    edges = [(k, k + 1) for k in range(length - 1)] + ([(0, length - 1)] if closed else [])
    size = length + (not closed)
    return graph(nodes, edges, size, ids=np.arange(size), **columns)


def renumbered(found: MapperGraph, seed=0) -> MapperGraph:
    """The same graph with its nodes in another order."""
    order = np.random.default_rng(seed).permutation(len(found))
    place = np.argsort(order)
    nodes = [found.node(int(node)).tolist() for node in order]
    composition = {name: table[order] for name, table in found.composition.items()}
    return graph(
        nodes, [(int(place[a]), int(place[b])) for a, b in found.edges], found.size, ids=found.ids,
        composition=composition, classes=dict(found.classes),
    )  # fmt: skip


def circle(seed=0, size=80) -> Latents:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, 2 * np.pi, size)
    points = np.column_stack([np.cos(angles), np.sin(angles)]) + rng.normal(0, 0.05, (size, 2))
    return Latents(points, ids=np.arange(size), labels={"half": np.where(angles < np.pi, "low", "high")})


@pytest.mark.parametrize("feature", ["members", "composition", "none"])
def test_graphs_that_differ_in_numbering_alone_are_at_zero(feature) -> None:
    found = Mapper()(circle())
    assert len(found) > 6
    assert built(feature=feature)(found, renumbered(found)) == pytest.approx(0.0, abs=1e-7)
    assert built(feature=feature)(found, found) == 0.0


def test_the_order_of_the_points_does_not_matter_because_members_have_ids() -> None:
    latents = circle()
    rows = np.random.default_rng(1).permutation(len(latents))
    found, again = Mapper()(latents), Mapper()(latents.take(rows))
    assert again.ids.tolist() == latents.ids[rows].tolist()
    assert built()(found, again) == pytest.approx(0.0, abs=1e-7)
    assert built()(found, again.replace(ids=latents.ids)) > 0.1  # wrongly paired


def test_a_cycle_is_told_from_a_path_by_structure_alone() -> None:
    line, longer, ring = path(10), path(11), path(10, closed=True)
    structure = built(feature="none", horizon=10)
    assert structure(line, ring) > 2 * structure(line, longer) > 0
    assert structure(line, ring) == structure(ring, line)


def test_two_single_nodes_differ_by_the_jaccard_distance_of_their_members() -> None:
    """{0, 1, 2} and {2, 3}: one of four points in common; half of the squared distance 3/4 counts."""
    first, second = (graph([nodes], [], 4, ids=np.arange(4)) for nodes in ({0, 1, 2}, {2, 3}))
    assert built(structure=0.5)(first, second) == pytest.approx(np.sqrt(0.5 * 0.75**2))
    assert built(structure=1.0)(first, second) == 0.0


def test_points_of_one_cloud_alone_are_left_out_of_members() -> None:
    first = graph([{0, 1}], [], 3, ids=np.array(["a", "b", "c"]))
    second = graph([{0, 1, 2}], [], 3, ids=np.array(["b", "c", "z"]))
    # among b and c: {b} and {b, c}
    assert built(structure=0.5)(first, second) == pytest.approx(np.sqrt(0.5 * 0.5**2))


def test_two_single_nodes_differ_by_the_total_variation_of_their_classes() -> None:
    first = graph([{0, 1, 2, 3}], [], 4, composition={"k": np.array([[3, 1]])}, classes={"k": np.array(["a", "b"])})
    second = graph([{0, 1}], [], 4, composition={"k": np.array([[1, 1]])}, classes={"k": np.array(["b", "c"])})
    # shares 3/4 a, 1/4 b against 1/2 b, 1/2 c
    assert built(feature="composition", structure=0.2)(first, second) == pytest.approx(np.sqrt(0.8) * 0.75)
    assert built(feature="composition", label="k")(first, second) == built(feature="composition")(first, second)


def test_parts_without_a_path_are_at_the_horizon() -> None:
    """Two nodes, apart or joined at 1 of 4: half of the pairs differ by 3/4."""
    apart, joined = (graph([{0}, {1}], edges, 2) for edges in ([], [(0, 1)]))
    assert built(feature="none", horizon=4)(apart, joined) == pytest.approx(np.sqrt(0.5 * 0.75**2))


def test_weights_may_be_those_of_the_members() -> None:
    """One heavy node among light ones is closer to a single node than equal nodes are."""
    single = graph([{0}], [], 12)
    star = graph([set(range(10)), {10}, {11}], [(0, 1), (0, 2)], 12)
    heavy, equal = (built(feature="none", weights=weights)(single, star) for weights in ("members", "equal"))
    assert heavy < equal


def test_what_cannot_be_compared_is_refused() -> None:
    bare = graph([{0}], [], 2)
    with pytest.raises(IncompatibleRecords, match="carries no ids"):
        built()(bare, path(3))
    with pytest.raises(IncompatibleRecords, match="share 0 ids"):
        built()(path(3), path(3).replace(ids=np.arange(50, 54)))
    with pytest.raises(IncompatibleRecords, match="no composition of the label 'k'"):
        built(feature="composition", label="k")(bare, bare)
    with pytest.raises(IncompatibleRecords, match="name one by label"):
        built(feature="composition")(bare, bare)
    with pytest.raises(InvalidInput, match="301 nodes"):
        built(feature="none")(path(301), bare)
    with pytest.raises(InvalidInput, match="0 nodes"):
        built(feature="none")(MapperGraph([], [0], [], [], 2, np.zeros((2, 1))), bare)
