"""A bootstrap in one call: 100 subsamples of 300 points, two threads or processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import cloud, dimension_of, kept
from benchmarks.suites.agreement import of_diagrams

SUBSAMPLES, SIZE, POOL = 100, 300, 2000
CONTESTANTS = (
    Contestant(OURS, "batch:ours"),
    Contestant("holos-tda", "batch:holos", distribution="holos-tda"),
    Contestant("GUDHI", "batch:gudhi", distribution="gudhi"),
    Contestant("giotto-ph", "batch:giotto", distribution="giotto-ph"),
    Contestant("ripser.py", "batch:ripser", distribution="ripser"),
)


def cells(quick: bool) -> Iterator[Cell]:
    """Subsamples of the same clouds for all."""
    count = 20 if quick else SUBSAMPLES
    for name in ("vae16",) if quick else ("g16", "vae16", "torus64"):
        yield Cell(
            suite="batch",
            task=f"{count} subsamples",
            cloud=name,
            size=SIZE,
            dimension=dimension_of(name),
            threads=2,
            given=partial(_subsamples, name, count, SIZE),
            warm=partial(_subsamples, name, 2, 20),
            contestants=CONTESTANTS,
            compare=of_diagrams,
            memory=False,
        )


def _subsamples(name: str, count: int, size: int) -> Path:
    """A file with the cloud as ``points`` and the subsamples as ``rows``."""
    rng = np.random.default_rng(7)
    rows = np.stack([rng.choice(POOL, size, replace=False) for _ in range(count)])
    return kept(f"batch-{name}-{count}-{size}", points=cloud(name, POOL), rows=rows)
