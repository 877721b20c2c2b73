"""gudhi's Vietoris-Rips persistence: the MIT part of the library, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import missing_library

Floats = NDArray[np.float64]


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
