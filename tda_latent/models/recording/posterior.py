"""Posterior means and deviations of an autoencoder that encodes to a distribution (diffusers' AutoencoderKL, say)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.nested import described
from tda_latent.models.own_answers import distribution
from tda_latent.models.recording.attachment import attached, unwrapped
from tda_latent.models.recording.feeding import feed, require_batches
from tda_latent.models.recording.outputs import shape_text
from tda_latent.models.recording.pooling import Pooled, pooled
from tda_latent.models.recording.rows import columns_of
from tda_latent.records import Latents, Origin

POOLED = ("flatten", "spatial")


class _Silence:
    """A watcher of nothing."""

    def begin(self, arguments: dict[str, Any]) -> None:
        """Nothing to note."""

    def end(self, finished: bool) -> None:
        """Nothing to note."""


def posterior(
    model: nn.Module,
    batches: Iterable[Any],
    pooling: Literal["flatten", "spatial"] = "flatten",
    ids: Any = None,
    labels: Any = None,
) -> Latents:
    """Latents with posterior deviations from ``model.encode(batch)``.

    Parameters
    ----------
    model : nn.Module
        Its ``encode`` gives a distribution with ``mean`` and ``std`` (or ``stddev``), or an output whose
        ``latent_dist`` is one.
    batches : tensors or arrays, mappings of named arguments, or tuples that start with the input
    pooling : "flatten": all numbers of a code in one row; "spatial": every position of (n, channels, ...) is a point
    ids, labels : one entry for each input of all batches; labels: one column, or several by name

    Returns
    -------
    Latents
        ``points`` are the means and ``scale`` the standard deviations, as the encoder gives them: a diffusion model's
        ``scaling_factor`` is not applied. Held in memory: 8 bytes for each number of a float32 code.

    Raises
    ------
    InvalidInput
        When the model has no such encoder, no batch came or one in place of several, or codes differ in width.
    UnknownName
        For another pooling.
    """
    if pooling not in POOLED:
        raise unknown_name("pooling of a posterior", str(pooling), POOLED)
    model = unwrapped(model)
    encode = getattr(model, "encode", None)
    if not callable(encode):
        raise InvalidInput(f"a {type(model).__name__} has no method encode; record a layer of it in its place.")
    means: list[NDArray[Any]] = []
    deviations, places, seen = [], [], 0
    with attached(model, (), _Silence(), training=False), torch.no_grad():
        for batch in require_batches(batches):
            mean, deviation = (_points(value, pooling) for value in _moments(feed(model, batch, encode)))
            _require_width(means, mean.points)
            means.append(_array(mean.points))
            deviations.append(_array(deviation.points))
            places.append(np.column_stack([mean.inputs.numpy() + seen, mean.positions.numpy()]))
            seen = int(places[-1][-1, 0]) + 1
    if not means:
        raise InvalidInput("no batch came; give at least one.")
    columns = columns_of(np.concatenate(places), seen, ids, labels)
    return Latents(
        np.concatenate(means),
        ids=columns.ids,
        labels=columns.labels,
        scale=np.concatenate(deviations),
        origin=Origin(model=type(model).__name__, layer="posterior"),
    )


def _require_width(means: list[NDArray[Any]], points: Tensor) -> None:
    if means and means[0].shape[1] != points.shape[1]:
        raise InvalidInput(
            f"codes had {means[0].shape[1]} numbers first and {points.shape[1]} later; points have one dimension. Give "
            "inputs of one size, or pooling='spatial'."
        )


def _moments(encoded: Any) -> tuple[Tensor, Tensor]:
    mean, deviation = distribution(encoded) or (None, None)
    if isinstance(encoded, Tensor) or not isinstance(mean, Tensor) or not isinstance(deviation, Tensor):
        raise InvalidInput(
            f"encode gives {described(encoded)}, no distribution with mean and std; wrap the model in a module whose "
            "encode returns torch.distributions.Normal(mean, std)."
        )
    return mean, deviation.expand_as(mean)


def _points(values: Tensor, pooling: str) -> Pooled:
    if values.ndim < 2 or not len(values):
        raise InvalidInput(
            f"the posterior has shape {shape_text(values.shape)}; the rule is (n, d) or (n, channels, ...)."
        )
    return pooled(values if values.dtype == torch.float64 else values.float(), None, pooling, "posterior")


def _array(values: Tensor) -> NDArray[Any]:
    return values.detach().to("cpu", copy=True).numpy()
