"""Models in an order and in the plane, so that their distances can be read off a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_ITERATIONS = 1000
_TOLERANCE = 1e-11  # of the squared stress, relative to the squared distances
_NUDGE = 1e-3  # of the largest coordinate


def dendrogram_order(values: NDArray[Any]) -> tuple[Integers, Floats]:
    """Order of the rows in which similar ones stand together, and the dendrogram behind it.

    Parameters
    ----------
    values : (m, m) distances, m >= 1, >= 0, inf is legal. The diagonal is not read; two directions are averaged

    Returns
    -------
    order : (m,) row numbers
    tree : (m - 1, 4) linkage as SciPy writes it

    Raises
    ------
    InvalidInput
        For another shape, NaN or a negative distance.

    Notes
    -----
    Average linkage [sokal1958] with the leaf order that makes neighbours closest [barjoseph2001]. inf stands for
    "further than everything": it is replaced by twice the largest finite distance (by 1 when there is none).
    """
    matrix = _finite_distances(values)
    if len(matrix) == 1:
        return np.zeros(1, dtype=np.int64), np.empty((0, 4))
    tree = linkage(squareform(matrix, checks=False), method="average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.int64), np.asarray(tree, dtype=np.float64)


def multidimensional_scaling(values: NDArray[Any], dimension: int = 2) -> tuple[Floats, float]:
    """Points whose Euclidean distances approximate the given ones.

    Parameters
    ----------
    values : as for `dendrogram_order`, with the same stand-in for inf
    dimension : of the points, >= 1

    Returns
    -------
    coordinates : (m, dimension) in the unit of the distances, centred, on their principal axes, the entry of
        largest magnitude on each axis positive
    stress : ``sqrt(sum (d - delta)^2 / sum delta^2)`` [kruskal1964], 0 = distances are kept

    Notes
    -----
    Metric scaling by majorisation [deleeuw1977] [borg2005] from the classical solution [torgerson1952], and from
    that solution spread a little along a spiral: equal distances leave the classical one degenerate, and rows that
    start at one place would never part. The better result is returned. Nothing is drawn at random. O(m^3) to start,
    O(m^2) a step, at most 1000 steps.
    """
    matrix = _finite_distances(values)
    start = _classical_scaling(matrix, dimension)
    nudged = start + _NUDGE * float(np.abs(start).max(initial=0.0)) * _spiral(len(matrix), dimension)
    fits = [_majorised(matrix, begin) for begin in (start, nudged)]
    coordinates, stress = fits[0] if fits[0][1] <= fits[1][1] + 1e-9 else fits[1]
    return _principal_axes(coordinates), stress


def _finite_distances(values: NDArray[Any]) -> Floats:
    """Symmetric, zero diagonal, finite."""
    matrix = np.array(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise InvalidInput(f"distances have shape {matrix.shape}; the rule is a square matrix of at least one row.")
    np.fill_diagonal(matrix, 0.0)
    if np.isnan(matrix).any() or (matrix < 0).any():
        raise InvalidInput("distances hold NaN or a negative value; compute the missing pairs before arranging them.")
    matrix = (matrix + matrix.T) / 2
    unbounded = np.isinf(matrix)
    largest = float(matrix[~unbounded].max())
    matrix[unbounded] = 2 * largest if largest > 0 else 1.0
    return matrix


def _classical_scaling(matrix: Floats, dimension: int) -> Floats:
    squared = matrix**2
    inner = -0.5 * (squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean())
    levels, vectors = np.linalg.eigh(inner)
    top = slice(None, -dimension - 1, -1)
    axes = vectors[:, top] * np.sqrt(np.maximum(levels[top], 0.0))
    return np.asarray(np.pad(axes, ((0, 0), (0, dimension - axes.shape[1]))), dtype=np.float64)


def _spiral(size: int, dimension: int) -> Floats:
    """(size, dimension) points no two of which coincide, within the unit ball: no draw, no symmetry."""
    steps = np.arange(1, size + 1)[:, None]
    rates = np.sqrt(np.arange(2, dimension + 2))[None, :]  # rotations that never fall into step
    return np.asarray(np.cos(2 * np.pi * steps * rates) * np.sqrt(steps / size), dtype=np.float64)


def _majorised(matrix: Floats, start: Floats) -> tuple[Floats, float]:
    """Guttman transforms until the stress no longer falls."""
    wanted = squareform(matrix, checks=False)
    total = float(np.sum(wanted**2))
    if total == 0.0:
        return np.zeros_like(start), 0.0
    points, misfit = start, float(np.sum((wanted - pdist(start)) ** 2)) / total
    for _ in range(_ITERATIONS):
        lengths = pdist(points)
        ratios = squareform(np.divide(wanted, lengths, out=np.zeros_like(wanted), where=lengths > 0), checks=False)
        moved = (ratios.sum(axis=1)[:, None] * points - ratios @ points) / len(points)
        reached = float(np.sum((wanted - pdist(moved)) ** 2)) / total
        if misfit - reached <= _TOLERANCE:
            break
        points, misfit = moved, reached
    return points, float(np.sqrt(misfit))


def _principal_axes(points: Floats) -> Floats:
    moved = points - points.mean(axis=0)
    if len(moved) < 2:
        return np.zeros_like(moved)
    axes = np.linalg.svd(moved, full_matrices=True)[2]
    turned = moved @ axes.T
    strongest = turned[
        np.argmax(np.abs(turned) > 0.999999 * np.abs(turned).max(axis=0), axis=0), range(turned.shape[1])
    ]
    return np.asarray(turned * np.where(strongest < 0, -1.0, 1.0), dtype=np.float64)
