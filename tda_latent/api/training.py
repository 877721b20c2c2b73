"""A model of one's own data, trained in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tda_latent.api.clouds import load
from tda_latent.errors import InvalidInput
from tda_latent.experiment.binding import is_trained_elsewhere
from tda_latent.experiment.identity.streams import generator, stream_words
from tda_latent.models.network import encode_latents
from tda_latent.records import Latents, Model
from tda_latent.registry import component_of, registry


def train(source: str | Mapping[str, Any] | object, data: Any, *, seed: int = 0, **parameters: Any) -> Model:
    """A trained model of some data::

        model = tl.train("vae", data, dimension=4, seed=1)
        network = tl.network(model)
        images = network.decode(network.sample(10, rng))

    Parameters
    ----------
    source : name of a trained source ("autoencoder", "vae", "gan", ...), a ``{"use": name, parameter: value}`` mapping
        or a source object
    data : what `load` takes; when its split marks rows as "train", these alone are learned
    seed : of everything that training draws; equal seeds give equal weights, bit by bit, on one machine class
    parameters : of the source, beside those of the mapping

    Returns
    -------
    Model
        With ``history`` and ``quality``; `tda_latent.network` gives what encodes, decodes and samples.

    Raises
    ------
    UnknownName
        When there is no such source.
    InvalidInput
        When the source is no model to be trained on data, or for parameters beside a source object.
    """
    built = _built(source, parameters)
    registered = component_of(built)
    if registered.output is not Model:
        known = ", ".join(name for name in registry().names("source") if _trains(name))
        raise InvalidInput(f"{registered.name!r} makes points and is not trained on data. Models are: {known}.")
    if is_trained_elsewhere(registered):
        raise InvalidInput(
            f"{registered.name!r} was trained elsewhere; load it as you do and give it to tl.model(module, example)."
        )
    latents = load(data)
    if latents.split is not None and (latents.split == "train").any():
        latents = latents.take(np.flatnonzero(latents.split == "train"))
    streams = {"rng": generator(stream_words(seed, "train", {}))} if registered.uses_rng else {}
    return built(latents, **streams)  # type: ignore[no-any-return]


def encode(model: Model, data: Any, layer: str = "") -> Latents:
    """Latents of some inputs, from a model of `train` or `tda_latent.model`::

        latents = tl.encode(model, data)
        tl.analyze(latents, "traversal-grid", model=model, inputs=data)

    Parameters
    ----------
    model : Model
    data : what `load` takes
        (n, d) inputs; with ids, so that analyzers find the input of each code.
    layer : str
        A layer of a model that names layers, a checkpoint of its training for instance; empty for its codes.

    Returns
    -------
    Latents
        (n, k) codes (posterior means) with the ids, labels, factors and split of the inputs, and the posterior
        deviations as ``scale`` where the encoder gives them.

    Raises
    ------
    InvalidInput
        For inputs of another width, or a model without an encoder.
    UnknownName
        For a layer that it does not have.
    """
    return encode_latents(model, load(data), layer=layer)


def _trains(name: str) -> bool:
    return registry().find("source", name).output is Model


def _built(source: Any, parameters: Mapping[str, Any]) -> Any:
    if isinstance(source, (str, Mapping)):
        entry = {"use": source} if isinstance(source, str) else source
        options = {key: value for key, value in entry.items() if key != "use"}
        return registry().find("source", str(entry.get("use", ""))).build({**options, **parameters})
    if getattr(type(source), "component_kind", None) != "source" or parameters:
        raise InvalidInput(
            f"{source!r} with parameters {sorted(parameters)}; give a name with parameters, or a source object alone."
        )
    return source
