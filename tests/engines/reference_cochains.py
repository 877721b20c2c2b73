"""Cochains of small complexes by dense elimination over Z/p, written from the definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def simplices_up_to(distances, scale, dimension):
    """(k, dimension + 1) all simplices of one dimension at a scale, vertices ascending."""
    return [
        vertices
        for vertices in combinations(range(len(distances)), dimension + 1)
        if all(distances[i, j] <= scale and np.isfinite(distances[i, j]) for i, j in combinations(vertices, 2))
    ]


def coboundary_matrix(distances, scale, dimension):
    """Rows: simplices of dimension + 1; columns: simplices of this dimension; with both lists."""
    columns = simplices_up_to(distances, scale, dimension)
    rows = simplices_up_to(distances, scale, dimension + 1)
    place = {simplex: column for column, simplex in enumerate(columns)}
    matrix = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for row, simplex in enumerate(rows):
        for left_out in range(dimension + 2):
            matrix[row, place[simplex[:left_out] + simplex[left_out + 1 :]]] = (-1) ** left_out
    return matrix, rows, columns


def rank(matrix, field):
    """Rank over Z/field."""
    work, found = matrix % field, 0
    for column in range(work.shape[1]):
        pivots = np.flatnonzero(work[found:, column])
        if not len(pivots):
            continue
        chosen = found + pivots[0]
        work[[found, chosen]] = work[[chosen, found]]
        work[found] = work[found] * pow(int(work[found, column]), -1, field) % field
        others = np.flatnonzero(work[:, column])
        others = others[others != found]
        work[others] = (work[others] - work[others, column][:, None] * work[found]) % field
        found += 1
        if found == len(work):
            break
    return found


def vectors(cochains, columns):
    """(len(columns), m) the cochains (simplices, values) on these simplices; zero elsewhere."""
    place = {simplex: row for row, simplex in enumerate(columns)}
    table = np.zeros((len(columns), len(cochains)), dtype=np.int64)
    for number, (simplices, values) in enumerate(cochains):
        for simplex, value in zip(np.asarray(simplices).tolist(), np.asarray(values).tolist(), strict=True):
            if tuple(simplex) in place:
                table[place[tuple(simplex)], number] = value
    return table


def independent_classes(distances, cochains, scale, dimension, field):
    """Dimension of what cocycles span in the cohomology of the complex at a scale; -1 when one is no cocycle."""
    outward, _, columns = coboundary_matrix(distances, scale, dimension)
    table = vectors(cochains, columns)
    if (outward @ table % field).any():
        return -1
    inward = coboundary_matrix(distances, scale, dimension - 1)[0] if dimension else np.empty((len(columns), 0), int)
    return rank(np.hstack([inward, table]), field) - rank(inward, field)
