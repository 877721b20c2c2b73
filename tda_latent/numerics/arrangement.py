"""Arrangements of a distance matrix for drawing: a dendrogram order and a map in few dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
_STEPS = 1000
_TOLERANCE = 1e-12


def dendrogram_order(values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Order of the rows along an average-linkage dendrogram with optimal leaf ordering [barjoseph2001].

    Parameters
    ----------
    values : (m, m) symmetric distances, m >= 1, no NaN; an infinity counts as twice the largest finite distance

    Returns
    -------
    order : (m,) row numbers
    tree : (m - 1, 4) linkage as SciPy writes it

    Notes
    -----
    O(m^3) time at worst.
    """
    square = _finite(values)
    if len(square) == 1:
        return np.zeros(1, dtype=np.int64), np.empty((0, 4))
    condensed = squareform(square, checks=False)
    tree = optimal_leaf_ordering(linkage(condensed, method="average"), condensed)
    return np.asarray(leaves_list(tree), dtype=np.int64), np.asarray(tree, dtype=np.float64)


def multidimensional_scaling(values: Floats, dimension: int = 2) -> tuple[Floats, float]:
    """Positions whose distances come close to the given ones: classical start, then stress majorisation [borg2005].

    Parameters
    ----------
    values : (m, m) symmetric distances, no NaN; an infinity counts as twice the largest finite distance
    dimension : coordinates of the map

    Returns
    -------
    coordinates : (m, dimension), centred; the entry of largest size on each axis is positive
    stress : normalised stress sqrt(sum (d - delta)^2 / sum delta^2), 0 = exact

    Notes
    -----
    Deterministic. O(m^2) for each of at most 1000 steps, which never raise the stress.
    """
    target = _finite(values)
    places = _classical(target, dimension)
    before = _stress(places, target)
    for _ in range(_STEPS):
        moved = _guttman(places, target)
        after = _stress(moved, target)
        if before - after <= _TOLERANCE * before:
            break
        places, before = moved, after
    return _upright(places), before


def _finite(values: Floats) -> Floats:
    square = np.array(values, dtype=np.float64)
    if np.isnan(square).any():
        raise InvalidInput(
            "the matrix holds NaN, a distance that was not computed; only complete matrices are arranged."
        )
    finite = np.isfinite(square)
    square[~finite] = 2 * square[finite].max(initial=0.5)
    return square


def _classical(target: Floats, dimension: int) -> Floats:
    """Torgerson's solution: eigenvectors of the doubly centred squared distances."""
    size = len(target)
    centring = np.eye(size) - 1 / size
    values, vectors = np.linalg.eigh(-centring @ target**2 @ centring / 2)
    order = np.argsort(-values, kind="stable")[:dimension]
    places = vectors[:, order] * np.sqrt(np.maximum(values[order], 0.0))
    return np.asarray(np.pad(places, ((0, 0), (0, dimension - len(order)))), dtype=np.float64)


def _guttman(places: Floats, target: Floats) -> Floats:
    """One step of stress majorisation; coinciding points do not pull on each other."""
    distances = _distances(places)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(distances > 0, target / distances, 0.0)
    pull = -ratio
    np.fill_diagonal(pull, ratio.sum(axis=1))
    return np.asarray(pull @ places / len(places), dtype=np.float64)


def _distances(places: Floats) -> Floats:
    return np.asarray(np.linalg.norm(places[:, None] - places[None], axis=2), dtype=np.float64)


def _stress(places: Floats, target: Floats) -> float:
    total = float((target**2).sum())
    return float(np.sqrt(((_distances(places) - target) ** 2).sum() / total)) if total > 0 else 0.0


def _upright(places: Floats) -> Floats:
    """Centred, with the sign of every axis fixed by its largest entry."""
    centred = places - places.mean(axis=0)
    largest = np.argmax(np.abs(centred), axis=0)
    signs = np.sign(centred[largest, np.arange(centred.shape[1])])
    return np.asarray(centred * np.where(signs == 0, 1.0, signs), dtype=np.float64)
