"""Filtrations in which points enter late: the distance to a measure, and the edges of a weighted Rips complex."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.pairwise import minimum_spanning_edges

Floats = NDArray[np.float64]
Growth = Literal[1, 2, "inf"]


def distance_to_measure(distances: Floats, neighbours: int, order: float) -> Floats:
    """(n,) how far the nearest mass is: the mean of order q of the distances to the k nearest points.

    Parameters
    ----------
    distances : (n, n)
    neighbours : k >= 1, the point itself among them, cut at n; with 1 all values are 0
    order : q >= 1; 2 is the distance to a measure of [chazal2011]

    Returns
    -------
    (n,)
        1-Lipschitz in the point. An outlier has a large value, a point in a crowd a small one.
    """
    count = min(neighbours, len(distances))
    nearest = np.partition(distances, count - 1, axis=1)[:, :count]
    largest = nearest.max(axis=1, keepdims=True)
    shares = np.divide(nearest, largest, out=np.zeros_like(nearest), where=largest > 0)  # powers stay in range
    return np.asarray(largest[:, 0] * np.mean(shares**order, axis=1) ** (1 / order), dtype=np.float64)


def weighted_edges(distances: Floats, weights: Floats, growth: Growth) -> Floats:
    """(n, n) diameters at which the balls around two points meet; zero diagonal.

    Parameters
    ----------
    distances : (n, n)
    weights : (n,) f >= 0; the ball around a point has radius (t^p - f^p)^(1/p) from t = f on, and none before
    growth : p = 1, 2 or "inf" [anai2020]

    Returns
    -------
    (n, n)
        2 t for the smallest t at which the balls meet, at least twice either weight: p = 1 gives d + f_i + f_j where
        neither ball swallows the other first; without weights every p gives the distances.
    """
    first, second = weights[:, None], weights[None]
    latest = 2 * np.maximum(first, second)
    if growth == "inf":
        edges = np.maximum(latest, distances)
    elif growth == 1:
        edges = np.where(distances >= np.abs(first - second), distances + (first + second), latest)
    else:
        spans = np.hypot(first + second, distances)
        apart = (distances >= np.sqrt(np.abs(first - second)) * np.sqrt(first + second)) & (distances > 0)
        slopes = np.divide(np.hypot(first - second, distances), distances, out=np.ones_like(spans), where=apart)
        edges = np.where(apart, spans * slopes, latest)
    edges = np.maximum(edges, latest)
    np.fill_diagonal(edges, 0.0)
    return np.asarray(edges, dtype=np.float64)


def component_bars_from(births: Floats, edges: Floats) -> Floats:
    """(n, 2) bars of degree 0 when vertex i enters at births[i] and edge ij at edges[i, j].

    Of two components that meet the younger one dies. No edge may enter before its ends. O(n^2).
    """
    root = list(range(len(births)))

    def find(vertex: int) -> int:
        while root[vertex] != vertex:
            root[vertex] = root[root[vertex]]
            vertex = root[vertex]
        return vertex

    bars = [(float(births.min()), np.inf)]
    for tail, head, length in zip(*(part.tolist() for part in minimum_spanning_edges(edges)), strict=True):
        older, younger = sorted((find(tail), find(head)), key=lambda vertex: (births[vertex], vertex))
        bars.append((float(births[younger]), length))
        root[younger] = older
    return np.array(bars, dtype=np.float64)
