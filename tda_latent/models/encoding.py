"""What every trained model can do, whatever it is made of: encode, decode, sample."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.models.plain import plain

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Encoding:
    """Codes of n inputs.

    mean : (n, k) float64, the code, or the posterior mean of a model with a stochastic encoder
    scale : (n, k) float64 > 0, posterior standard deviations, or None for a deterministic encoder
    """

    mean: Floats
    scale: Floats | None = None


class Network(Protocol):
    """A trained model that can be asked. All arrays are float64; rows are inputs, codes or outputs.

    inputs : number of coordinates of an input; dimension : number of coordinates of a code
    """

    @property
    def inputs(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, points: NDArray[Any]) -> Encoding:
        """Codes of (n, inputs) points."""
        ...

    def decode(self, codes: NDArray[Any]) -> Floats:
        """(n, inputs) outputs for (n, dimension) codes, in the unit of the training data."""
        ...

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """(size, dimension) codes drawn from the prior of the model."""
        ...


@runtime_checkable
class Layered(Protocol):
    """A network whose inner layers can be looked at, too.

    layers : names, from the input to the output
    """

    @property
    def layers(self) -> tuple[str, ...]: ...

    def at_layer(self, points: NDArray[Any], layer: str) -> Encoding:
        """(n, width) activations of (n, inputs) points."""
        ...


def checkpoint_layers(checkpoints: tuple[int, ...], epochs: int) -> tuple[str, ...]:
    """The layers that checkpoints add: codes as they were after so many epochs, "epoch-10" for instance.

    Raises
    ------
    InvalidParameter
        When an epoch comes twice, out of order, or never.
    """
    if any(later <= earlier for earlier, later in pairwise(checkpoints)) or any(k > epochs for k in checkpoints):
        raise InvalidParameter(
            f"checkpoints are {list(checkpoints)}; the rule is rising epochs from 0 to {epochs}. "
            "Drop the others, or train for more epochs."
        )
    return tuple(f"epoch-{epoch}" for epoch in checkpoints)


class Checkpointed:
    """Of sources whose training keeps checkpoints: they are checked, and are layers beside the codes."""

    checkpoints: tuple[int, ...]
    epochs: int

    def __post_init__(self) -> None:
        checkpoint_layers(self.checkpoints, self.epochs)

    @property
    def layers(self) -> tuple[str, ...]:
        """Codes at the checkpoints."""
        return checkpoint_layers(self.checkpoints, self.epochs)


def columns(values: NDArray[Any], count: int, what: str) -> Floats:
    """The values as (n, count) float64.

    Raises
    ------
    InvalidInput
        When they have another width (they belong to other data or to another model), or are no finite numbers.
    """
    array = plain(values, f"{what} hold")
    if array.ndim != 2 or array.shape[1] != count:
        raise InvalidInput(
            f"{what} have shape {array.shape}; this model takes (n, {count}). Use the data it was trained on."
        )
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array).all(axis=1)))
        raise InvalidInput(f"{what} hold NaN or infinity in row {row}; drop or repair such rows first.")
    return array


def draws(size: int) -> int:
    """The number of codes to draw.

    Raises
    ------
    InvalidParameter
        When it is no whole number >= 0.
    """
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 0:
        raise InvalidParameter(f"size is {size!r}; the rule is a whole number >= 0. Say how many codes to draw.")
    return int(size)


def trainable(points: NDArray[Any]) -> Floats:
    """(n, d) float64 training points, after the checks that every family shares.

    Raises
    ------
    InvalidInput
        When there are fewer than two points, or all points coincide.
    """
    array = np.asarray(points, dtype=np.float64)
    if len(array) < 2:
        raise InvalidInput(f"the training data hold {len(array)} point; the rule is at least 2. Take more.")
    if not (array != array[0]).any():
        raise InvalidInput("all training points coincide; there is nothing to learn. Check how the data were read.")
    return array


@dataclass(frozen=True)
class CodeGaussian:
    """The normal distribution fitted to training codes: the prior of models that are trained without one.

    mean : (k,); factor : (k, k) with factor @ factor.T the covariance (n - 1 in the denominator)
    """

    mean: Floats
    factor: Floats

    @classmethod
    def fitted(cls, codes: Floats) -> CodeGaussian:
        """Moments of (n, k) codes, n >= 2; a code that does not vary gets no spread."""
        mean = codes.mean(axis=0)
        _, spread, axes = np.linalg.svd(codes - mean, full_matrices=False)
        factor = np.zeros((codes.shape[1], codes.shape[1]))
        factor[:, : len(spread)] = axes.T * (spread / np.sqrt(len(codes) - 1))
        return cls(mean, factor)

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """(size, k) independent draws."""
        return np.asarray(
            self.mean + rng.standard_normal((draws(size), len(self.mean))) @ self.factor.T, dtype=np.float64
        )
