"""The linear maps at the two ends of a network: from a code into the decoder, from the last features to the classes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.records import Model

Floats = NDArray[np.float64]
_FIRST = "decoder.matrices.0"  # in all our families of dense layers


class LastLayer(NamedTuple):
    """Logits of (n, k) codes are ``codes @ weights.T + offsets``: (c, k) weights, (c,) offsets, (c,) names."""

    weights: Floats
    offsets: Floats
    classes: NDArray[np.str_]

    def predict(self, codes: Floats) -> NDArray[np.str_]:
        """(n,) names of the classes with the largest logits."""
        return self.classes[(codes @ self.weights.T + self.offsets).argmax(axis=1)]


def first_layer(model: Model) -> Floats | None:
    """(width, k) matrix that takes codes to the first layer of the decoder; None when that layer is not a matrix.

    For "pca" it is the whole decoder.
    """
    if model.family == "pca":
        return np.asarray(model.weights["axes"], dtype=np.float64).T
    if _FIRST not in model.weights:
        return None
    return np.asarray(model.weights[_FIRST], dtype=np.float64)


def last_layer(model: Model) -> LastLayer | None:
    """The layer that takes the codes of a classifier to its logits; None for models that do not classify."""
    if model.family != "classifier":
        return None
    depth = len(model.settings["hidden"])
    weights, offsets = (model.weights[f"trunk.{part}.{depth}"] for part in ("matrices", "offsets"))
    return LastLayer(
        np.asarray(weights, dtype=np.float64),
        np.asarray(offsets, dtype=np.float64),
        np.array(list(model.settings["classes"]), dtype=np.str_),
    )


def closed_form_directions(matrix: Floats) -> tuple[Floats, Floats]:
    """(r, k) orthonormal directions of the codes that a (width, k) first layer stretches most, and (r,) how much.

    Right singular vectors of the layer, r = min(width, k) [shen2021].
    """
    _, stretch, directions = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(directions), np.asarray(stretch)
