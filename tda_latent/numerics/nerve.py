"""From patches to a Mapper graph: clusters as nodes, shared points as edges."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from tda_latent.errors import InvalidInput
from tda_latent.numerics.clustering import numbered
from tda_latent.numerics.covers import grouped

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
    nodes = np.full(len(rows), -1, dtype=np.int64)
    found = np.zeros(len(bounds), dtype=np.int64)
    for patch, (start, stop) in enumerate(itertools.pairwise(bounds.tolist())):
        local = numbered(_patch_labels(labeller, points[rows[start:stop]]))
        found[patch + 1] = found[patch] + local.max() + 1
        nodes[start:stop] = np.where(local < 0, -1, local + found[patch])
    inside = np.flatnonzero(nodes >= 0)
    order, offsets = grouped(nodes[inside], int(found[-1]))
    is_noise = np.ones(len(points), dtype=bool)
    is_noise[rows[inside]] = False
    sizes = np.diff(offsets)
    kept = sizes >= min_points
    return PulledBackCover(
        members=rows[inside][order][np.repeat(kept, sizes)],
        offsets=np.concatenate([[0], np.cumsum(sizes[kept])]),
        patches=np.repeat(np.arange(len(bounds) - 1), np.diff(found))[kept],
        is_noise=is_noise,
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
