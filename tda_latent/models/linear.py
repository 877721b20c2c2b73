"""Principal component analysis as a model: the linear autoencoder with the least squared error. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import CodeGaussian, Encoding, Floats, columns, trainable
from tda_latent.records import Model


def fit_linear(points: NDArray[Any], dimension: int) -> Model:
    """The ``dimension`` principal axes of (n, d) points, by singular values of the centred matrix.

    Parameters
    ----------
    points : (n, d) finite, n >= 2
    dimension : 1 to min(n - 1, d)

    Returns
    -------
    Model
        Weights ``mean`` (d,), ``axes`` (k, d) orthonormal rows by falling variance, each with its largest entry
        (the first among equals) positive, so that signs do not depend on the LAPACK at hand, and ``deviations``
        (k,), the standard deviations of the training codes (n - 1 in the denominator).

    Raises
    ------
    InvalidInput
        For fewer than two different points or an impossible dimension.

    Notes
    -----
    O(n d min(n, d)) [pearson1901].
    """
    cloud = trainable(points)
    size, width = cloud.shape
    if not 1 <= dimension <= min(size - 1, width):
        raise InvalidInput(
            f"dimension is {dimension}, but {size} points with {width} coordinates have at most "
            f"{min(size - 1, width)} principal axes. Lower the dimension."
        )
    mean = cloud.mean(axis=0)
    _, values, axes = np.linalg.svd(cloud - mean, full_matrices=False)
    energy = values**2
    return Model(
        family="pca",
        settings={"inputs": width, "dimension": dimension},
        weights={
            "mean": mean,
            "axes": _with_fixed_signs(axes[:dimension]),
            "deviations": values[:dimension] / np.sqrt(size - 1),
        },
        quality={
            "training_error": float(energy[dimension:].sum() / cloud.size),
            "explained_variance": float(energy[:dimension].sum() / energy.sum()),
        },
    )


def _with_fixed_signs(axes: Floats) -> Floats:
    largest = np.abs(axes).max(axis=1, keepdims=True)
    # entries that tie up to rounding must not decide by their last bit
    leading = np.argmax(np.abs(axes) >= largest * (1 - 1e-9), axis=1)
    signs = np.sign(axes[np.arange(len(axes)), leading])
    return np.asarray(axes * signs[:, None], dtype=np.float64)


@dataclass(frozen=True)
class LinearNetwork:
    """Orthogonal projection onto the principal axes, and back. Its prior: the Gaussian of the training codes."""

    mean: Floats
    axes: Floats
    deviations: Floats

    @classmethod
    def of(cls, model: Model) -> LinearNetwork:
        """From a model of the family "pca"."""
        return cls(model.weights["mean"], model.weights["axes"], model.weights["deviations"])

    @property
    def inputs(self) -> int:
        """Coordinates of an input."""
        return int(self.axes.shape[1])

    @property
    def dimension(self) -> int:
        """Coordinates of a code."""
        return int(self.axes.shape[0])

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) coordinates along the axes; no posterior scale."""
        return Encoding((columns(points, self.inputs, "points") - self.mean) @ self.axes.T)

    def decode(self, codes: NDArray[Any]) -> Floats:
        """(n, d) points of the principal subspace."""
        return np.asarray(self.mean + columns(codes, self.dimension, "codes") @ self.axes, dtype=np.float64)

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """Codes from the Gaussian fitted to the training codes, which are uncorrelated with mean zero."""
        return CodeGaussian(np.zeros(self.dimension), np.diag(self.deviations)).draw(size, rng)
