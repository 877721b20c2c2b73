"""Positions for drawing a graph: stress majorisation of each component, components packed side by side.

No random numbers: every component starts from classical scaling of its hop distances and is turned to agree with
a guide, the lens means of its nodes, so that the drawing reads along the lens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
STRESS_LIMIT = 1000  # nodes of a component up to which its stress is minimised
PIVOTS = 200  # nodes whose hop distances start the scaling
ROUNDS = 150
_SETTLED = 1e-4  # relative fall of the stress that ends the rounds
_ASPECT = 1.5  # width over height of the packed drawing


def graph_layout(edges: Integers, guide: Floats) -> Floats:
    """Positions of the nodes; the unit is one edge.

    Parameters
    ----------
    edges : (e, 2) node numbers
    guide : (nodes, q) where the nodes lie along the lens; its first two columns set the orientation of every
        component. (nodes, 0) leaves the orientation to the scaling

    Returns
    -------
    (nodes, 2) float64
        Centred at the origin. Bounding boxes of components are at least one edge length apart; the largest
        component comes first. Single nodes have a box of one edge length.

    Notes
    -----
    Stress majorisation [gansner2005] up to 1000 nodes in a component, O(k^2) a round after O(k^3) once: about a
    second for 500 nodes. Larger components keep the classical scaling of the distances to 200 pivots
    [brandes2007].
    """
    nodes = len(guide)
    ones = np.ones(len(edges))
    graph = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(nodes, nodes)).tocsr()
    labels = connected_components(graph, directed=False)[1]
    sizes = np.bincount(labels, minlength=0)
    positions = np.zeros((nodes, 2))
    components = [np.flatnonzero(labels == label) for label in np.argsort(-sizes, kind="stable")]
    for rows in components:
        if len(rows) > 1:
            placed = _component_layout(graph[rows][:, rows])
            positions[rows] = _turned(placed, guide[rows, :2])
    return _packed(positions, components)


def _component_layout(graph: csr_matrix) -> Floats:
    """(k, 2) positions of one connected graph, k >= 2."""
    size = graph.shape[0]
    if size > STRESS_LIMIT:
        pivots = np.unique(np.linspace(0, size - 1, PIVOTS).astype(np.int64))
        return _classical(np.asarray(shortest_path(graph, directed=False, unweighted=True, indices=pivots)).T)
    hops = np.asarray(shortest_path(graph, directed=False, unweighted=True), dtype=np.float64)
    return _majorised(_classical(hops), hops)


def _classical(hops: Floats) -> Floats:
    """(k, 2) classical scaling of distances (k, pivots), stretched to fit them in the least squares."""
    squares = hops**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1, keepdims=True) + squares.mean()
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    positions = np.zeros((len(hops), 2))
    keep = min(2, len(sizes))
    positions[:, :keep] = left[:, :keep] * np.sqrt(sizes[:keep])
    length = np.sqrt((positions**2).sum(axis=1).mean())
    return np.asarray(positions * (np.sqrt(squares.mean() / 2) / length if length > 0 else 1.0))


def _majorised(positions: Floats, hops: Floats) -> Floats:
    """Positions of least stress sum w_ij (|x_i - x_j| - hops_ij)^2, w = hops^-2, by repeated majorisation."""
    weights = np.divide(1.0, hops**2, out=np.zeros_like(hops), where=hops > 0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    factor = cho_factor(laplacian[1:, 1:])  # node 0 stays where it is: the stress does not see a shift
    targets, previous = weights * hops, np.inf
    for _ in range(ROUNDS):
        lengths = cdist(positions, positions)
        stress = float((weights * (lengths - hops) ** 2).sum())
        if previous - stress <= _SETTLED * stress:
            break
        previous = stress
        pulls = np.divide(targets, lengths, out=np.zeros_like(hops), where=lengths > 0)
        right = pulls.sum(axis=1)[:, None] * positions - pulls @ positions
        positions[1:], positions[0] = cho_solve(factor, right[1:]), 0.0
    return positions


def _turned(positions: Floats, guide: Floats) -> Floats:
    """The positions rotated or mirrored to agree best with the guide (orthogonal Procrustes)."""
    centred = positions - positions.mean(axis=0)
    target = np.zeros_like(centred)
    target[:, : guide.shape[1]] = guide - guide.mean(axis=0)
    spread = np.abs(target).max(axis=0)
    if not spread.any():
        return np.asarray(centred)
    left, sizes, right = np.linalg.svd(centred.T @ (target / np.where(spread > 0, spread, 1.0)))
    turned = centred @ (left @ right)
    if sizes[1] <= 1e-9 * sizes[0]:  # one axis only: its mirror image is as good, so the first node off it decides
        off = turned[np.abs(turned[:, 1]) > 1e-6, 1]
        turned[:, 1] *= np.sign(off[0]) if len(off) else 1.0
    return np.asarray(turned)


def _packed(positions: Floats, components: list[Integers]) -> Floats:
    """Components on shelves from the top left, in the order given, one edge length apart."""
    boxes = [np.maximum(np.ptp(positions[rows], axis=0), 1.0) + 1.0 for rows in components]
    width = max([np.sqrt(_ASPECT * sum(box.prod() for box in boxes)), *(box[0] for box in boxes)], default=1.0)
    corner, shelf = np.zeros(2), 0.0
    placed = positions.copy()
    for rows, box in zip(components, boxes, strict=True):
        if corner[0] + box[0] > width * (1 + 1e-9):
            corner, shelf = np.array([0.0, corner[1] - shelf]), 0.0
        middle = (positions[rows].min(axis=0) + positions[rows].max(axis=0)) / 2
        placed[rows] += corner + box * (0.5, -0.5) - middle
        corner, shelf = corner + np.array([box[0], 0.0]), max(shelf, box[1])
    return np.asarray(placed - (placed.min(axis=0) + placed.max(axis=0)) / 2) if len(placed) else placed
