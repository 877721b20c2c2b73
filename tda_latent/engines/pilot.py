"""A look at a few points of a cloud that tells how long its diagram will take, for the time shown to a person.

Clouds of one size differ by a factor of ten in what their diagrams cost. What decides is seen on 200 points: for how
many of the edges some loop is alive, how many loops there are, and whether one of them lives through many edges.
Nothing that is keyed depends on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.cost_model import TYPICAL, Look
from tda_latent.engines.gudhi_rips import gudhi_bars
from tda_latent.engines.rips import completion

Floats = NDArray[np.float64]
POINTS = 200


def pilot_rows(size: int) -> NDArray[np.int64]:
    """At most `POINTS` rows, evenly spread over the cloud, always the same."""
    return np.arange(size, dtype=np.int64)[:: max(1, size // POINTS)][:POINTS]


def look_at(distances: Floats) -> Look:
    """What a few points say about the cost of the cloud.

    Parameters
    ----------
    distances : (k, k) between the rows of `pilot_rows`

    Notes
    -----
    Some hundredths of a second.
    """
    lengths = np.sort(distances[np.triu_indices(len(distances), 1)])
    if len(distances) < 10:
        return TYPICAL
    loops = gudhi_bars(distances, completion(distances), 1, 2)[1]
    ranks = np.searchsorted(lengths, loops[loops[:, 0] < loops[:, 1]])
    changes = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.add.at(changes, ranks[:, 0], 1)
    np.add.at(changes, ranks[:, 1], -1)
    live = float(np.mean(np.cumsum(changes) > 0))
    widest = int(np.diff(ranks, axis=1).max(initial=0))
    return Look(live, len(ranks) / len(distances), widest / len(lengths))
