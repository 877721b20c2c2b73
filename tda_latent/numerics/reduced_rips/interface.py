"""The border between arrays of Python and the compiled sweep: spaces are made, answers are read off."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.euclidean import transposed
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.powers import largest_square
from tda_latent.numerics.reduced_rips.batch import merged, swept
from tda_latent.numerics.reduced_rips.edges import LARGEST
from tda_latent.numerics.reduced_rips.lunes import SEARCHED, TESTED, Adjacency
from tda_latent.numerics.reduced_rips.reduction import ADDITIONS, CYCLES, EXPANSIONS
from tda_latent.numerics.reduced_rips.space import Space, eccentricities, fill_matrix, longest_edge
from tda_latent.numerics.reduced_rips.sweep import State
from tda_latent.numerics.reduced_rips.threads import Threads

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Vertices = NDArray[np.int32]

STORED = 20_000
"""Points up to which the matrix of squared lengths is kept: 8 n^2 bytes, 3 GiB at most. Beyond, they are recomputed."""

_NOTHING = np.empty((0, 0))


class Basis(NamedTuple):
    """What a cycle of each bar is made of; see `cycles.cycle_edges`.

    edges : (e, 2) the relative-neighbourhood graph in order; births : (e,) number of the loop opened; -1 = merges
    loops : (m,) number of the loop of each bar
    starts, stops, pool : the loops that add up to a class which dies with loop k: pool[starts[k] : stops[k]]
    """

    edges: Vertices
    births: Vertices
    loops: Integers
    starts: Integers
    stops: Integers
    pool: Vertices


class DegreeOne(NamedTuple):
    """Persistence in degrees 0 and 1 over Z/2, in the unit of the input.

    component_deaths : (k,) finite deaths of degree 0, ascending; zeros for duplicates
    births, deaths : (m,) bars of degree 1 with birth < death, by birth; inf = alive at the cut
    birth_edges : (m, 2) the edge that opens each bar; killers : (m, 3) the triangle that closes it, whose first two
        vertices are its longest edge; -1 = none
    radius : the length from which on nothing changes: the enclosing radius, or the longest edge that enters
    counters : what was done; by one thread, the same numbers wherever it runs
    basis : what cycles are made of
    """

    component_deaths: Floats
    births: Floats
    deaths: Floats
    birth_edges: Integers
    killers: Integers
    radius: float
    counters: dict[str, int]
    basis: Basis


def degree_one(
    points: NDArray[Any], cut: float | None = None, threads: int = 1, is_stored: bool | None = None
) -> DegreeOne:
    """Vietoris-Rips persistence of a cloud in degrees 0 and 1 over Z/2: exact.

    Parameters
    ----------
    points : (n, d) finite, 1 <= n <= 65,536
    cut : longest edge that enters; None = up to where nothing changes any more
    threads : at most so many; the answer is the same, to the bit
    is_stored : whether to keep the (n, n) matrix of squared lengths; None = up to `STORED` points

    Returns
    -------
    DegreeOne
        Values are the entries of `pairwise.pairwise_distances`, to the bit.

    Raises
    ------
    InvalidInput
        Above 65,536 points.

    Notes
    -----
    About n^2.3 time. 9 n^2 bytes with a stored matrix, otherwise up to 3 n^2.
    """
    size = len(points)
    _require_size(size)
    near, exponent = near_one(points)
    cloud = transposed(near)
    if size <= STORED if is_stored is None else is_stored:
        space = Space(np.empty((size, size)), _NOTHING, cloud)
    else:
        space = Space(_NOTHING, np.ascontiguousarray(near), cloud)
    with np.errstate(over="ignore"):  # a threshold far beyond all lengths
        squared = None if cut is None else largest_square(float(np.ldexp(cut, -exponent)))
    with Threads(threads) as team:
        if len(space.matrix):
            team.share(team.lower(size), lambda rows: fill_matrix(space, *rows))
        found = _found(space, squared, team)

    def length(squares: Any) -> Any:
        return np.ldexp(np.sqrt(squares), exponent)

    return _answer(*found, length)


def degree_one_of_matrix(matrix: NDArray[Any], cut: float | None = None, threads: int = 1) -> DegreeOne:
    """As `degree_one`, of a matrix of lengths (n, n): symmetric, zero diagonal, +inf = the edge never enters.

    The matrix is not checked, and not copied if it is contiguous float64. No triangle inequality is needed.
    """
    _require_size(len(matrix))
    space = Space(_writable(np.ascontiguousarray(matrix, dtype=np.float64)), _NOTHING, _NOTHING)
    with Threads(threads) as team:
        return _answer(*_found(space, cut, team), np.asarray)


def degree_one_batch(points: NDArray[Any], rows: NDArray[Any], threads: int = 1) -> list[DegreeOneBars]:
    """`degree_one` of many subsamples in one compiled call.

    Parameters
    ----------
    points : (n, d) finite
    rows : (b, m) the points of each subsample, 1 <= m <= 65,536
    threads : the subsamples are shared out among so many; the answer is the same
    """
    _require_size(np.shape(rows)[1])
    chosen = np.ascontiguousarray(rows, dtype=np.int64)
    if chosen.size and (chosen.min() < 0 or chosen.max() >= len(points)):
        raise InvalidInput(
            f"rows run from {chosen.min()} to {chosen.max()}; the cloud has rows 0 to {len(points) - 1}."
        )
    near, exponent = near_one(points)
    near = np.ascontiguousarray(near)
    if chosen.shape[1] == 1:
        return [DegreeOneBars(np.empty(0), np.empty(0), np.empty(0)) for _ in chosen]
    with Threads(threads) as team:
        parts = team.share(team.even(len(chosen)), lambda part: swept(near, chosen, part))
    merges, bars, counts = merged(parts)
    lengths = np.ldexp(np.sqrt(bars), exponent)
    deaths = np.ldexp(np.sqrt(merges), exponent)
    stops = np.cumsum(counts)
    answers = []
    for row, (start, stop) in enumerate(zip(stops - counts, stops, strict=True)):
        ours = lengths[start:stop]
        ours = ours[ours[:, 0] < ours[:, 1]]
        answers.append(DegreeOneBars(deaths[row], ours[:, 0], ours[:, 1]))
    return answers


class DegreeOneBars(NamedTuple):
    """The bars alone: see `DegreeOne`."""

    component_deaths: Floats
    births: Floats
    deaths: Floats


def _require_size(size: int) -> None:
    if size > LARGEST:
        raise InvalidInput(
            f"there are {size:,} points; exact persistence in degree 1 takes at most {LARGEST:,}. Give vietoris-rips "
            "landmarks or a budget, which certify their error, or take a subsample."
        )


def _found(space: Space, cut: float | None, team: Threads) -> tuple[float, State | None, Adjacency | None, Vertices]:
    """Radius of the space, and what the sweep up to the cut leaves."""
    size = max(len(space.matrix), len(space.points))
    if size == 1:
        return 0.0, None, None, np.empty(0, np.int32)
    longest = np.empty(size)
    team.share(team.even(size), lambda rows: eccentricities(space, *rows, longest))
    centre = int(longest.argmin())
    radius = float(longest[centre])
    if math.isinf(radius):
        radius = longest_edge(space)
    reach = radius if cut is None else min(float(cut), radius)
    return radius, *team.sweep(space, reach, centre)


def _answer(radius: float, state: State | None, adjacency: Adjacency | None, pool: Vertices, length: Any) -> DegreeOne:
    if state is None or adjacency is None:
        none, edges = np.empty(0), np.empty((0, 2), np.int32)
        basis = Basis(edges, pool, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), pool)
        return DegreeOne(none, none, none, edges.astype(np.int64), np.empty((0, 3), np.int64), 0.0, {}, basis)
    graph, columns = state.graph, state.columns
    births, deaths = length(graph.lengths[graph.opened]), length(columns.deaths)
    loops = np.flatnonzero(births < deaths)
    edges = np.stack([graph.tails, graph.heads], axis=1)
    basis = Basis(edges, graph.births, loops, columns.starts, columns.stops, pool)
    counters = {
        "graph edges": len(edges),
        "loops": len(births),
        "lunes tested": int(adjacency.cursor[TESTED]),
        "lunes searched": int(adjacency.cursor[SEARCHED]),
        "cycles expanded": int(columns.counters[CYCLES]),
        "edges expanded": int(columns.counters[EXPANSIONS]),
        "columns added": int(columns.counters[ADDITIONS]),
    }
    return DegreeOne(
        length(graph.lengths[graph.births < 0]),
        births[loops],
        deaths[loops],
        edges[graph.opened[loops]].astype(np.int64),
        columns.killers[loops].astype(np.int64),
        float(length(radius)),
        counters,
        basis,
    )


class _Writable:
    """The memory of an array, said to be writable: compiled code has other types for read-only arrays."""

    def __init__(self, array: Floats) -> None:
        self._array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.__array_interface__["data"][0], False)}


def _writable(array: Floats) -> Floats:
    """The array itself, or a view of a read-only one that compiled code takes without another compilation."""
    return array if array.flags.writeable else np.asarray(_Writable(array))
