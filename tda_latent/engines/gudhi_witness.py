"""gudhi's relaxed witness complexes: the MIT part of the library, in float64."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, missing_library

Floats = NDArray[np.float64]
Strength = Literal["weak", "strong"]

LARGEST = 2_000_000
"""Simplices that may enter: 200 MB."""
LONGEST = 200_000_000
"""Simplices that may be looked at, over all witnesses: minutes."""


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
        When more simplices could enter than `LARGEST`, or be looked at than `LONGEST`.

    Notes
    -----
    gudhi squares nothing: what its parameter calls squares is the unit of the table it is given, here plain distances.
    """
    size = distances.shape[1]
    most = sum(math.comb(size, count) for count in range(1, max_degree + 3))
    if most > LARGEST:
        raise InvalidInput(
            f"{size} landmarks span {most:.3g} simplices up to dimension {max_degree + 1}; the rule is at most "
            f"{LARGEST:.3g}. Use fewer landmarks, or construction: lazy."
        )
    try:
        from gudhi import StrongWitnessComplex, WitnessComplex
    except ImportError as error:
        raise missing_library("gudhi", "weak and strong witness complexes") from error
    order = np.argsort(distances, axis=1, kind="stable")
    sorted_distances = np.take_along_axis(distances, order, axis=1)
    _require_patience(sorted_distances, cut, max_degree)
    table = [list(zip(*row, strict=True)) for row in zip(order.tolist(), sorted_distances.tolist(), strict=True)]
    complex_ = (WitnessComplex if strength == "weak" else StrongWitnessComplex)(nearest_landmark_table=table)
    tree = complex_.create_simplex_tree(max_alpha_square=cut, limit_dimension=max_degree + 1)
    tree.compute_persistence(
        homology_coeff_field=field, min_persistence=0, persistence_dim_max=tree.dimension() <= max_degree
    )
    bars = [tree.persistence_intervals_in_dimension(degree) for degree in range(max_degree + 1)]
    return [np.asarray(pairs, dtype=np.float64).reshape(-1, 2) for pairs in bars]


def _require_patience(sorted_distances: Floats, cut: float, max_degree: int) -> None:
    """Refuse what gudhi would be at for many minutes: it looks at every simplex from every witness that reaches it.

    A witness reaches landmarks up to the relaxation farther than the nearest landmark that is no vertex.
    """
    witnesses, size = sorted_distances.shape
    reach = sorted_distances[:, min(max_degree + 2, size - 1)] + cut
    near = (sorted_distances <= reach[:, None]).sum(axis=1)
    sizes, counts = np.unique(near, return_counts=True)
    work = sum(
        times * sum(math.comb(count, vertices) for vertices in range(1, max_degree + 3))
        for count, times in zip(sizes.tolist(), counts.tolist(), strict=True)
    )
    if work > LONGEST:
        raise InvalidInput(
            f"{witnesses} witnesses of {size} landmarks look at {work:.3g} simplices; the rule is at most "
            f"{LONGEST:.3g}, which takes minutes. Use construction: lazy, a threshold, fewer landmarks, or a sample of "
            "the points."
        )
