"""What all our networks of an encoder and a decoder share once they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tda_latent.models.encoding import Encoding, Floats, columns, draws
from tda_latent.models.perceptron import evaluated, restored, restored_checkpoints
from tda_latent.records import Model


@dataclass(frozen=True)
class AutoencodingNetwork:
    """A trained encoder and decoder, evaluated in float64 on one thread.

    module : with inputs, dimension, scale, encoder and decoder
    checkpoints : the same module as it was at earlier epochs, by the name of its layer ("epoch-10")
    """

    architecture: ClassVar[type[nn.Module]]
    module: Any
    checkpoints: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model) -> Self:
        """From a model of the family of the architecture."""

        def build() -> nn.Module:
            return cls.architecture(**model.settings)

        return cls(restored(build(), model.weights), restored_checkpoints(build, model.weights))

    @property
    def inputs(self) -> int:
        """Coordinates of an input."""
        return int(self.module.inputs)

    @property
    def dimension(self) -> int:
        """Coordinates of a code."""
        return int(self.module.dimension)

    @property
    def layers(self) -> tuple[str, ...]:
        """Codes at earlier epochs, where training kept checkpoints."""
        return tuple(self.checkpoints)

    def at_layer(self, points: NDArray[Any], layer: str) -> Encoding:
        """(n, k) codes of (n, inputs) points as they were at a checkpoint."""
        return replace(self, module=self.checkpoints[layer], checkpoints={}).encode(points)

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) codes; no posterior scale."""
        rows = columns(points, self.inputs, "points")
        return Encoding(evaluated(lambda part: self.module.encoder(self.module.scale(part)), rows))

    def decode(self, codes: NDArray[Any]) -> Floats:
        """(n, d) outputs in the unit of the training data, without noise."""
        rows = columns(codes, self.dimension, "codes")
        return evaluated(lambda part: self.module.scale.inverse(self.module.decoder(part)), rows)

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """Codes from the standard normal prior."""
        return rng.standard_normal((draws(size), self.dimension))
