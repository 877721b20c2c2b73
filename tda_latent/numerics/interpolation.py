"""Paths between points of a cloud (straight, spherical, along neighbours), and what a function makes of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from tda_latent.numerics.distance_blocks import distance_blocks
from tda_latent.numerics.pairwise import neighbour_graph
from tda_latent.numerics.spanning_tree import SpanningTree, spanning_tree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_PARALLEL = 1e-6  # sine of the angle below which two codes span no plane


def linear_paths(starts: Floats, ends: Floats, steps: int) -> Floats:
    """(p, steps + 1, d) points at even parameters on the straight lines between (p, d) starts and ends."""
    t = np.linspace(0.0, 1.0, steps + 1)[:, None]
    return np.asarray((1 - t) * starts[:, None] + t * ends[:, None], dtype=np.float64)


def spherical_paths(starts: Floats, ends: Floats, steps: int) -> Floats:
    """(p, steps + 1, d) points on paths that turn about the origin at even speed while the norm changes evenly.

    The direction follows the great arc [shoemake1985]. The norm is interpolated by itself: the formula applied to codes
    of unequal norms leaves every bound near opposite ends. NaN where start and end are parallel or opposite up to
    rounding, or one is the origin: they span no plane to turn in.
    """
    lengths = [np.linalg.norm(codes, axis=1)[:, None] for codes in (starts, ends)]
    t = np.linspace(0.0, 1.0, steps + 1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = starts / lengths[0], ends / lengths[1]
        apart, along = np.linalg.norm(first - second, axis=1), np.linalg.norm(first + second, axis=1)
        angle = 2 * np.arctan2(apart, along)[:, None, None]  # keeps its digits near 0 and near pi
        sine = np.where(np.sin(angle) > _PARALLEL, np.sin(angle), np.nan)
        arcs = (np.sin((1 - t) * angle) * first[:, None] + np.sin(t * angle) * second[:, None]) / sine
    return np.asarray(arcs * ((1 - t) * lengths[0][:, None] + t * lengths[1][:, None]), dtype=np.float64)


class NeighbourPaths(NamedTuple):
    """Shortest paths through a cloud.

    points : (p, steps + 1, d) points at even lengths along each path
    longest : (p,) longest single step between two points of the cloud on each path
    """

    points: Floats
    longest: Floats


def neighbour_paths(cloud: NDArray[Any], pairs: Integers, steps: int, neighbours: int) -> NeighbourPaths:
    """Shortest paths in the k-nearest-neighbour graph of the cloud united with its minimum spanning tree.

    Parameters
    ----------
    cloud : (n, d) finite
    pairs : (p, 2) row numbers of start and end
    steps : pieces of equal length that each path is cut into
    neighbours : k

    Notes
    -----
    The spanning tree keeps the graph connected [tenenbaum2000]; O(n^2 d + p n log n).
    """
    wide = np.asarray(cloud, dtype=np.float64)
    graph = _united_graph(wide, neighbours, spanning_tree(wide))
    _, before = dijkstra(graph, directed=False, indices=pairs[:, 0], return_predecessors=True)
    paths, longest = [], []
    for origin, (_, end) in zip(before, pairs.tolist(), strict=True):
        nodes = [end]
        while origin[nodes[-1]] >= 0:
            nodes.append(int(origin[nodes[-1]]))
        corners = wide[nodes[::-1]]
        paths.append(evenly(corners, steps))
        longest.append(float(np.linalg.norm(np.diff(corners, axis=0), axis=1).max(initial=0.0)))
    return NeighbourPaths(np.array(paths), np.array(longest))


def evenly(corners: Floats, steps: int) -> Floats:
    """(steps + 1, d) points at even lengths along a chain of (m, d) corners, m >= 1."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    places = np.linspace(0.0, lengths[-1], steps + 1)
    return np.column_stack([np.interp(places, lengths, column) for column in corners.T])


def merge_heights(cloud: NDArray[Any], pairs: Integers) -> Floats:
    """(p,) smallest scale at which each pair is joined when all points at most so far apart are: single linkage.

    It is the least possible longest step of a chain from one to the other through the cloud.
    """
    tree = spanning_tree(np.asarray(cloud, dtype=np.float64))
    size = len(cloud)
    root, members = np.arange(size), [[row] for row in range(size)]
    heights = np.zeros(len(pairs))
    waiting = np.flatnonzero(pairs[:, 0] != pairs[:, 1])
    for tail, head, length in zip(*(part.tolist() for part in tree), strict=True):
        kept, gone = sorted((root[tail], root[head]), key=lambda group: -len(members[group]))
        root[members[gone]] = kept
        members[kept] += members[gone]
        is_joined = root[pairs[waiting, 0]] == root[pairs[waiting, 1]]
        heights[waiting[is_joined]] = length
        waiting = waiting[~is_joined]
        if not len(waiting):
            break
    return heights


def clearances(paths: Floats, cloud: NDArray[Any]) -> Floats:
    """(p,) largest distance from a point of each path to the nearest point of the cloud.

    A path that keeps within r of the cloud and moves by s at a time joins its ends at scale 2 r + s: half the merge
    height bounds the clearance of every continuous path from below.
    """
    flat = paths.reshape(-1, paths.shape[2])
    nearest = np.empty(len(flat))
    for rows, block in distance_blocks(flat, cloud):
        nearest[rows] = block.min(axis=1)
    return np.asarray(nearest.reshape(paths.shape[:2]).max(axis=1), dtype=np.float64)


class Motion(NamedTuple):
    """How an image moves along each of p paths that are run through at even parameters from 0 to 1.

    length : (p,) sum of the steps
    energy : (p,) mean of (step / parameter step)^2: the perceptual path length of [karras2019] in the plain metric
    peak : (p,) longest over mean step, 1 = even; roughness : (p,) mean change of a step over the mean step, 0 = a
    straight line at even speed. Both NaN where nothing moves
    """

    length: Floats
    energy: Floats
    peak: Floats
    roughness: Floats


def motion(images: Floats) -> Motion:
    """Motion of (p, steps + 1, d) images of the points of paths, steps >= 2."""
    moves = np.diff(images, axis=1)
    lengths = np.linalg.norm(moves, axis=2)
    bends = np.linalg.norm(np.diff(moves, axis=1), axis=2)
    mean = np.where(lengths.mean(axis=1) > 0, lengths.mean(axis=1), np.nan)
    steps = lengths.shape[1]
    energy = (lengths**2).mean(axis=1) * steps**2
    return Motion(lengths.sum(axis=1), energy, lengths.max(axis=1) / mean, bends.mean(axis=1) / mean)


def _united_graph(cloud: Floats, neighbours: int, tree: SpanningTree) -> csr_matrix:
    """Lengths of the edges of both graphs; duplicates are joined by the smallest positive length, 0 means no edge."""
    rows, columns = neighbour_graph(cloud, neighbours).nonzero()
    ends = np.sort(np.stack([np.concatenate([rows, tree.tails]), np.concatenate([columns, tree.heads])]), axis=0)
    tails, heads = np.unique(ends, axis=1)
    lengths = np.linalg.norm(cloud[tails] - cloud[heads], axis=1)
    lengths = np.maximum(lengths, np.finfo(np.float64).tiny)
    return csr_matrix((lengths, (tails, heads)), shape=(len(cloud), len(cloud)))
