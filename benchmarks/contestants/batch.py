"""Persistence of many subsamples of one cloud: ``rows`` (b, m) of ``points``, all in one go, two at a time."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestants.run import Arrays, Run, diagrams

COMPARED = 10
"""Subsamples whose diagrams are handed on for comparison."""
APART = 1000.0
"""Longer than any distance in the clouds."""
Diagrams = Callable[[Any], tuple[Any, Any]]


def ours(given: Arrays, threads: int) -> Run:
    """One compiled call for all subsamples."""
    from tda_latent.numerics.reduced_rips import degree_one_batch

    def pair(found: Any) -> tuple[Any, Any]:
        merges = found.component_deaths
        return np.column_stack([np.zeros_like(merges), merges]), np.column_stack([found.births, found.deaths])

    return Run(lambda: degree_one_batch(given["points"], given["rows"], threads=threads), _answer(pair))


def holos(given: Arrays, threads: int) -> Run:
    """holos-tda in threads; it releases the interpreter lock."""
    from holos_tda import rips_points

    def pair(bars: Any) -> tuple[Any, Any]:
        h0, h1 = ([(b, d) for degree, b, d in bars if degree == wanted] for wanted in (0, 1))
        return h0, h1

    return _in_threads(given, threads, lambda cloud: rips_points(cloud, max_dim=1, modulus=2, threads=1), pair)


def gudhi(given: Arrays, threads: int) -> Run:
    """GUDHI's `RipsPersistence` with its own jobs, which are threads."""
    from gudhi.sklearn import RipsPersistence

    engine = RipsPersistence([0, 1], homology_coeff_field=2, n_jobs=threads)
    points, rows = given["points"], given["rows"]
    return Run(lambda: engine.fit_transform([points[subset] for subset in rows]), _answer(lambda found: found))


def giotto(given: Arrays, threads: int) -> Run:
    """giotto-ph in processes; it holds the interpreter lock."""
    return _in_processes(given, threads, _giotto_diagrams)


def ripser(given: Arrays, threads: int) -> Run:
    """ripser.py in processes; it holds the interpreter lock."""
    return _in_processes(given, threads, _ripser_diagrams)


def _giotto_diagrams(cloud: NDArray[np.float64]) -> Any:
    from gph import ripser_parallel

    return ripser_parallel(cloud, maxdim=1, coeff=2, n_threads=1)["dgms"]


def _ripser_diagrams(cloud: NDArray[np.float64]) -> Any:
    from ripser import ripser as engine

    return engine(cloud, maxdim=1, coeff=2)["dgms"]


def _in_threads(given: Arrays, threads: int, single: Callable[[Any], Any], pair: Diagrams) -> Run:
    pool = ThreadPoolExecutor(threads)
    points, rows = given["points"], given["rows"]
    return Run(lambda: list(pool.map(single, [points[subset] for subset in rows])), _answer(pair))


def _in_processes(given: Arrays, threads: int, single: Callable[[Any], Any]) -> Run:
    pool = ProcessPoolExecutor(threads)
    atexit.register(pool.shutdown)
    points, rows = given["points"], given["rows"]
    share = max(1, len(rows) // (4 * threads))
    list(pool.map(single, [points[subset][:10] for subset in rows[:threads]]))  # processes started, library imported

    def call() -> Any:
        return list(pool.map(single, [points[subset] for subset in rows], chunksize=share))

    return Run(call, _answer(lambda found: found))


def _answer(pair: Diagrams) -> Callable[[Any], Arrays]:
    """The diagrams of the first subsamples in one, each shifted along the diagonal, too far to meet another."""

    def answer(found: Any) -> Arrays:
        held = [diagrams(*pair(found[k])) for k in range(min(COMPARED, len(found)))]
        return {
            degree: np.concatenate([each[degree] + APART * k for k, each in enumerate(held)]) for degree in ("h0", "h1")
        }

    return answer
