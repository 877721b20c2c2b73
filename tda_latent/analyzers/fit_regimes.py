"""`fit-regimes`: do codes of training inputs differ from codes of held-out inputs, and have classes collapsed?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.engines.split_test import split_tests
from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.held_out import held_out
from tda_latent.models.outer_layers import LastLayer, last_layer
from tda_latent.numerics.neighbour_vote import vote_accuracies
from tda_latent.numerics.neural_collapse import (
    class_means,
    collapse,
    nearest_means,
    self_duality,
    shuffled_collapse,
)
from tda_latent.numerics.spectrum import effective_rank, principal_deviations
from tda_latent.numerics.two_sample import Tested, energy_distances, permutation_test, shuffled_sides
from tda_latent.records.classes import MOST_CLASSES, numbered_classes
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_LEAST = 10  # points on either side
_SHUFFLES = 9  # of the classes, for the collapse that chance gives
_SIDES = ("training", "held-out")
_COLLAPSE = {
    "within": ("NC1 within-class variability", "trace of within over between covariance, per class"),
    "norms": ("NC2 spread of mean norms", "coefficient of variation of the norms of centred class means"),
    "angles": ("NC2 angle error", "mean deviation of cosines of class means from those of a regular simplex"),
    "distance_ratio": ("class-distance variance", "class variance over squared distance of class means"),
}


@analyzer("fit-regimes")
@dataclass(frozen=True)
class FitRegimes:
    """Codes of training inputs beside codes of held-out inputs: diagrams, errors, neighbours, neural collapse.

    The cloud holds codes, or activations of a layer, of held-out inputs; the training inputs are encoded in the same
    way. Rows that were trained on are left out. Everything that compares the two sides takes equally many points.

    Parameters
    ----------
    label : str or None
        Label column with the classes. None takes the first of text or integers with at most 64 values, two points of
        each on both sides; without one the class measures are left out. Points without a value (NaN, None or empty)
        are of no class: class measures leave them out, all others do not.
    size : int
        Points of each side in tests.
    points : int
        Most points of each side in all other measures.
    permutations : int
        Random divisions of the two sides that p-values are counted over.
    neighbours : int
        k of the nearest-neighbour classifier.

    Returns
    -------
    Measures
        Tests, each with its mean over random divisions of the same points (reference) and p: ``H0 distance`` and ``H1
        distance`` (1-Wasserstein distance between Vietoris-Rips diagrams of the two sides), beside the plain baselines
        ``neighbour distance W1`` and ``energy distance``; ``error gap``, held-out less training mean squared
        reconstruction error, beside ``training error`` (reference; models with a decoder); ``accuracy gap``, training
        less held-out accuracy of the vote of k training points. A small p says that the codes tell training inputs
        from new ones.

        Descriptions of ``training`` and ``held-out`` codes: ``effective rank``; with classes ``k-NN accuracy`` (a point
        never votes on itself) beside ``majority share (reference)``; the neural collapse of both sides: ``NC1
        within-class variability``, ``NC2 spread of mean norms``, ``NC2 angle error`` (NaN with fewer coordinates than
        classes - 1; both NaN for two classes) and ``class-distance variance``, all 0 when collapsed, each with its
        median over shuffled labels (reference): in many dimensions any class means lie near a regular simplex. For
        codes of a classifier also ``NC3 self-duality`` (0 = its weights are the class means, sqrt(2) = unrelated) and
        ``NC4 disagreement``, the share of points that it does not give the class of the nearest mean of training codes.
        ``unlabelled points`` of both sides.

    Notes
    -----
    Several tests are made; five p-values of which the smallest is 0.05 are no find. Class means of few points are noisy
    and make classes look farther apart, on both sides alike. The published NC3 is the square of this one, the published
    NC1 often C times this one. [papyan2020], [galanti2022]; rank as in spectrum.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("papyan2020", "galanti2022", "roy2007")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "torch")
    example: ClassVar[dict[str, Any]] = {"size": 20, "permutations": 9}

    label: str | None = None
    size: Annotated[int, Field(ge=_LEAST)] = 150
    points: Annotated[int, Field(ge=_LEAST)] = 2000
    permutations: Annotated[int, Field(ge=1)] = 99
    neighbours: Annotated[int, Field(ge=1)] = 5

    def __call__(self, latents: Latents, model: Model, inputs: Latents, training: Latents, rng: Generator) -> Measures:
        """Measures of one trained model.

        Raises
        ------
        InvalidInput
            For fewer than 10 points on either side, or when the arguments do not belong together.
        UnknownName
            When the label column does not exist.
        """
        found = held_out(model, latents, inputs, training)
        size = min(len(found.codes), len(training), self.points)
        if size < _LEAST:
            raise InvalidInput(
                f"there are {len(found.codes)} held-out and {len(training)} training inputs; the rule is at least "
                f"{_LEAST} of each."
            )
        rows = [np.sort(rng.permutation(len(part))[:size]) for part in (training, found.codes)]
        seen, unseen = training.take(rows[0]), found.codes.take(rows[1])
        codes = found.encode(seen).mean, np.asarray(unseen.points, dtype=np.float64)
        errors = found.errors(codes[0], seen), found.errors(codes[1], found.inputs.take(rows[1]))
        classes = _classes(seen, unseen, self.label)
        split = _Split(codes, errors, classes, min(size, self.size), self.permutations, rng)
        scalars = split.tests()
        for name, part in zip(_SIDES, codes, strict=True):
            rank = effective_rank(principal_deviations(part) ** 2)
            scalars[f"effective rank, {name}"] = Scalar(rank, "directions", "exp entropy of the variance shares")
        if classes is not None:
            labelled, classes = split.labelled(classes, rng)
            scalars |= labelled.accuracies(self.neighbours) | _collapsed(labelled.codes, classes, rng)
            layer = None if found.layer else last_layer(model)
            scalars |= {} if layer is None else _classifier(layer, labelled.codes, classes)
            for name, part, own in zip(_SIDES, codes, classes.sides, strict=True):
                scalars[f"unlabelled points, {name}"] = Scalar(len(part) - len(own), "points", "in no class measure")
        return Measures(scalars=scalars)


class _Classes(NamedTuple):
    """Names of the classes, and (n,) the class of training and of held-out points, -1 without one."""

    names: NDArray[Any]
    sides: tuple[Integers, Integers]


class _Split:
    """Training and held-out codes, and a part of each for tests by random divisions."""

    def __init__(
        self,
        codes: tuple[Floats, Floats],
        errors: tuple[Floats | None, Floats | None],
        classes: _Classes | None,
        size: int,
        permutations: int,
        rng: Generator,
    ) -> None:
        self.codes, self.errors, self.classes, self.size = codes, errors, classes, size
        self.rows = tuple(np.sort(rng.permutation(len(part))[:size]) for part in codes)
        self.sides = shuffled_sides(size, size, permutations, rng)

    def labelled(self, classes: _Classes, rng: Generator) -> tuple[_Split, _Classes]:
        """The points of both sides that are of a class, and their classes; this split where all are."""
        known = [np.flatnonzero(side >= 0) for side in classes.sides]
        if all(len(rows) == len(part) for rows, part in zip(known, self.codes, strict=True)):
            return self, classes
        codes = self.codes[0][known[0]], self.codes[1][known[1]]
        left = _Classes(classes.names, (classes.sides[0][known[0]], classes.sides[1][known[1]]))
        size = min(self.size, *map(len, known))
        return _Split(codes, (None, None), left, size, len(self.sides) - 1, rng), left

    def _pooled(self, parts: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([part[rows] for part, rows in zip(parts, self.rows, strict=True)])

    def tests(self) -> dict[str, Scalar]:
        """What tells the two sides apart."""
        pooled, size = self._pooled(self.codes), self.size
        found = split_tests(pooled, self.sides)
        energy = energy_distances(pooled[:size], pooled[size:], self.sides)
        scalars: dict[str, Scalar] = {}
        for name, test in (
            ("H0 distance", found.degrees[0]),
            ("H1 distance", found.degrees[1]),
            ("neighbour distance W1", found.neighbours),
            ("energy distance", permutation_test(float(energy[0]), energy[1:])),
        ):
            scalars |= _tested(name, test, "input distance", "between codes of training and of held-out inputs")
        if self.errors[0] is not None and self.errors[1] is not None:
            scalars |= self._error_gap(self.errors[0], self.errors[1])
        return scalars

    def _error_gap(self, seen: Floats, unseen: Floats) -> dict[str, Scalar]:
        errors = self._pooled((seen, unseen))
        gaps = np.array([errors[~side].mean() - errors[side].mean() for side in self.sides])
        about, unit = "held-out less training squared reconstruction error", "squared data distance"
        test = permutation_test(float(gaps[0]), gaps[1:])
        return _tested("error gap", test, unit, about) | {
            "training error (reference)": Scalar(seen.mean(), unit, "mean squared reconstruction error")
        }

    def accuracies(self, neighbours: int) -> dict[str, Scalar]:
        """How well training points name the class of others, and whether their own better."""
        if self.classes is None:
            return {}
        both = np.concatenate(self.classes.sides)
        truth = np.repeat([True, False], [len(part) for part in self.codes])[None]
        whole = vote_accuracies(np.concatenate(self.codes), both, truth, neighbours)[0]
        found = vote_accuracies(self._pooled(self.codes), self._pooled(self.classes.sides), self.sides, neighbours)
        gaps = np.array([accuracy.seen - accuracy.unseen for accuracy in found])
        share = np.bincount(self.classes.sides[1]).max() / len(self.codes[1])
        return {
            "k-NN accuracy, training": Scalar(whole.seen, "", "by the vote of other training codes"),
            "k-NN accuracy, held-out": Scalar(whole.unseen, "", "by the vote of training codes"),
            "majority share (reference)": Scalar(share, "", "largest class among held-out inputs"),
            **_tested("accuracy gap", permutation_test(float(gaps[0]), gaps[1:]), "", "training less held-out"),
        }


def _tested(name: str, test: Tested, unit: str, about: str) -> dict[str, Scalar]:
    return {
        name: Scalar(test.value, unit, about),
        f"{name} (reference)": Scalar(test.null_mean, unit, "mean over random divisions of the same points"),
        f"{name}, p": Scalar(test.p_value, "", "share of random divisions at least as large"),
    }


def _classes(seen: Latents, unseen: Latents, label: str | None) -> _Classes | None:
    """Classes with two points or more on both sides; None when no column holds at least two such."""
    known = [name for name in seen.labels if name in unseen.labels]
    if label is not None and label not in known:
        raise unknown_name("label of training and held-out inputs", label, known)
    for name in known if label is None else [label]:
        columns = [part.labels[name] for part in (seen, unseen)]
        names, numbers = numbered_classes(np.concatenate(columns))
        is_class = columns[0].dtype.kind != "f" and 2 <= len(names) <= MOST_CLASSES
        sides = np.split(numbers, [len(seen)])
        least = min(int(np.bincount(side[side >= 0], minlength=max(len(names), 1)).min()) for side in sides)
        if is_class and least > 1:
            return _Classes(names, (sides[0], sides[1]))
        if label is not None:
            raise InvalidInput(
                f"label {label!r} has {len(names)} values, the rarest {least} times on one side; the rule is 2 to "
                f"{MOST_CLASSES} classes, text or integers, each at least twice among training and held-out inputs. "
                "Take more points, or another column."
            )
    return None


def _collapsed(codes: tuple[Floats, Floats], classes: _Classes, rng: Generator) -> dict[str, Scalar]:
    """Neural collapse of both sides, each measure beside that of shuffled labels."""
    scalars, count = {}, len(classes.names)
    for name, part, numbers in zip(_SIDES, codes, classes.sides, strict=True):
        found = collapse(part, numbers, count)
        chance = shuffled_collapse(part, numbers, count, _SHUFFLES, rng)
        for field, (title, about) in _COLLAPSE.items():
            scalars[f"{title}, {name}"] = Scalar(getattr(found, field), "", about)
            scalars[f"{title}, {name} (reference)"] = Scalar(getattr(chance, field), "", "median of shuffled labels")
    return scalars


def _classifier(layer: LastLayer, codes: tuple[Floats, Floats], classes: _Classes) -> dict[str, Scalar]:
    """Agreement of a classifier with the means of its classes; nothing when it knows others."""
    names = classes.names.astype(np.str_)
    if set(names.tolist()) != set(layer.classes.tolist()):
        return {}
    means = class_means(codes[0], classes.sides[0], len(names))
    order = [layer.classes.tolist().index(name) for name in names.tolist()]
    scalars = {
        "NC3 self-duality": Scalar(
            self_duality(layer.weights[order], means), "", "0 = weights are class means; sqrt(2) = unrelated"
        )
    }
    for name, part in zip(_SIDES, codes, strict=True):
        share = (names[nearest_means(part, means)] != layer.predict(part)).mean()
        scalars[f"NC4 disagreement, {name}"] = Scalar(share, "", "answers that are not the nearest class mean")
    return scalars
