"""Comparisons of two clouds, ``first`` and ``second`` (n, d): RTD, MTop-Div and PRDC; ``values`` holds the numbers.

Peers of the divergences are Rips engines on the published matrix: what a person without CUDA runs instead of ripser++.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestants.run import Arrays, Run

NEIGHBOURS = 5


def ours(given: Arrays, threads: int, kind: str) -> Run:
    """The component, in one direction as the peers have it."""
    from tda_latent.records import Latents
    from tda_latent.registry import registry

    first, second = (Latents(given[name], ids=np.arange(len(given[name]))) for name in ("first", "second"))
    size = max(len(first), len(second))
    if kind == "prdc":
        measure = registry().find("distance", "prdc").build({"neighbours": NEIGHBOURS})
        names = ("precision", "recall", "density", "coverage")
        return Run(lambda: measure.statistics(first, second), lambda found: _values([found[name] for name in names]))
    parameters = {"combine": "forward", "batch": size} if kind == "rtd" else {"direction": "forward", **_batches(size)}
    measure = registry().find("distance", kind).build(parameters)
    return Run(lambda: measure(first, second), _values)


def ripser(given: Arrays, threads: int, kind: str) -> Run:
    """ripser.py on the whole matrix; float32."""
    from ripser import ripser as engine

    return _of_matrix(given, kind, lambda matrix: engine(matrix, maxdim=1, distance_matrix=True, coeff=2)["dgms"][1])


def gudhi(given: Arrays, threads: int, kind: str) -> Run:
    """GUDHI's fork of Ripser on the whole matrix; float64."""
    from gudhi.sklearn import RipsPersistence

    engine = RipsPersistence([1], input_type="full distance matrix", homology_coeff_field=2)
    return _of_matrix(given, kind, lambda matrix: engine.fit_transform([matrix])[0][0])


def prdc(given: Arrays, threads: int) -> Run:
    """The package of the authors of density and coverage; balls without their boundary."""
    from prdc import compute_prdc

    names = ("precision", "recall", "density", "coverage")

    def call() -> Any:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            return compute_prdc(given["first"], given["second"], NEIGHBOURS)

    return Run(call, lambda found: _values([found[name] for name in names]))


def _batches(size: int) -> dict[str, int]:
    return {"batch": size, "base_batch": size}


def _of_matrix(given: Arrays, kind: str, bars: Callable[[NDArray[Any]], Any]) -> Run:
    """From points to the total length of bars, the matrix included."""

    def call() -> float:
        matrix = _paired(given) if kind == "rtd" else _crossed(given)
        found = np.asarray(bars(matrix), dtype=np.float64)
        return float((found[:, 1] - found[:, 0]).sum())

    return Run(call, _values)


def _paired(given: Arrays) -> NDArray[Any]:
    """R-Cross-Barcode in the form with fewer edges, which the authors' code calls fast."""
    from scipy.spatial.distance import cdist

    w, other = (cdist(given[name], given[name]) for name in ("first", "second"))
    w, other = w / np.quantile(w, 0.9), other / np.quantile(other, 0.9)
    upper = np.where(np.tri(len(w), k=-1, dtype=bool), np.inf, w)
    return np.block([[np.zeros_like(w), upper.T], [upper, np.minimum(w, other)]])


def _crossed(given: Arrays) -> NDArray[Any]:
    """Cross-Barcode: all distances within the second cloud 0."""
    from scipy.spatial.distance import cdist

    within, across = cdist(given["first"], given["first"]), cdist(given["first"], given["second"])
    base = np.zeros((across.shape[1], across.shape[1]))
    return np.block([[base, across.T], [across, within]])


def _values(found: Any) -> Arrays:
    return {"values": np.atleast_1d(np.asarray(found, dtype=np.float64))}
