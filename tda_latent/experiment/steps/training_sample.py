"""Redraw the training sample for each replicate, so that even a deterministic model has a spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.records import Latents
from tda_latent.registry import step


@step("training-sample")
@dataclass(frozen=True)
class TrainingSample:
    """A random part, without replacement, of the inputs that are not held out.

    Parameters
    ----------
    train : float
        Fraction of the training inputs that each replicate sees; 1 takes all of them in a new order.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    train: Annotated[float, Field(gt=0, le=1)] = 0.8

    def __call__(self, inputs: Latents, rng: np.random.Generator) -> Latents:
        rows = np.arange(len(inputs)) if inputs.split is None else np.flatnonzero(inputs.split == "train")
        count = round(self.train * len(rows))
        if count < 1:
            raise InvalidInput(f"{self.train:g} of {len(rows)} training inputs is none; raise split: train.")
        return inputs.take(rng.permutation(rows)[:count])
