"""`cyclic-order`: whether a family of classes has the order it should have, and whether it closes into a loop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, InvalidParameter, unknown_name
from tda_latent.numerics.cyclic_order import (
    closure_index,
    cut_at_widest,
    even_circle,
    even_line,
    lag_correlations,
    order_test,
    phases,
    sectors,
)
from tda_latent.numerics.equal_sizes import equal_draws, joined_p_value
from tda_latent.numerics.mutual_information import binned
from tda_latent.numerics.pairwise import pairwise_distances
from tda_latent.records import Curve, Latents, Measures, Scalar, Table
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_FEWEST, _MOST = 4, 500


@analyzer("cyclic-order")
@dataclass(frozen=True)
class CyclicOrder:
    """Whether the means of ordered classes lie in that order, and whether the order closes into a loop.

    Weekdays should make a closed loop, numbers an open line. With a dozen places homology is weak; this asks directly.

    Parameters
    ----------
    label : str or None
        Label column with the classes; needs ``order``.
    order : tuple of str
        The values of the label, in an order that comes from outside the data: a semantically grouped list in any
        order passes the order test.
    factor : str or None
        Factor that orders the points instead, circular or real; without label and factor the first such.
    groups : int
        A factor with more different values is cut into so many groups: equal sectors of a circular one, equally many
        points of a real one.
    template : str or None
        Label column with the context of each point, a sentence for instance: the mean over the classes in each context
        is taken away first. Every class must occur in every context.
    unit_norm : bool
        Take the mean of all classes away and scale each class to length one, as directions of embeddings are compared.
    draws : int
        Random orders of more than eight classes; of up to eight all are tried.
    level : float
        The closure is given only where the order test has at most this p.

    Returns
    -------
    Measures
        Scalars ``order p`` (share of orders with as short a mean step), with ``least order p`` that so many classes on
        an even circle can reach; ``mean step`` and ``mean step (permuted order)``; ``closure`` (1 = the last class is
        as near to the first as neighbours are, 0 = as far as far classes; undefined where the order test fails),
        beside ``closure (even circle)`` and ``closure (even line)``; ``closure at the widest step``, the same with the
        loop cut where its step is widest: a loop with a gap elsewhere shows there; ``correlation with cyclic lag`` and
        ``with linear lag`` (Spearman, of distances), beside those of an even circle and an even line; ``points of each
        class`` that count, see below.

        Curve ``distance over lag`` (mean over pairs so many places apart). Tables ``distances``, ``classes`` (points).

    Notes
    -----
    A closed loop has closure near 1, also at the widest step, and a higher correlation with the cyclic lag; a loop that
    is run through twice has closure 1 and next to no correlation. Everything
    is about class means: few points in a class, or many dimensions of noise, draw all distances together.

    The mean of few points lies farther out than that of many, so that small classes at the ends look like an order.
    Where classes differ in size, all is computed from equally many points of each (in each context), and where they
    differ by more than a tenth, from 25 such draws: distances are averaged, and ``order p`` is twice the median
    [meinshausen2009]. A rare class makes all others as rare; leave it out, or take fewer groups. So do classes look
    ordered whose spread rises or falls along the order.
    [phipson2010]; loops of weekdays and months in language models: [engels2025].
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("phipson2010", "meinshausen2009", "engels2025")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation")

    label: str | None = None
    order: tuple[str, ...] = ()
    factor: str | None = None
    groups: Annotated[int, Field(ge=_FEWEST, le=_MOST)] = 12
    template: str | None = None
    unit_norm: bool = False
    draws: Annotated[int, Field(ge=99)] = 4999
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05

    def __post_init__(self) -> None:
        if (self.label is None) != (not self.order):
            raise InvalidParameter(
                f"label is {self.label!r} and order has {len(self.order)} values; give both or none."
            )
        if self.label is not None and self.factor is not None:
            raise InvalidParameter("label and factor are both given; the order comes from one of them.")
        if self.order and not _FEWEST <= len(set(self.order)) == len(self.order) <= _MOST:
            raise InvalidParameter(f"order has {len(self.order)} values; the rule is 4 to 500 different ones.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Labels, or factors."""
        return ("labels",) if self.label is not None or self.template is not None else ("factors",)

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """The order of the cloud.

        Raises
        ------
        InvalidInput
            Without a factor to order by, for fewer than four classes, a class without points or missing in a context,
            or a class whose direction is undefined (unit_norm).
        UnknownName
            For a label, factor or template that the latents do not have.
        """
        names, places = self._by_label(latents) if self.label is not None else self._by_factor(latents)
        sizes = np.bincount(places[places >= 0], minlength=len(names))
        if len(names) < _FEWEST or not sizes.all():
            empty = [name for name, size in zip(names, sizes.tolist(), strict=True) if not size]
            raise InvalidInput(
                f"{len(names)} classes, {len(empty)} of them without points{f' ({empty[0]})' if empty else ''}; the "
                "rule is four or more, each with points. Take fewer groups, or other classes."
            )
        contexts = self._contexts(latents, places, names)
        draws = equal_draws(places, contexts, rng)
        tables = [pairwise_distances(self._means(latents.points, rows, places, contexts, names)) for rows in draws]
        tests = [order_test(table, self.draws, rng) for table in tables]
        distances = np.asarray(np.mean(tables, axis=0), dtype=np.float64)
        unit = "" if self.unit_norm else "input distance"
        return Measures(
            scalars=self._scalars(distances, joined_p_value([test.p for test in tests]), len(draws) > 1)
            | {
                "mean step": Scalar(float(np.mean([test.step for test in tests])), unit),
                "mean step (permuted order)": Scalar(float(np.mean([test.permuted for test in tests])), unit),
                "classes": Scalar(len(names), "classes"),
                "points of each class": Scalar(len(draws[0]) // len(names), "points", "as many as the smallest has"),
            },
            curves={"distance over lag": _over_lag(distances, unit)},
            tables=_tables(distances, sizes, names, unit),
        )

    def _scalars(self, distances: Floats, p: float, is_joined: bool) -> dict[str, Scalar]:
        size, holds = len(distances), p <= self.level
        circle, line = even_circle(size), even_line(size)
        cyclic, linear = lag_correlations(distances)
        least = max(2 * size / math.factorial(size) if size <= 20 else 0.0, 0.0 if size <= 8 else 1 / (self.draws + 1))
        least *= 2 if is_joined else 1
        undefined = "undefined: the order test fails" if not holds else "1 = closed, 0 = open"
        scalars = {
            "order p": Scalar(p, "", "share of orders with as short a mean step"),
            "least order p": Scalar(least, "", "that so many classes on an even circle can reach"),
            "closure": Scalar(closure_index(distances) if holds else math.nan, "", undefined),
            "closure at the widest step": Scalar(
                closure_index(cut_at_widest(distances)) if holds else math.nan, "", undefined
            ),
            "closure (even circle)": Scalar(closure_index(circle)),
            "closure (even line)": Scalar(closure_index(line)),
            "correlation with cyclic lag": Scalar(cyclic, "", "Spearman, of distances"),
            "correlation with linear lag": Scalar(linear, "", "Spearman, of distances"),
        }
        for name, ideal in (("even circle", circle), ("even line", line)):
            for kind, value in zip(("cyclic", "linear"), lag_correlations(ideal), strict=True):
                scalars[f"correlation with {kind} lag ({name})"] = Scalar(value)
        return scalars

    def _by_label(self, latents: Latents) -> tuple[list[str], Integers]:
        if self.label not in latents.labels:
            raise unknown_name("label column", str(self.label), latents.labels)
        column = latents.labels[str(self.label)].astype(np.str_)
        places = np.full(len(latents), -1, dtype=np.int64)
        for place, name in enumerate(self.order):
            places[column == name] = place
        return list(self.order), places

    def _by_factor(self, latents: Latents) -> tuple[list[str], Integers]:
        ordered = [name for name, factor in latents.factors.items() if factor.kind != "categorical"]
        if self.factor is not None and self.factor not in latents.factors:
            raise unknown_name("factor", self.factor, latents.factors)
        if self.factor is None and not ordered:
            raise InvalidInput("the latents have no real or circular factor; give label and order instead.")
        name = self.factor or ordered[0]
        factor = latents.factors[name]
        if factor.kind == "categorical":
            raise InvalidInput(f"factor {name!r} is categorical, which has no order; give label and order instead.")
        values = np.asarray(factor.values, dtype=np.float64)
        turns = values if factor.period is None else phases(values, factor.period)
        found, inverse = np.unique(turns, return_inverse=True)
        if len(found) <= self.groups:
            return _names(found * (factor.period or 1.0)), np.asarray(inverse, np.int64).reshape(-1)
        if factor.period is not None:
            return [f"sector {k + 1}" for k in range(self.groups)], sectors(turns, self.groups)
        return [f"group {k + 1}" for k in range(self.groups)], binned(values, self.groups, "mass")

    def _contexts(self, latents: Latents, places: Integers, names: list[str]) -> Integers:
        """(n,) number of the context of each point; one context of all without a template."""
        if self.template is None:
            return np.zeros(len(latents), dtype=np.int64)
        if self.template not in latents.labels:
            raise unknown_name("label column", self.template, latents.labels)
        values, contexts = np.unique(latents.labels[self.template], return_inverse=True)
        contexts = np.asarray(contexts, dtype=np.int64).reshape(-1)
        for context, value in enumerate(values):
            missing = set(range(len(names))) - set(places[contexts == context].tolist())
            if missing:
                raise InvalidInput(f"class {names[min(missing)]!r} does not occur in the context {str(value)!r}.")
        return contexts

    def _means(
        self, points: NDArray[Any], rows: Integers, places: Integers, contexts: Integers, names: list[str]
    ) -> Floats:
        """(k, d) means of the classes over these rows, without what their contexts share."""
        wide = np.asarray(points, dtype=np.float64)
        wide = (wide - wide.mean(axis=0))[rows]
        parts = []
        for context in range(int(contexts.max(initial=0)) + 1):
            inside = contexts[rows] == context
            means = _class_means(wide[inside], places[rows][inside], names)
            parts.append(means if self.template is None else means - means.mean(axis=0))
        means = np.asarray(np.mean(parts, axis=0), dtype=np.float64)
        if not self.unit_norm:
            return means
        means = means - means.mean(axis=0)
        lengths = np.linalg.norm(means, axis=1)
        if lengths.min() <= 1e-12 * max(float(lengths.max()), float(np.abs(wide).max())):
            raise InvalidInput(
                f"class {names[int(lengths.argmin())]!r} lies in the middle of all, so it has no direction; use "
                "unit_norm: false."
            )
        return np.asarray(means / lengths[:, None], dtype=np.float64)


def _class_means(points: Floats, places: Integers, names: list[str]) -> Floats:
    return np.stack([points[places == place].mean(axis=0) for place in range(len(names))])


def _names(values: Floats) -> list[str]:
    """Values in as few digits as tell them apart."""
    short = [f"{value:g}" for value in values]
    return short if len(set(short)) == len(short) else [f"{value!r}" for value in values.tolist()]


def _over_lag(distances: Floats, unit: str) -> Curve:
    lags = np.arange(1, len(distances), dtype=np.float64)
    means = np.array([np.diagonal(distances, k + 1).mean() for k in range(len(lags))])
    return Curve(lags, means, "", unit, "places apart", "mean distance")


def _tables(distances: Floats, sizes: Integers, names: list[str], unit: str) -> dict[str, Table]:
    rows = np.array(names, dtype=np.str_)
    return {
        "distances": Table(distances, rows, rows, unit),
        "classes": Table(sizes[:, None].astype(np.float64), rows, np.array(["points"]), "points"),
    }
