"""What ours takes where no peer goes: 20,000 and 40,000 points exactly, a million with a certificate; two threads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cells import OURS, Agreement, Cell, Comparison, Contestant
from benchmarks.clouds import dimension_of, kept
from benchmarks.contestants.run import Arrays

BUDGET, MEMORY = "300s", "6GB"
LIMIT, WARM = 900.0, 1200
EXACT = ((20_000, "4 GiB"), (40_000, "12 GiB"))
EXACT_QUICK = ((4000, "4 GiB"),)
MANY, MANY_QUICK = ("loop64", 1_000_000), ("loop64", 20_000)


def cells(quick: bool) -> Iterator[Cell]:
    """Exact ones with the memory that was promised for them, then the certificate."""
    for size, ceiling in EXACT_QUICK if quick else EXACT:
        yield _cell("exact H0 + H1", "g16", size, Contestant(OURS, "scale:exact"), partial(_bars, ceiling))
    cloud, size = MANY_QUICK if quick else MANY
    options = {"budget": "5s" if quick else BUDGET, "memory": MEMORY}
    yield _cell("certified H0 + H1", cloud, size, Contestant(OURS, "scale:certified", options), _certificate)


def _cell(task: str, cloud: str, size: int, contestant: Contestant, compare: Comparison) -> Cell:
    return Cell(
        suite="scale",
        task=task,
        cloud=cloud,
        size=size,
        dimension=dimension_of(cloud),
        threads=2,
        given=partial(_request, cloud, size),
        warm=partial(_request, cloud, WARM),
        contestants=(contestant,),
        compare=compare,
        limit=LIMIT,
    )


def _bars(ceiling: str, ours: Arrays, theirs: Arrays) -> Agreement:
    return Agreement(note=f"{int(ours['bars']):,} bars of degree 1; promised: within {ceiling}")


def _certificate(ours: Arrays, theirs: Arrays) -> Agreement:
    facts = f"{int(ours['bars']):,} bars of degree 1, {int(ours['certain'])} of them certain"
    return Agreement(note=f"{facts}; d_B to the exact diagram at most {float(ours['error']):.3g}")


def _request(cloud: str, size: int) -> Path:
    name = np.frombuffer(cloud.encode(), dtype=np.uint8)
    return kept(f"request-{cloud}-{size}", cloud=name, size=np.array(size))
