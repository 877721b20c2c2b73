"""Distances through the graph of nearest neighbours: by resistance and by diffusion, which noise hardly moves.

Isotropic noise in many dimensions makes all distances nearly equal; who is among the nearest neighbours it changes
much less. These distances know the cloud only through that, and average over all ways between two points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.connectivity import nearest_neighbour_graph
from tda_latent.numerics.pairwise import component_labels, minimum_spanning_edges, pairwise_distances
from tda_latent.numerics.ties import distance_rounding, stored_epsilon

Floats = NDArray[np.float64]
SPECTRAL = ("effective-resistance", "diffusion")
LARGEST = 5000
"""Points up to which these distances are computed: a minute, and 600 MB."""
_ROUNDING = 1e-9  # lengths closer than this, relative to them, are one length; in float32 eight units of its last place


def connected_neighbour_graph(points: NDArray[Any], neighbours: int) -> Floats:
    """(n, n) symmetric adjacency of ones: k nearest neighbours, either way, in one piece.

    Ties with the k-th neighbour are neighbours. Components that these leave apart are joined by a minimum spanning tree
    of components, one edge for each of its steps, of equal ones that between the smallest rows. Nothing is added inside
    a component, where it would be a short cut.

    Raises
    ------
    InvalidInput
        For more than 5000 points.
    """
    if len(points) > LARGEST:
        raise InvalidInput(
            f"{len(points)} points; distances through the graph need a matrix inverse, in time n^3, and are offered "
            f"for up to {LARGEST}. Draw a sample first."
        )
    distances = pairwise_distances(points)
    graph = nearest_neighbour_graph(distances, neighbours, distance_rounding(points, float(distances.max())))
    adjacency = np.asarray(graph.toarray(), dtype=np.float64)
    parts = component_labels(graph)
    for tail, head in _bridges(distances, parts, max(_ROUNDING, 8 * stored_epsilon(points))):
        adjacency[tail, head] = adjacency[head, tail] = 1.0
    return adjacency


def _bridges(distances: Floats, parts: NDArray[np.int64], rounding: float) -> list[tuple[int, int]]:
    """The edges that join components into one, shortest first; lengths that differ by this share are equal."""
    order = np.argsort(parts, kind="stable")
    starts = np.searchsorted(parts[order], np.arange(parts.max() + 1))
    members = np.split(order, starts[1:])
    between = np.minimum.reduceat(np.minimum.reduceat(distances[order], starts)[:, order], starts, axis=1)
    mantissas, exponents = np.frexp(between)
    levels = np.ldexp(np.round(mantissas / rounding) * rounding, exponents)
    np.fill_diagonal(levels, 0.0)
    found = []
    for pair in zip(*minimum_spanning_edges(levels)[:2], strict=True):
        rows, columns = (members[part] for part in sorted(pair))
        lengths = distances[np.ix_(rows, columns)]
        first = int(np.argmax(lengths <= (1 + rounding) * lengths.min()))
        found.append((int(rows[first // len(columns)]), int(columns[first % len(columns)])))
    return found


def resistances(adjacency: Floats) -> Floats:
    """(n, n) effective resistances of a connected graph whose edges are unit resistors [klein1993].

    Between two vertices of a tree the number of edges, on opposite ends of a cycle of n edges n / 4, in a complete
    graph 2 / n. A metric. O(n^3).

    Raises
    ------
    InvalidInput
        When the graph is not connected.
    """
    size = len(adjacency)
    laplacian = np.diag(adjacency.sum(axis=1)) - adjacency + 1.0 / size
    factor, failed = dpotrf(laplacian, lower=1, clean=1)
    lower, singular = (factor, 1) if failed else dpotri(factor, lower=1)
    if singular or not np.isfinite(lower).all() or (np.diag(lower) > 1e13 / size).any():
        raise InvalidInput("the graph is not connected, so some resistances are infinite; raise the neighbours.")
    inverse = np.tril(lower) + np.tril(lower, -1).T
    own = np.diag(inverse)
    found = np.maximum(own[:, None] + own[None] - 2 * inverse, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found, dtype=np.float64)


def corrected_resistances(adjacency: Floats) -> Floats:
    """(n, n) effective resistances less what the two ends contribute alone [vonluxburg2014; damrich2024].

    ``R_ij - 1/d_i - 1/d_j + 2 a_ij / (d_i d_j)``, >= 0: a squared Euclidean distance, so it may break the triangle
    inequality. In large graphs the resistance itself converges to 1/d_i + 1/d_j, which says nothing about shape.
    """
    shares = 1.0 / np.maximum(adjacency.sum(axis=1), 1.0)
    ends = shares[:, None] + shares[None] - 2 * adjacency * shares[:, None] * shares[None]
    found = np.maximum(resistances(adjacency) - ends, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found, dtype=np.float64)


def diffusion_distances(adjacency: Floats, steps: int) -> Floats:
    """(n, n) distances between the places of random walks that start at two vertices [coifman2006].

    Parameters
    ----------
    adjacency : (n, n) symmetric, zero diagonal; a walk may also stay where it is, as on one more edge
    steps : t >= 1

    Returns
    -------
    (n, n)
        ``sqrt(vol sum_k (P^t_ik - P^t_jk)^2 / d_k)``; 0 between any two vertices of a complete graph. O(n^3).

    Notes
    -----
    The code of [damrich2024] walks the same way, but divides by d_k^2, so that its values differ by more than a factor.
    """
    lazy = adjacency + np.eye(len(adjacency))
    roots = np.sqrt(lazy.sum(axis=1))
    walk = np.linalg.matrix_power(lazy / roots[:, None] / roots[None], steps)
    places = walk / roots[:, None] * np.sqrt((roots**2).sum())
    return np.asarray(squareform(pdist(places), checks=False), dtype=np.float64)


def rounding_steps(adjacency: Floats, distances: Floats) -> int:
    """Units of the last place of the longest distance that a resistance can be wrong by.

    The condition of the Laplacian is at most twice the largest degree times the sum of resistances over n.
    """
    size = len(adjacency)
    ends = 2.0 / max(float(adjacency.sum(axis=1).min()), 1.0)
    condition = 2 * float(adjacency.sum(axis=1).max()) * (float(distances.mean()) + ends) * size / 2
    longest = float(distances.max())
    return int(size * condition * (1 + ends / longest)) + size if longest > 0 else size


def spectral_distances(points: NDArray[Any], metric: str, neighbours: int, steps: int) -> tuple[Floats, int]:
    """Distances of a cloud through its graph of nearest neighbours, and the steps behind one for its rounding.

    Parameters
    ----------
    points : (n, d) finite
    metric : "effective-resistance" (corrected) or "diffusion"
    neighbours : k of the graph; steps : of the random walk
    """
    adjacency = connected_neighbour_graph(points, neighbours)
    if metric == "diffusion":
        return diffusion_distances(adjacency, steps), len(adjacency) * (steps + 2)
    found = corrected_resistances(adjacency)
    return found, rounding_steps(adjacency, found)
