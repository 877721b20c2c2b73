"""Vietoris-Rips persistence of a cloud in degrees 0 and 1 over Z/2, from points to diagrams."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contestants.run import Arrays, Run, diagrams


def ours(given: Arrays, threads: int) -> Run:
    """Our kernel on the reduced filtration."""
    from tda_latent.numerics.reduced_rips import degree_one

    def answer(found: Any) -> Arrays:
        merges = found.component_deaths
        return diagrams(np.column_stack([np.zeros_like(merges), merges]), np.column_stack([found.births, found.deaths]))

    return Run(lambda: degree_one(given["points"], threads=threads), answer)


def ours_alone(given: Arrays, threads: int) -> Run:
    """Our kernel on one thread, whatever the others may use."""
    return ours(given, 1)


def from_file(given: Arrays, threads: int, path: str, function: str) -> Run:
    """Any ``function(points) -> (deaths of degree 0, bars of degree 1)`` of a Python file; one thread."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # compiled functions are kept on disk by the name of their module
    spec.loader.exec_module(module)
    engine = getattr(module, function)

    def answer(found: Any) -> Arrays:
        deaths = np.asarray(found[0], dtype=np.float64)
        return diagrams(np.column_stack([np.zeros_like(deaths), deaths]), found[1])

    return Run(lambda: engine(given["points"]), answer)


def holos(given: Arrays, threads: int) -> Run:
    """holos-tda; up to the enclosing radius by default."""
    from holos_tda import rips_points

    def answer(bars: Any) -> Arrays:
        return diagrams(*([(b, d) for degree, b, d in bars if degree == wanted] for wanted in (0, 1)))

    return Run(lambda: rips_points(given["points"], max_dim=1, modulus=2, threads=threads), answer)


def gudhi(given: Arrays, threads: int, collapses: int = 0) -> Run:
    """GUDHI's `RipsPersistence`, a fork of Ripser in float64; one thread."""
    from gudhi.sklearn import RipsPersistence

    engine = RipsPersistence([0, 1], homology_coeff_field=2, num_collapses=collapses)
    return Run(lambda: engine.fit_transform([given["points"]])[0], lambda found: diagrams(*found))


def giotto(given: Arrays, threads: int) -> Run:
    """giotto-ph, a parallel fork of Ripser in float32."""
    from gph import ripser_parallel

    points = given["points"]
    return Run(lambda: ripser_parallel(points, maxdim=1, coeff=2, n_threads=threads)["dgms"], lambda d: diagrams(*d))


def ripser(given: Arrays, threads: int) -> Run:
    """ripser.py, float32; one thread."""
    from ripser import ripser as engine

    return Run(lambda: engine(given["points"], maxdim=1, coeff=2)["dgms"], lambda found: diagrams(*found))


def canns(given: Arrays, threads: int) -> Run:
    """canns-ripser, Ripser rewritten in Rust, float32; one thread."""
    from canns_ripser import ripser as engine

    return Run(lambda: engine(given["points"], maxdim=1, coeff=2)["dgms"], lambda found: diagrams(*found))


def oineus(given: Arrays, threads: int) -> Run:
    """oineus: the whole complex, up to its triangles."""
    import oineus as library
    from scipy.spatial.distance import pdist, squareform

    parameters = library.ReductionParams()
    parameters.n_threads = threads

    def call() -> Any:
        matrix = squareform(pdist(given["points"]))
        return library.compute_diagrams_vr(matrix, from_pwdists=True, max_dim=2, params=parameters)

    return Run(call, lambda found: diagrams(found.in_dimension(0), found.in_dimension(1)))


def dionysus(given: Arrays, threads: int) -> Run:
    """Dionysus 2: the whole complex, up to its triangles."""
    import dionysus as library
    from scipy.spatial.distance import pdist

    def call() -> Any:
        distances = pdist(given["points"])
        filtration = library.fill_rips(distances, 2, float(distances.max()))
        return library.init_diagrams(library.homology_persistence(filtration, prime=2), filtration)

    return Run(call, lambda found: diagrams(*([(p.birth, p.death) for p in found[k]] for k in (0, 1))))


def geoph(given: Arrays, threads: int) -> Run:
    """geoph: clouds in the plane only, by their Delaunay triangulation."""
    from geoph import ripsPersistenceDiagram2

    return Run(lambda: ripsPersistenceDiagram2(given["points"]), lambda found: diagrams(*found))
