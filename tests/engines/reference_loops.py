"""Cycles of degree 1 over Z/2 by plain column reduction, with the triangle that kills each."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np


def reference_loops(distances, cut):
    """(edges (k, 2), killing triangle or None) for every bar, zero-length ones as well."""
    size = len(distances)
    edges = sorted((distances[edge], *edge) for edge in combinations(range(size), 2) if distances[edge] <= cut)
    place = {edge[1:]: number for number, edge in enumerate(edges)}
    triangles = []
    for triangle in combinations(range(size), 3):
        faces = list(combinations(triangle, 2))
        if all(face in place for face in faces):
            triangles.append((max(place[face] for face in faces), triangle))
    columns, loops = {}, []
    for _, triangle in sorted(triangles):
        column = {place[face] for face in combinations(triangle, 2)}
        while column and max(column) in columns:
            column ^= columns[max(column)]
        if column:
            columns[max(column)] = column
            loops.append((np.array([edges[number][1:] for number in sorted(column)]), np.array(triangle)))
    return loops + [(path, None) for path in _unkilled(edges, columns)]


def _unkilled(edges, columns):
    """A cycle for every edge that closes a loop which no triangle kills: the edge and a path of older edges."""
    older = {}
    for number, (_, tail, head) in enumerate(edges):
        path = _path(older, tail, head)
        if path is not None and number not in columns:
            yield np.array([*pairwise(path), (tail, head)])
        if path is None:
            older.setdefault(tail, []).append(head)
            older.setdefault(head, []).append(tail)


def _path(neighbours, start, goal):
    trails = [[start]]
    for trail in trails:
        if trail[-1] == goal:
            return trail
        trails += [[*trail, point] for point in neighbours.get(trail[-1], []) if point not in trail]
    return None
