"""Heat traces of neighbour graphs: exact from the spectrum, or by stochastic Lanczos quadrature for large clouds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, identity

from tda_latent.errors import InvalidInput
from tda_latent.numerics.neighbour_balls import nearest_with_ties, prepared
from tda_latent.numerics.ties import stored_epsilon

Floats = NDArray[np.float64]
_DEGREE = 4  # of the polynomials whose traces are known and taken out of the estimate
_MOST_EDGES = 20_000_000  # 1 GB of row and column numbers


class HeatTrace(NamedTuple):
    """Mean heat trace tr(exp(-t L)) / n at every time.

    values : (t,) in (0, 1]
    errors : (t,) standard errors of them; 0 where the spectrum is exact
    """

    values: Floats
    errors: Floats


class Probes(NamedTuple):
    """How a heat trace is estimated: random signs, each pushed through some steps of Lanczos' iteration.

    number : of probes, >= 2
    steps : of each, >= 3
    seed : which signs are drawn
    """

    number: int
    steps: int
    seed: int


def normalised_laplacian(points: NDArray[Any], neighbours: int) -> csr_matrix:
    """(n, n) Laplacian I - D^-1/2 A D^-1/2 of the graph that joins each point to its k nearest others.

    Whoever is as far as the k-th nearest, up to the rounding of stored numbers, is joined as well: on a lattice, a
    ring, or among duplicates the graph would otherwise depend on the order of the rows.

    Raises
    ------
    InvalidInput
        When the cloud has no more than k points, or so many coincide that most pairs are neighbours.
    """
    if not 1 <= neighbours < len(points):
        raise InvalidInput(
            f"neighbours is {neighbours} and the cloud has {len(points)} points; the rule is 1 <= neighbours < "
            f"{len(points)}. Use fewer neighbours or more points."
        )
    graph = _tied_graph(points, neighbours)
    inverse = diags_array(1.0 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel()))
    return csr_matrix(identity(len(points), format="csr") - inverse @ graph @ inverse)


def _tied_graph(points: NDArray[Any], neighbours: int) -> csr_matrix:
    """Symmetric (n, n) graph of ones between points of which one is among the k nearest of the other, ties included."""
    (cloud,) = prepared(points)
    rows, columns, count = [], [], 0
    for tails, heads in nearest_with_ties(cloud, neighbours, stored_epsilon(points)):
        count += len(tails)
        if count > _MOST_EDGES:
            raise InvalidInput(
                f"more than {_MOST_EDGES} pairs are neighbours, because many of the {len(points)} points coincide or "
                "are equally far; drop repeated points, or draw fewer."
            )
        rows.append(tails)
        columns.append(heads)
    ends = np.concatenate(rows), np.concatenate(columns)
    graph = csr_matrix((np.ones(len(ends[0])), ends), shape=(len(points), len(points)))
    return csr_matrix(graph.maximum(graph.T))


def exact_heat_trace(laplacian: csr_matrix, times: Floats) -> HeatTrace:
    """From all eigenvalues. O(n^3) time, O(n^2) memory."""
    spectrum = np.clip(np.linalg.eigvalsh(laplacian.toarray()), 0.0, None)
    values = np.exp(-np.outer(times, spectrum)).mean(axis=1)
    return HeatTrace(np.asarray(values, dtype=np.float64), np.zeros(len(times)))


def estimated_heat_trace(laplacian: csr_matrix, times: Floats, probes: Probes) -> HeatTrace:
    """By stochastic Lanczos quadrature [ubaru2017].

    Notes
    -----
    A probe z of random signs has E z'f(L)z = tr f(L), and the Gauss quadrature of its Lanczos iteration gives z'f(L)z
    up to what polynomials of degree below twice the steps cannot express. Of the mean the least-squares polynomial of
    the exponential of degree 4 on [0, 2] is taken out and its exact trace put in, which removes most of the error at
    the times that matter. O(probes steps (edges + n steps)).
    """
    size = laplacian.shape[0]
    signs = np.random.default_rng(probes.seed).choice([-1.0, 1.0], size=(size, probes.number))
    nodes, weights = _quadrature(laplacian, signs / np.sqrt(size), min(probes.steps, size))
    fits = _polynomials(times)
    left = np.stack(
        [
            (weights * (np.exp(-t * nodes) - np.polyval(fit, nodes))).sum(axis=1)
            for t, fit in zip(times, fits, strict=True)
        ]
    )  # (times, probes)
    known = fits @ _moments(laplacian)[::-1]
    errors = left.std(axis=1, ddof=1) / np.sqrt(probes.number)
    return HeatTrace(np.asarray(known + left.mean(axis=1), dtype=np.float64), np.asarray(errors, dtype=np.float64))


def _polynomials(times: Floats) -> Floats:
    """(t, degree + 1) coefficients, highest first, of polynomials close to exp(-t x) on [0, 2]: the spectrum."""
    grid = 1.0 - np.cos(np.linspace(0.0, np.pi, 65))
    return np.asarray(np.polyfit(grid, np.exp(-np.outer(grid, times)), _DEGREE).T, dtype=np.float64)


def _moments(laplacian: csr_matrix) -> Floats:
    """(degree + 1,) exact tr(L^k) / n for k = 0, 1, ..."""
    square = laplacian @ laplacian
    traces = [
        float(laplacian.shape[0]),
        laplacian.diagonal().sum(),
        square.diagonal().sum(),
        square.multiply(laplacian).sum(),
        square.multiply(square).sum(),
    ]
    return np.asarray(traces, dtype=np.float64) / laplacian.shape[0]


def _quadrature(matrix: csr_matrix, starts: Floats, steps: int) -> tuple[Floats, Floats]:
    """(probes, steps) nodes and weights of the Gauss quadrature that Lanczos' iteration gives, reorthogonalised.

    starts : (n, probes) of length one. An iteration that exhausts its space goes on with zeros, which get no weight.
    """
    size, count = starts.shape
    basis, tridiagonal = np.zeros((steps, size, count)), np.zeros((count, steps, steps))
    basis[0] = starts
    for step in range(steps):
        pushed = matrix @ basis[step]
        tridiagonal[:, step, step] = np.einsum("np,np->p", pushed, basis[step])
        if step + 1 == steps:
            break
        for _ in range(2):  # twice is enough
            pushed -= np.einsum("kp,knp->np", np.einsum("knp,np->kp", basis[: step + 1], pushed), basis[: step + 1])
        length = np.linalg.norm(pushed, axis=0)
        goes_on = length > 1e-10
        basis[step + 1] = np.where(goes_on, pushed / np.where(goes_on, length, 1.0), 0.0)
        tridiagonal[:, step, step + 1] = tridiagonal[:, step + 1, step] = np.where(goes_on, length, 0.0)
    nodes, vectors = np.linalg.eigh(tridiagonal)
    return np.asarray(nodes, dtype=np.float64), np.asarray(vectors[:, 0, :] ** 2, dtype=np.float64)
