"""Linear probes: which directions of a space predict an attribute, how well on points they have not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.distance_blocks import distance_blocks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
PENALTY = 1e-3
"""Ridge penalty per point, on codes of deviation one: enough to keep coordinates that repeat each other apart."""


def centre_and_scale(codes: Floats) -> tuple[Floats, Floats]:
    """(d,) mean and standard deviation of (n, d) codes; inf for coordinates that are constant up to rounding.

    ``(codes - mean) / scale`` is then 0 there, and what is learnt about it, divided by the scale, is 0 too.
    """
    # each coordinate over a power of two of its own: the squares of tiny or huge ones leave the range of float64
    exponents = np.frexp(np.abs(codes).max(axis=0, initial=0.0))[1]
    near = np.ldexp(codes, -exponents)
    inside = near - near[:1]  # the mean of many equal numbers is not quite that number
    mean, deviation = near[0] + inside.mean(axis=0), inside.std(axis=0)
    live = deviation > 16 * np.finfo(np.float64).eps * np.abs(near).max(axis=0, initial=0.0)
    return np.ldexp(mean, exponents), np.where(live, np.ldexp(deviation, exponents), np.inf)


def ridge(codes: NDArray[Any], columns: Floats) -> tuple[Floats, Floats]:
    """Coefficients (q, d) and offsets (q,) of a ridge regression of (n, q) columns on (n, d) codes.

    The codes are standardised inside, coefficients are for the codes as given; coordinates that do not vary get 0.
    O(n d^2 + d^3), or with n in place of d where d is larger.
    """
    wide = np.asarray(codes, dtype=np.float64)
    mean, scale = centre_and_scale(wide)
    inside, target = (wide - mean) / scale, columns - columns.mean(axis=0)
    size, dimension = inside.shape
    if dimension <= size:
        inner = inside.T @ inside + PENALTY * size * np.eye(dimension)
        found = np.linalg.solve(inner, inside.T @ target)
    else:
        found = inside.T @ np.linalg.solve(inside @ inside.T + PENALTY * size * np.eye(size), target)
    slopes = (found / scale[:, None]).T
    return np.asarray(slopes), np.asarray(columns.mean(axis=0) - slopes @ mean)


def first_copies(points: NDArray[Any]) -> Integers:
    """(n,) number of the first row with the same coordinates; 0, 1, 2, ... when all rows differ."""
    _, first, group = np.unique(np.asarray(points), axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[group.reshape(-1)], dtype=np.int64)


def shuffled_rows(copies: Integers, rng: np.random.Generator) -> Integers:
    """(n,) rows in random order, copies of one row in the place of copies of another.

    Parameters
    ----------
    copies : (n,) first copy of each row, as `first_copies` gives them; 0, 1, 2, ... shuffles every row for itself
    """
    single, place = np.unique(copies, return_inverse=True)
    return np.asarray(rng.permutation(single)[place.reshape(-1)], dtype=np.int64)


def held_out(codes: NDArray[Any], parts: int, rng: np.random.Generator, least: int = 12) -> tuple[Integers, Integers]:
    """Rows to learn from, ascending, and about one in ``parts`` to judge on, in the order in which they were drawn.

    Rows that are copies of each other are on one side, so that nothing is judged that was learnt by heart. Where fewer
    than ``least`` rows differ, or one heap of copies is more than half of what is to be judged, they are drawn one by
    one. Without copies n // parts rows are judged on, with copies at most half as many again.

    Parameters
    ----------
    codes : (n, d), n >= parts
    parts : >= 2
    """
    size, of = len(codes), first_copies(codes)
    if len(np.unique(of)) < least or np.bincount(of).max() > size // (2 * parts):
        of = np.arange(size)
    order = rng.permutation(np.unique(of))
    counts = np.bincount(of, minlength=size)[order]
    drawn = order[np.cumsum(counts) - counts < size // parts]
    place = np.full(size, -1)
    place[drawn] = np.arange(len(drawn))
    judged = np.flatnonzero(place[of] >= 0)
    return np.flatnonzero(place[of] < 0), judged[np.argsort(place[of[judged]], kind="stable")]


def explained_share(columns: Floats, predictions: Floats) -> float:
    """1 - residual over total sum of squares of (n, q) columns about their own mean; NaN when they do not vary.

    For cosine and sine of an angle this is the circular R^2: predictions of the mean direction give 0.
    """
    total = float(((columns - columns.mean(axis=0)) ** 2).sum())
    return 1 - float(((columns - predictions) ** 2).sum()) / total if total > 0 else float("nan")


def balanced_accuracy(classes: Integers, predictions: Integers) -> float:
    """Mean over the classes that occur of the share of their points that are predicted right."""
    right = classes == predictions
    return float(np.mean([right[classes == name].mean() for name in np.unique(classes)]))


def alignment(first: Floats, second: Floats) -> Floats:
    """(a, b) |cosine| between the rows of (a, d) and (b, d) directions; NaN for directions of length zero."""
    lengths = np.linalg.norm(first, axis=1)[:, None] * np.linalg.norm(second, axis=1)
    found = np.full(lengths.shape, np.nan)
    return np.divide(np.abs(first @ second.T), lengths, out=found, where=lengths > 0).clip(max=1.0)


def plane_alignment(first: Floats, second: Floats) -> float:
    """Mean squared cosine of the principal angles between the row spaces of two (q, d) matrices, 0 to 1.

    NaN when a row space has fewer dimensions than the rows. Two random spaces have q / d on average.
    """
    bases = []
    for rows in (first, second):
        _, values, axes = np.linalg.svd(rows, full_matrices=False)
        if len(values) < len(rows) or values[-1] <= 1e-9 * values[0]:
            return float("nan")
        bases.append(axes)
    return float((np.linalg.svd(bases[0] @ bases[1].T, compute_uv=False) ** 2).mean())


def chance_alignment(dimension: int, candidates: int, rng: np.random.Generator) -> float:
    """Mean of the largest |cosine| of a random direction with the first of so many orthonormal ones, by 2000 draws."""
    drawn = np.abs(rng.standard_normal((2000, dimension)))
    return float((drawn[:, :candidates].max(axis=1) / np.linalg.norm(drawn, axis=1)).mean())


def defined_mean(draws: Floats) -> Floats:
    """Mean over the first axis of the values that are no NaN; NaN where all are."""
    count = np.count_nonzero(~np.isnan(draws), axis=0)
    return np.divide(np.nansum(draws, axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)


def roundness(codes: NDArray[Any], circle: Floats) -> float:
    """Shorter over longer axis of the ellipse that an angle is mapped to: 1 = a circle, 0 = a line walked twice.

    Parameters
    ----------
    codes : (n, d)
    circle : (n, 2) cosine and sine of the angle

    Returns
    -------
    float
        NaN when the codes do not depend on the angle linearly at all.
    """
    slopes = np.linalg.lstsq(circle - circle.mean(axis=0), codes - np.mean(codes, axis=0), rcond=None)[0]
    values = np.linalg.svd(slopes, compute_uv=False)
    return float(values[1] / values[0]) if len(values) > 1 and values[0] > 0 else 0.0 if values[0] > 0 else float("nan")


def neighbour_means(points: NDArray[Any], known: NDArray[Any], columns: Floats, neighbours: int) -> Floats:
    """(m, q) mean of the columns of the k nearest known points: what points look like they should have.

    Parameters
    ----------
    points : (m, d); known : (n, d); columns : (n, q) of the known points; neighbours : k, cut at n
    """
    count = min(neighbours, len(known))
    found = np.empty((len(points), columns.shape[1]))
    for rows, block in distance_blocks(points, known):
        found[rows] = columns[np.argpartition(block, count - 1, axis=1)[:, :count]].mean(axis=1)
    return found
