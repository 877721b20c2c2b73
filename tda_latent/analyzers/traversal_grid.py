"""`traversal-grid`: what one coordinate of a code does, for the most active coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.models.held_out import held_out_codes
from tda_latent.records.gallery import Gallery, Shape, pictures, value_range
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_ACTIVE = 0.01  # least variance of an active unit, by convention [burda2016]
_TAIL = 0.01  # of the values that lie outside the range on either side


@analyzer("traversal-grid")
@dataclass(frozen=True)
class TraversalGrid:
    """One row for each of the most active coordinates: only that coordinate of one code moves.

    Parameters
    ----------
    coordinates : int
        Rows: the coordinates whose codes vary most over the cloud, by falling variance.
    steps : int
        Pictures in a row; odd, so that the middle one is the unchanged code (for the unit range there is none).
    unit : deviation, posterior or range
        What a step is measured in: standard deviations of the coordinate over the cloud, mean posterior standard
        deviations (how far the encoder itself is unsure), or the coordinate's own range, from its 1 % to its 99 %
        quantile.
    span : float
        Largest step to either side, in deviations; not used for the unit range.
    at : text or null
        Id of the input whose code is changed; null takes the code nearest to the mean.
    shape : auto, curve, or [height, width] or [height, width, channels]
        Of an input, as for interpolation-strips.

    Returns
    -------
    Gallery
        Row captions: the coordinate from 0, the variance of its codes, and how much it moves the picture: the
        root-mean-square deviation of the pictures of a row from their mean, over that of the inputs from theirs
        (0 = the decoder ignores it, 1 = the row differs as much as the data do).
        Scalars: coordinates with a variance over 0.01, "active" by a convention for standard normal priors
        [burda2016], and how many there are.

    Notes
    -----
    Other coordinates are held, which is no picture of the data where coordinates depend on each other.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("burda2016",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    example: ClassVar[Mapping[str, Any]] = {"steps": 3}

    coordinates: Annotated[int, Field(ge=1, le=100)] = 8
    steps: Annotated[int, Field(ge=3, le=51)] = 7
    unit: Literal["deviation", "posterior", "range"] = "deviation"
    span: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    at: str | None = None
    shape: Shape = "auto"

    def __post_init__(self) -> None:
        if self.unit != "range" and self.steps % 2 == 0:
            raise InvalidParameter(
                f"steps is {self.steps}; the rule is an odd number, so that the unchanged code stands in the middle. "
                "Add one step, or use the unit range."
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """What the latents must carry, and that codes can be decoded."""
        return ("ids", "decoder", "scale") if self.unit == "posterior" else ("ids", "decoder")

    def __call__(self, latents: Latents, model: Model, inputs: Latents) -> Gallery:
        """Traversals from one code of the cloud.

        Raises
        ------
        InvalidInput
            For an id that is not in the cloud, a cloud of one point, or a model of another cloud.
        """
        found = held_out_codes(model, latents, inputs)
        codes = np.asarray(latents.points, dtype=np.float64)
        if len(codes) < 2:
            raise InvalidInput("the cloud has 1 point; how far coordinates vary takes at least two.")
        variances = codes.var(axis=0)
        chosen = np.argsort(-variances, kind="stable")[: self.coordinates]
        base = codes[self._base(latents, codes)]
        values, captions = self._values(latents, codes, base)
        moved = np.repeat(np.repeat(base[None, None], len(chosen), axis=0), self.steps, axis=1)
        moved[np.arange(len(chosen)), :, chosen] = values[chosen]
        cells = found.asked.decode(moved.reshape(-1, len(base))).reshape(*moved.shape[:2], -1)
        own = np.asarray(found.inputs.points, dtype=np.float64)
        low, high = value_range(own)
        return Gallery(
            pictures(cells, self.shape),
            rows=_row_captions(chosen, variances, _effects(cells, own)),
            columns=np.array(captions),
            low=low,
            high=high,
            title=f"One coordinate of a code at a time, in {_WORDS[self.unit]}",
            scalars={
                "active coordinates": Scalar(float((variances > _ACTIVE).sum()), "coordinates", "variance over 0.01"),
                "coordinates (reference)": Scalar(float(len(variances)), "coordinates"),
            },
        )

    def _base(self, latents: Latents, codes: Floats) -> int:
        if self.at is None:
            return int(np.argmin(((codes - codes.mean(axis=0)) ** 2).sum(axis=1)))
        rows = np.flatnonzero(np.asarray(latents.ids).astype(np.str_) == self.at)
        if not len(rows):
            raise InvalidInput(f"id {self.at!r} is not in the cloud of {len(latents)} points; name an id of its rows.")
        return int(rows[0])

    def _values(self, latents: Latents, codes: Floats, base: Floats) -> tuple[Floats, list[str]]:
        """(k, steps) values of each coordinate, and a caption for each step."""
        if self.unit == "range":
            share = np.linspace(0, 1, self.steps)
            low, high = np.quantile(codes, [_TAIL, 1 - _TAIL], axis=0)
            return low[:, None] + share * (high - low)[:, None], [f"{100 * t:.0f} %" for t in share]
        reach = np.linspace(-self.span, self.span, self.steps)
        spread = codes.std(axis=0) if self.unit == "deviation" else np.asarray(latents.scale).mean(axis=0)
        captions = [f"{step:+.2g}".replace("-", "\N{MINUS SIGN}") if abs(step) > 1e-9 else "0" for step in reach]
        return base[:, None] + spread[:, None] * reach, captions


_WORDS = {
    "deviation": "standard deviations of the coordinate",
    "posterior": "posterior standard deviations",
    "range": "percent of the coordinate's range",
}


def _effects(cells: Floats, inputs: Floats) -> Floats:
    """(rows,) root-mean-square deviation of the pictures of a row from their mean, over that of the inputs."""
    usual = float(np.sqrt(((inputs - inputs.mean(axis=0)) ** 2).mean()))
    changes = np.sqrt(((cells - cells.mean(axis=1, keepdims=True)) ** 2).mean(axis=(1, 2)))
    return np.asarray(changes / usual if usual else np.zeros(len(cells)))


def _row_captions(chosen: NDArray[np.intp], variances: Floats, effects: Floats) -> NDArray[np.str_]:
    lines = zip(chosen.tolist(), variances[chosen].tolist(), effects.tolist(), strict=True)
    return np.array([f"z{row}: variance {variance:.2g}\nmoves {effect:.2f}" for row, variance, effect in lines])
