"""Neural collapse: how far classes have shrunk to points, and these points to a regular simplex [papyan2020].

Every class counts alike, whatever its size, and means are taken about the mean of the class means. Variances within a
class have n - 1 in the denominator, so that classes of a few points do not look collapsed for being few; with n there,
as in the authors' code, NC1 and class-distance variance of even classes are (n - 1) / n of these.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.distance_blocks import distance_blocks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


class Collapse(NamedTuple):
    """0 = collapsed, each.

    within : trace(S_W S_B^+) / C over the min(C - 1, d) directions that class means span (NC1); inf when class means
        leave one of them out, NaN when nothing varies
    norms : coefficient of variation of the distances of class means from their centre (NC2), with C in the denominator
        (C - 1 in the authors' code); NaN for two classes, whose means are as far from their middle whatever they are
    angles : mean |cosine + 1 / (C - 1)| over pairs of centred class means (NC2); NaN for two classes, which are always
        opposite, when d < C - 1, where no regular simplex fits, or when a class mean is the centre
    distance_ratio : mean over pairs of classes of their mean variance over the squared distance of their means,
        (v_i + v_j) / (2 |m_i - m_j|^2) [galanti2022]
    """

    within: float
    norms: float
    angles: float
    distance_ratio: float


def class_means(codes: NDArray[Any], classes: Integers, count: int) -> Floats:
    """(count, d) mean code of each class; every class must occur."""
    sums = np.zeros((count, codes.shape[1]))
    np.add.at(sums, classes, np.asarray(codes, dtype=np.float64))
    return np.asarray(sums / np.bincount(classes, minlength=count)[:, None])


def collapse(codes: NDArray[Any], classes: Integers, count: int) -> Collapse:
    """Measures of (n, d) codes of ``count`` >= 2 classes, numbered from 0, with two points or more each.

    The pseudo-inverse keeps exactly the directions that class means can span: with the usual cut at a relative size
    of 1e-15 rounding errors enter as huge inverse eigenvalues. O(n d min(C, d)).
    """
    means = class_means(codes, classes, count)
    spread = means - means.mean(axis=0)
    rest = np.asarray(codes, dtype=np.float64) - means[classes]
    freedom = np.bincount(classes, minlength=count) - 1.0
    _, sizes, axes = np.linalg.svd(spread, full_matrices=False)
    rank = min(count - 1, codes.shape[1])
    between = sizes[:rank] ** 2 / count
    inside = (1 / freedom[classes] / count) @ (rest @ axes[:rank].T) ** 2
    noise = (_ROUNDING * float(np.abs(codes).max())) ** 2
    variances = np.bincount(classes, weights=(rest**2).sum(axis=1), minlength=count) / freedom
    return Collapse(
        _total_ratio(inside, between, noise) / count,
        _norm_variation(spread, noise),
        _angle_error(spread, noise),
        _pair_ratio(means, variances, noise),
    )


def shuffled_collapse(
    codes: NDArray[Any], classes: Integers, count: int, draws: int, rng: np.random.Generator
) -> Collapse:
    """Median of each measure over shuffled classes: what classes that mean nothing look like.

    A single shuffle would not do: the inverse of what little spread their means have is heavy-tailed. In many
    dimensions the means of any classes lie near a regular simplex, so that angles and norms say nothing alone.
    """
    found = np.array([collapse(codes, rng.permutation(classes), count) for _ in range(draws)])
    return Collapse(*(float(np.median(column)) for column in found.T))


def self_duality(weights: Floats, means: Floats) -> float:
    """Distance of the classifier's (C, d) weights from the centred class means, both of Frobenius norm 1 (NC3).

    0 = they agree, sqrt(2) = unrelated, 2 = opposite; NaN when either vanishes. The authors' code and plots show the
    square of it. Weights are centred over the classes first: adding one vector to all of them changes no answer of a
    softmax.
    """
    parts = [rows - rows.mean(axis=0) for rows in (weights, means)]
    lengths = [float(np.linalg.norm(part)) for part in parts]
    if min(lengths) == 0:
        return float("nan")
    return float(np.linalg.norm(parts[0] / lengths[0] - parts[1] / lengths[1]))


def nearest_means(codes: NDArray[Any], means: Floats) -> Integers:
    """(n,) class whose mean is nearest to each code."""
    found = np.empty(len(codes), dtype=np.int64)
    for rows, block in distance_blocks(codes, means):
        found[rows] = block.argmin(axis=1)
    return found


def _total_ratio(inside: Floats, between: Floats, noise: float) -> float:
    if (between > noise).all():
        return float((inside / between).sum())
    return float("inf") if (inside > noise).any() else float("nan")


def _norm_variation(spread: Floats, noise: float) -> float:
    norms = np.linalg.norm(spread, axis=1)
    return float(norms.std() / norms.mean()) if len(norms) > 2 and norms.mean() ** 2 > noise else float("nan")


def _angle_error(spread: Floats, noise: float) -> float:
    count, dimension = spread.shape
    norms = np.linalg.norm(spread, axis=1)
    if count < 3 or dimension < count - 1 or (norms**2 <= noise).any():
        return float("nan")
    cosines = (spread @ spread.T) / np.outer(norms, norms)
    return float(np.abs(cosines[np.triu_indices(count, 1)] + 1 / (count - 1)).mean())


def _pair_ratio(means: Floats, variances: Floats, noise: float) -> float:
    first, second = np.triu_indices(len(means), 1)
    apart = ((means[first] - means[second]) ** 2).sum(axis=1)
    together = (variances[first] + variances[second]) / 2
    if (apart > noise).all():
        return float((together / apart).mean())
    return float("inf") if (together > noise).any() else float("nan")
