"""gudhi's alpha complexes, for up to three coordinates. This part of gudhi rests on CGAL and is under the GPL v3.

tda_latent itself is not a derived work of it, but who passes on a program that needs this module should know. Nothing
else of ours calls that part of the library.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, missing_library

Floats = NDArray[np.float64]
Precision = Literal["fast", "safe", "exact"]
LARGEST_DIMENSION = 3


def alpha_bars(points: Floats, max_degree: int, field: int, precision: Precision) -> list[Floats]:
    """Bars of each degree 0..max_degree of the alpha filtration, as diameters of empty spheres.

    Parameters
    ----------
    points : (n, d) finite, d at most 3
    max_degree : at most d; degree d and above has no bars
    field : prime
    precision : "safe": exact combinatorics, values to about 1e-15; "exact": slower, values correctly rounded;
        "fast": floating point throughout, which can go wrong on nearly degenerate points

    Returns
    -------
    list of (m, 2) float64
        Twice the radii, so that two points merge at their distance, as in a Vietoris-Rips filtration.

    Raises
    ------
    InvalidInput
        For more than 3 coordinates.
    """
    require_flat(points.shape[1])
    try:
        from gudhi import AlphaComplex
    except ImportError as error:
        raise missing_library("gudhi", "the alpha complex (the part of gudhi under the GPL, through CGAL)") from error
    complex_ = AlphaComplex(points=points, precision=precision)
    tree = complex_.create_simplex_tree(output_squared_values=False)
    tree.compute_persistence(homology_coeff_field=field, min_persistence=0, persistence_dim_max=True)
    bars = [tree.persistence_intervals_in_dimension(degree) for degree in range(max_degree + 1)]
    return [2 * np.asarray(pairs, dtype=np.float64).reshape(-1, 2) for pairs in bars]


def require_flat(dimension: int) -> None:
    """Refuse clouds whose Delaunay triangulation would be too large.

    Raises
    ------
    InvalidInput
        For more than 3 coordinates.
    """
    if dimension > LARGEST_DIMENSION:
        raise InvalidInput(
            f"the points have {dimension} coordinates; alpha complexes are offered for up to {LARGEST_DIMENSION}, "
            "because their size grows like n^(d/2). Use vietoris-rips, with landmarks or a budget for a large cloud, "
            "or project to 3 coordinates first."
        )


def rips_factor(dimension: int) -> float:
    """How far alpha and Vietoris-Rips values can differ, as a factor: sqrt(2 d / (d + 1)).

    By Jung's theorem points with diameter t lie in a ball of diameter at most this times t [jung1901; desilva2007], so
    the diagrams' bottleneck distance over the logarithms of the values is at most the logarithm of this.
    """
    return math.sqrt(2 * dimension / (dimension + 1))
