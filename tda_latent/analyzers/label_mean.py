"""`label-mean`: the mean of a label, or the share of a class, so that a claim can speak of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, InvalidParameter, unknown_name
from tda_latent.records.classes import has_value
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.registry import analyzer

_SHOWN = 8  # values that an error names


@analyzer("label-mean")
@dataclass(frozen=True)
class LabelMean:
    """Mean of a label over the points, or the share of a class: what is known of a cloud beside its shape.

    The test accuracy of the network that the points come from, for instance, which tells one that generalises from one
    that memorised [power2022]. Nothing is compared, and the geometry of the points has no part in it.

    Parameters
    ----------
    label : str or None
        Label column; None = the first that is numeric.
    value : text, number, truth value or None
        A class: the mean is then the share of the points that have it. Numbers are compared as numbers, so that "1", 1
        and 1.0 are one class; texts letter by letter.

    Returns
    -------
    Measures
        ``mean``, ``least``, ``greatest`` and ``points`` (how many have the label), in the unit of the label. Points
        without a value (NaN, None or empty) are left out, also of those among which a class is counted.
    """

    version: ClassVar[int] = 3
    references: ClassVar[tuple[str, ...]] = ("power2022",)
    needs: ClassVar[tuple[str, ...]] = ("labels",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    example: ClassVar[dict[str, object]] = {"label": "class", "value": "low"}

    label: str | None = None
    value: str | float | bool | None = None

    def __post_init__(self) -> None:
        if self.value is not None and self.label is None:
            raise InvalidParameter(f"value is {self.value!r} and no label is named; say of which column.")

    def __call__(self, latents: Latents) -> Measures:
        """The label of one cloud.

        Raises
        ------
        UnknownName
            For a label that the latents do not have.
        InvalidInput
            For a label of texts, one without finite values, latents without a numeric label, or a value that no point
            of the cloud has: a misspelt class would have share 0 in every cloud.
        """
        name = self._chosen(latents)
        values = np.asarray(latents.labels[name])
        values = values[has_value(values)]
        if not len(values):
            raise InvalidInput(f"the label {name!r} has no value on any of {len(latents)} points; name another column.")
        if self.value is not None:
            values = _is_value(name, values, self.value)
        if values.dtype.kind not in "iufb":
            raise InvalidInput(
                f"the label {name!r} holds {values.dtype}, no numbers; name a numeric column, or the value to count."
            )
        known = values.astype(np.float64)
        if not np.isfinite(known).all():
            raise InvalidInput(f"the label {name!r} holds infinity, which has no mean; drop such points.")
        numbers = {"mean": known.mean(), "least": known.min(), "greatest": known.max(), "points": len(known)}
        return Measures(scalars={key: Scalar(float(value), "", f"of {name}") for key, value in numbers.items()})

    def _chosen(self, latents: Latents) -> str:
        if self.label is not None:
            if self.label not in latents.labels:
                raise unknown_name("label", self.label, latents.labels)
            return self.label
        numeric = [name for name, column in latents.labels.items() if np.asarray(column).dtype.kind in "iufb"]
        if not numeric:
            known = ", ".join(latents.labels) or "none"
            raise InvalidInput(f"no label is numeric (known: {known}); give the points one: load(z, labels=...).")
        return numeric[0]


def _is_value(name: str, column: NDArray[Any], value: str | float | bool) -> NDArray[np.bool_]:
    """(n,) whether a point has the value; refuses one that none has."""
    if column.dtype.kind in "iufb":
        found = column == _number(value)
    elif isinstance(value, str):
        found = column.astype(str) == value
    else:
        found = np.array([_number(text) == value for text in column.tolist()], dtype=bool)
    if not found.any():
        occurring = [str(known) for known in np.unique(column).tolist()]
        more = f" and {len(occurring) - _SHOWN} more" if len(occurring) > _SHOWN else ""
        raise InvalidInput(
            f"value is {value!r}, and no point has it for its label {name!r}, which is {', '.join(occurring[:_SHOWN])}"
            f"{more}; name a value that occurs."
        )
    return np.asarray(found, dtype=np.bool_)


def _number(value: str | float | bool) -> float:
    """The number that is meant, 1 and 0 for truth values; NaN, which equals nothing, for other texts."""
    truth = {"true": 1.0, "false": 0.0}.get(str(value).lower())
    if truth is not None:
        return truth
    try:
        return float(value)
    except ValueError:
        return float("nan")
