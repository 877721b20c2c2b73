"""In which order classes run into each other, and whether a known tree says the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.numerics.connectivity import class_merge_scales
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
    scales = class_merge_scales(SpanningTree(*minimum_spanning_edges(distances)), classes, len(names))
    centres = np.stack([np.asarray(points, np.float64)[classes == k].mean(axis=0) for k in range(len(names))])
    apart = pairwise_distances(centres) / divisor
    merges = ultrametric_tree(scales)
    steps = np.array([f"merge {step + 1}" for step in range(len(merges))], dtype=np.str_)
    scalars = {} if tree is None else _against(tree, names, {"tree": scales, "tree (centres)": apart}, chance)
    return Measures(
        scalars=scalars,
        tables={
            "class merge scale": Table(scales, names, names, unit),
            "class centre distance": Table(apart, names, names, unit),
            "class merge tree": Table(merges, steps, np.array(["first", "second", "scale", "classes"]), unit),
        },
    )


def _against(tree: str, names: Array, found: dict[str, Floats], chance: tuple[int, Generator]) -> dict[str, Scalar]:
    leaves, heights = newick_heights(tree)
    rows = [row for row, name in enumerate(names.tolist()) if name in leaves]
    if len(rows) < 3:
        raise InvalidInput(
            f"the tree names {len(rows)} of the classes {', '.join(map(str, names[:8]))}; a correlation needs three."
        )
    places = [leaves.index(str(names[row])) for row in rows]
    known = heights[np.ix_(places, places)]
    scalars = {}
    for name, table in found.items():
        part = table[np.ix_(rows, rows)]
        kind = name.replace("tree", "tree correlation")
        scalars[kind] = Scalar(
            cophenetic_correlation(part, known), "", "with the heights of the known tree; 0 by chance"
        )
        meaning = "assignments of the classes with at least this correlation"
        scalars[name.replace("tree", "tree p")] = Scalar(tree_p_value(part, known, *chance), "", meaning)
    return scalars
