"""Relative living times of a cloud, over random landmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.engines.gudhi_witness import witness_bars, witness_seconds
from tda_latent.errors import InvalidInput
from tda_latent.numerics.living_times import relative_living_times
from tda_latent.numerics.pairwise import near_one
from tda_latent.numerics.witness import witness_distances

Floats = NDArray[np.float64]
LONGEST = 2000
"""Seconds that all draws together may take: half an hour."""


def living_times(points: NDArray[Any], landmarks: int, share: float, counts: int, draws: int, rng: Generator) -> Floats:
    """(draws, counts) relative living times of loops in weak witness complexes on random landmarks.

    Parameters
    ----------
    points : (n, d) finite; all of them are witnesses
    landmarks : drawn without replacement, at most n
    share : the filtration ends at this part of the longest distance from a point to a landmark
    counts : numbers of loops that are told apart
    draws : how often landmarks are drawn

    Raises
    ------
    InvalidInput
        When the drawn landmarks and all points coincide, so that there is no scale, or when it would take more than
        half an hour: in many dimensions all landmarks are nearly as far, and a share of 1/8 admits them all.
    """
    wide, _ = near_one(points)
    found = np.zeros((draws, counts))
    for draw in range(draws):
        rows = np.sort(rng.choice(len(wide), min(landmarks, len(wide)), replace=False))
        distances = witness_distances(wide, rows)
        stop = share * float(distances.max())
        if not stop > 0:
            raise InvalidInput(
                "all points coincide, so there is no scale at which loops could live; drop such a cloud."
            )
        if draw == 0:
            _require_affordable(distances, stop, draws)
        found[draw] = relative_living_times(witness_bars(distances, stop, 1, 2, "weak")[1], stop, counts)
    return found


def _require_affordable(distances: Floats, stop: float, draws: int) -> None:
    """Refuse what would take long, judged by the first draw."""
    seconds = draws * witness_seconds(distances, stop, 1, "weak")
    if seconds > LONGEST:
        raise InvalidInput(
            f"{draws} draws of {distances.shape[1]} landmarks among {len(distances)} points would take about "
            f"{seconds:.0f} s; the rule is at most {LONGEST} s. Use a smaller share (published for images: 1/128), "
            "fewer landmarks or draws, or a subsample."
        )
