"""Clusters of a small cloud: single linkage with a stated cut, and DBSCAN.

Distances are difference-form float64. Labels count from 0 in the order of each cluster's first row; -1 is noise.
No result depends on the order of the points.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist, pdist

from tda_latent.numerics.distance_blocks import distance_blocks, neighbour_distances

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Labeller = Callable[[Floats], Integers]
COMPILED_FROM = 2000  # points of a cloud from which compiling, seconds once on a machine, is worth it
DENSE_LIMIT = 4096  # points up to which all distances are held at once (64 MiB)
CORE_SHARE = 0.9  # share of all points that have enough neighbours within the automatic DBSCAN radius
_TIE = 1 + 1e-9  # distances that are equal in exact arithmetic lie on the same side of the radius


@dataclass(frozen=True)
class MergeTree:
    """Single linkage of n points: which merges happen at which height.

    joins : (k, 2) vertices of a graph whose first n vertices are the points
    heights : (k,) length below which a join is not yet made
    diameter : largest distance between two points
    size : n
    """

    joins: Integers
    heights: Floats
    diameter: float
    size: int

    def labels(self, cut: float) -> Integers:
        """(n,) clusters when all merges at heights <= cut are made."""
        kept = self.joins[self.heights <= cut]
        vertices = max(self.size, int(self.joins.max(initial=0)) + 1)
        graph = coo_matrix((np.ones(len(kept)), (kept[:, 0], kept[:, 1])), shape=(vertices, vertices))
        return numbered(connected_components(graph, directed=False)[1][: self.size])


def merge_tree(points: NDArray[Any]) -> MergeTree:
    """Single-linkage merges of a cloud.

    Parameters
    ----------
    points : (n, d) finite, n >= 1; duplicates merge at height 0

    Notes
    -----
    O(n^2 d) time; O(n^2) memory up to 4096 points, O(n) above (Prim's algorithm on rows of distances).
    """
    wide = np.asarray(points, dtype=np.float64)
    if len(wide) == 1:
        return MergeTree(np.empty((0, 2), dtype=np.int64), np.empty(0), 0.0, 1)
    return _dense_tree(wide) if len(wide) <= DENSE_LIMIT else _prim_tree(wide)


def step_labeller(cloud: Floats, height: float) -> Labeller:
    """Single linkage of parts of a cloud, cut at a height: points joined by steps of at most that length.

    Parameters
    ----------
    cloud : (n, d) the whole cloud; above 2000 points the parts are flooded by compiled code
    height : longest step, in the unit of the points; a step of exactly this length is made. scikit-learn's
        ``distance_threshold`` t does not make it: t is the height ``np.nextafter(t, 0)``

    Returns
    -------
    Labeller
        (m, d) points -> (m,) cluster numbers, in an order without meaning.

    Notes
    -----
    Compiled: `tda_latent.numerics.proximity`, memory O(m d). Otherwise `merge_tree`.
    """
    if len(cloud) < COMPILED_FROM:
        return lambda points: merge_tree(points).labels(height)
    from tda_latent.numerics.blocks import sketcher
    from tda_latent.numerics.proximity import component_labels

    sketch = sketcher(cloud)
    return lambda points: component_labels(points, height, sketch)


def first_gap_cut(heights: Floats, diameter: float, bins: int) -> float:
    """Middle of the first empty bin of a histogram of merge heights [singh2007]; inf when no bin is empty.

    Parameters
    ----------
    heights : (k,) merge heights, repeats irrelevant
    diameter : largest distance in the cloud; it joins the histogram, so that a cloud without a gap among its
        merges is seen to be one cluster
    bins : number of bins from the smallest height to the diameter, >= 2

    Notes
    -----
    Two points, and clouds whose merges all happen at the diameter, have no gap: one cluster.
    """
    if not len(heights) or diameter <= heights.min():
        return np.inf
    low = float(heights.min())
    counts = np.histogram(np.append(heights, diameter), bins=bins, range=(low, diameter))[0]
    empty = np.flatnonzero(counts == 0)
    return low + (empty[0] + 0.5) * (diameter - low) / bins if len(empty) else np.inf


def dbscan_labels(points: NDArray[Any], eps: float, min_samples: int) -> Integers:
    """DBSCAN [ester1996]: clusters of core points within eps, border points with them, the rest noise.

    Parameters
    ----------
    points : (n, d) finite, n >= 1
    eps : radius >= 0, in the unit of the points; distances equal to it are inside
    min_samples : points within eps, the point itself included, that make a core point

    Returns
    -------
    (n,) int64
        -1 = noise. A border point goes to the cluster of its nearest core point, where scikit-learn lets the
        order of the rows decide; core points and noise are the same.

    Notes
    -----
    O(n^2 d) time, O(n) memory above 4096 core points.
    """
    wide = np.asarray(points, dtype=np.float64)
    counts = np.zeros(len(wide), dtype=np.int64)
    for rows, block in distance_blocks(wide):
        counts[rows] = (block <= eps).sum(axis=1)
    core = np.flatnonzero(counts >= min_samples)
    labels = np.full(len(wide), -1, dtype=np.int64)
    if not len(core):
        return labels
    clusters = merge_tree(wide[core]).labels(eps)
    others = np.flatnonzero(counts < min_samples)
    labels[core] = clusters
    for rows, block in distance_blocks(wide[others], wide[core]):
        nearest = block.argmin(axis=1)
        near = block[np.arange(len(block)), nearest] <= eps
        labels[others[rows]] = np.where(near, clusters[nearest], -1)
    return numbered(labels)


def dbscan_labeller(cloud: Floats, eps: float, min_samples: int) -> Labeller:
    """`dbscan_labels` of parts of a cloud; above 2000 points of the cloud by compiled code, to the same clusters."""
    if len(cloud) < COMPILED_FROM:
        return functools.partial(dbscan_labels, eps=eps, min_samples=min_samples)
    from tda_latent.numerics.blocks import sketcher
    from tda_latent.numerics.proximity import component_labels, have_neighbours, nearest_within

    sketch = sketcher(cloud)

    def labels_of(points: Floats) -> Integers:
        is_core = have_neighbours(points, eps, min_samples, sketch)
        labels = np.full(len(points), -1, dtype=np.int64)
        if is_core.any():
            labels[is_core] = component_labels(points[is_core], eps, sketch)
            nearest = nearest_within(points, eps, is_core, sketch)
            borders = np.flatnonzero(nearest >= 0)
            labels[borders] = labels[nearest[borders]]
        return labels

    return labels_of


def automatic_eps(points: NDArray[Any], min_samples: int) -> float:
    """Radius within which nine tenths of all points have 2 (min_samples - 1) others; it scales with the cloud.

    Twice the neighbours that a core point needs, because the end of a patch may cut half of them away: with
    fewer, the points that two patches share would be noise in both, and the graph would fall apart. At least one
    neighbour; 0 for a single point. O(n^2 d).
    """
    distances = neighbour_distances(points, max(1, 2 * (min_samples - 1)))
    return float(np.quantile(distances, CORE_SHARE, method="higher")) * _TIE


def numbered(labels: NDArray[Any]) -> Integers:
    """(n,) the same clusters numbered 0, 1, ... by first row; negative labels (noise) become -1."""
    values = np.asarray(labels)
    result = np.full(len(values), -1, dtype=np.int64)
    inside = np.flatnonzero(values >= 0)
    chosen = values[inside].astype(np.int64)
    if chosen.max(initial=0) > 4 * len(values):
        chosen = np.unique(chosen, return_inverse=True)[1]
    first = np.full(chosen.max(initial=-1) + 1, len(values))
    first[chosen[::-1]] = inside[::-1]  # the last one written is the first row
    result[inside] = np.argsort(np.argsort(first))[chosen]
    return result


def _dense_tree(points: Floats) -> MergeTree:
    distances = pdist(points)
    merges = linkage(distances, method="single")
    size = len(points)
    parents = np.arange(size, 2 * size - 1)
    joins = np.concatenate([np.stack([merges[:, side], parents], axis=1) for side in (0, 1)]).astype(np.int64)
    return MergeTree(joins, np.tile(merges[:, 2], 2), float(distances.max()), size)


def _prim_tree(points: Floats) -> MergeTree:
    size = len(points)
    best, parent = np.full(size, np.inf), np.zeros(size, dtype=np.int64)
    outside = np.ones(size, dtype=bool)
    joins, heights = np.zeros((size - 1, 2), dtype=np.int64), np.zeros(size - 1)
    current, diameter = 0, 0.0
    for step in range(size):
        row = cdist(points[current : current + 1], points)[0]
        diameter = max(diameter, float(row.max()))
        outside[current] = False
        if step == size - 1:
            break
        closer = outside & (row < best)
        best[closer], parent[closer] = row[closer], current
        current = int(np.argmin(np.where(outside, best, np.inf)))
        joins[step], heights[step] = (parent[current], current), best[current]
    return MergeTree(joins, heights, diameter, size)
