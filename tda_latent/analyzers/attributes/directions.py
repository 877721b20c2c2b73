"""`attribute-directions`: along which directions of the latent space known attributes vary, and how surely."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.analyzers.attributes.targets import Attribute, attributes_of
from tda_latent.errors import InvalidInput
from tda_latent.numerics.disentanglement import Target
from tda_latent.numerics.powers import over_power_of_two
from tda_latent.numerics.probes import (
    alignment,
    balanced_accuracy,
    centre_and_scale,
    defined_mean,
    explained_share,
    first_copies,
    held_out,
    plane_alignment,
    ridge,
    roundness,
    shuffled_rows,
)
from tda_latent.numerics.two_sample import Tested, permutation_test
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_DECODED = 0.05  # largest p at which an angle counts as found
_LEAST = 12  # points; a third of fewer says nothing
_MOST_SUPPORT = 2000  # points that support vector machines learn from; their time grows faster than what they find
_SHUFFLES = 3  # of an attribute, for the alignments of directions that mean nothing
_ALIGNMENTS = ("support vectors", "pattern", "other half", "best principal direction", "number of that direction")


@analyzer("attribute-directions")
@dataclass(frozen=True)
class AttributeDirections:
    """Linear probes of known attributes with held-out quality, and what other ways of finding a direction agree on.

    Parameters
    ----------
    columns : factors | labels
        Where the attributes are. Label columns of text or integers with at most 64 values are classes, other numbers
        are quantities; only factors can be angles. Points without a value (NaN, infinity, None or empty) are left out
        of what is said of that attribute, and so are attributes that fewer than 12 points have.
    attributes : tuple of str
        Names of the attributes; empty = all.
    permutations : int
        Shuffles of the held-out attribute that chance and p-values are counted over.

    Returns
    -------
    Measures
        The probe learns from two thirds of the points and is judged on the others. For quantities and angles
        ``R2, NAME`` (of ridge regression; of cosine and sine together for an angle), for classes ``balanced accuracy,
        NAME`` (of multinomial logistic regression with classes weighted to count alike, as they do in the score: a rare
        class would else hardly be guessed), each with the mean over shuffled held-out attributes (reference) and the
        share of shuffles that do as well (p). ``roundness, NAME`` of an angle: shorter over longer axis of the ellipse
        that a turn makes in the codes; NaN when p > 0.05.

        Table ``directions``: unit normals of the probe in the coordinates of the codes, one row for a quantity or two
        classes, two rows for an angle, one per class otherwise. Table ``alignment``, |cosine| of each normal with: the
        normal of a support vector machine of at most 2000 points (quantities are cut at their median, classes weighted
        as above), the *pattern* (covariance of the codes with the attribute: the direction in which codes actually
        move), the normal found on the other points (for angles the mean squared cosine of the two planes), and the best
        of the principal directions, with its number.
        Table ``alignment by chance``: the same when the attribute is shuffled over all points, mean of 3 shuffles. It
        may be near 1, because probes of nothing lie along the directions in which the codes vary least.
        ``different points``: from 12 of them on, copies are kept on one side of the division and shuffled together,
        unless one heap of copies is more than a sixth of the points. ``unlabelled points, NAME``, where there are some.

    Notes
    -----
    A normal is where the attribute is read, not the way it moves: among correlated codes the two part [haufe2014],
    and so do probes and support vectors; a low value under ``pattern`` warns against editing along the normal. A low
    value under ``other half`` says that the direction itself is not known, a high one says nothing unless it is above
    chance. Shuffling attributes of points that the probe never saw is an exact test. Normals of support vectors as in
    [shen2020], principal directions as in [harkonen2020]; edits are judged by attribute-edits. One point far outside
    sets the deviation that codes are divided by, and spoils probes. O(n d^2) and logistic regressions.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("haufe2014", "shen2020", "harkonen2020")
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn", "scipy")
    invariances: ClassVar[tuple[str, ...]] = ("translation", "scale")
    example: ClassVar[dict[str, Any]] = {"permutations": 19}

    columns: Literal["factors", "labels"] = "factors"
    attributes: tuple[str, ...] = ()
    permutations: Annotated[int, Field(ge=1)] = 199

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that hold the attributes."""
        return (self.columns,)

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """Measures of every attribute that varies.

        Raises
        ------
        InvalidInput
            When no attribute varies, all codes coincide, or there are fewer than 12 points.
        UnknownName
            When an attribute does not exist.
        """
        codes = over_power_of_two(np.asarray(latents.points, dtype=np.float64))[0]  # directions have no unit
        if len(codes) < _LEAST or not (codes != codes[0]).any():
            raise InvalidInput(f"a probe needs {_LEAST} points that differ; these are {len(codes)}, or all alike.")
        attributes = attributes_of(latents, self.columns, self.attributes, _LEAST)
        whole = _divided(codes, rng)
        principal = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)[2]
        scalars: dict[str, Scalar] = {}
        found: list[tuple[Floats, Floats]] = []
        chance: list[Floats] = []
        for name, attribute in attributes.items():
            own, parts = codes[attribute.rows], whole
            if len(own) < len(codes):
                parts = _divided(own, rng)
                scalars[f"unlabelled points, {name}"] = Scalar(len(codes) - len(own), "points", "without a value")
            scalars |= self._quality(name, attribute.target, own, parts, rng)
            found.append(_directions(attribute, own, parts, principal))
            orders = [rng.permutation(len(own)) for _ in range(_SHUFFLES)]
            draws = [_directions(attribute.shuffled(order), own, parts, principal)[1] for order in orders]
            chance.append(defined_mean(np.array(draws)[:, :, :-1]))
        different = len(np.unique(latents.points, axis=0))
        scalars["different points"] = Scalar(different, "points", "copies are kept together")
        rows = np.array([title for attribute in attributes.values() for title in attribute.titles])
        units = np.array([f"z{j}" for j in range(codes.shape[1])])
        return Measures(
            scalars=scalars,
            tables={
                "directions": Table(np.concatenate([normals for normals, _ in found]), rows, units),
                "alignment": Table(np.concatenate([values for _, values in found]), rows, np.array(_ALIGNMENTS)),
                "alignment by chance": Table(np.concatenate(chance), rows, np.array(_ALIGNMENTS[:-1])),
            },
        )

    def _quality(
        self, name: str, target: Target, codes: Floats, parts: tuple[Integers, Integers], rng: Generator
    ) -> dict[str, Scalar]:
        fit, judge = parts
        copies = _copies(codes[judge], target.columns[judge])
        orders = [np.arange(len(judge)), *(shuffled_rows(copies, rng) for _ in range(self.permutations))]
        if target.kind == "categorical":
            guesses = _classify(codes[fit], target.classes[fit], codes[judge])
            values = [balanced_accuracy(target.classes[judge][rows], guesses) for rows in orders]
            return _scalars(f"balanced accuracy, {name}", permutation_test(values[0], np.array(values[1:])))
        slopes, offsets = ridge(codes[fit], target.columns[fit])
        guess = codes[judge] @ slopes.T + offsets
        values = [explained_share(target.columns[judge][rows], guess) for rows in orders]
        tested = permutation_test(values[0], np.array(values[1:]))
        scalars = _scalars(f"R2, {name}", tested)
        if target.kind == "circular":
            shape = roundness(codes, target.columns) if tested.p_value <= _DECODED else float("nan")
            scalars[f"roundness, {name}"] = Scalar(shape, "", "1: the angle is a circle in the codes; 0: a flat line")
        return scalars


def _divided(codes: Floats, rng: Generator) -> tuple[Integers, Integers]:
    """Two thirds of the rows to learn from and a third to judge on, both ascending."""
    fit, judge = held_out(codes, 3, rng)
    return fit, np.sort(judge)


def _copies(codes: Floats, columns: Floats) -> Integers:
    """(m,) first copy of each row, attribute and all; the row itself where equal codes have other values."""
    of = first_copies(codes)
    is_copied = np.array_equal(columns[of], columns) and len(np.unique(of)) >= _LEAST // 3
    return of if is_copied else np.arange(len(of))


def _scalars(name: str, tested: Tested) -> dict[str, Scalar]:
    return {
        name: Scalar(tested.value, "", "of the linear probe on held-out points"),
        f"{name} (reference)": Scalar(tested.null_mean, "", "mean after shuffling the held-out attribute"),
        f"{name}, p": Scalar(tested.p_value, "", "share of shuffles that do as well"),
    }


def _directions(
    attribute: Attribute, codes: Floats, parts: tuple[Integers, Integers], principal: Floats
) -> tuple[Floats, Floats]:
    """Unit normal, (q, d), and alignments, (q, 5), of every direction of one attribute."""
    kind, columns = attribute.target.kind, attribute.columns
    normals, others = (_normals(attribute, codes, rows) for rows in parts)
    pattern = (columns - columns.mean(axis=0)).T @ (codes - codes.mean(axis=0))
    support = _support_normals(attribute, codes, parts[0])
    near = alignment(normals, principal)
    is_known = ~np.isnan(near[:, 0])
    halves = np.diagonal(alignment(normals, others))
    if kind == "circular":
        halves = np.full(2, plane_alignment(normals, others))
    values = np.column_stack(
        [
            np.diagonal(alignment(normals, support)),
            np.diagonal(alignment(normals, pattern)),
            halves,
            near.max(axis=1),
            np.where(is_known, near.argmax(axis=1) + 1, np.nan),
        ]
    )
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    units = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    return units, values


def _normals(attribute: Attribute, codes: Floats, rows: Integers) -> Floats:
    """(q, d) normals of the linear probe that learns from these rows."""
    if attribute.target.kind != "categorical":
        return ridge(codes[rows], attribute.columns[rows])[0]
    return _fitted("logistic", codes[rows], attribute.target.classes[rows], len(attribute.titles))


def _support_normals(attribute: Attribute, codes: Floats, rows: Integers) -> Floats:
    """(q, d) normals of linear support vector machines; zeros for an angle, which no plane divides."""
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST_SUPPORT)).astype(np.int64)]
    classes = attribute.target.classes[rows]
    if attribute.target.kind == "circular":
        return np.zeros((2, codes.shape[1]))
    if attribute.target.kind == "real":
        values = attribute.columns[rows, 0]
        middle = np.median(values)
        is_high = values > middle if (values > middle).any() else values >= middle  # most values may be the largest
        classes = is_high.astype(np.int64)
    return _fitted("support", codes[rows], classes, len(attribute.titles))


def _fitted(machine: Literal["logistic", "support"], codes: Floats, classes: Integers, count: int) -> Floats:
    """(count, d) normals towards each class, or towards the second of two; zeros for classes that do not occur."""
    from sklearn.svm import LinearSVC

    found = np.zeros((count, codes.shape[1]))
    known = np.unique(classes)
    if len(known) < 2:
        return found
    mean, scale = centre_and_scale(codes)
    support = {"dual": False, "tol": 1e-3, "max_iter": 10_000, "class_weight": "balanced"}
    model = LinearSVC(**support) if machine == "support" else _logistic()
    with _unfinished_fits_count():
        slopes = model.fit((codes - mean) / scale, classes).coef_ / scale
    if count == 1:
        return np.asarray(slopes)
    found[known] = slopes if len(known) > 2 else np.concatenate([-slopes, slopes])
    return found


def _classify(codes: Floats, classes: Integers, others: Floats) -> Integers:
    """(m,) class of other codes by logistic regression; the only one where there is no second."""
    if len(np.unique(classes)) < 2:
        return np.full(len(others), classes[0])
    mean, scale = centre_and_scale(codes)
    with _unfinished_fits_count():
        model = _logistic().fit((codes - mean) / scale, classes)
    return np.asarray(model.predict((others - mean) / scale), dtype=np.int64)


def _logistic() -> Any:
    """A model that loses as much by all points of one class as of another: what `balanced_accuracy` scores."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced")


@contextmanager
def _unfinished_fits_count() -> Iterator[None]:
    """A fit that ran out of iterations is judged on held-out points like any other."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
