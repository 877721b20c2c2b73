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
from tda_latent.numerics.probes import (
    alignment,
    balanced_accuracy,
    chance_alignment,
    explained_share,
    plane_alignment,
    ridge,
    roundness,
)
from tda_latent.numerics.two_sample import Tested, permutation_test
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_DECODED = 0.05  # largest p at which an angle counts as found
_LEAST = 12  # points; a third of fewer says nothing
_ALIGNMENTS = ("support vectors", "pattern", "other half", "best principal direction", "number of that direction")


@analyzer("attribute-directions")
@dataclass(frozen=True)
class AttributeDirections:
    """Linear probes of known attributes with held-out quality, and what other ways of finding a direction agree on.

    Parameters
    ----------
    columns : factors | labels
        Where the attributes are. Label columns of text or integers with at most 64 values are classes, other numbers
        are quantities; only factors can be angles.
    attributes : tuple of str
        Names of the attributes; empty = all.
    permutations : int
        Shuffles of the held-out attribute that chance and p-values are counted over.

    Returns
    -------
    Measures
        The probe learns from two thirds of the points and is judged on the others. For quantities and angles
        ``R2, NAME`` (of ridge regression; of cosine and sine together for an angle), for classes ``balanced accuracy,
        NAME`` (of multinomial logistic regression), each with the mean over shuffled held-out attributes (reference)
        and the share of shuffles that do as well (p). ``roundness, NAME`` of an angle: shorter over longer axis of
        the ellipse that a turn makes in the codes; NaN when p > 0.05.

        Table ``directions``: unit normals of the probe in the coordinates of the codes, one row for a quantity or two
        classes, two rows for an angle, one per class otherwise. Table ``alignment``, |cosine| of each normal with: the
        normal of a support vector machine (quantities are cut at their median), the *pattern* (covariance of the codes
        with the attribute: the direction in which codes actually move), the normal found on the other points (for
        angles the mean squared cosine of the two planes), and the best of the principal directions, with its number.
        Last row: ``by chance``, for random directions.

    Notes
    -----
    A normal is where the attribute is read, not the way it moves: among correlated codes the two part [haufe2014],
    and so do probes and support vectors; a low value under ``pattern`` warns against editing along the normal. A low
    value under ``other half`` says that the direction itself is not known. Shuffling attributes of points that the
    probe never saw is an exact test. Normals of support vectors as in [shen2020], principal directions as in
    [harkonen2020]; edits are judged by attribute-edits. O(n d^2) and logistic regressions.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("haufe2014", "shen2020", "harkonen2020")
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn", "scipy")
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
        codes = np.asarray(latents.points, dtype=np.float64)
        if len(codes) < _LEAST or not (codes != codes[0]).any():
            raise InvalidInput(f"a probe needs {_LEAST} points that differ; these are {len(codes)}, or all alike.")
        attributes = attributes_of(latents, self.columns, self.attributes)
        order = rng.permutation(len(codes))
        parts = np.sort(order[len(codes) // 3 :]), np.sort(order[: len(codes) // 3])
        principal = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)[2]
        scalars: dict[str, Scalar] = {}
        found: dict[str, tuple[Floats, Floats]] = {}
        for name, attribute in attributes.items():
            scalars |= self._quality(name, attribute.target, codes, parts, rng)
            found |= _rows(attribute, codes, parts, principal)
        chance = chance_alignment(codes.shape[1], 1, rng)
        last = [chance, chance, chance, chance_alignment(codes.shape[1], len(principal), rng), np.nan]
        rows = np.array(list(found))
        units = np.array([f"z{j}" for j in range(codes.shape[1])])
        return Measures(
            scalars=scalars,
            tables={
                "directions": Table(np.array([normal for normal, _ in found.values()]), rows, units),
                "alignment": Table(
                    np.array([*(row for _, row in found.values()), last]),
                    np.append(rows, "by chance"),
                    np.array(_ALIGNMENTS),
                ),
            },
        )

    def _quality(
        self, name: str, target: Target, codes: Floats, parts: tuple[Integers, Integers], rng: Generator
    ) -> dict[str, Scalar]:
        fit, judge = parts
        orders = [np.arange(len(judge)), *(rng.permutation(len(judge)) for _ in range(self.permutations))]
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


def _scalars(name: str, tested: Tested) -> dict[str, Scalar]:
    return {
        name: Scalar(tested.value, "", "of the linear probe on held-out points"),
        f"{name} (reference)": Scalar(tested.null_mean, "", "mean after shuffling the held-out attribute"),
        f"{name}, p": Scalar(tested.p_value, "", "share of shuffles that do as well"),
    }


def _rows(
    attribute: Attribute, codes: Floats, parts: tuple[Integers, Integers], principal: Floats
) -> dict[str, tuple[Floats, Floats]]:
    """Unit normal and alignments of every direction of one attribute, by the name of the row."""
    kind, columns = attribute.target.kind, attribute.columns
    normals, others = (_normals(attribute, codes, rows) for rows in parts)
    pattern = (columns - columns.mean(axis=0)).T @ (codes - codes.mean(axis=0))
    support = _support_normals(attribute, codes, parts[0])
    near = np.nan_to_num(alignment(normals, principal))
    halves = np.diagonal(alignment(normals, others))
    if kind == "circular":
        halves = np.full(2, plane_alignment(normals, others))
    values = np.column_stack(
        [
            np.diagonal(alignment(normals, support)),
            np.diagonal(alignment(normals, pattern)),
            halves,
            near.max(axis=1),
            near.argmax(axis=1) + 1,
        ]
    )
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    units = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    return {title: (units[k], values[k]) for k, title in enumerate(attribute.titles)}


def _normals(attribute: Attribute, codes: Floats, rows: Integers) -> Floats:
    """(q, d) normals of the linear probe that learns from these rows."""
    if attribute.target.kind != "categorical":
        return ridge(codes[rows], attribute.columns[rows])[0]
    return _fitted("logistic", codes[rows], attribute.target.classes[rows], len(attribute.titles))


def _support_normals(attribute: Attribute, codes: Floats, rows: Integers) -> Floats:
    """(q, d) normals of linear support vector machines; zeros for an angle, which no plane divides."""
    classes = attribute.target.classes[rows]
    if attribute.target.kind == "circular":
        return np.zeros((2, codes.shape[1]))
    if attribute.target.kind == "real":
        values = attribute.columns[rows, 0]
        classes = (values > np.median(values)).astype(np.int64)
    return _fitted("support", codes[rows], classes, len(attribute.titles))


def _fitted(machine: Literal["logistic", "support"], codes: Floats, classes: Integers, count: int) -> Floats:
    """(count, d) normals towards each class, or towards the second of two; zeros for classes that do not occur."""
    from sklearn.svm import LinearSVC

    found = np.zeros((count, codes.shape[1]))
    known = np.unique(classes)
    if len(known) < 2:
        return found
    scale = _deviations(codes)
    model = LinearSVC(dual=False, max_iter=10_000) if machine == "support" else _logistic()
    with _unfinished_fits_count():
        slopes = model.fit(codes / scale, classes).coef_ / scale
    if count == 1:
        return np.asarray(slopes)
    found[known] = slopes if len(known) > 2 else np.concatenate([-slopes, slopes])
    return found


def _classify(codes: Floats, classes: Integers, others: Floats) -> Integers:
    """(m,) class of other codes by logistic regression; the only one where there is no second."""
    if len(np.unique(classes)) < 2:
        return np.full(len(others), classes[0])
    scale = _deviations(codes)
    with _unfinished_fits_count():
        return np.asarray(_logistic().fit(codes / scale, classes).predict(others / scale), dtype=np.int64)


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=1000)


def _deviations(codes: Floats) -> Floats:
    """(d,) what to divide by: 1 where a coordinate does not vary."""
    found = codes.std(axis=0)
    return np.where(found > 16 * np.finfo(np.float64).eps * np.abs(codes).max(axis=0), found, 1.0)


@contextmanager
def _unfinished_fits_count() -> Iterator[None]:
    """A fit that ran out of iterations is judged on held-out points like any other."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
