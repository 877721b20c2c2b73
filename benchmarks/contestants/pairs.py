"""Distances between persistence diagrams: one pair, or all pairs of a list; ``values`` holds the distances.

``given["bars"]`` is (k, m, 2): k diagrams of m bars. A pair is k = 2.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestants.run import Arrays, Run

Distance = Callable[[Any, Any], Any]


def ours(given: Arrays, threads: int, kind: str) -> Run:
    """Ours between two diagrams."""
    return _all_pairs(given, _distance(kind))


def ours_family(given: Arrays, threads: int, kind: str) -> Run:
    """Ours between all diagrams, in one call."""
    from tda_latent.numerics import bottleneck, sliced

    bars = list(given["bars"])
    if kind == "bottleneck":
        return Run(lambda: bottleneck.bottleneck_distances(bars, threads=threads), _upper)
    return Run(lambda: sliced.sliced_wasserstein_distances(bars, directions=50, threads=threads), _upper)


def _distance(kind: str) -> Distance:
    from tda_latent.numerics import bottleneck, sliced, wasserstein

    kinds: dict[str, Distance] = {
        "bottleneck": bottleneck.bottleneck_distance,
        "wasserstein-1": lambda a, b: wasserstein.wasserstein_distance(a, b, order=1.0, ground=2),
        "wasserstein-2": lambda a, b: wasserstein.wasserstein_distance(a, b, order=2.0, ground=2),
        "sliced": lambda a, b: sliced.sliced_wasserstein_distance(a, b, directions=50),
    }
    return kinds[kind]


def gudhi(given: Arrays, threads: int, slack: float | None = None) -> Run:
    """GUDHI's bottleneck distance: by default exact to the rounding, ``slack`` 0.0 exact."""
    from gudhi import bottleneck_distance

    return _all_pairs(given, lambda a, b: bottleneck_distance(a, b, slack))


def hera_bottleneck(given: Arrays, threads: int) -> Run:
    """Hera's bottleneck distance, exact; it releases the interpreter lock."""
    from gudhi.hera import bottleneck_distance

    return _all_pairs(given, lambda a, b: bottleneck_distance(a, b, delta=0.0), threads)


def hera(given: Arrays, threads: int, order: float) -> Run:
    """Hera's Wasserstein distance within one per cent, ground norm 2."""
    from gudhi.hera import wasserstein_distance

    def distance(first: Any, second: Any) -> float:
        return float(wasserstein_distance(first, second, order=order, internal_p=2.0, delta=0.01))

    return _all_pairs(given, distance, threads)


def pot(given: Arrays, threads: int, order: float) -> Run:
    """GUDHI's Wasserstein distance by POT, exact, ground norm 2."""
    from gudhi.wasserstein import wasserstein_distance

    return _all_pairs(given, lambda a, b: wasserstein_distance(a, b, order=order, internal_p=2.0))


def oineus_bottleneck(given: Arrays, threads: int) -> Run:
    """oineus' bottleneck distance, exact."""
    from oineus import bottleneck_distance

    return _all_pairs(given, lambda a, b: bottleneck_distance(a, b, delta=0.0))


def oineus_wasserstein(given: Arrays, threads: int, order: float) -> Run:
    """oineus' Wasserstein distance within one per cent, ground norm 2."""
    from oineus import wasserstein_distance

    return _all_pairs(given, lambda a, b: wasserstein_distance(a, b, q=order, delta=0.01, internal_p=2.0))


def oineus_sliced(given: Arrays, threads: int) -> Run:
    """oineus' sliced Wasserstein distance; its directions are drawn, so values differ."""
    from oineus import sliced_wasserstein_distance_diag_corrected as distance

    return _all_pairs(given, lambda a, b: distance(a, b, n_directions=50))


def persim(given: Arrays, threads: int, kind: str) -> Run:
    """persim: bottleneck, Wasserstein of order 1 with ground norm 2, sliced."""
    import persim as library

    kinds: dict[str, Distance] = {
        "bottleneck": library.bottleneck,
        "wasserstein-1": library.wasserstein,
        "sliced": lambda a, b: library.sliced_wasserstein(a, b, M=50),
    }
    return _all_pairs(given, kinds[kind])


def gudhi_sliced(given: Arrays, threads: int) -> Run:
    """GUDHI's sliced Wasserstein distance between all diagrams at once."""
    from gudhi.representations import SlicedWassersteinDistance

    bars = list(given["bars"])
    metric = SlicedWassersteinDistance(num_directions=50, n_jobs=threads)
    return Run(lambda: metric.fit_transform(bars), _upper)


def gudhi_matrix(given: Arrays, threads: int) -> Run:
    """GUDHI's bottleneck distances between all diagrams, in threads."""
    from gudhi.representations.metrics import pairwise_persistence_diagram_distances

    bars = list(given["bars"])
    return Run(
        lambda: pairwise_persistence_diagram_distances(bars, metric="bottleneck", e=None, n_jobs=threads), _upper
    )


def _all_pairs(given: Arrays, distance: Distance, threads: int = 1) -> Run:
    """The distance between every two diagrams, i < j, in threads where the library lets them run."""
    bars: list[NDArray[Any]] = list(given["bars"])
    couples = list(itertools.combinations(bars, 2))

    def call() -> list[Any]:
        if threads == 1 or len(couples) == 1:
            return [distance(*couple) for couple in couples]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda couple: distance(*couple), couples))

    return Run(call, lambda found: {"values": np.asarray(found, dtype=np.float64)})


def _upper(matrix: Any) -> Arrays:
    """Distances i < j of a square matrix, row by row."""
    return {"values": np.asarray(matrix)[np.triu_indices(len(matrix), 1)]}
