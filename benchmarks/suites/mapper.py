"""Mapper with single linkage on ten clusters in 32 dimensions under their first two principal components."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cells import OURS, Cell, Contestant
from benchmarks.clouds import cloud, dimension_of, kept
from benchmarks.suites.agreement import of_graphs

CLOUD, GAIN = "mix32", 0.3
FULL = ((20_000, 15, 9.0), (200_000, 20, 9.0), (200_000, 20, 7.5))
QUICK = ((5000, 10, 9.0),)
CONTESTANTS = (
    Contestant(OURS, "mapper:ours"),
    Contestant("GUDHI", "mapper:gudhi", distribution="gudhi"),
    Contestant("KeplerMapper", "mapper:kepler", distribution="kmapper"),
    Contestant("giotto-tda", "mapper:giotto", environment="giotto-tda", distribution="giotto-tda"),
    Contestant("tda-mapper", "mapper:tda_mapper", environment="tda-mapper", distribution="tda-mapper"),
)


def cells(quick: bool) -> Iterator[Cell]:
    """(points, intervals on each of two axes, cut): most clusters whole at 9, their rims in pieces at 7.5."""
    for size, resolution, cut in QUICK if quick else FULL:
        yield Cell(
            suite="mapper",
            task=f"Mapper, {resolution} x {resolution} intervals, cut at {cut:g}",
            cloud=CLOUD,
            size=size,
            dimension=dimension_of(CLOUD),
            threads=1,
            given=partial(_input, size, resolution, cut),
            warm=partial(_input, 2500, 5, 9.0),  # enough for compiled code to be used
            contestants=CONTESTANTS,
            compare=of_graphs,
        )


def _input(size: int, resolution: int, cut: float) -> Path:
    points = cloud(CLOUD, size)
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred[:5000], full_matrices=False)[2][:2]
    numbers = {"cut": np.array(cut), "resolution": np.array(resolution), "gain": np.array(GAIN)}
    return kept(f"mapper-{size}-{resolution}-{cut:g}", points=points, lens=centred @ axes.T, **numbers)
