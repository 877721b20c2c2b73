"""The digits of scikit-learn: small real images that need no download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tda_latent.records import Latents, Origin
from tda_latent.registry import source


@source("digits")
@dataclass(frozen=True)
class Digits:
    """Handwritten digits, 1797 images of 8 x 8 pixels, one row each.

    Points are (1797, 64) pixels between 0 (paper) and 1 (ink) in row order; ids are digit-0000 to digit-1796 in the
    order of the file; the label ``digit`` is the class as text, "0" to "9".

    Notes
    -----
    The test set of [alpaydin1998], 16 grey levels, as distributed with scikit-learn.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("alpaydin1998",)
    provides: ClassVar[tuple[str, ...]] = ("labels", "ids")
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    def __call__(self) -> Latents:
        from sklearn.datasets import load_digits

        pixels, classes = load_digits(return_X_y=True)
        return Latents(
            points=np.asarray(pixels, dtype=np.float64) / 16,
            ids=np.array([f"digit-{row:04d}" for row in range(len(pixels))]),
            labels={"digit": classes.astype(np.str_)},
            origin=Origin(data="digits"),
        )
