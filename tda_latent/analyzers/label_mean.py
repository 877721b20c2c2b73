"""`label-mean`: the mean of a label, or the share of a class, so that a claim can speak of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tda_latent.errors import InvalidInput, InvalidParameter, unknown_name
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.registry import analyzer


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
    value : str or None
        A class: the mean is then the share of the points that have it.

    Returns
    -------
    Measures
        ``mean``, ``least``, ``greatest`` and ``points`` (how many have the label), in the unit of the label. Values
        that are NaN are left out.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("power2022",)
    needs: ClassVar[tuple[str, ...]] = ("labels",)
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    example: ClassVar[dict[str, object]] = {"label": "class", "value": "low"}

    label: str | None = None
    value: str | None = None

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
            For a label of texts, one without finite values, or latents without a numeric label.
        """
        name = self._chosen(latents)
        values = np.asarray(latents.labels[name])
        if self.value is not None:
            values = values.astype(str) == self.value
        if values.dtype.kind not in "iufb":
            raise InvalidInput(
                f"the label {name!r} holds {values.dtype}, no numbers; name a numeric column, or the value to count."
            )
        values = values.astype(np.float64)
        known = values[~np.isnan(values)]
        if not len(known) or not np.isfinite(known).all():
            raise InvalidInput(f"the label {name!r} has {len(known)} numbers, not all finite; the rule is one or more.")
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
