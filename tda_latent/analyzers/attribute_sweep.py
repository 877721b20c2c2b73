"""`attribute-sweep`: what a decoder makes of codes that are moved along an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.encoding import Network
from tda_latent.models.held_out import held_out_codes
from tda_latent.numerics.probes import explained_share, ridge
from tda_latent.records.classes import has_value, label_factor, label_texts
from tda_latent.records.gallery import Gallery, Shape, caption_grid, pictures, value_range
from tda_latent.records.latents import Factor, Latents
from tda_latent.records.measures import Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_FOLDS = 5
_TAIL = 0.05  # of the values of a real factor outside the sweep on either side
_BEYOND = 0.5  # how far the sweep of a class goes beyond the means of both sides, in their distance


class _Attribute(NamedTuple):
    """An attribute as (n, q) columns, its (steps, q) targets with their captions, and the rows to start from."""

    columns: Floats
    targets: Floats
    captions: list[str]
    rows: NDArray[np.int64]
    name: str


@analyzer("attribute-sweep")
@dataclass(frozen=True)
class AttributeSweep:
    """Codes moved along the direction of an attribute, from one of its values to the next, decoded.

    Parameters
    ----------
    factor : text or null
        Factor of the latents to sweep: its values (real), a turn (circular), or one of its classes (categorical).
        Points without a value (NaN, infinity, None or empty) are left out.
    label : text or null
        Label column to sweep instead; null for both takes the first label. Real numbers, and integers with more than 64
        values, are swept as a real factor is, unless a value is named.
    value : text or null
        Class of a label or categorical factor; null takes the most frequent one.
    starts : int
        Rows: random codes that are moved; for a class, codes of other classes.
    steps : int
        Pictures in a row.
    shape : auto, curve, or [height, width] or [height, width, channels]
        Of an input, as for interpolation-strips.

    Returns
    -------
    Gallery
        Columns: the input, then the code moved to each value: from the 5 % to the 95 % quantile of a real factor,
        around a circular one, and for a class from half the distance before the others' mean (0) to half of it beyond
        the class's mean (1). Scalars: ``probe R2``, of held-out codes in five folds (reference: 0 = no better than the
        mean); ``arrived``: how far the decoded pictures, encoded again, have moved on the probe for each unit that the
        codes were moved (1 = the edit survives decoding, reference 0 = the decoder ignores it).

    Notes
    -----
    The direction is that of the linear regression of the codes on the attribute: the difference of the means for a
    class, an ellipse for a circular factor. It keeps codes where codes are; the weights of a probe point out of the
    cloud where coordinates are correlated [haufe2014]. The probe (ridge regression of the attribute on the codes) only
    judges. Other attributes that go with this one in the data are moved along.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("haufe2014", "hoerl1970")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "torch")
    example: ClassVar[Mapping[str, Any]] = {"starts": 2, "steps": 3}

    factor: str | None = None
    label: str | None = None
    value: str | None = None
    starts: Annotated[int, Field(ge=1, le=50)] = 4
    steps: Annotated[int, Field(ge=2, le=50)] = 7
    shape: Shape = "auto"

    @property
    def needs(self) -> tuple[str, ...]:
        """What the latents must carry, and that codes can be decoded."""
        return ("ids", "decoder", "factors" if self.factor is not None else "labels")

    def __call__(self, latents: Latents, model: Model, inputs: Latents, rng: Generator) -> Gallery:
        """Sweeps from codes of the cloud.

        Raises
        ------
        UnknownName
            When the latents have no such factor, label or class.
        InvalidInput
            For an attribute that does not vary, or a model of another cloud.
        """
        name, values = self._column(latents)
        known = np.isfinite(values) if values.dtype.kind == "f" else has_value(values)
        if not known.any():
            raise InvalidInput(f"{name} has no value on any of {len(latents)} points; sweep one that varies.")
        latents = latents if known.all() else latents.take(known)
        found = held_out_codes(model, latents, inputs)
        codes = np.asarray(latents.points, dtype=np.float64)
        attribute = self._attribute(name, latents)
        if not (attribute.columns != attribute.columns[0]).any():
            raise InvalidInput(f"{attribute.name} has one value on all {len(codes)} points; sweep one that varies.")
        rows = rng.choice(attribute.rows, min(self.starts, len(attribute.rows)), replace=False)
        moved = _moved(codes, rows, attribute)
        decoded = found.asked.decode(moved.reshape(-1, codes.shape[1])).reshape(*moved.shape[:2], -1)
        slopes = ridge(codes, attribute.columns)[0]
        own = np.asarray(found.inputs.points, dtype=np.float64)
        low, high = value_range(own)
        return Gallery(
            pictures(np.concatenate([own[rows][:, None], decoded], axis=1), self.shape),
            rows=np.full(len(rows), ""),
            columns=np.array(["input", *attribute.captions]),
            low=low,
            high=high,
            captions=self._captions(latents, rows),
            title=f"Codes moved along {attribute.name}",
            scalars={
                "probe R2": Scalar(_held_out_share(codes, attribute.columns, rng), "", "0 = no better than the mean"),
                "arrived": Scalar(_arrived(found.asked, decoded, moved, slopes), "", "1 = the edit survives"),
            },
        )

    def _column(self, latents: Latents) -> tuple[str, NDArray[Any]]:
        if self.factor is None:
            name = self.label if self.label is not None else next(iter(latents.labels), "")
            if name not in latents.labels:
                raise unknown_name("label", name, latents.labels)
            return name, latents.labels[name]
        if self.factor not in latents.factors:
            raise unknown_name("factor", self.factor, latents.factors)
        return self.factor, latents.factors[self.factor].values

    def _attribute(self, name: str, latents: Latents) -> _Attribute:
        factor = label_factor(latents.labels[name]) if self.factor is None else latents.factors[name]
        is_class = factor is None or factor.kind == "categorical" or (self.factor is None and self.value is not None)
        if factor is None or is_class:
            return self._class(name, self._column(latents)[1])
        if factor.kind == "circular":
            return _turn(name, factor, self.steps)
        return self._range(name, factor.values.astype(np.float64))

    def _class(self, name: str, column: NDArray[Any]) -> _Attribute:
        texts = column.astype(np.str_)
        classes, counts = np.unique(texts, return_counts=True)
        wanted = str(classes[np.argmax(counts)]) if self.value is None else self.value
        if wanted not in classes:
            raise unknown_name(f"class of {name}", wanted, classes.tolist())
        inside = texts == wanted
        share = np.linspace(-_BEYOND, 1 + _BEYOND, self.steps)
        captions = [f"{t:.2g}".replace("-", "\N{MINUS SIGN}") for t in share]
        others = np.flatnonzero(~inside)
        words = f"{name} = {wanted} (0: mean of the others, 1: mean of these)"
        return _Attribute(inside[:, None].astype(float), share[:, None], captions, others, words)

    def _range(self, name: str, values: Floats) -> _Attribute:
        low, high = np.quantile(values, [_TAIL, 1 - _TAIL]).tolist()
        targets = np.linspace(low, high, self.steps)
        captions = [f"{target:.3g}".replace("-", "\N{MINUS SIGN}") for target in targets]
        return _Attribute(values[:, None], targets[:, None], captions, np.arange(len(values)), name)

    def _captions(self, latents: Latents, rows: NDArray[np.int64]) -> NDArray[np.str_]:
        label = latents.labels.get(self.label or next(iter(latents.labels), ""))
        names = np.full(len(latents), "") if label is None else label_texts(label)
        return caption_grid([names[row], *[""] * self.steps] for row in rows.tolist())


def _turn(name: str, factor: Factor, steps: int) -> _Attribute:
    """Cosine and sine of a circular factor, and one turn."""
    period = float(factor.period or 1.0)
    angles = 2 * np.pi * np.asarray(factor.values) / period
    turn = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    columns, targets = (np.stack([np.cos(part), np.sin(part)], axis=1) for part in (angles, turn))
    captions = [f"{step * period / (2 * np.pi):.3g}" for step in turn]
    return _Attribute(columns, targets, captions, np.arange(len(angles)), name)


def _moved(codes: Floats, rows: NDArray[np.int64], attribute: _Attribute) -> Floats:
    """(rows, steps, k) codes whose attribute goes from its own value to each target, by the regression of the codes."""
    columns = attribute.columns
    slopes = np.linalg.lstsq(columns - columns.mean(axis=0), codes - codes.mean(axis=0), rcond=None)[0]
    return np.asarray(codes[rows][:, None] + (attribute.targets[None] - columns[rows][:, None]) @ slopes)


def _held_out_share(codes: Floats, columns: Floats, rng: Generator) -> float:
    """Explained share of predictions for codes that the probe has not seen, in folds."""
    order = rng.permutation(len(codes))
    predictions = np.empty_like(columns)
    for fold in np.array_split(order, min(_FOLDS, len(codes))):
        others = np.setdiff1d(order, fold)
        slopes, offsets = ridge(codes[others], columns[others])
        predictions[fold] = codes[fold] @ slopes.T + offsets
    return explained_share(columns, predictions)


def _arrived(asked: Network, decoded: Floats, moved: Floats, slopes: Floats) -> float:
    """How far the probe sees pictures move that are encoded again, for each unit that it sees their codes move."""
    again = asked.encode(decoded.reshape(-1, decoded.shape[2])).mean.reshape(moved.shape)
    seen, meant = (part @ slopes.T - (part @ slopes.T).mean(axis=1, keepdims=True) for part in (again, moved))
    total = float((meant**2).sum())
    return float((seen * meant).sum()) / total if total > 0 else float("nan")
