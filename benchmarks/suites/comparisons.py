"""RTD, MTop-Div and PRDC of two clouds at the sizes of the papers, one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import cloud, dimension_of, kept
from benchmarks.suites.agreement import of_numbers

ENGINES = (("ripser.py", "ripser"), ("GUDHI", "gudhi"))
RTD, RTD_QUICK = (300, 500), (100,)
MTOP_DIV = ((100, 1000), (1000, 1000), (100, 10_000), (1000, 10_000))
MTOP_DIV_QUICK = ((50, 300),)
PRDC = (("g16", 2000), ("g64", 10_000))
PRDC_QUICK = (("g16", 500),)


def cells(quick: bool) -> Iterator[Cell]:
    """The same points for all; ratios are those of calls in turn."""
    for name in ("g16",) if quick else ("g16", "vae16", "mix32"):
        for size in RTD_QUICK if quick else RTD:
            yield _cell("RTD, one direction", "rtd", name, (size, size), _engines("rtd"))
        for sizes in MTOP_DIV_QUICK if quick else MTOP_DIV:
            yield _cell(f"MTop-Div, {sizes[0]} in {sizes[1]}", "mtop-div", name, sizes, _engines("mtop-div"))
    for name, size in PRDC_QUICK if quick else PRDC:
        peer = Contestant("prdc", "comparisons:prdc", distribution="prdc")
        yield _cell("PRDC, k = 5", "prdc", name, (size, size), (peer,))


def _engines(kind: str) -> tuple[Contestant, ...]:
    return tuple(
        Contestant(name, f"comparisons:{function}", {"kind": kind}, distribution=function) for name, function in ENGINES
    )


def _pair(name: str, sizes: tuple[int, int]) -> Path:
    """Two clouds of one law: disjoint rows of a larger one, the second moved a little, so that bars are left."""
    rows = np.random.default_rng(11).permutation(sum(sizes))
    points = cloud(name, sum(sizes))[rows]
    first, second = points[: sizes[0]], points[sizes[0] :]
    return kept(f"pair-{name}-{sizes[0]}-{sizes[1]}", first=first, second=second + 0.2 * second.std())


def _cell(task: str, kind: str, name: str, sizes: tuple[int, int], peers: tuple[Contestant, ...]) -> Cell:
    return Cell(
        suite="comparisons",
        task=task,
        cloud=name,
        size=sizes[1],
        dimension=dimension_of(name),
        threads=1,
        given=partial(_pair, name, sizes),
        warm=partial(_pair, name, (30, 30)),
        contestants=(Contestant(OURS, "comparisons:ours", {"kind": kind}), *peers),
        compare=of_numbers,
        limit=120.0,
    )
