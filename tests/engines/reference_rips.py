"""A slow oracle of Vietoris-Rips persistence: every simplex, one matrix, column by column, over Z/p.

Written from the definition [edelsbrunner2002, zomorodian2005] and from nothing that the package uses.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np


def filtered_simplices(distances: np.ndarray, cut: float, dimension: int) -> list[tuple[float, tuple[int, ...]]]:
    """All cliques of at most dimension + 1 vertices with their diameters, faces before cofaces."""
    found = []
    for count in range(1, dimension + 2):
        for vertices in combinations(range(len(distances)), count):
            diameter = max((distances[i, j] for i, j in combinations(vertices, 2)), default=0.0)
            if diameter <= cut and np.isfinite(diameter):
                found.append((float(diameter), vertices))
    return sorted(found, key=lambda entry: (entry[0], len(entry[1]), entry[1]))


def reference_bars(
    distances: np.ndarray, cut: float = np.inf, max_degree: int = 1, field: int = 2
) -> dict[int, list[tuple[float, float]]]:
    """Sorted bars (birth, death) of each degree; bars of length zero are left out, inf = alive at the cut."""
    simplices = filtered_simplices(distances, cut, max_degree + 1)
    number = {vertices: row for row, (_, vertices) in enumerate(simplices)}
    columns: dict[int, dict[int, int]] = {}  # the reduced column with this lowest row
    bars: dict[int, list[tuple[float, float]]] = {degree: [] for degree in range(max_degree + 1)}
    killed, killers = set(), set()
    for place, (diameter, vertices) in enumerate(simplices):
        column: dict[int, int] = {}
        for left_out in range(len(vertices) if len(vertices) > 1 else 0):
            face = vertices[:left_out] + vertices[left_out + 1 :]
            column[number[face]] = (-1) ** left_out % field
        while column and max(column) in columns:
            low = max(column)
            other = columns[low]
            factor = column[low] * pow(other[low], -1, field)
            summed = defaultdict(int, column)
            for row, coefficient in other.items():
                summed[row] = (summed[row] - factor * coefficient) % field
            column = {row: coefficient for row, coefficient in summed.items() if coefficient}
        if column:
            low = max(column)
            columns[low] = column
            killed.add(low)
            killers.add(place)
            birth = simplices[low][0]
            if diameter > birth:
                bars[len(simplices[low][1]) - 1].append((birth, diameter))
    for place, (diameter, vertices) in enumerate(simplices):
        if place not in killed and place not in killers and len(vertices) - 1 <= max_degree:
            bars[len(vertices) - 1].append((diameter, np.inf))
    return {degree: sorted(pairs) for degree, pairs in bars.items()}


def euler_characteristic(distances: np.ndarray, scale: float) -> int:
    """Alternating number of simplices of the complex of all dimensions at one scale."""
    simplices = filtered_simplices(distances, scale, len(distances) - 1)
    return sum((-1) ** (len(vertices) - 1) for _, vertices in simplices)
