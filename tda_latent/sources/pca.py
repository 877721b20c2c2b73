"""Principal component analysis as a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("pca")
@dataclass(frozen=True)
class Pca:
    """Principal component analysis: the linear map to k coordinates that loses least.

    The floor under every autoencoder: what curved coordinates must beat. Exact; it draws nothing, so two replicates
    differ only by their training data. Sampling draws from the Gaussian fitted to the training codes.

    Parameters
    ----------
    dimension : int
        Coordinates of a code, at most the number of inputs and one less than the number of training points.

    Notes
    -----
    [pearson1901]. O(n d min(n, d)).
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("pearson1901",)
    provides: ClassVar[tuple[str, ...]] = ("decoder",)
    example: ClassVar[dict[str, object]] = {"dimension": 2}

    dimension: Annotated[int, Field(ge=1)] = 8

    def __call__(self, train: Latents) -> Model:
        from tda_latent.models.linear import fit_linear

        return fit_linear(train.points, self.dimension)
