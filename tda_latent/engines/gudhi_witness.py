"""Relaxed witness complexes of gudhi: the MIT part of the library, in float64.

Strong ones are put together here: gudhi 3.13 visits sets of landmarks again and again, two to the power of the
landmarks near a witness times, which for 60 landmarks does not end.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.numerics.witness import strong_witness_simplices

Floats = NDArray[np.float64]
Strength = Literal["weak", "strong"]

LARGEST = 2_000_000
"""Simplices that may enter: 200 MB."""
_WEAK_STEP, _STRONG_STEP = 1e-6, 1e-8  # seconds for each simplex and witness


def witness_bars(distances: Floats, cut: float, max_degree: int, field: int, strength: Strength) -> list[Floats]:
    """Bars of each degree 0..max_degree of a relaxed witness complex.

    Parameters
    ----------
    distances : (n, l) from every witness to every landmark
    cut : relaxations up to and including this enter; inf = all
    max_degree : highest degree; simplices have one dimension more
    field : prime
    strength : "weak": a simplex enters with relaxation a when each of its faces has a witness to which all its
        landmarks are at most a farther than any landmark that is not in it; "strong": ... than any landmark

    Returns
    -------
    list of (m, 2) float64
        Relaxations a, in the unit of the distances; inf = alive at the cut.

    Raises
    ------
    InvalidInput
        When more simplices could enter than `LARGEST`.

    Notes
    -----
    It takes about `witness_seconds`: callers refuse what would take too long. gudhi squares nothing: what its
    parameter calls squares is the unit of the table it is given, here plain distances.
    """
    _require_size(distances.shape[1], max_degree)
    made = _weak_tree if strength == "weak" else _strong_tree
    tree = made(distances, cut, max_degree + 1)
    tree.compute_persistence(
        homology_coeff_field=field, min_persistence=0, persistence_dim_max=tree.dimension() <= max_degree
    )
    bars = [tree.persistence_intervals_in_dimension(degree) for degree in range(max_degree + 1)]
    return [np.asarray(pairs, dtype=np.float64).reshape(-1, 2) for pairs in bars]


def _weak_tree(distances: Floats, cut: float, dimension: int) -> Any:
    order = np.argsort(distances, axis=1, kind="stable")
    sorted_distances = np.take_along_axis(distances, order, axis=1)
    table = [list(zip(*row, strict=True)) for row in zip(order.tolist(), sorted_distances.tolist(), strict=True)]
    complex_ = _gudhi().WitnessComplex(nearest_landmark_table=table)
    return complex_.create_simplex_tree(max_alpha_square=cut, limit_dimension=dimension)


def _strong_tree(distances: Floats, cut: float, dimension: int) -> Any:
    tree = _gudhi().SimplexTree()
    for simplices, values in strong_witness_simplices(distances, cut, dimension):
        tree.insert_batch(np.ascontiguousarray(simplices.T), values)
    return tree


def _gudhi() -> Any:
    try:
        import gudhi
    except ImportError as error:
        raise missing_library("gudhi", "weak and strong witness complexes") from error
    return gudhi


def witness_seconds(distances: Floats, cut: float, max_degree: int, strength: Strength) -> float:
    """How long `witness_bars` takes on the reference machine, at most.

    Notes
    -----
    Refuses what `witness_bars` does. From the simplices that are looked at, over all witnesses. A weak witness reaches
    landmarks up to the cut farther than the nearest that is no vertex. Beside its max_degree + 2 nearest landmarks,
    which make one simplex, that is one of these, so that none farther than the last of them by the cut is a vertex.
    Strong complexes look at every simplex from every witness. O(n l).
    """
    witnesses, size = distances.shape
    _require_size(size, max_degree)
    if strength == "strong":
        return _STRONG_STEP * witnesses * _simplices(size, max_degree + 1)
    place = min(max_degree + 1, size - 1)
    reach = np.partition(distances, place, axis=1)[:, place] + cut
    near = np.bincount((distances <= reach[:, None]).sum(axis=1))
    looked_at = sum(int(times) * _simplices(count, max_degree + 1) for count, times in enumerate(near))
    return _WEAK_STEP * looked_at


def _require_size(landmarks: int, max_degree: int) -> None:
    most = _simplices(landmarks, max_degree + 1)
    if most > LARGEST:
        raise InvalidInput(
            f"{landmarks} landmarks span {most:.3g} simplices up to dimension {max_degree + 1}; the rule is at most "
            f"{LARGEST:.3g}. Use fewer landmarks, or construction: lazy."
        )


def _simplices(landmarks: int, dimension: int) -> int:
    """Number of simplices up to this dimension."""
    return sum(math.comb(landmarks, vertices) for vertices in range(1, dimension + 2))
