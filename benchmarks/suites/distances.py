"""Distances between persistence diagrams: one pair on one thread, and all pairs of fifty on two."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import kept
from benchmarks.suites.agreement import of_numbers

SIZES, QUICK = (100, 1000, 5000), (100, 300)
FAMILY, FAMILY_QUICK = 50, 8


def _peer(name: str, where: str, distribution: str = "gudhi", **options: object) -> Contestant:
    return Contestant(name, f"pairs:{where}", options, distribution=distribution)


BOTTLENECK = (
    _peer("GUDHI", "gudhi"),
    _peer("GUDHI, e = 0", "gudhi", slack=0.0),
    _peer("Hera", "hera_bottleneck"),
    _peer("oineus", "oineus_bottleneck", "oineus"),
    _peer("persim", "persim", "persim", kind="bottleneck"),
)
WASSERSTEIN_1 = (
    _peer("POT", "pot", "POT", order=1.0),
    _peer("Hera, 1 %", "hera", order=1.0),
    _peer("oineus, 1 %", "oineus_wasserstein", "oineus", order=1.0),
    _peer("persim", "persim", "persim", kind="wasserstein-1"),
)
WASSERSTEIN_2 = (
    _peer("POT", "pot", "POT", order=2.0),
    _peer("Hera, 1 %", "hera", order=2.0),
    _peer("oineus, 1 %", "oineus_wasserstein", "oineus", order=2.0),
)
SLICED = (
    _peer("GUDHI", "gudhi_sliced"),
    _peer("oineus", "oineus_sliced", "oineus"),
    _peer("persim", "persim", "persim", kind="sliced"),
)
PAIR = {
    "bottleneck": BOTTLENECK,
    "wasserstein-1": WASSERSTEIN_1,
    "wasserstein-2": WASSERSTEIN_2,
    "sliced": SLICED,
}
FAMILIES = {
    "bottleneck": (_peer("GUDHI", "gudhi_matrix"), _peer("Hera", "hera_bottleneck")),
    "sliced": (_peer("GUDHI", "gudhi_sliced"), _peer("persim", "persim", "persim", kind="sliced")),
}


def cells(quick: bool) -> Iterator[Cell]:
    """Pairs of unrelated diagrams, then families."""
    for kind, peers in PAIR.items():
        for size in QUICK if quick else SIZES:
            yield _cell(f"{kind}, one pair", kind, "unrelated", size, 2, peers)
    for size in QUICK[1:] if quick else (300, 1000):
        for kind, peers in FAMILIES.items():
            count = FAMILY_QUICK if quick else FAMILY
            yield _cell(f"{kind}, all pairs of {count}", kind, "unrelated", size, count, peers)


def random_bars(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(size, 2) bars as noise makes them: births spread, most lifetimes short, a few long."""
    births = rng.uniform(0, 1, size)
    return np.column_stack([births, births + rng.exponential(0.05, size) + 1e-3])


def _family(count: int, size: int) -> Path:
    rng = np.random.default_rng(2)
    return kept(f"bars-{count}-{size}", bars=np.stack([random_bars(size, rng) for _ in range(count)]))


def _cell(task: str, kind: str, cloud: str, size: int, count: int, peers: tuple[Contestant, ...]) -> Cell:
    single = count == 2
    return Cell(
        suite="distances",
        task=task,
        cloud=cloud,
        size=size,
        dimension=2,
        threads=1 if single else 2,
        given=partial(_family, count, size),
        warm=partial(_family, 2, 8),
        contestants=(Contestant(OURS, "pairs:ours" if single else "pairs:ours_family", {"kind": kind}), *peers),
        compare=of_numbers,
        memory=False,
        limit=60.0,
    )
