"""Exact Vietoris-Rips persistence in degree 2 over Z/2, without tetrahedra and without a list of triangles.

An edge ab brings every clique that holds a, b and some vertices of its lune L. As that is L joined to a and to b, each
class of the reduced homology of L in degree k - 2 either opens a class of degree k or kills one of degree k - 1, and
nothing else happens. Here L stands for the cliques of its vertices by the edges that entered before ab.

1. **Births.** If L has c components, c - 1 triangles on ab count, one to a vertex of each component but the first.
   Each kills a loop or opens a *void*. Degree one says which kill (`sweep`); the others are all births of degree 2.
2. **Deaths.** If L has a loop that its triangles do not fill, that loop with a and b is a sphere, which is filled
   from now on and need not have been before: a void dies, or a class of degree 3 opens. Such lunes are rare. To find
   them a lune is built up vertex by vertex, each of which comes with a cone over its link: as long as links are
   connected there is no such loop (`hollows`).
3. **Which void dies.** A triangle whose last edge is f is moved, across tetrahedra, to the vertex chosen for its
   component of the lune of f, and what this leaves behind are earlier triangles. When all have flowed as far as they
   can, those that opened voids are the column (`filling`). It is reduced as in degree one (`reduction`).

Lunes are built up only while a void is alive: births are known, and when all have died every column reduces to zero.
There are one to three columns for each void.

Exactness: all choices of the flow but that of one vertex for each component are free, for two of them differ by
spheres that were filled before and whose columns are stored. That vertex stays the same throughout. Triangles that are
dropped, one paired with each edge and those that kill loops, have boundaries that are independent: a cycle of them
alone is zero, so a column says everything about its class. Superfluous columns reduce to zero. Lengths are compared
and never computed with, so bars are entries of the matrix; no triangle inequality is used.

Sources: the reduced and the distilled filtration, of which steps 1 and 3 are the analogue one degree up, are from
[koyama2023, koyama2024], who carry them out for degree 1. The double cone is the exact sequence of a pair; the flow is
discrete Morse theory [forman1998]. The search for hollow lunes, and testing them only while a void is alive, are ours.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.compilation import compiled
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.numerics.reduced_rips.edges import LARGEST
from tda_latent.numerics.reduced_rips.filling import TORN, UNKNOWN, Flow, add_suspension
from tda_latent.numerics.reduced_rips.growth import longer_table
from tda_latent.numerics.reduced_rips.hollows import loops_of_lune, no_complex
from tda_latent.numerics.reduced_rips.lunes import advance_prefix, join, lune_components, no_edges
from tda_latent.numerics.reduced_rips.order import Order, ordered_edges
from tda_latent.numerics.reduced_rips.reduction import (
    ADDITIONS,
    CYCLES,
    DEAD,
    EXPANSIONS,
    Columns,
    no_columns,
    reduce_column,
    store_column,
)
from tda_latent.numerics.reduced_rips.space import Space, eccentricities, longest_edge
from tda_latent.numerics.reduced_rips.sweep import State, prepared, sweep

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Vertices = NDArray[np.int32]


class DegreeTwo(NamedTuple):
    """Persistence in degrees 0, 1 and 2 over Z/2, in the unit of the input.

    component_deaths : (k,) finite deaths of degree 0, ascending; zeros for duplicates
    loops, voids : (m, 2) bars of degrees 1 and 2 with birth < death, by birth; inf = alive at the cut
    radius : the length from which on nothing changes: the enclosing radius, or the longest edge that enters
    counters : what was done; the same numbers wherever it runs
    """

    component_deaths: Floats
    loops: Floats
    voids: Floats
    radius: float
    counters: dict[str, int]


def degree_two(points: NDArray[Any], cut: float | None = None) -> DegreeTwo:
    """Vietoris-Rips persistence of a cloud in degrees 0, 1 and 2 over Z/2: exact.

    Parameters
    ----------
    points : (n, d) finite, 1 <= n <= 65,536
    cut : longest edge that enters; None = up to where nothing changes any more

    Returns
    -------
    DegreeTwo
        Values are the entries of `pairwise.pairwise_distances`, to the bit.

    Raises
    ------
    InvalidInput
        Above 65,536 points.

    Notes
    -----
    Time depends on the cloud: about n^2 for noisy manifolds, up to n^3.5 for Gaussians in many dimensions, whose voids
    are many. 12 n^2 bytes beyond the matrix.
    """
    _require_size(len(points))
    return degree_two_of_matrix(pairwise_distances(points), cut)


def degree_two_of_matrix(matrix: NDArray[Any], cut: float | None = None) -> DegreeTwo:
    """As `degree_two`, of a matrix of lengths (n, n): symmetric, zero diagonal, +inf = the edge never enters.

    The matrix is not checked, and copied only when it is not contiguous float64 or may not be written to. No triangle
    inequality is needed.
    """
    size, nothing = len(matrix), np.empty((0, 0))
    _require_size(size)
    if size == 1:
        return DegreeTwo(np.empty(0), np.empty((0, 2)), np.empty((0, 2)), 0.0, {})
    lengths = np.require(matrix, np.float64, ["C", "W"])
    space, longest = Space(lengths, nothing, nothing), np.empty(size)
    eccentricities(space, 0, size, longest)
    centre = int(longest.argmin())
    radius = float(longest[centre])
    if math.isinf(radius):
        radius = longest_edge(space)
    state = prepared(space, radius if cut is None else min(float(cut), radius), centre)
    sweep(state)
    return _voids(lengths, state, radius)


def _voids(lengths: Floats, state: State, radius: float) -> DegreeTwo:
    """Degree 2 after the sweep of degree one."""
    graph, order = state.graph, ordered_edges(state)
    torn = torn_lunes(order, order.places[state.ranks[graph.tails], state.ranks[graph.heads]])
    flow, opening = flow_to_voids(order, torn, state.ranks[state.columns.killers[state.columns.killers[:, 0] >= 0]])
    filling, columns, tested = fill_voids(flow, opening)
    counters = {
        "edges": len(order.tails),
        "torn lunes": len(flow.starts) - 1,
        "voids": len(opening),
        "lunes built": tested,
        "loops found": int(columns.counters[CYCLES]),
        "triangles moved": int(columns.counters[EXPANSIONS]),
        "columns added": int(columns.counters[ADDITIONS]),
    }
    return DegreeTwo(
        graph.lengths[graph.births < 0],
        _lasting(graph.lengths[graph.opened], state.columns.deaths),
        _lasting(_lengths_at(opening, lengths, state, order), _lengths_at(filling, lengths, state, order)),
        radius,
        counters,
    )


def _lengths_at(places: Integers, lengths: Floats, state: State, order: Order) -> Floats:
    """Lengths of the edges at these places; inf beyond the last."""
    enter = places < len(order.tails)
    found = np.full(len(places), np.inf)
    found[enter] = lengths[state.order[order.tails[places[enter]]], state.order[order.heads[places[enter]]]]
    return found


def _lasting(births: Floats, deaths: Floats) -> Floats:
    """(m, 2) bars that are longer than zero."""
    return np.stack([births, deaths], axis=1)[births < deaths]


def _require_size(size: int) -> None:
    if size > LARGEST:
        raise InvalidInput(
            f"there are {size:,} points; exact persistence in degree 2 takes at most {LARGEST:,}. Give vietoris-rips "
            "landmarks or a budget, which certify their error, or take a subsample."
        )


@compiled
def torn_lunes(order: Order, empty: Vertices) -> Vertices:
    """Components of the lunes that have several.

    Parameters
    ----------
    empty : places of the edges with an empty lune, ascending

    Returns
    -------
    (t, 2) int32
        Place of the edge and the lowest vertex of a component, in the order of both.
    """
    size, passed, count = len(order.places), 0, 0
    adjacency, found = no_edges(size), np.empty((size + 64, 2), np.int32)
    for e in range(len(order.tails)):
        a, b = order.tails[e], order.heads[e]
        if passed < len(empty) and empty[passed] == e:
            passed += 1
        else:
            components = lune_components(adjacency, a, b)
            if components > 1:
                while count + components > len(found):
                    found = longer_table(found)
                for c in range(components):
                    found[count, 0], found[count, 1] = e, adjacency.components[c]
                    count += 1
        join(adjacency, a, b)
        if a == 0:
            advance_prefix(adjacency)
    return found[:count]


def flow_to_voids(order: Order, torn: Vertices, killers: Vertices) -> tuple[Flow, Integers]:
    """The flow before the first triangle, and the place of the edge that opens each void, ascending.

    Parameters
    ----------
    torn : (t, 2) as `torn_lunes` returns them; the first component of each lune stands back
    killers : (k, 3) triangles that kill loops: the ends of their last edge, and a vertex of a component of its lune
    """
    size = len(order.places)
    edges, firsts = np.unique(torn[:, 0], return_index=True)
    chosen = np.full(len(order.tails), UNKNOWN, np.int32)
    chosen[edges] = TORN - np.arange(len(edges))
    kills = order.places[killers[:, 0], killers[:, 1]].astype(np.int64) * size + killers[:, 2]
    opens = ~np.isin(torn[:, 0].astype(np.int64) * size + torn[:, 1], kills)
    opens[firsts] = False
    voids = np.where(opens, np.cumsum(opens) - 1, -1).astype(np.int32)
    flow = Flow(order, chosen, np.append(firsts, len(torn)), torn[:, 1].copy(), voids, np.empty(size, np.int32))
    return flow, torn[opens, 0].astype(np.int64)


@compiled
def fill_voids(flow: Flow, opening: Integers) -> tuple[Integers, Columns, int]:
    """Let all edges enter that matter, and find the place of the edge that fills each void.

    Returns
    -------
    (k,) int64, Columns, int
        The number of edges where nothing fills the void; the columns; how many lunes were built up.
    """
    order = flow.order
    size, edges, born, tested = len(order.places), len(order.tails), 0, 0
    adjacency, columns, filling = no_edges(size), no_columns(len(opening)), np.full(len(opening), edges)
    lune, loops = no_complex(size, adjacency.bits.shape[1]), np.empty((16, 3), np.int32)
    heap, pool = np.empty(1 << 10, np.int64), np.empty(1 << 12, np.int32)
    for e in range(edges):
        alive = born - columns.counters[DEAD]
        if alive == 0 and born == len(opening):
            break
        if alive:
            tested += 1
            loops, count = loops_of_lune(adjacency.bits, order.tails[e], order.heads[e], lune, loops)
            for k in range(count):
                columns.counters[CYCLES] += 1
                heap = add_suspension(flow, columns, e, lune, loops[k], heap)
                void = reduce_column(columns, pool)
                if void >= 0:
                    pool = store_column(columns, pool, void)
                    columns.counters[DEAD] += 1
                    filling[void] = e
        while born < len(opening) and opening[born] == e:
            born += 1
        join(adjacency, order.tails[e], order.heads[e])
    return filling, columns, tested
