"""ripser.py's Vietoris-Rips persistence, made exact although the library computes in float32.

Persistence depends on the lengths of the edges only through their order, and Ripser does nothing to a length but
compare it. So the engine is given the ranks of the lengths, written as float32 numbers in the same order, and its
answer is translated back: no rounding, no new ties, no underflow or overflow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from tda_latent.engines.gates import require_prime, require_ripser_size
from tda_latent.errors import missing_library
from tda_latent.numerics.cochains import Cochain

Floats = NDArray[np.float64]
_ONE = np.float32(1.0).view(np.uint32)


def ripser_bars(distances: Floats, cut: float, max_degree: int, field: int) -> list[Floats]:
    """Bars of each degree 0..max_degree of the flag complex of edges up to ``cut``.

    Parameters
    ----------
    distances : (n, n), 2 <= n <= 46340
        As `gates.filtration_matrix` returns it.
    cut : finite; edges up to and including this length enter
    field : prime, at most `gates.LARGEST_RIPSER_FIELD`

    Returns
    -------
    list of (m, 2) float64
        Entries of ``distances``; inf = alive at the cut.

    Notes
    -----
    [bauer2021] through [tralie2018]. Ranking costs O(n^2 log n). The call keeps the interpreter lock.
    """
    return _answered(distances, cut, max_degree, field, cocycles=False)[0]


def ripser_cocycles(
    distances: Floats, cut: float, max_degree: int, field: int
) -> tuple[list[Floats], list[list[Cochain]]]:
    """Bars of each degree 0..max_degree, and a cocycle for each bar of degree 1 and above.

    Parameters
    ----------
    distances, cut, max_degree, field : as for `ripser_bars`

    Returns
    -------
    bars : list of (m, 2) float64
        As from `ripser_bars`.
    cocycles : list of lists
        One `Cochain` for each bar, in the same order; none in degree 0, where ripser gives none. It is closed on all
        simplices of diameter below the death and not on one of diameter equal to it.

    Notes
    -----
    Time is that of `ripser_bars` and up to twice more; memory grows with the length of all cocycles.
    """
    bars, found = _answered(distances, cut, max_degree, field, cocycles=True)
    return bars, [[_cochain(table) for table in tables] for tables in found]


def _answered(
    distances: Floats, cut: float, max_degree: int, field: int, cocycles: bool
) -> tuple[list[Floats], list[list[NDArray[np.int64]]]]:
    try:
        from ripser import ripser
    except ImportError as error:
        raise missing_library("ripser", "this engine of Vietoris-Rips persistence") from error
    require_prime(field, "ripser")
    require_ripser_size(len(distances), max_degree)
    lengths = squareform(distances, checks=False)
    enters = lengths <= cut
    levels = np.unique(np.append(lengths[enters], 0.0))
    marks = rank_marks(len(levels))
    coded = np.full(len(lengths), np.inf, dtype=np.float32)
    coded[enters] = marks[np.searchsorted(levels, lengths[enters])]
    answer = ripser(
        squareform(coded, checks=False),
        distance_matrix=True,
        maxdim=max_degree,
        thresh=float(marks[-1]),
        coeff=field,
        do_cocycles=cocycles,
    )
    bars = [_decoded(np.asarray(pairs).reshape(-1, 2), marks, levels) for pairs in answer["dgms"]]
    return bars, answer["cocycles"]


def _cochain(table: NDArray[np.int64]) -> Cochain:
    """Rows of descending vertices and a value; the value belongs to the ascending orientation."""
    return Cochain(np.ascontiguousarray(table[:, -2::-1]), table[:, -1])


def rank_marks(count: int) -> NDArray[np.float32]:
    """(count,) float32 numbers in increasing order: zero, then the successors of one, bit pattern by bit pattern.

    There are 2^30 finite ones, enough for the different lengths among 46340 points.
    """
    marks = (np.arange(count, dtype=np.uint32) + _ONE).view(np.float32)
    marks[:1] = 0.0
    return marks


def _decoded(pairs: NDArray[np.float64], marks: NDArray[np.float32], levels: Floats) -> Floats:
    values = np.full(pairs.shape, np.inf)
    finite = np.isfinite(pairs)
    values[finite] = levels[np.searchsorted(marks, pairs[finite].astype(np.float32))]
    return values
