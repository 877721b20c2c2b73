"""From a stored `Model` back to something that encodes, decodes and samples; and latents made with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.encoding import Encoding, Layered, Network
from tda_latent.models.own import OwnModel
from tda_latent.records import Latents, Model, Origin

__all__ = ["FAMILIES", "Encoding", "Layered", "Network", "encode_latents", "network", "reconstruction_error"]


class Family(Protocol):
    """A class of networks that can be had from a record."""

    def of(self, model: Model) -> Network:
        """The network of a model of this family."""
        ...


def _autoencoder() -> Family:
    from tda_latent.models.autoencoder import AutoencoderNetwork

    return AutoencoderNetwork


def _classifier() -> Family:
    from tda_latent.models.classifier import ClassifierNetwork

    return ClassifierNetwork


def _adversarial() -> Family:
    from tda_latent.models.adversarial import AdversarialNetwork

    return AdversarialNetwork


def _modular() -> Family:
    from tda_latent.models.modular import ModularNetwork

    return ModularNetwork


def _linear() -> Family:
    from tda_latent.models.linear import LinearNetwork

    return LinearNetwork


def _own() -> Family:
    from tda_latent.models.own import OwnNetwork

    return OwnNetwork


def _regularised() -> Family:
    from tda_latent.models.regularised import RegularisedNetwork

    return RegularisedNetwork


def _spherical() -> Family:
    from tda_latent.models.spherical import SphericalNetwork

    return SphericalNetwork


def _topological() -> Family:
    from tda_latent.models.topological import TopologicalNetwork

    return TopologicalNetwork


def _variational() -> Family:
    from tda_latent.models.variational import VariationalNetwork

    return VariationalNetwork


def _wasserstein() -> Family:
    from tda_latent.models.wasserstein import WassersteinNetwork

    return WassersteinNetwork


FAMILIES: Mapping[str, Callable[[], Family]] = {
    "autoencoder": _autoencoder,
    "checkpoint": _own,
    "classifier": _classifier,
    "gan": _adversarial,
    "modular-addition": _modular,
    "pca": _linear,
    "rae": _regularised,
    "spherical-vae": _spherical,
    "topological-autoencoder": _topological,
    "vae": _variational,
    "wae": _wasserstein,
}
"""Families by name. Each is imported when it is asked for, by a statement that the digest of code can follow."""


def network(model: Model) -> Network:
    """The network of a model record: that of `tda_latent.model` as it is, any other made of its weights.

    Raises
    ------
    UnknownName
        When the family of the model is none of ours.
    InvalidInput
        For a module or function in place of a record; when the factory of a checkpoint cannot be imported, or makes
        another module.

    Notes
    -----
    Nothing in a record is executed code. Only the family "checkpoint" runs code of the user's, the factory that its
    settings name. All families but "pca" import torch.
    """
    if not isinstance(model, Model):
        raise InvalidInput(
            f"the model is a {type(model).__name__}; the rule is a Model of tl.train or tl.model. Make one of yours: "
            "tl.model(module, example), or of functions tl.model(example=x, encode=f)."
        )
    if isinstance(model, OwnModel):
        return model.network
    if model.family not in FAMILIES:
        raise unknown_name("model family", model.family, FAMILIES)
    return FAMILIES[model.family]().of(model)


def encode_latents(model: Model, inputs: Latents, origin: Origin | None = None, layer: str = "") -> Latents:
    """The inputs as latents of the model.

    Parameters
    ----------
    model : Model
    inputs : Latents
        (n, d) with d the number of inputs of the model.
    origin : Origin, optional
        What to write as the origin; default: that of the inputs.
    layer : str
        One of the layers of a network that names them (`Layered`); empty for its codes.

    Returns
    -------
    Latents
        (n, k) codes (posterior means) with the ids, labels, factors and split of the inputs; ``scale`` holds the
        posterior standard deviations when the encoder is stochastic.
    """
    encoding = _at_layer(network(model), inputs, layer) if layer else network(model).encode(inputs.points)
    return Latents(
        points=encoding.mean,
        ids=inputs.ids,
        labels=inputs.labels,
        factors=inputs.factors,
        scale=encoding.scale,
        split=inputs.split,
        origin=inputs.origin if origin is None else origin,
    )


def _at_layer(asked: Network, inputs: Latents, layer: str) -> Encoding:
    names = asked.layers if isinstance(asked, Layered) else ()
    if layer not in names or not isinstance(asked, Layered):
        raise unknown_name("layer of this model", layer, names)
    return asked.at_layer(inputs.points, layer)


def reconstruction_error(model: Model, inputs: Latents) -> float:
    """Mean over points and coordinates of (decode(encode(x)) - x)^2, in the squared unit of the inputs.

    The posterior mean is decoded, without noise, so that families can be compared.
    """
    asked = network(model)
    restored = asked.decode(asked.encode(inputs.points).mean)
    return float(np.mean((restored - inputs.points) ** 2))
