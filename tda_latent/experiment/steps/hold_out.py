"""Hold out inputs that no model trains on and that all models are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.records import Latents
from tda_latent.registry import step


@step("hold-out")
@dataclass(frozen=True)
class HoldOut:
    """Marks a random share of the inputs as "test" and the others as "train"; a split that the data brings is kept.

    Parameters
    ----------
    held_out : float
        Fraction of the inputs to hold out, between 0 and 1.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.3

    def __call__(self, inputs: Latents, rng: np.random.Generator) -> Latents:
        ids = inputs.ids if inputs.ids is not None else np.arange(len(inputs))
        if inputs.split is not None and {"train", "test"} <= set(inputs.split.tolist()):
            return inputs.replace(ids=ids)
        count = round(self.held_out * len(inputs))
        if not 0 < count < len(inputs):
            raise InvalidInput(
                f"holding out {self.held_out:g} of {len(inputs)} inputs leaves {count} to compare on and "
                f"{len(inputs) - count} to train on; both need at least one. Change split: held_out."
            )
        split = np.full(len(inputs), "train")
        split[rng.permutation(len(inputs))[:count]] = "test"
        return inputs.replace(split=split.astype(np.str_), ids=ids)
