"""The engines of Vietoris-Rips persistence against each other: time, and whether they agree."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Table, interleaved, milliseconds, ratio
from tda_latent.engines.gates import filtration_matrix
from tda_latent.engines.rips import completion, rips_bars
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.registry import registry

Bars = tuple[NDArray[np.float64], NDArray[np.int64]]
CLOUDS: dict[str, tuple[str, dict[str, Any], int]] = {
    "circle, 400 points, degree 1": ("circle", {"size": 400, "noise": 0.1}, 1),
    "torus, 400 points, degree 1": ("torus", {"size": 400}, 1),
    "clusters, 400 points, degree 1": ("clusters", {"size": 400}, 1),
    "digits, 500 of 1797, degree 1": ("digits", {}, 1),
    "sphere, 120 points, degree 2": ("sphere", {"size": 120, "noise": 0.05}, 2),
}
LARGEST = 500


def engines() -> Table:
    """gudhi and ripser, both through our adapters, on the same matrices up to the enclosing radius."""
    rows = []
    for label, (name, parameters, degree) in CLOUDS.items():
        source = registry().find("source", name)
        rng = np.random.default_rng(1)
        points = (source.build(parameters)(rng) if source.uses_rng else source.build(parameters)()).points[:LARGEST]
        distances = filtration_matrix(pairwise_distances(points))
        bars = partial(rips_bars, distances, completion(distances), degree, 2)
        timed = interleaved({"gudhi": partial(bars, "gudhi"), "ripser": partial(bars, "ripser")})
        gudhi, ripser = timed["gudhi"], timed["ripser"]
        apart = f"{disagreement(gudhi.result, ripser.result, degree):.3g}"
        times = milliseconds(gudhi.seconds), milliseconds(ripser.seconds)
        rows.append((label, *times, ratio(ripser.seconds, gudhi.seconds), apart))
    headings = ("cloud", "gudhi", "ripser", "ripser / gudhi", "bottleneck between their diagrams")
    return Table("Vietoris-Rips engines", headings, rows)


def disagreement(first: Bars, second: Bars, degree: int) -> float:
    """Largest bottleneck distance between two diagrams over the degrees."""
    return max(bottleneck_distance(first[0][first[1] == k], second[0][second[1] == k]) for k in range(degree + 1))
