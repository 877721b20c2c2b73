"""Bars of a Vietoris-Rips filtration together with what opens, closes and shows them.

ripser gives cocycles, from which the birth and the killing simplex of each bar are read off; gudhi gives the two
simplices from the whole complex, which is slow and large but works over every field. Neither gives cycles: those of
degree 1 over Z/2 come from our own kernel. Degree 0 is read off a minimum spanning tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.cost_model import EngineName
from tda_latent.engines.gates import LARGEST_RIPSER_FIELD
from tda_latent.engines.gudhi_rips import gudhi_simplex_pairs
from tda_latent.engines.ripser_rips import ripser_cocycles
from tda_latent.errors import InvalidParameter
from tda_latent.numerics.chains import closed_walks, shortened, walk_edges, youngest_edge
from tda_latent.numerics.cochains import Cochain, before, birth_of, diameters, killing_of
from tda_latent.numerics.pairwise import minimum_spanning_edges
from tda_latent.records import Representatives
from tda_latent.records.representatives import Kind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Shown(NamedTuple):
    """Bars with what shows them, one entry for each bar.

    pairs : births and deaths; births, killers : vertices of simplices, None = none
    chains : simplices (k, d + 1) and coefficients (k,)
    """

    pairs: list[tuple[float, float]]
    births: list[Any]
    killers: list[Any]
    chains: list[tuple[Any, Any]]


def representatives_engine(kind: Kind, max_degree: int, field: int, requested: str = "auto") -> EngineName:
    """The engine that gives this kind of representatives in degrees 0..max_degree over Z/field.

    Raises
    ------
    InvalidParameter
        When none does, or not the requested one.
    """
    if kind == "cycle" and (max_degree > 1 or (max_degree == 1 and field != 2)):
        raise InvalidParameter(
            f"cycles were asked for with max_degree {max_degree} and field {field}; they exist up to degree 1 over "
            "Z/2. Use representatives: cocycles or simplices."
        )
    if kind == "cocycle" and max_degree and field > LARGEST_RIPSER_FIELD:
        raise InvalidParameter(
            f"field is {field}, and cocycles come from ripser, which computes in fields up to {LARGEST_RIPSER_FIELD}; "
            "use representatives: simplices."
        )
    best: dict[Kind, tuple[EngineName, ...]] = {
        "cycle": ("reduced",),
        "cocycle": ("ripser",),
        "simplices": ("ripser", "gudhi") if field <= LARGEST_RIPSER_FIELD else ("gudhi",),
    }
    able = best[kind] if max_degree else ("spanning tree", "reduced", "gudhi", "ripser")
    chosen = next((engine for engine in able if requested in ("auto", engine)), None)
    if chosen is None:
        raise InvalidParameter(
            f"engine is {requested}, and field is {field}; a {kind} of each bar comes from {' or '.join(able)}. "
            "Use engine: auto."
        )
    return chosen


def rips_representatives(
    distances: Floats, cut: float, max_degree: int, field: int, kind: Kind, engine: EngineName
) -> tuple[Floats, Integers, Representatives]:
    """All bars of degrees 0..max_degree of positive length, and their representatives.

    Parameters
    ----------
    distances : (n, n), n >= 1, as `gates.filtration_matrix` returns it
    cut : finite; edges up to and including this length enter, and bars alive there have death inf
    max_degree : highest degree of homology
    field : prime within the limits of the engine
    kind : "cycle", "cocycle" or "simplices"
    engine : as `representatives_engine` chose it

    Returns
    -------
    pairs : (m, 2) float64
        Equal to those of `tda_latent.engines.rips.rips_bars`, bars of length zero left out.
    degrees : (m,) int64
    representatives : Representatives
        In the same order.

    Notes
    -----
    Cycles are made of closed walks, shortened locally. With ripser, finding the simplices costs O(points x simplices
    of the cocycle that touch the killing edge) for each bar. Degree 0 costs O(n^2) for the tree and O(n log n) for
    its cocycles.
    """
    parts = [component_generators(distances, cut, kind, field)]
    if max_degree > 0 and len(distances) > 1:
        if engine == "reduced":
            from tda_latent.numerics.reduced_rips import loops_of_matrix

            parts.append(loop_generators(distances, loops_of_matrix(distances, cut)))
        else:
            made = _by_gudhi if engine == "gudhi" else _by_ripser
            parts.append(made(distances, cut, max_degree, field))
    joined = Shown(*([entry for part in parts for entry in part[place]] for place in range(4)))
    chains = joined.chains if kind != "simplices" else []
    found = Representatives.of(kind, joined.births, joined.killers, chains)
    return np.array(joined.pairs).reshape(-1, 2), found.degrees, found


def component_generators(distances: Floats, cut: float, kind: Kind, field: int = 2) -> Shown:
    """Bars of degree 0, each shown by two points, or by the points of one component.

    Parameters
    ----------
    distances, cut, field : as for `rips_representatives`
    kind : "cycle": the difference of two points that the killing edge joins; "cocycle": one on the points of a
        component just before it is joined to another one

    Notes
    -----
    Where two components meet, the bar of the smaller one ends (of equal ones, that of the larger first point), so
    that all cocycles together have O(n log n) points.
    """
    root = list(range(len(distances)))
    members: dict[int, list[int]] = {point: [point] for point in root}
    shown = Shown([], [], [], [])
    for tail, head, length in zip(*(part.tolist() for part in minimum_spanning_edges(distances)), strict=True):
        if length > cut or np.isinf(length):
            break
        elder, younger = sorted((root[tail], root[head]), key=lambda first: (-len(members[first]), first))
        component = members.pop(younger)
        if length > 0:
            pair = ([[younger], [elder]], [1, field - 1])
            alone = (np.sort(component)[:, None], np.ones(len(component), dtype=np.int64))
            _append(shown, (0.0, length), [younger], sorted((tail, head)), pair if kind == "cycle" else alone)
        for point in component:
            root[point] = elder
        members[elder] += component
    for first, component in sorted(members.items()):
        rows = [[first]] if kind == "cycle" else np.sort(component)[:, None]
        _append(shown, (0.0, np.inf), [first], None, (rows, np.ones(len(rows), dtype=np.int64)))
    return shown


def loop_generators(distances: Floats, loops: Iterable[tuple[NDArray[Any], NDArray[Any] | None]]) -> Shown:
    """Bars of degree 1 over Z/2, each shown by closed walks that are shortened locally.

    Parameters
    ----------
    distances : (n, n)
    loops : for each bar the edges (k, 2) of a cycle whose youngest edge opens the bar, and the triangle (3,) that
        closes it, None = nothing does; bars of length zero are left out
    """
    shown = Shown([], [], [], [])
    for edges, killing in loops:
        birth = youngest_edge(edges, distances)
        died = np.inf if killing is None else float(diameters(killing[None], distances)[0])
        if distances[birth] < died:
            rows = walk_edges(shortened(closed_walks(edges), distances, birth))
            ones = np.ones(len(rows), dtype=np.int64)
            _append(shown, (float(distances[birth]), died), birth, killing, (rows, ones))
    return shown


def _by_ripser(distances: Floats, cut: float, max_degree: int, field: int) -> Shown:
    bars, cocycles = ripser_cocycles(distances, cut, max_degree, field)
    shown = Shown([], [], [], [])
    for pairs, cochains in zip(bars[1:], cocycles[1:], strict=True):
        for (birth, death), cochain in zip(pairs.tolist(), cochains, strict=True):
            _show(shown, (birth, death), cochain, distances, field)
    return shown


def _show(shown: Shown, pair: tuple[float, float], cochain: Cochain, distances: Floats, field: int) -> None:
    death = pair[1]
    killing = killing_of(cochain, distances, death, field) if np.isfinite(death) else None
    _append(shown, pair, birth_of(cochain, distances), killing, tuple(before(cochain, distances, death)))


def _by_gudhi(distances: Floats, cut: float, max_degree: int, field: int) -> Shown:
    shown = Shown([], [], [], [])
    for birth, killing in gudhi_simplex_pairs(distances, cut, max_degree, field):
        if len(birth) > 1:
            born = float(diameters(birth[None], distances)[0])
            died = np.inf if killing is None else float(diameters(killing[None], distances)[0])
            _append(shown, (born, died), birth, killing, ((), ()))
    return shown


def _append(shown: Shown, pair: tuple[float, float], birth: Any, killing: Any, chain: Any) -> None:
    for column, entry in zip(shown, (pair, birth, killing, chain), strict=True):
        column.append(entry)
