"""The border between tensors and persistence: distances to choose by, lengths to learn from."""

from __future__ import annotations

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
        For anything but n >= 2 rows of finite numbers; ``what`` names them.
    """
    if points.ndim != 2 or len(points) < 2 or not points.is_floating_point():
        raise InvalidInput(
            f"{what} have shape {tuple(points.shape)} and dtype {points.dtype}; the rule is (n, d) real numbers with "
            "n >= 2. Flatten each input to one row, and give at least two."
        )
    cloud = points.detach().cpu().double().numpy()
    if not np.isfinite(cloud).all():
        raise InvalidInput(f"{what} hold NaN or infinity; the training diverged before. Lower the learning rate.")
    return pairwise_distances(cloud)


def edge_lengths(points: Tensor, tails: NDArray[Any], heads: NDArray[Any]) -> Tensor:
    """(m,) distances between chosen rows of (n, d) points, with their gradients; that of a length of zero is zero."""
    first, second = (torch.as_tensor(rows, device=points.device) for rows in (tails, heads))
    return torch.linalg.vector_norm(points[first] - points[second], dim=1)
