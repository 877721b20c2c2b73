"""A network of the user's own tried out on two inputs: its shapes, and what would make its numbers false."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, shown
from tda_latent.models.encoding import Floats
from tda_latent.models.nested import described
from tda_latent.models.own_answers import Kind, flat_rows, moments, outputs
from tda_latent.models.plain import is_numbers, is_tensor, plain
from tda_latent.records import Latents

if TYPE_CHECKING:
    from tda_latent.models.own import OwnNetwork

_SEARCHED = 256  # rows of the example among which two that differ are looked for
_CLOSE = 1e-3  # of the largest number: what rounding may change; in half precision the root of its epsilon


def fitted(rough: OwnNetwork, example: Any) -> OwnNetwork:
    """The network with its shapes, which two inputs (of a generator: two codes) tell when it is tried out on them.

    Raises
    ------
    InvalidInput
        When it fails on them, gives numbers that are not finite, draws at random, or gives other numbers for a row
        alone than for the same row in a batch; when its prior does.
    """
    if rough.encoder is None and rough.decoder is None:
        raise InvalidInput("there is neither encode nor decode; name a method or part of the module, or a function.")
    what = "inputs" if rough.encoder is not None else "codes"
    example = required(example, what)
    shape, kind = tuple(example.shape[1:]), Kind.of(example)
    rows = _two_rows(flat_rows(example, "example"))
    asked = replace(rough, kinds=(kind, kind), input_shape=shape, code_shape=shape)
    asked = _shaped_encoder(asked, rows) if rough.encoder is not None else asked
    codes = _tried_encoder(asked, rows) if rough.encoder is not None else rows
    if rough.decoder is not None:
        asked = asked if rough.encoder is not None else _shaped_generator(asked, codes)
        _require_steady("decode", asked.decode, codes, _closeness(asked, 1))
    _try_prior(asked)
    return asked


def required(example: Any, what: str) -> Any:
    """The first rows of the example, at least two, as an array or tensor.

    Raises
    ------
    InvalidInput
        When it is missing, no array, or holds NaN, infinity or fewer rows.
    """
    rule = f"the rule is some {what}, (n, ...) with n >= 2, as the model takes them"
    if example is None:
        raise InvalidInput(f"example is missing; {rule}.")
    first = _first(example.points if isinstance(example, Latents) else example)
    if first is None or first.ndim < 2 or len(first) < 2:
        shape = "" if first is None else f" of shape {tuple(first.shape)}"
        raise InvalidInput(f"example is {described(example)}{shape}; {rule}.")
    if not np.isfinite(plain(first, "example holds")).all():
        raise InvalidInput(f"example holds NaN or infinity; {rule}.")
    return first


def _first(example: Any) -> Any:
    """Some rows, of the kind that the example is: it may be large."""
    if isinstance(example, (list, tuple)):
        return plain(example[:_SEARCHED], "example holds")
    if not is_numbers(example):
        return None
    values = example if is_tensor(example) else np.asarray(example)
    return values[:_SEARCHED] if values.ndim else values


def _two_rows(rows: Floats) -> Floats:
    """The first row, and that which differs most from it."""
    apart = np.abs(rows - rows[:1]).max(axis=1, initial=0.0)
    return rows[[0, max(1, int(apart.argmax()))]]


def _shaped_encoder(asked: OwnNetwork, rows: Floats) -> OwnNetwork:
    mean, scale = moments(asked.answer(0, rows), asked.spread)
    prior = "normal" if scale is not None and asked.prior is None else asked.prior
    coded = _row_shape(mean, "encode")
    return replace(asked, code_shape=coded, kinds=(asked.kinds[0], Kind.of(mean)), prior=prior)


def _shaped_generator(asked: OwnNetwork, codes: Floats) -> OwnNetwork:
    wide = _row_shape(outputs(asked.answer(1, codes)), "decode")
    return replace(asked, input_shape=wide, prior=asked.prior or "normal")


def _row_shape(answer: Any, name: str) -> tuple[int, ...]:
    array = plain(answer, f"{name} gives")
    flat_rows(array, name)
    return tuple(array.shape[1:])


def _tried_encoder(asked: OwnNetwork, rows: Floats) -> Floats:
    """The codes of the rows, once they and their deviations are known to be functions of each row."""

    def both(batch: NDArray[Any]) -> Floats:
        found = asked.encode(batch)
        return found.mean if found.scale is None else np.hstack([found.mean, found.scale])

    _require_steady("encode", both, rows, _closeness(asked, 0))
    return asked.encode(rows).mean


def _require_steady(name: str, function: Any, rows: Floats, closeness: float) -> None:
    once, again, otherwise = (_seeded(function, rows, seed) for seed in (0, 0, 1))
    slack = closeness * np.abs(once).max(initial=0.0)
    draws = bool((once == again).all()) and bool((once != otherwise).any())
    if draws or (np.abs(again - once) > slack).any():
        what = "let it give the mean of the posterior" if name == "encode" else "let it give its mean"
        raise InvalidInput(
            f"{name} gives other numbers the second time, so it draws at random; {what}. Where a function closes over "
            "a module in training mode (dropout), give the module beside it: tl.model(net, example, ...)."
        )
    rule = (
        "the rule is a function of each row. Normalise with fixed numbers; where a function closes over a module in "
        "training mode (BatchNorm), give the module beside it: tl.model(net, example, ...); of data far from the "
        "origin, whose digits cancel, subtract the mean."
    )
    try:
        alone = np.concatenate([function(rows[:1]), function(rows[1:])])
    except InvalidInput as error:
        raise InvalidInput(f"{name} takes two rows and fails on one alone; {rule} It said: {error}") from error
    if (np.abs(alone - once) > slack).any():
        raise InvalidInput(
            f"{name} gives other numbers for a row alone than for the same row in a batch, so they tell of its "
            f"neighbours, too; {rule}"
        )


def _seeded(function: Any, rows: Floats, seed: int) -> Floats:
    """What a function answers when the global generators start so; they are as before afterwards."""
    kept = np.random.get_state()  # noqa: NPY002 -- the user's code may draw from it
    torch = sys.modules.get("torch")
    devices = range(torch.cuda.device_count()) if torch is not None and torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=list(devices)) if torch is not None else nullcontext():
        if torch is not None:
            torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            return np.asarray(function(rows))
        finally:
            np.random.set_state(kept)  # noqa: NPY002


def _closeness(asked: OwnNetwork, side: int) -> float:
    """How far rounding may move a number: modules in half precision have few digits."""
    owner = asked.owners[side]
    formats = {item.dtype for item in owner.parameters() if item.is_floating_point()} if owner is not None else set()
    if not formats:
        return _CLOSE
    import torch

    return max(_CLOSE, *(float(torch.finfo(dtype).eps) ** 0.5 for dtype in formats))


def _try_prior(asked: OwnNetwork) -> None:
    """Two draws with the same generator, which have to be the same."""
    if asked.prior is None or asked.prior == "normal":
        return
    if not callable(asked.prior):
        raise InvalidInput(f"sample is {shown(asked.prior)}; the rule is 'normal' or a function (size, rng) -> codes.")
    first, second = (asked.sample(2, np.random.default_rng(0)) for _ in range(2))
    if (first != second).any():
        raise InvalidInput(
            "sample gives other codes the second time for the same rng, so it draws from another generator; draw from "
            "rng alone, or seed yours: torch.Generator().manual_seed(int(rng.integers(2**31)))."
        )
