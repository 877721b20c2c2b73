"""gudhi's Vietoris-Rips persistence: the MIT part of the library, in float64."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, missing_library

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_SIMPLEX_TREE = 80_000_000
"""Simplices that are kept in memory at most: 8 GB, and about five minutes."""


def gudhi_bars(distances: Floats, cut: float, max_degree: int, field: int) -> list[Floats]:
    """Bars of each degree 0..max_degree of the flag complex of edges up to ``cut``.

    Parameters
    ----------
    distances : (n, n), n >= 2
        As `gates.filtration_matrix` returns it.
    cut : finite; edges up to and including this length enter
    field : prime, at most `gates.LARGEST_FIELD`

    Returns
    -------
    list of (m, 2) float64
        Entries of ``distances``, untouched by arithmetic; inf = alive at the cut.

    Notes
    -----
    `gudhi.sklearn.RipsPersistence` (MIT) runs a fork of Ripser [bauer2021]; every default is spelled out, above all
    the field, which gudhi takes as 11 unless told. One edge collapse [boissonnat2020] pays from degree 2 on and
    harms degree 1. The call lets other threads run.
    """
    try:
        from gudhi.sklearn import RipsPersistence
    except ImportError as error:
        raise missing_library("gudhi", "Vietoris-Rips persistence") from error
    engine = RipsPersistence(
        homology_dimensions=list(range(max_degree + 1)),
        threshold=cut,
        input_type="full distance matrix",
        num_collapses=1 if max_degree > 1 else 0,
        homology_coeff_field=field,
        n_jobs=1,
    )
    (bars,) = engine.fit_transform([distances])
    return [np.asarray(pairs, dtype=np.float64).reshape(-1, 2) for pairs in bars]


def gudhi_simplex_pairs(
    distances: Floats, cut: float, max_degree: int, field: int
) -> list[tuple[Integers, Integers | None]]:
    """The simplices that open and close each bar of degrees 0..max_degree, from the whole complex in memory.

    Parameters
    ----------
    distances, cut, max_degree, field : as for `gudhi_bars`

    Returns
    -------
    list of (birth (d + 1,), killing (d + 2,) or None)
        Ascending vertices; None where nothing closes the bar up to ``cut``. Bars of length zero are left out.

    Raises
    ------
    InvalidInput
        When the complex could have more than `LARGEST_SIMPLEX_TREE` simplices.

    Notes
    -----
    `gudhi.SimplexTree` [boissonnat2014]: about 100 bytes and 4 microseconds for each simplex, and there are n^(d + 2)
    of them; ripser gives the same for a fraction of both.
    """
    try:
        from gudhi import SimplexTree
    except ImportError as error:
        raise missing_library("gudhi", "Vietoris-Rips persistence") from error
    _require_simplex_tree(int(np.count_nonzero(distances <= cut) - len(distances)) // 2, max_degree)
    tree = SimplexTree.create_from_array(distances, max_filtration=cut)
    tree.expansion(max_degree + 1)
    tree.compute_persistence(
        homology_coeff_field=field, min_persistence=0, persistence_dim_max=tree.dimension() <= max_degree
    )
    return [
        (np.sort(np.array(birth, dtype=np.int64)), np.sort(np.array(killing, dtype=np.int64)) if killing else None)
        for birth, killing in tree.persistence_pairs()
        if len(birth) <= max_degree + 1
    ]


def _require_simplex_tree(edges: int, max_degree: int) -> None:
    """Refuse complexes that may have too many simplices; so many edges have the most when they are one clique."""
    size = math.ceil((1 + math.sqrt(1 + 8 * edges)) / 2)
    most = sum(math.comb(size, count) for count in range(1, max_degree + 3))
    if most > LARGEST_SIMPLEX_TREE:
        raise InvalidInput(
            f"a complex of {edges} edges may have {most:.3g} simplices up to dimension {max_degree + 1}, and gudhi "
            f"keeps up to {LARGEST_SIMPLEX_TREE:.3g} of them; use engine: ripser, a threshold or a subsample."
        )
