"""Degree 0 alone, on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import dimension_of, points_of
from benchmarks.suites.agreement import of_numbers

TASK = "H0 (spanning tree)"
US = Contestant(OURS, "spanning:ours")
LIGHT = (
    Contestant("scikit-learn", "spanning:scikit", distribution="scikit-learn"),
    Contestant("fast_hdbscan", "spanning:hdbscan", distribution="fast-hdbscan"),
)
MATRICES = (
    Contestant("SciPy", "spanning:scipy", distribution="scipy"),
    Contestant("holos-tda", "spanning:holos", distribution="holos-tda"),
    Contestant("GUDHI", "spanning:gudhi", distribution="gudhi"),
    Contestant("giotto-ph", "spanning:giotto", distribution="giotto-ph"),
    Contestant("ripser.py", "spanning:ripser", distribution="ripser"),
)
"""Engines that hold all distances: not beyond 10,000 points."""
FULL: tuple[tuple[str, int], ...] = (
    *((name, 10_000) for name in ("g16", "g64")),
    *(("g3", 100_000), ("g16", 100_000)),
)
QUICK: tuple[tuple[str, int], ...] = (("g16", 2000), ("g3", 10_000))


def cells(quick: bool) -> Iterator[Cell]:
    """10,000 points against everybody, 100,000 against those that hold no matrix."""
    for cloud, size in QUICK if quick else FULL:
        many = size > 10_000 or (quick and size == 10_000)
        yield Cell(
            suite="spanning",
            task=TASK,
            cloud=cloud,
            size=size,
            dimension=dimension_of(cloud),
            threads=1,
            given=partial(points_of, cloud, size),
            warm=partial(points_of, cloud, 2500),
            contestants=(US, *LIGHT, *(() if many else MATRICES)),
            compare=of_numbers,
            limit=150.0,
        )
