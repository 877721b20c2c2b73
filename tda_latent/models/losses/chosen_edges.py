"""The border between tensors and persistence: distances to choose by, lengths to learn from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import pairwise_distances

Floats = NDArray[np.float64]


def detached_distances(points: Tensor, what: str) -> Floats:
    """(n, n) Euclidean distances of (n, d) points in float64, outside of any graph.

    Raises
    ------
    InvalidInput
        For anything but n >= 2 rows of finite numbers with finite distances; ``what`` names them.
    """
    if points.ndim != 2 or len(points) < 2 or not points.is_floating_point():
        raise InvalidInput(
            f"{what} have shape {tuple(points.shape)} and dtype {points.dtype}; the rule is (n, d) real numbers with "
            "n >= 2. Flatten each input to one row, and give at least two."
        )
    cloud = points.detach().cpu().double().numpy()
    if not np.isfinite(cloud).all():
        raise InvalidInput(f"{what} hold NaN or infinity; the training diverged before. Lower the learning rate.")
    with np.errstate(over="ignore"):
        matrix = pairwise_distances(cloud)
    if not np.isfinite(matrix).all():
        raise _out_of_range(what, points.dtype)
    return matrix


def edge_lengths(points: Tensor, tails: NDArray[Any], heads: NDArray[Any]) -> Tensor:
    """(m,) distances between chosen rows of (n, d) points, with their gradients; that of a length of zero is zero.

    Lengths whose squares leave the range of the float type are taken in a power of two near their own.
    """
    first, second = (torch.as_tensor(rows, device=points.device) for rows in (tails, heads))
    apart = points[first] - points[second]
    unit = _powers_of_two(apart.detach())
    return torch.linalg.vector_norm(apart / unit, dim=1) * unit[:, 0]


def in_range(loss: Tensor, what: str) -> Tensor:
    """The loss itself.

    Raises
    ------
    InvalidInput
        When it is not finite, because ``what`` it is made of is too large for the float type.
    """
    if not bool(torch.isfinite(loss.detach())):
        raise _out_of_range(what, loss.dtype)
    return loss


def _powers_of_two(apart: Tensor) -> Tensor:
    """(m, 1) for (m, d) differences: 1, or a power of two near the largest of a row whose square leaves the range."""
    whole = math.log2(torch.finfo(apart.dtype).max)
    largest = apart.abs().amax(dim=1, keepdim=True) if apart.shape[1] else apart.new_zeros((len(apart), 1))
    exponents = torch.log2(torch.where(largest > 0, largest, torch.ones_like(largest))).round()
    inside = exponents.abs() <= whole / 4
    # the reciprocal stays in the range, too
    return torch.exp2(torch.where(inside, torch.zeros_like(exponents), exponents.clamp(-whole + 28, whole - 28)))


def _out_of_range(what: str, kind: torch.dtype) -> InvalidInput:
    return InvalidInput(
        f"{what} are so large that lengths or the loss leave the range of {kind}; the training diverged before. Lower "
        "the learning rate, or divide by a scale."
    )
