"""Filtration matrices whose persistence compares two clouds: R-Cross-Barcode (RTD) and Cross-Barcode (MTop-Div).

Both glue a space to another so that everything the two have in common is filled at once: what is left in degree one
are the classes that one of them has and the other lacks, from the scale where they appear to the scale where the other
catches up. Each is one matrix of edge lengths for a Vietoris-Rips engine, +inf where an edge never enters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import near_one

Floats = NDArray[np.float64]


def quantile_scaled(distances: NDArray[Any], quantile: float) -> Floats:
    """Distances divided by a quantile of all their n^2 entries, the zeros of the diagonal among them [barannikov2022].

    Raises
    ------
    InvalidInput
        When that quantile is zero, because too many points coincide.
    """
    matrix = np.asarray(distances, dtype=np.float64)
    unit = float(np.quantile(matrix, quantile))
    if not unit > 0:
        raise InvalidInput(
            f"the {quantile:g} quantile of the {len(matrix)} x {len(matrix)} distances is {unit:g}; the rule is a "
            "quantile above zero. Drop duplicate points or take a higher quantile."
        )
    return np.asarray(matrix / unit, dtype=np.float64)


def paired_cross_matrix(first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """The filtration of R-Cross-Barcode(first, second) for two distances w, w~ on the same n objects.

    Parameters
    ----------
    first, second : (n, n) symmetric, zero diagonal, in comparable units

    Returns
    -------
    (2n, 2n) float64
        ::

            0     w+^T            w+ = w on and above the diagonal, +inf below
            w+    min(w, w~)

        The first n vertices are the objects, all at distance 0 of each other; the others are their copies, each at
        distance 0 of its original. At a scale t a class of degree 1 lives that the graph of min(w, w~) <= t has and
        the graph of w <= t does not explain: two components of w that w~ joins, or a loop.

    Notes
    -----
    [barannikov2022]. With w in place of w+ the bars of degree 1 are the same and there are a third more edges; they are
    those of the form in the paper, too, with w among the originals and one more vertex over them. In degree 2 the
    three forms can differ, and only degree 1 is published. No bar is infinite.
    """
    w, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if w.shape != other.shape or w.ndim != 2 or w.shape[0] != w.shape[1]:
        raise InvalidInput(
            f"matrices of shape {w.shape} and {other.shape}; the rule is two (n, n) matrices of the same objects."
        )
    upper = np.where(np.tri(len(w), k=-1, dtype=bool), np.inf, w)
    return np.block([[np.zeros_like(w), upper.T], [upper, np.minimum(w, other)]])


def cross_matrix(first: NDArray[Any], second: NDArray[Any], for_degree_one: bool = False) -> Floats:
    """The filtration of Cross-Barcode(P, Q) for two clouds in one space.

    Parameters
    ----------
    first : (p, d) points of P
    second : (q, d) points of Q
    for_degree_one : keep of Q only the points that decide the bars of degree one, which stay the same to the bit

    Returns
    -------
    (m + p, m + p) float64
        Euclidean distances of Q and P together, Q first, with all distances within Q set to 0: (P u Q) / Q. m = q, or
        less where only degree one is asked for.

    Notes
    -----
    [barannikov2021]. A class of degree k lives while P has it, or is not joined to Q, and Q does not fill it: bars are
    short where every point of P lies near points of Q. With P inside Q every bar has length 0.
    """
    one, base = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 2 or base.ndim != 2 or one.shape[1] != base.shape[1]:
        raise InvalidInput(
            f"clouds of shape {one.shape} and {base.shape}; the rule is points with the same coordinates. Compare "
            "clouds of different dimension by rtd, which pairs their points."
        )
    near, exponent = near_one(np.vstack([base, one]))
    within, across = cdist(near[len(base) :], near[len(base) :]), cdist(near[len(base) :], near[: len(base)])
    if for_degree_one:
        from tda_latent.numerics.filling import filling_columns

        across = across[:, filling_columns(within, across)]
    filled = np.zeros((across.shape[1], across.shape[1]))
    return np.asarray(np.ldexp(np.block([[filled, across.T], [across, within]]), exponent), dtype=np.float64)
