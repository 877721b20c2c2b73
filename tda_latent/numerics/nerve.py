"""From patches to a Mapper graph: clusters as nodes, shared points as edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from tda_latent.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Labeller = Callable[[Floats], NDArray[Any]]


@dataclass(frozen=True)
class PulledBackCover:
    """Clusters of every patch.

    members, offsets : cluster k owns ``members[offsets[k]:offsets[k + 1]]``, ascending
    patches : (clusters,) patch that each cluster came from
    is_noise : (n,) True for points that the clusterer called noise in every patch that holds them
    """

    members: Integers
    offsets: Integers
    patches: Integers
    is_noise: NDArray[np.bool_]


def pulled_back_cover(
    points: Floats, patches: tuple[Integers, Integers], labeller: Labeller, min_points: int = 1
) -> PulledBackCover:
    """Cluster the points of each patch; clusters below ``min_points`` are left out.

    Parameters
    ----------
    points : (n, d)
    patches : members and offsets as `tda_latent.numerics.covers.patch_members` gives them
    labeller : (m, d) points of one patch -> (m,) cluster numbers; negative = noise
    min_points : smallest size of a cluster

    Returns
    -------
    PulledBackCover
        By patch, then by each cluster's first row. Clusters of different patches with the same members are all
        kept: they are different elements of the cover, and dropping one would cut the nerve open.
    """
    rows, bounds = patches
    clusters: list[Integers] = []
    origins: list[int] = []
    clustered = np.zeros(len(points), dtype=bool)
    for patch in range(len(bounds) - 1):
        inside = rows[bounds[patch] : bounds[patch + 1]]
        labels = np.asarray(labeller(points[inside]))
        if labels.shape != inside.shape:
            raise InvalidInput(
                f"the clusterer gave labels of shape {labels.shape} for a patch of {len(inside)} points."
            )
        clustered[inside[labels >= 0]] = True
        found = [inside[labels == label] for label in _in_order(labels)]
        clusters += (kept := [cluster for cluster in found if len(cluster) >= min_points])
        origins += [patch] * len(kept)
    return PulledBackCover(
        members=np.concatenate([np.empty(0, dtype=np.int64), *clusters]),
        offsets=np.cumsum([0, *(len(cluster) for cluster in clusters)]),
        patches=np.array(origins, dtype=np.int64),
        is_noise=~clustered,
    )


def nerve_edges(members: Integers, offsets: Integers, size: int) -> tuple[Integers, Integers]:
    """Pairs of clusters that share points, and how many they share.

    Parameters
    ----------
    members, offsets : clusters of row numbers below ``size``; a row occurs at most once in a cluster

    Returns
    -------
    edges, overlaps
        (e, 2) cluster numbers, first < second, sorted; (e,) shared points, >= 1.

    Notes
    -----
    An inverted index: O(sum over points of (clusters that hold it)^2), never all pairs of clusters.
    """
    count = len(offsets) - 1
    incidence = csr_matrix((np.ones(len(members), dtype=np.int64), members, offsets), shape=(count, size))
    shared = coo_matrix(incidence @ incidence.T)
    above = shared.row < shared.col
    edges = np.stack([shared.row[above], shared.col[above]], axis=1).astype(np.int64)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    return edges[order], np.asarray(shared.data[above][order], dtype=np.int64)


def class_counts(members: Integers, offsets: Integers, column: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    """Distinct values of a column, ascending, and how often each occurs in each cluster: (k,), (clusters, k)."""
    classes, position = np.unique(column, return_inverse=True)
    clusters = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    counts = np.zeros((len(offsets) - 1, len(classes)), dtype=np.int64)
    np.add.at(counts, (clusters, position[members]), 1)
    return classes, counts


def _patch_labels(labeller: Labeller, points: Floats) -> NDArray[Any]:
    labels = np.asarray(labeller(points))
    if labels.shape != (len(points),):
        raise InvalidInput(f"the clusterer gave labels of shape {labels.shape} for a patch of {len(points)} points.")
    return labels


def _in_order(labels: NDArray[Any]) -> list[Any]:
    """Cluster numbers in the order of their first row, without noise."""
    values, first = np.unique(labels, return_index=True)
    return [label for label in values[np.argsort(first)].tolist() if label >= 0]
