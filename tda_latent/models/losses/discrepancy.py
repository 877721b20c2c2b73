"""Maximum mean discrepancy of two samples, as a loss."""

from __future__ import annotations

import torch
from torch import Tensor

from tda_latent.errors import InvalidInput

_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernels, around the one that fits the prior


def mean_discrepancy(first: Tensor, second: Tensor) -> Tensor:
    """Unbiased estimate of the squared maximum mean discrepancy, meant for samples near N(0, I).

    Parameters
    ----------
    first, second : (n, k) and (m, k), n, m >= 2

    Returns
    -------
    Tensor
        Scalar: the mean over seven inverse multiquadratic kernels C / (C + |x - y|^2), C = 2 k s for s from 0.1 to
        10. Its expectation is 0 when both follow one law and positive otherwise; an estimate may be negative.

    Raises
    ------
    InvalidInput
        For fewer than two points a side, or unequal numbers of coordinates.

    Notes
    -----
    [gretton2012]; kernels as in [tolstikhin2018]. Pairs of a point with itself are left out. O((n + m)^2 k).
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1] or min(len(first), len(second)) < 2:
        raise InvalidInput(
            f"samples of shape {tuple(first.shape)} and {tuple(second.shape)}; the rule is (n, k) and (m, k) with at "
            "least two points each."
        )
    within = _mean_kernel(first, first, True) + _mean_kernel(second, second, True)
    return within - 2 * _mean_kernel(first, second, False)


def _mean_kernel(first: Tensor, second: Tensor, is_one_sample: bool) -> Tensor:
    squares = ((first[:, None] - second[None]) ** 2).sum(dim=2)
    widths = 2 * first.shape[1] * torch.tensor(_SCALES, dtype=first.dtype, device=first.device)
    kernel = (widths / (widths + squares[..., None])).mean(dim=2)
    if not is_one_sample:
        return kernel.mean()
    size = len(first)
    return (kernel.sum() - size) / (size * (size - 1))  # each of the size pairs with itself has kernel 1
