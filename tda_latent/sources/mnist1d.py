"""MNIST-1D: signals of forty numbers in ten classes, drawn anew from a formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.numerics.mnist1d import drawn, signals
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source


@source("mnist1d")
@dataclass(frozen=True)
class Mnist1d:
    """MNIST-1D: one-dimensional digits, forty numbers each, small enough to train on in seconds and not linearly easy.

    Points are (size, 40) with mean 0 and standard deviation 1 over the whole set; the label ``digit`` is the class as
    text; ``split`` is train for the first four fifths, then test. Factors that drew each signal: ``shift`` (places, of
    72), ``scale``, ``padding`` (more is a narrower digit), ``shear``.

    Parameters
    ----------
    size : int
        Signals; the classes are as equal in number as can be.
    correlated_noise : float
        Standard deviation of the noise around the digit, before it is smoothed.
    independent_noise : float
        Standard deviation of the noise on every number.

    Notes
    -----
    The generator of [greydanus2024] with its published ranges, written anew; a stream of ours draws other signals than
    its seed 42. Nothing is downloaded. 5000 signals take 0.5 s.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("greydanus2024",)
    provides: ClassVar[tuple[str, ...]] = ("labels", "factors", "ids")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    example: ClassVar[dict[str, object]] = {"size": 30}

    size: Annotated[int, Field(ge=10)] = 5000
    correlated_noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.25
    independent_noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.02

    def __call__(self, rng: Generator) -> Latents:
        digits = rng.permutation(np.arange(self.size) % 10)
        draws = drawn(self.size, self.correlated_noise, self.independent_noise, rng)
        found = signals(digits, draws)
        real = {"shift": draws.shift, "scale": draws.scale, "padding": draws.padding, "shear": draws.shear}
        return Latents(
            (found - found.mean()) / found.std(),
            ids=np.array([f"signal-{row:05d}" for row in range(self.size)]),
            labels={"digit": digits.astype(np.str_)},
            factors={name: Factor(values.astype(np.float64)) for name, values in real.items()},
            split=np.where(np.arange(self.size) < self.size * 4 // 5, "train", "test"),
            origin=Origin(data="mnist1d"),
        )
