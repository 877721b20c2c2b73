"""Where classes touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tda_latent.errors import InvalidInput
from tda_latent.numerics.connectivity import boundary_fraction, boundary_shares, chance_boundary_fraction, class_edges
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.records.record import Array

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def boundaries(graph: csr_matrix, classes: Integers, names: Array, draws: list[Integers]) -> Measures:
    """Edges of an (n, n) graph between (n,) classes, -1 for none, beside those that permuted classes have."""
    edges = class_edges(graph, classes, len(names))
    fraction = boundary_fraction(edges)
    tails, heads = graph.nonzero()
    known = (classes[tails] >= 0) & (classes[heads] >= 0)
    if not known.any():
        raise InvalidInput(
            f"no edge of the graph of neighbours joins two of the {np.count_nonzero(classes >= 0)} labelled points; "
            "take more neighbours, or points that have a label."
        )
    tails, heads = tails[known], heads[known]
    as_few = sum(float(np.mean(draw[tails] != draw[heads])) <= fraction + 1e-12 for draw in draws)
    return Measures(
        scalars={
            "boundary fraction": Scalar(fraction, "", "share of neighbour edges between classes"),
            "boundary fraction by chance": Scalar(
                chance_boundary_fraction(classes, len(names)), "", "expected boundary fraction of permuted labels"
            ),
            "boundary p": Scalar((1 + as_few) / (1 + len(draws)), "", "permutations with as few edges between classes"),
        },
        tables={
            "class boundary": Table(boundary_shares(edges), names, names, "share of edge ends of the row's class"),
            "boundary over chance": Table(_over_chance(edges, classes), names, names, "edges over expected edges"),
        },
    )


def _over_chance(edges: Floats, classes: Integers) -> Floats:
    """(c, c) edges over those expected when labels are permuted; NaN inside a class of one point."""
    sizes = np.bincount(classes[classes >= 0]).astype(np.float64)
    pairs = np.outer(sizes, sizes)
    np.fill_diagonal(pairs, sizes * (sizes - 1) / 2)
    expected = np.triu(edges).sum() * pairs / (sizes.sum() * (sizes.sum() - 1) / 2)
    shares = np.full_like(edges, np.nan)
    np.divide(edges, expected, out=shares, where=expected > 0)
    return shares
