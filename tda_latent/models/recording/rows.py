"""Ids and labels of inputs, carried over to the points that the inputs gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Array = NDArray[Any]


@dataclass(frozen=True)
class Columns:
    """What is known about each of m points."""

    ids: Array
    labels: dict[str, Array]


def columns_of(places: NDArray[np.int64], seen: int, ids: Any, labels: Any) -> Columns:
    """Columns of points from columns of inputs.

    Parameters
    ----------
    places : (m, 2) input and position of each point
    seen : number of inputs
    ids : (seen,) or None: inputs are counted
    labels : one (seen,) column, a mapping of them, or None
    """
    names = np.arange(seen) if ids is None else _column("ids", ids, seen)
    inputs, positions = np.asarray(places[:, 0]), np.asarray(places[:, 1])
    given = labels if isinstance(labels, Mapping) else {} if labels is None else {"label": labels}
    found = {str(name): _column(f"label {name!r}", column, seen)[inputs] for name, column in given.items()}
    if not positions.any():
        return Columns(names[inputs], found)
    own = {"input": names[inputs], "position": positions}
    pairs = zip(own["input"].tolist(), positions.tolist(), strict=True)
    return Columns(np.array([f"{name}/{position}" for name, position in pairs]), {**own, **found})


def _column(name: str, values: Any, seen: int) -> Array:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    array = np.asarray(values)
    if array.shape != (seen,):
        raise InvalidInput(
            f"{name} has shape {array.shape}, and {seen} inputs came; the rule is one entry for each of them, in "
            "order, "
            "also where only a sample was kept."
        )
    return array
