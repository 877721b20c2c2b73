"""`prior-samples`: what a model generates, beside the training inputs that come nearest to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out_codes
from tda_latent.numerics.distance_blocks import distance_blocks
from tda_latent.records.gallery import Gallery, Shape, caption_grid, pictures, value_range
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_UNIT = "data distance"
_DRAWS = 50  # prior samples for each one that is shown from a low-density region


@analyzer("prior-samples")
@dataclass(frozen=True)
class PriorSamples:
    """Samples from the prior and from regions where the prior has codes and the data have none, with their neighbours.

    Parameters
    ----------
    samples : int
        Pictures in a row.
    neighbours : int
        k of the density of codes: the farther the k-th nearest code, the emptier the region.
    shape : auto, curve, or [height, width] or [height, width, channels]
        Of an input, as for interpolation-strips.

    Returns
    -------
    Gallery
        Rows: decoded draws from the prior; below each its nearest training input with the distance between them; then
        the draws from the emptiest regions, the ``samples`` of 50 times as many whose k-th nearest code of the cloud is
        farthest; below each its nearest training input. Columns by rising distance.
        Scalars, all distances to the nearest training input in the unit of the data: the median of ``prior samples``,
        of ``low-density samples``, and of ``held-out inputs (reference)``, which is what new data have; far below it
        samples are copies or means of the data, far above they are none of it. The reference is left out when
        every input of the cloud was trained on, and for generators without an encoder.

    Notes
    -----
    Decoded without noise. Nearest by brute force, Euclidean between inputs as they are. O(m n d). Held-out inputs as
    the yardstick of copying: [meehan2020].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("meehan2020",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "torch")
    needs: ClassVar[tuple[str, ...]] = ("ids", "decoder")
    example: ClassVar[Mapping[str, Any]] = {"samples": 3}

    samples: Annotated[int, Field(ge=1, le=50)] = 8
    neighbours: Annotated[int, Field(ge=1)] = 10
    shape: Shape = "auto"

    def __call__(self, latents: Latents, model: Model, inputs: Latents, training: Latents, rng: Generator) -> Gallery:
        """Draws from the model of the cloud.

        Raises
        ------
        InvalidInput
            When model, inputs, training and cloud do not belong together.
        """
        found = held_out_codes(model, latents, inputs)
        seen = np.asarray(training.points, dtype=np.float64)
        drawn = found.asked.sample(self.samples, rng)
        empty = self._emptiest(found.asked.sample(_DRAWS * self.samples, rng), latents.points)
        rows, distances = [], {}
        for name, codes in (("prior samples", drawn), ("low-density samples", empty)):
            made = found.asked.decode(codes)
            gaps, nearest = nearest_inputs(made, seen)
            order = np.argsort(gaps, kind="stable")
            rows += [made[order], seen[nearest[order]]]
            distances[name] = gaps[order]
        low, high = value_range(seen)
        return Gallery(
            pictures(np.stack(rows), self.shape),
            rows=np.array(
                ["prior\nsample", "nearest\ntraining input", "low-density\nsample", "nearest\ntraining input"]
            ),
            columns=np.full(self.samples, ""),
            low=low,
            high=high,
            captions=_captions(list(distances.values())),
            title="Samples from the prior, and the training input nearest to each with its distance",
            scalars=_scalars(distances, found.inputs if found.is_encoded else None, training),
        )

    def _emptiest(self, codes: Floats, cloud: NDArray[Any]) -> Floats:
        count = min(self.neighbours, len(cloud))
        reach = np.empty(len(codes))
        for rows, block in distance_blocks(codes, np.asarray(cloud, dtype=np.float64)):
            reach[rows] = np.partition(block, count - 1, axis=1)[:, count - 1]
        return np.asarray(codes[np.argsort(-reach, kind="stable")[: self.samples]], dtype=np.float64)


def nearest_inputs(points: Floats, inputs: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """(m,) distance to, and (m,) row of, the nearest input of each point; of equally near ones the first."""
    gaps, rows = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
    for part, block in distance_blocks(points, inputs):
        rows[part] = block.argmin(axis=1)
        gaps[part] = block.min(axis=1)
    return gaps, rows


def _scalars(distances: Mapping[str, Floats], own: Latents | None, training: Latents) -> dict[str, Scalar]:
    meaning = "to the nearest training input, median"
    scalars = {name: Scalar(float(np.median(gaps)), _UNIT, meaning) for name, gaps in distances.items()}
    if own is None:
        return scalars
    if training.ids is None:
        raise InvalidInput("which inputs the model was trained on is told by ids; give ids to the training inputs.")
    is_new = ~np.isin(np.asarray(own.ids), training.ids)
    if is_new.any():
        seen = np.asarray(training.points, dtype=np.float64)
        gaps = nearest_inputs(np.asarray(own.points, dtype=np.float64)[is_new], seen)[0]
        scalars["held-out inputs (reference)"] = Scalar(float(np.median(gaps)), _UNIT, meaning)
    return scalars


def _captions(distances: list[Floats]) -> NDArray[np.str_]:
    empty = [""] * len(distances[0])
    return caption_grid(row for gaps in distances for row in (empty, [f"{gap:#.3g}" for gap in gaps]))
