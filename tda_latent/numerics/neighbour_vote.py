"""Classes by the vote of the k nearest neighbours, for seen and for unseen points."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class VoteAccuracy(NamedTuple):
    """Share of points whose class the k nearest other training points name: of training points, of unseen points."""

    seen: float
    unseen: float


def vote_accuracies(pooled: NDArray[Any], classes: Integers, sides: NDArray[np.bool_], k: int) -> list[VoteAccuracy]:
    """Accuracies for each division of a pooled cloud into training points and unseen ones.

    Parameters
    ----------
    pooled : (n, d); classes : (n,) from 0
    sides : (b, n) which points are training points, at least two
    k : neighbours that vote, cut at the number of other training points; ties go to the lowest class

    Notes
    -----
    A point never votes on itself. O(n^2 (d + b)) time and n^2 float64 of memory.
    """
    matrix = cdist(pooled, pooled)
    np.fill_diagonal(matrix, np.inf)
    found = []
    for side in sides:
        voters = np.flatnonzero(side)
        count = min(k, len(voters) - 1)
        nearest = np.argpartition(matrix[:, voters], count - 1, axis=1)[:, :count]
        votes = np.zeros((len(pooled), int(classes.max()) + 1))
        np.add.at(votes, (np.arange(len(pooled))[:, None], classes[voters][nearest]), 1.0)
        right = votes.argmax(axis=1) == classes
        found.append(VoteAccuracy(float(right[side].mean()), float(right[~side].mean())))
    return found
