"""`reconstruction`: what decoded codes of unseen inputs still hold of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out_codes
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import network
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer


@analyzer("reconstruction")
@dataclass(frozen=True)
class Reconstruction:
    """Error of decoded codes of held-out inputs, beside what as many principal components leave.

    Rows that the model was trained on are left out. The posterior mean is decoded, without noise.

    Returns
    -------
    Measures
        ``unexplained variance``: squared error over the squared distance of the inputs to their mean, summed over all
        inputs: 0 = perfect, 1 = as good as the mean, above 1 = worse. ``unexplained variance, principal components
        (reference)`` is that of a PCA of the same training inputs to as many coordinates, or as there can be.
        ``squared error`` is the mean over inputs of the squared distance.

    Notes
    -----
    A sphere of codes counts its coordinates, one more than its dimension. O(n d min(n, d)). [pearson1901].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("pearson1901",)
    needs: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    def __call__(self, latents: Latents, model: Model, inputs: Latents, training: Latents) -> Measures:
        """Measures of one trained model.

        Raises
        ------
        InvalidInput
            When all held-out inputs coincide, or when the arguments do not belong together.
        """
        found = held_out_codes(model, latents, inputs, training)
        points = np.asarray(found.inputs.points, dtype=np.float64)
        total = float(((points - points.mean(axis=0)) ** 2).sum())
        if not total > 0:
            raise InvalidInput(
                f"the {len(points)} held-out inputs coincide, so that there is no variance to explain; bring others."
            )
        decoded = found.asked.decode(np.asarray(found.codes.points, dtype=np.float64))
        error = float(((decoded - points) ** 2).sum())
        linear = _by_components(points, training, latents.dimension)
        return Measures(
            scalars={
                "unexplained variance": Scalar(error / total, "", "squared error over variance of held-out inputs"),
                "unexplained variance, principal components (reference)": Scalar(
                    linear / total, "", "PCA of the training inputs to as many coordinates"
                ),
                "squared error": Scalar(error / len(points), "squared data distance", "mean over held-out inputs"),
            }
        )


def _by_components(points: NDArray[np.float64], training: Latents, dimension: int) -> float:
    """Squared error of a PCA of the training inputs, over all points."""
    most = min(dimension, training.dimension, len(training) - 1)
    if most < 1:
        return float(((points - np.mean(training.points, axis=0)) ** 2).sum())
    linear = network(fit_linear(np.asarray(training.points, dtype=np.float64), most))
    return float(((linear.decode(linear.encode(points).mean) - points) ** 2).sum())
