"""In which order classes run into each other, and whether a known tree says the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.connectivity import class_merge_scales
from tda_latent.numerics.equal_sizes import equal_draws, joined_p_value
from tda_latent.numerics.known_trees import cophenetic_correlation, newick_heights, tree_p_value
from tda_latent.numerics.pairwise import minimum_spanning_edges, pairwise_distances
from tda_latent.numerics.scaling import ScaledDistances
from tda_latent.numerics.spanning_tree import SpanningTree
from tda_latent.numerics.trees import ultrametric_tree
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.records.record import Array

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def hierarchy(
    cloud: tuple[NDArray[Any], ScaledDistances],
    classes: Integers,
    names: Array,
    tree: str | None,
    chance: tuple[int, Generator],
) -> Measures:
    """Merge scales and centres of (n,) classes of points with these distances, and their correlation with a tree."""
    points, (distances, divisor, unit, _) = cloud
    wide = np.asarray(points, dtype=np.float64)
    scales, apart = _tables(wide, distances, divisor, classes, len(names))
    merges = ultrametric_tree(scales)
    steps = np.array([f"merge {step + 1}" for step in range(len(merges))], dtype=np.str_)
    scalars: dict[str, Scalar] = {}
    if tree is not None:
        known, kept = _known(tree, names, classes)
        draws = equal_draws(kept, np.zeros_like(kept), chance[1])
        tables = [
            (scales, apart) if len(rows) == len(kept)  # all points of all classes
            else _tables(wide[rows], distances[np.ix_(rows, rows)], divisor, kept[rows], len(known))
            for rows in draws
        ]  # fmt: skip
        scalars = _against(known, tables, chance)
    return Measures(
        scalars=scalars,
        tables={
            "class merge scale": Table(scales, names, names, unit),
            "class centre distance": Table(apart, names, names, unit),
            "class merge tree": Table(merges, steps, np.array(["first", "second", "scale", "classes"]), unit),
        },
    )


def _tables(points: Floats, distances: Floats, divisor: float, classes: Integers, count: int) -> tuple[Floats, Floats]:
    """(k, k) merge scales, and distances of the centres, of the classes of these points."""
    scales = class_merge_scales(SpanningTree(*minimum_spanning_edges(distances)), classes, count)
    centres = np.stack([points[classes == k].mean(axis=0) for k in range(count)])
    return scales, pairwise_distances(centres) / divisor


def _known(tree: str, names: Array, classes: Integers) -> tuple[Floats, Integers]:
    """(k, k) heights of the tree for the classes that it names, and the classes numbered as there, or -1."""
    leaves, heights = newick_heights(tree)
    named = [row for row, name in enumerate(names.tolist()) if name in leaves]
    if len(named) < 3:
        raise InvalidInput(
            f"the tree names {len(named)} of the classes {', '.join(map(str, names[:8]))}; a correlation needs three."
        )
    places = [leaves.index(str(names[row])) for row in named]
    numbers = np.full(len(names), -1, dtype=np.int64)
    numbers[named] = np.arange(len(named))
    return heights[np.ix_(places, places)], np.where(classes < 0, -1, numbers[classes])


def _against(
    known: Floats, tables: Sequence[tuple[Floats, Floats]], chance: tuple[int, Generator]
) -> dict[str, Scalar]:
    scalars = {}
    for suffix, drawn in zip(("", " (centres)"), zip(*tables, strict=True), strict=True):
        correlation = float(np.mean([cophenetic_correlation(table, known) for table in drawn]))
        meaning = "with the heights of the known tree; 0 by chance"
        scalars[f"tree correlation{suffix}"] = Scalar(correlation, "", meaning)
        p = joined_p_value([tree_p_value(table, known, *chance) for table in drawn])
        scalars[f"tree p{suffix}"] = Scalar(p, "", "assignments of the classes with at least this correlation")
    return scalars
