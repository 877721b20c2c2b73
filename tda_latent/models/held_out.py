"""The rows of a cloud beside the inputs that they encode, checked: are these codes the model's, and did it see them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import Encoding, Floats, Layered, Network
from tda_latent.models.network import network
from tda_latent.records import Latents, Model

_SAME = 1e-2  # root-mean-square difference over the spread of the codes: half precision passes, another seed does not
_ROUNDING = 1e-6  # over their size, for codes that hardly spread and were stored in single precision


@dataclass(frozen=True)
class HeldOut:
    """Inputs that a model has not been trained on, as codes and in the space of the data, row by row.

    asked : the network; layer : where in it the codes were recorded, empty for its own codes
    codes : (n, k) latents; inputs : (n, d) latents in the space of the data
    """

    asked: Network
    layer: str
    codes: Latents
    inputs: Latents

    @property
    def is_encoded(self) -> bool:
        """Whether the inputs are data that were encoded, and not what a generator without an encoder made of codes."""
        return encodes(self.asked)

    def errors(self, codes: Floats, inputs: Latents) -> Floats | None:
        """(n,) squared reconstruction errors of inputs from their codes; None at inner layers and without a decoder."""
        if self.layer:
            return None
        try:
            decoded = self.asked.decode(codes)
        except InvalidInput:  # what classifiers answer
            return None
        return np.asarray(((decoded - inputs.points) ** 2).sum(axis=1), dtype=np.float64)

    def encode(self, inputs: Latents) -> Encoding:
        """Other inputs at the same layer."""
        if self.layer and isinstance(self.asked, Layered):
            return self.asked.at_layer(inputs.points, self.layer)
        return self.asked.encode(inputs.points)


def held_out(model: Model, latents: Latents, inputs: Latents, training: Latents | None = None) -> HeldOut:
    """The rows of the cloud that the model was not trained on, with their inputs.

    Parameters
    ----------
    model : the model that the cloud was encoded with
    latents : (n, k) its codes, or activations of one of its layers, with ids
    inputs : the data, with ids that hold those of the latents
    training : what the model was trained on, with ids; rows with such an id are left out. None keeps every row

    Raises
    ------
    InvalidInput
        When ids are missing or unknown, no row is held out, or encoding the inputs does not give these latents.
    """
    if training is not None:
        latents = _unseen(latents, training)
    own = inputs.matching(latents.ids)
    asked = network(model)
    if not encodes(asked):
        _require_pairs(asked, latents, own, training)
        return HeldOut(asked, "", latents, own)
    if own.dimension != asked.inputs:
        raise InvalidInput(
            f"the inputs have {own.dimension} coordinates and the model takes {asked.inputs}; "
            "pass the data that the model was trained on."
        )
    return HeldOut(asked, _layer(asked, latents, own), latents, own)


def held_out_codes(model: Model, latents: Latents, inputs: Latents, training: Latents | None = None) -> HeldOut:
    """The same for codes that can be decoded, which those of inner layers cannot.

    Raises
    ------
    InvalidInput
        Also when the cloud comes from an inner layer.
    """
    found = held_out(model, latents, inputs, training)
    if found.layer:
        raise InvalidInput(
            f"the cloud holds activations of the layer {found.layer!r}, which cannot be decoded; analyse the codes."
        )
    return found


def encodes(asked: Network) -> bool:
    """Whether a network has an encoder: ours have one, those of users say it."""
    return bool(getattr(asked, "encodes", True))


def _require_pairs(asked: Network, latents: Latents, own: Latents, training: Latents | None) -> None:
    """Of a generator without an encoder: its codes are known by what they are decoded to."""
    if training is not None:
        raise InvalidInput(
            "this model has no encoder, so that no code of unseen data is known; compare what it generates with data "
            "instead (prdc, imd), or give an encoder."
        )
    if own.dimension != asked.inputs or not _agree(Encoding(asked.decode(latents.points)), own):
        raise InvalidInput(
            "this model has no encoder, and decoding these latents does not give these inputs; pass codes and what the "
            "model makes of them."
        )


def _unseen(latents: Latents, training: Latents) -> Latents:
    if latents.ids is None or training.ids is None:
        raise InvalidInput("which rows the model was trained on is told by ids; give ids to latents and training.")
    is_new = ~np.isin(latents.ids, training.ids)
    if not is_new.any():
        raise InvalidInput("every row of the cloud was trained on; encode inputs that were held out.")
    return latents if is_new.all() else latents.take(is_new)


def _layer(asked: Network, latents: Latents, own: Latents) -> str:
    """The first layer at which the inputs are encoded as these latents; their width alone would not tell."""
    if _agree(asked.encode(own.points), latents):
        return ""
    if isinstance(asked, Layered):
        for layer in asked.layers:
            if _agree(asked.at_layer(own.points, layer), latents):
                return layer
    raise InvalidInput(
        "encoding the inputs with this model does not give these latents; pass the model that they were encoded with, "
        "and codes as it gives them: posterior means, not scaled, not sampled."
    )


def _agree(encoding: Encoding, latents: Latents) -> bool:
    """Whether both are the same codes: the difference is small beside their spread, or is rounding."""
    given, codes = np.asarray(latents.points, dtype=np.float64), encoding.mean
    if codes.shape != given.shape:
        return False
    apart, spread, size = (float(np.sqrt(np.mean(part**2))) for part in (codes - given, codes - codes.mean(0), codes))
    return apart <= _SAME * spread + _ROUNDING * size
