"""Degree 0 alone: the lengths of a minimum spanning tree, in rising order, as ``values``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contestants.run import Arrays, Run, finite


def ours(given: Arrays, threads: int) -> Run:
    """Our spanning tree without a matrix of distances."""
    from tda_latent.numerics.spanning_tree import spanning_tree

    return Run(lambda: spanning_tree(given["points"]), _lengths(lambda tree: tree.lengths))


def scikit(given: Arrays, threads: int) -> Run:
    """scikit-learn's single linkage."""
    from sklearn.cluster import linkage_tree

    def call() -> Any:
        return linkage_tree(given["points"], linkage="single", return_distance=True)

    return Run(call, _lengths(lambda found: found[-1]))


def scipy(given: Arrays, threads: int) -> Run:
    """SciPy's single linkage, on all distances."""
    from scipy.cluster.hierarchy import linkage

    return Run(lambda: linkage(given["points"], "single"), _lengths(lambda found: found[:, 2]))


def hdbscan(given: Arrays, threads: int) -> Run:
    """The tree inside fast_hdbscan; beyond 30 dimensions it approximates."""
    from fast_hdbscan.hdbscan import compute_minimum_spanning_tree

    points = given["points"]
    return Run(lambda: compute_minimum_spanning_tree(points, min_samples=1)[0], _lengths(lambda found: found[:, 2]))


def holos(given: Arrays, threads: int) -> Run:
    """holos-tda in degree 0."""
    from holos_tda import rips_points

    call = lambda: rips_points(given["points"], max_dim=0, modulus=2, threads=threads)  # noqa: E731
    return Run(call, _lengths(lambda bars: finite([(b, d) for _, b, d in bars])[:, 1]))


def gudhi(given: Arrays, threads: int) -> Run:
    """GUDHI's `RipsPersistence` in degree 0."""
    from gudhi.sklearn import RipsPersistence

    engine = RipsPersistence([0], homology_coeff_field=2)
    return Run(lambda: engine.fit_transform([given["points"]])[0][0], _lengths(lambda found: finite(found)[:, 1]))


def giotto(given: Arrays, threads: int) -> Run:
    """giotto-ph in degree 0."""
    from gph import ripser_parallel

    def call() -> Any:
        return ripser_parallel(given["points"], maxdim=0, coeff=2, n_threads=threads)["dgms"][0]

    return Run(call, _lengths(lambda found: finite(found)[:, 1]))


def ripser(given: Arrays, threads: int) -> Run:
    """ripser.py in degree 0."""
    from ripser import ripser as engine

    call = lambda: engine(given["points"], maxdim=0, coeff=2)["dgms"][0]  # noqa: E731
    return Run(call, _lengths(lambda found: finite(found)[:, 1]))


def _lengths(taken: Callable[[Any], Any]) -> Callable[[Any], Arrays]:
    return lambda found: {"values": np.sort(np.asarray(taken(found), dtype=np.float64))}
