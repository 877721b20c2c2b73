"""Rows of two clouds that belong to the same input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import IncompatibleRecords

Array = NDArray[Any]
Rows = NDArray[np.intp]
LEAST_SHARED = 3
_KINDS = {"U": "text", "S": "bytes", "i": "integers", "u": "integers", "b": "booleans", "f": "numbers"}


def paired_rows(first: Array | None, second: Array | None, least: int = LEAST_SHARED) -> tuple[Rows, Rows]:
    """Row numbers of the ids that both clouds carry, in the sorted order of the ids.

    Parameters
    ----------
    first, second : (n,), (m,) ids, each without repeats; None = the cloud carries none
    least : smallest number of shared ids that is accepted

    Returns
    -------
    (k,), (k,) integers
        ``first[rows] == second[others]``. Inputs that only one cloud has are left out.

    Raises
    ------
    IncompatibleRecords
        When ids are missing, are text on one side and numbers on the other, or fewer than ``least`` are shared.

    Notes
    -----
    O((n + m) log(n + m)).
    """
    if first is None or second is None:
        raise IncompatibleRecords(
            "this distance compares the same inputs in two clouds and pairs them by id, but a cloud carries no ids; "
            "give both ids, or use a distance without pairing such as nearest-neighbour-w1."
        )
    kinds = [_KINDS.get(ids.dtype.kind, str(ids.dtype)) for ids in (first, second)]
    if kinds[0] != kinds[1]:
        raise IncompatibleRecords(
            f"ids are {kinds[0]} in one cloud and {kinds[1]} in the other, so none can match; write both the same way."
        )
    shared, rows, others = np.intersect1d(first, second, return_indices=True)
    if len(shared) < least:
        raise IncompatibleRecords(
            f"the clouds share {len(shared)} ids of {len(first)} and {len(second)}; the rule is at least {least}. "
            "Encode the same held-out inputs with both models."
        )
    return rows, others
