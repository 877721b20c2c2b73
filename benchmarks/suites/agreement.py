"""How far two answers to one task are apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.cells import Agreement
from benchmarks.contestants.run import Arrays

Floats = NDArray[np.float64]
LONGEST = 4000
"""Bars; larger diagrams are compared by their bars in order, which bounds the bottleneck distance from above."""


def of_diagrams(ours: Arrays, theirs: Arrays) -> Agreement:
    """Bottleneck distances in degree 0 and 1."""
    gaps, notes = {}, []
    for degree in ("h0", "h1"):
        gaps[degree], note = gap(ours[degree], theirs[degree])
        notes.append(f"{degree.upper()}: {note}" if note else "")
    return Agreement(h0=gaps["h0"], h1=gaps["h1"], note="; ".join(filter(None, notes)))


def gap(ours: Floats, theirs: Floats) -> tuple[float | None, str]:
    """Bottleneck distance, or an upper bound of it for large diagrams; and what is to be said about it."""
    from tda_latent.numerics.bottleneck import bottleneck_distance

    if len(ours) == len(theirs):
        bound = in_order(ours, theirs)
        if bound < 1e-4 * float(np.max(ours, initial=0.0)) or len(ours) > LONGEST:
            return bound, ""
    if max(len(ours), len(theirs)) > LONGEST:
        return None, f"{len(theirs)} bars, ours {len(ours)}"
    return bottleneck_distance(ours, theirs), ""


def in_order(ours: Floats, theirs: Floats) -> float:
    """Largest shift when bars of equally many are matched in two orders, by birth and by death; the better one."""
    best = np.inf
    for first, second in ((0, 1), (1, 0)):
        one, other = (bars[np.lexsort((bars[:, second], bars[:, first]))] for bars in (ours, theirs))
        best = min(best, float(np.abs(one - other).max(initial=0.0)))
    return best


def of_numbers(ours: Arrays, theirs: Arrays) -> Agreement:
    """Largest difference of ``values``, relative to the largest of ours."""
    one, other = np.asarray(ours["values"], np.float64), np.asarray(theirs["values"], np.float64)
    if not other.size:
        return Agreement(note="a grid of its own, not compared")
    if one.shape != other.shape:
        return Agreement(note=f"another shape: {other.shape}, ours {one.shape}")
    largest = float(np.abs(one).max(initial=0.0)) or 1.0
    return Agreement(difference=float(np.abs(one - other).max(initial=0.0)) / largest)


def of_graphs(ours: Arrays, theirs: Arrays) -> Agreement:
    """Whether two Mapper graphs have the same nodes, as sets of points, and the same edges."""
    counts = f"{int(theirs['nodes'])} nodes, {int(theirs['edges'])} edges"
    same = ours["digest"].tobytes() == theirs["digest"].tobytes()
    return Agreement(note=f"same graph, {counts}" if same else f"other cover: {counts}")
