"""Vectors of many diagrams at once: Betti curves, landscapes, images; one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import kept
from benchmarks.suites.agreement import of_numbers

COUNT, COUNT_QUICK = 1000, 100
SIZES = (100, 500)


def _peer(name: str, where: str, distribution: str, environment: str = "shared") -> Contestant:
    return Contestant(name, f"vectors:{where}", environment=environment, distribution=distribution)


TASKS = {
    "Betti curves": (
        "betti",
        (
            _peer("GUDHI", "gudhi_betti", "gudhi"),
            _peer("giotto-tda", "giotto_betti", "giotto-tda", "giotto-tda"),
        ),
    ),
    "landscapes": (
        "landscape",
        (
            _peer("GUDHI", "gudhi_landscape", "gudhi"),
            _peer("giotto-tda", "giotto_landscape", "giotto-tda", "giotto-tda"),
        ),
    ),
    "images": (
        "image",
        (
            _peer("GUDHI", "gudhi_image", "gudhi"),
            _peer("persim", "persim_image", "persim"),
            _peer("giotto-tda", "giotto_image", "giotto-tda", "giotto-tda"),
        ),
    ),
}


def cells(quick: bool) -> Iterator[Cell]:
    """A thousand diagrams of 100 and of 500 bars."""
    count = COUNT_QUICK if quick else COUNT
    for size in SIZES[:1] if quick else SIZES:
        for task, (kind, peers) in TASKS.items():
            yield Cell(
                suite="vectors",
                task=f"{task} of {count} diagrams",
                cloud="bars",
                size=size,
                dimension=2,
                threads=1,
                given=partial(_bars, count, size),
                warm=partial(_bars, 2, 5),
                contestants=(Contestant(OURS, "vectors:ours", {"kind": kind}), *peers),
                compare=of_numbers,
                memory=False,
                limit=60.0,
            )


def _bars(count: int, size: int) -> Path:
    """Births in [0, 1], lifetimes with mean 0.05; (count, size, 2)."""
    rng = np.random.default_rng(3)
    births = rng.uniform(0, 1, (count, size))
    deaths = births + rng.exponential(0.05, (count, size)).clip(1e-3, 0.45)
    return kept(f"vectors-{count}-{size}", bars=np.stack([births, deaths], axis=2))
