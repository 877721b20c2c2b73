"""How far single coordinates stand for single factors: MIG, SAP, DCI, modularity and the FactorVAE vote.

A circular factor cannot live in one coordinate: a circle needs two. So its *units* are coordinates and pairs of
coordinates, where a pair is read by the nearest mean of a sector of the factor (for information) or as a plane (for
linear prediction), wherever the angle begins and whichever way it turns; the gap of such a factor lies between its
best unit and the best unit that shares no coordinate with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.cyclic_order import phases, sectors
from tda_latent.numerics.entropy import shannon_entropy
from tda_latent.numerics.mutual_information import Binning, binned, entropy, mutual_information
from tda_latent.numerics.probes import centre_and_scale

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Kind = Literal["categorical", "real", "circular"]
_REPEATED = 50  # times that the typical value of a factor with many values occurs, so that it is kept as it is
_CANDIDATES = 8  # coordinates with the highest scores of their own, among which pairs are looked for


class Target(NamedTuple):
    """A factor in the forms that the scores read.

    kind : categorical, real or circular
    classes : (n,) class or bin of each point
    columns : (n, q) numbers to predict: the value in units of its deviation, cosine and sine of the phase, or one
        indicator for each class
    """

    kind: Kind
    classes: Integers
    columns: Floats


class Gap(NamedTuple):
    """Best score, its distance to the next, and the coordinates that reach the best."""

    best: float
    gap: float
    coordinates: tuple[int, ...]


def score_gap(scores: Floats, pair_score: Callable[[int, int], float] | None = None) -> Gap:
    """How far the best coordinate, or pair of coordinates, is ahead of the best one without them.

    Parameters
    ----------
    scores : (d,) score of each coordinate, >= 0; without a second coordinate the next score counts as 0
    pair_score : score of two coordinates together, for circular factors
    """
    units = {(k,): float(score) for k, score in enumerate(scores)}
    if pair_score is not None:
        likely = np.sort(np.argsort(-scores, kind="stable")[:_CANDIDATES]).tolist()
        units |= {pair: pair_score(*pair) for pair in itertools.combinations(likely, 2)}
    best = max(units, key=lambda unit: (units[unit], -len(unit)))
    rest = [score for unit, score in units.items() if not set(unit) & set(best)]
    return Gap(units[best], units[best] - max(rest, default=0.0), best)


def information_gap(codes: Floats, information: Floats, target: Target) -> float:
    """Mutual information gap of one factor, as a share of the factor's entropy [chen2018]; NaN for a constant factor.

    Parameters
    ----------
    codes : (n, d) centred, of deviation one (0 where constant)
    information : (d,) of each code with the factor, in nats
    """
    whole = entropy(target.classes)
    if not whole > 0:
        return float("nan")

    def together(first: int, second: int) -> float:
        return mutual_information(_nearest_mean(codes[:, [first, second]], target.classes), target.classes)

    pairs = together if target.kind == "circular" else None
    return score_gap(information, pairs).gap / whole


def predictability_gap(codes: Floats, target: Target) -> float:
    """Separated attribute predictability: by how much the best coordinate predicts a factor better than the next.

    Parameters
    ----------
    codes : (n, d) centred, of deviation one (0 where constant)

    Returns
    -------
    float
        Between 0 and 1; NaN for a constant factor. Scores are the explained share of variance of a linear fit, for
        circular factors of cosine and sine together, also from two coordinates; for categorical factors the balanced
        accuracy of the nearest class mean, from 0 at chance to 1 [kumar2018].
    """
    if target.classes.max(initial=0) == 0:
        return float("nan")
    if target.kind == "categorical":
        return score_gap(np.array([_class_accuracy(code, target.classes) for code in codes.T])).gap
    wanted = target.columns - target.columns.mean(axis=0)
    total = float((wanted**2).sum())
    explained = np.clip(((codes.T @ wanted) ** 2).sum(axis=1) / (len(codes) * total), 0.0, 1.0)

    def plane(first: int, second: int) -> float:
        basis, sizes, _ = np.linalg.svd(codes[:, [first, second]], full_matrices=False)
        basis = basis[:, sizes > 1e-9 * max(float(sizes[0]), 1e-300)]
        return float(min(((basis.T @ wanted) ** 2).sum() / total, 1.0))

    return score_gap(explained, plane if target.kind == "circular" else None).gap


def _class_accuracy(code: Floats, classes: Integers) -> float:
    """Balanced accuracy of the nearest class mean of one coordinate, rescaled so that chance is 0."""
    counts = np.bincount(classes)
    if not code.any():
        return 0.0
    right = _nearest_mean(code[:, None], classes) == classes
    recall = float((np.bincount(classes, weights=right) / counts).mean())
    chance = 1 / len(counts)
    return max((recall - chance) / (1 - chance), 0.0)


def _nearest_mean(points: Floats, classes: Integers) -> Integers:
    """(n,) class whose mean is nearest to each of (n, e) points."""
    counts = np.bincount(classes)
    means = [np.bincount(classes, weights=column) / counts for column in points.T]
    squares = [(column[:, None] - mean[None]) ** 2 for column, mean in zip(points.T, means, strict=True)]
    return np.asarray(np.sum(squares, axis=0).argmin(axis=1), dtype=np.int64)


def code_disentanglement(importance: Floats) -> float:
    """D of DCI: how far each code matters for one factor only, weighted by importance; NaN for a single factor.

    Parameters
    ----------
    importance : (d, k) >= 0, columns sum to one, or to 0 where nothing predicts a factor; 0 is given when all do
    """
    if importance.shape[1] < 2:
        return float("nan")
    if not importance.sum() > 0:
        return 0.0
    weights = importance.sum(axis=1)
    single = np.array([1.0 - shannon_entropy(row) / np.log(importance.shape[1]) for row in importance])
    return float(single @ weights / weights.sum())


def factor_completeness(importance: Floats, kind: Kind) -> float:
    """C of DCI for one factor: how far one code alone matters for it, a pair of codes for a circular one.

    Parameters
    ----------
    importance : (d,) >= 0; 0 is given when all are 0

    Returns
    -------
    float
        Between 0 and 1; NaN where there is nothing to choose between: a single code, or two and a circular factor.
    """
    shares = np.sort(importance)[::-1]
    if kind == "circular":
        shares = np.concatenate([[shares[:2].sum()], shares[2:]])
    if len(shares) < 2:
        return float("nan")
    return 1.0 - shannon_entropy(shares) / float(np.log(len(shares))) if shares.sum() > 0 else 0.0


def code_modularity(information: Floats) -> Floats:
    """(d,) modularity of each code: 1 when it informs about one factor only [ridgeway2018].

    Parameters
    ----------
    information : (d, k) in nats

    Returns
    -------
    (d,)
        1 - sum of the squared information about all but the code's main factor, over k - 1 times that of the main
        one; NaN for codes without any, and for all of them when k < 2.
    """
    count = information.shape[1]
    if count < 2:
        return np.full(len(information), np.nan)
    squares = information**2
    main = squares.max(axis=1)
    spread = np.divide(squares.sum(axis=1) - main, main * (count - 1), out=np.full(len(main), np.nan), where=main > 0)
    return 1.0 - spread


def fixed_factor_votes(
    codes: Floats, classes: list[Integers], votes: int, batch: int, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Votes of the FactorVAE score: which code varies least while one factor is held at one value [kim2018].

    Parameters
    ----------
    codes : (n, d) of deviation one; none of them constant
    classes : of each factor, (n,) class or bin of each point; a class of fewer than ``batch`` points is not held
    votes : number of draws; batch : points in each, drawn without replacement

    Returns
    -------
    (votes,) number of the code and (votes,) number of the factor; empty when some factor has no class large enough, and
    for a single factor, for which any vote would be right
    """
    held = [[rows for c in np.unique(column) if len(rows := np.flatnonzero(column == c)) >= batch]
            for column in classes]  # fmt: skip
    if len(held) < 2 or not all(held) or not codes.shape[1]:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    factors = rng.choice(len(held), votes)
    chosen = np.empty(votes, np.int64)
    for vote, factor in enumerate(factors):
        rows = held[factor][rng.integers(len(held[factor]))]
        sample = codes[rng.choice(rows, batch, replace=False)]
        chosen[vote] = int(sample.var(axis=0).argmin())
    return chosen, factors.astype(np.int64)


def vote_accuracy(chosen: Integers, factors: Integers) -> float:
    """How often the majority factor of a code is right on the other half of the votes; NaN without votes."""
    half = len(chosen) // 2
    if half == 0:
        return float("nan")
    table = np.zeros((int(chosen.max()) + 1, int(factors.max()) + 1))
    np.add.at(table, (chosen[:half], factors[:half]), 1.0)
    return float(np.mean(table.argmax(axis=1)[chosen[half:]] == factors[half:]))


def ranking_quality(scores: Floats, classes: Integers, count: int) -> float:
    """Mean over the classes of the area under the ROC curve of each against the rest; NaN without two classes.

    Parameters
    ----------
    scores : (n, count) one column for each class; classes : (n,) class of each point
    """
    from scipy.stats import rankdata

    areas = []
    for number in range(count):
        inside = classes == number
        members = int(inside.sum())
        if 0 < members < len(classes):
            ranks = float(rankdata(scores[:, number])[inside].sum())
            areas.append((ranks - members * (members + 1) / 2) / (members * (len(classes) - members)))
    return float(np.mean(areas)) if areas else float("nan")


def target_of(values: NDArray[Any], kind: Kind, period: float | None, bins: int, binning: Binning) -> Target:
    """A factor in the forms that the scores read.

    Parameters
    ----------
    values : (n,) numbers, or text for categorical factors
    period : one turn of a circular factor
    bins : real and circular factors with more different values than this are binned, circular ones into equal sectors,
        unless the typical (median) value occurs 50 times: then each is a class of its own, as published
    """
    names, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    classes = np.asarray(inverse, dtype=np.int64).reshape(-1)
    if kind == "categorical":
        return Target(kind, classes, np.eye(len(names))[classes])
    numbers = np.asarray(values, dtype=np.float64)
    if kind == "circular":
        turns = phases(numbers, float(period or 1.0))
        _, inverse, counts = np.unique(turns, return_inverse=True, return_counts=True)
        columns = np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)
        if not _is_many(counts, bins):
            return Target(kind, np.asarray(inverse, dtype=np.int64).reshape(-1), columns)
        return Target(kind, _numbered(sectors(turns, bins)), columns)
    if _is_many(counts, bins):
        classes = _numbered(binned(numbers, bins, binning))
    return Target(kind, classes, standardised(numbers[:, None]))


def _is_many(counts: Integers, bins: int) -> bool:
    """Whether so many different values, which occur so often, are to be binned; one heap makes no value typical."""
    return len(counts) > bins and float(np.median(counts)) < _REPEATED


def standardised(codes: NDArray[Any]) -> Floats:
    """(n, d) centred columns of deviation one; 0 where a column is constant up to rounding."""
    wide = np.asarray(codes, dtype=np.float64)
    size = np.abs(wide).max(axis=0)
    scaled = np.divide(wide, size, out=np.zeros_like(wide), where=size > 0)
    mean, deviation = centre_and_scale(scaled)
    return np.asarray((scaled - mean) / deviation + 0.0, dtype=np.float64)  # never -0


def _numbered(classes: Integers) -> Integers:
    """The same classes under consecutive numbers."""
    return np.asarray(np.unique(classes, return_inverse=True)[1], dtype=np.int64).reshape(-1)
