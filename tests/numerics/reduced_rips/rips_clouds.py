"""Clouds and matrices that the kernel is tried on: what latents look like, and what breaks algorithms."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform

SEVEN = ("g16", "g64", "circ64", "torus64", "sphere64", "mix32", "vae16")


def latents(name, size, seed=0):
    """(size, d) points of one of the seven kinds of the benchmarks."""
    rng = np.random.default_rng([seed, size, SEVEN.index(name)])
    noise = 0.03 * rng.standard_normal((size, 64))
    angles = rng.uniform(0, 2 * np.pi, (size, 2))
    if name == "g16":
        return rng.standard_normal((size, 16))
    if name == "g64":
        return rng.standard_normal((size, 64))
    if name == "mix32":
        return 4 * rng.standard_normal((10, 32))[rng.integers(10, size=size)] + rng.standard_normal((size, 32))
    if name == "vae16":  # some coordinates carry everything, the rest is the noise of the posterior
        return rng.standard_normal((size, 16)) * np.geomspace(2, 0.1, 16) + np.tanh(3 * angles[:, :1] - 9)
    if name == "sphere64":
        ball = rng.standard_normal((size, 3))
        noise[:, :3] += ball / np.linalg.norm(ball, axis=1)[:, None]
        return noise
    turns = 1 if name == "circ64" else 2
    for turn in range(turns):
        noise[:, 2 * turn] += np.cos(angles[:, turn])
        noise[:, 2 * turn + 1] += np.sin(angles[:, turn])
    return noise


def distances(points, metric="euclidean"):
    return squareform(pdist(np.asarray(points, dtype=float), metric), checks=False)


def grid(*sides):
    """All whole-number points of a box."""
    return np.stack(np.meshgrid(*map(np.arange, sides), indexing="ij"), axis=-1).reshape(-1, len(sides)).astype(float)


def polygon(size):
    turn = 2 * np.pi * np.arange(size) / size
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def cross_polytope(dimension):
    return np.vstack([np.eye(dimension), -np.eye(dimension)])


def whole_numbers(size, largest, seed, gaps=0.0):
    """A symmetric matrix of whole numbers 0, ..., largest, no metric, full of ties; some edges never enter."""
    rng = np.random.default_rng([size, largest, seed])
    entries = rng.integers(0, largest + 1, size * (size - 1) // 2).astype(float)
    entries[rng.random(len(entries)) < gaps] = np.inf
    return squareform(entries, checks=False)


def reals(size, seed, gaps=0.0):
    """A symmetric matrix of random numbers, no metric."""
    rng = np.random.default_rng([size, seed])
    entries = rng.random(size * (size - 1) // 2)
    entries[rng.random(len(entries)) < gaps] = np.inf
    return squareform(entries, checks=False)


TIES = {
    "grid": distances(grid(7, 6)),
    "city-block grid": distances(grid(4, 4, 3), "cityblock"),
    "chessboard grid": distances(grid(6, 7), "chebyshev"),
    "cube": distances(grid(2, 2, 2, 2, 2)),
    "cross-polytope": distances(cross_polytope(9)),
    "polygon": distances(polygon(36)),
    "duplicates": distances(np.repeat(np.random.default_rng(3).normal(size=(12, 2)), 4, axis=0)),
    "all equal": np.zeros((20, 20)),
    "constant": 1.0 - np.eye(100),
    "a line": distances(np.arange(40.0)[:, None]),
    "few values": whole_numbers(45, 3, 0),
    "many values": whole_numbers(45, 40, 1),
    "few values, many points": whole_numbers(90, 2, 4),
    "gaps": whole_numbers(40, 9, 2, gaps=0.4),
    "hardly any edge": whole_numbers(40, 5, 3, gaps=0.9),
    "no edge": np.where(np.eye(9) > 0, 0.0, np.inf),
    "no metric": reals(50, 0),
    "no metric with gaps": reals(50, 1, gaps=0.5),
}
