"""Slow linear algebra over Z/p on all simplices of a small complex, written from the definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def simplices_up_to(distances, scale, dimension, strictly=False):
    """All simplices of one dimension of the complex at a scale, vertices ascending."""
    found = []
    for vertices in combinations(range(len(distances)), dimension + 1):
        diameter = max((distances[i, j] for i, j in combinations(vertices, 2)), default=0.0)
        if np.isfinite(diameter) and (diameter < scale if strictly else diameter <= scale):
            found.append(vertices)
    return found


def boundary(vertices):
    """Faces of a simplex with their signs."""
    return [(vertices[:k] + vertices[k + 1 :], (-1) ** k) for k in range(len(vertices))] if len(vertices) > 1 else []


def in_span(vectors, target, field):
    """Whether a sparse vector (dict) is a combination of others over Z/field, by Gaussian elimination."""
    pivots = {}
    for vector in vectors:
        rest = reduced(vector, pivots, field)
        if rest:
            pivots[max(rest)] = rest
    return not reduced(target, pivots, field)


def reduced(vector, pivots, field):
    """The vector after elimination by rows kept under their largest key."""
    rest, done = {key: value % field for key, value in vector.items() if value % field}, {}
    while rest:
        top = max(rest)
        if top not in pivots:
            done[top] = rest.pop(top)
            continue
        factor = rest[top] * pow(pivots[top][top], -1, field)
        for key, value in pivots[top].items():
            rest[key] = (rest.get(key, 0) - factor * value) % field
        rest = {key: value for key, value in rest.items() if value}
    return done


def oriented(rows, values):
    """A chain as a dictionary over ascending simplices; swapping two vertices flips the sign."""
    total = {}
    for row, value in zip(np.asarray(rows).tolist(), np.asarray(values).tolist(), strict=True):
        swaps = sum(a > b for a, b in combinations(row, 2))
        key = tuple(sorted(row))
        total[key] = total.get(key, 0) + (-1) ** swaps * value
    return total


def bounds(distances, chain, scale, dimension, field, strictly=False):
    """Whether a chain of this dimension is a boundary at a scale."""
    columns = [dict(boundary(s)) for s in simplices_up_to(distances, scale, dimension + 1, strictly)]
    return in_span(columns, chain, field)
