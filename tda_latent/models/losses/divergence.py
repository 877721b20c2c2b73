"""Representation topology divergence as a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tda_latent.errors import InvalidInput
from tda_latent.models.losses.chosen_edges import Floats, detached_distances, edge_lengths, in_range
from tda_latent.numerics.cross_barcode import paired_cross_matrix, quantile_scaled

Lengths = Callable[[NDArray[Any], NDArray[Any]], Tensor]  # rows of tails and heads -> scaled distances, with a graph
_STEEPEST = 64.0  # gradients are a few over the quantile; so many over it stay in the range of the float type


def rtd_loss(first: Tensor, second: Tensor, quantile: float = 0.9) -> Tensor:
    """Representation topology divergence of two clouds of the same n inputs, the mean of both directions.

    Parameters
    ----------
    first : (n, d), n >= 2
    second : (n, k), row by row the same inputs
    quantile : distances of each cloud are divided by this quantile of them, in (0, 1]

    Returns
    -------
    Tensor
        Scalar, in units of the quantiles: the value of the distance ``rtd`` on one batch. 0 when both clouds have
        equal distances up to scale. It grows with n: keep the batch size.

    Raises
    ------
    InvalidInput
        For other shapes, NaN or infinity, or a quantile of the distances that is zero or too small for gradients.

    Notes
    -----
    [trofimov2023], for degree 1 of [barannikov2022]. The gradient reaches both arguments, and through the quantile
    too, so that it is that of the value: scaling one cloud changes nothing. Some 20 ms for 128 inputs, n^2.3.
    """
    if len(first) != len(second) or not 0 < quantile <= 1:
        raise InvalidInput(
            f"{len(first)} and {len(second)} rows at quantile {quantile:g}; the rule is clouds of the same inputs and "
            "a quantile in (0, 1]."
        )
    matrices = [detached_distances(cloud, f"{what} points") for cloud, what in ((first, "first"), (second, "second"))]
    scaled = [quantile_scaled(matrix, quantile) for matrix in matrices]
    lengths = [_scaled_lengths(*pair, quantile) for pair in zip((first, second), matrices, strict=True)]
    there = _directed(scaled[0], scaled[1], lengths[0], lengths[1])
    back = _directed(scaled[1], scaled[0], lengths[1], lengths[0])
    return in_range((there + back) / 2, "points")


def _scaled_lengths(points: Tensor, matrix: Floats, quantile: float) -> Lengths:
    """Edge lengths over the quantile of all n^2 entries, which is a mean of one or two of them."""
    place = quantile * (matrix.size - 1)
    low, high = int(np.floor(place)), int(np.ceil(place))
    order = np.argpartition(matrix, (low, high), axis=None)[[low, high]]
    least = _STEEPEST / torch.finfo(points.dtype).max
    if matrix.flat[order[1]] < least:
        raise InvalidInput(
            f"the {quantile:g} quantile of the distances is {matrix.flat[order[1]]:.2g}, and gradients over it leave "
            f"the range of {points.dtype}; the rule is at least {least:.2g}. Multiply the codes by a constant."
        )
    below, above = edge_lengths(points, *np.unravel_index(order, matrix.shape))
    unit = below + (above - below) * (place - low)
    return lambda tails, heads: edge_lengths(points, tails, heads) / unit


def _directed(w: Floats, other: Floats, w_lengths: Lengths, other_lengths: Lengths) -> Tensor:
    """Sum of the lengths of the bars of R-Cross-Barcode(w, other) in degree 1."""
    from tda_latent.numerics.reduced_rips import degree_one_of_matrix

    found = degree_one_of_matrix(paired_cross_matrix(w, other))
    edges = np.concatenate([found.birth_edges, found.killers[:, :2]])
    sides = np.sort(edges, axis=1)
    # vertex k and its copy n + k are one input; between two of the originals, and to one's own copy, the length is 0
    size = len(w)
    tails, heads = sides[:, 0] % size, sides[:, 1] % size
    is_zero = (sides[:, 1] < size) | (tails == heads)
    is_other = (sides[:, 0] >= size) & (other[tails, heads] < w[tails, heads])
    signs = np.repeat([-1.0, 1.0], len(found.births))
    total = w_lengths(tails[:0], heads[:0]).sum()
    for lengths, chosen in ((w_lengths, ~is_zero & ~is_other), (other_lengths, ~is_zero & is_other)):
        values = lengths(tails[chosen], heads[chosen])
        total = total + (values * values.new_tensor(signs[chosen])).sum()
    return total
