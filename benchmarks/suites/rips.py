"""Vietoris-Rips persistence in degrees 0 and 1: seven clouds, one thread and two, every engine that installs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import SEVEN, dimension_of, points_of
from benchmarks.suites.agreement import of_diagrams

TASK = "Rips H0 + H1"
SIZES, QUICK = (300, 1000, 2000, 5000), (200, 500)
WARM, WARM_THREADS = 40, 1200
"""Sizes of the uncounted first call; a second thread comes in from a thousand points on."""
US = Contestant(OURS, "rips:ours")
PEERS = (
    Contestant("holos-tda", "rips:holos", distribution="holos-tda"),
    Contestant("GUDHI", "rips:gudhi", distribution="gudhi"),
    Contestant("giotto-ph", "rips:giotto", distribution="giotto-ph"),
    Contestant("ripser.py", "rips:ripser", distribution="ripser"),
    Contestant("canns-ripser", "rips:canns", distribution="canns-ripser"),
    Contestant("GUDHI, collapsed", "rips:gudhi", {"collapses": 1}, distribution="gudhi"),
)
WHOLE_COMPLEX = (
    Contestant("oineus", "rips:oineus", distribution="oineus"),
    Contestant("Dionysus 2", "rips:dionysus", distribution="dionysus"),
)
"""Engines that list every triangle: on a hundred points only."""
THREADED = (
    Contestant("ours, 1 thread", "rips:ours_alone", information=True),
    *(peer for peer in PEERS if peer.name in ("holos-tda", "giotto-ph")),
)
GEOPH = Contestant("geoph", "rips:geoph", distribution="geoph", information=True)


def cells(quick: bool) -> Iterator[Cell]:
    """One thread on every cloud and size; two threads where they matter; the plane, for information."""
    clouds = ("g16", "circ64", "vae16") if quick else SEVEN
    for cloud in () if quick else ("g16", "circ64"):
        yield _cell(cloud, 100, (US, *PEERS, *WHOLE_COMPLEX))
    for size in QUICK if quick else SIZES:
        for cloud in clouds:
            yield _cell(cloud, size, (US, *PEERS))
    yield _cell("g2", 500 if quick else 2000, (US, GEOPH, *PEERS[:3]))
    for cloud in ("g16",) if quick else ("g16", "mix32", "vae16"):
        alone = _cell(cloud, QUICK[-1] if quick else SIZES[-1], (US, *THREADED))
        yield replace(alone, threads=2, memory=False, warm=partial(points_of, cloud, WARM_THREADS))


def _cell(cloud: str, size: int, contestants: tuple[Contestant, ...]) -> Cell:
    return Cell(
        suite="rips",
        task=TASK,
        cloud=cloud,
        size=size,
        dimension=dimension_of(cloud),
        threads=1,
        given=partial(points_of, cloud, size),
        warm=partial(points_of, cloud, WARM),
        contestants=contestants,
        compare=of_diagrams,
        memory=size >= 1000,
    )
