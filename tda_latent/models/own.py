"""A model of the user's own, asked like ours: a torch module or plain functions that encode and decode."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Literal, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.encoding import Encoding, Floats, columns
from tda_latent.models.own_answers import (
    Spread,
    evaluated,
    flat_rows,
    given,
    joined,
    kind_of,
    moments,
    outputs,
    own_words,
)
from tda_latent.records import Model

_BATCH = 256
_NAMES = {"encode": ("encode", "encoder"), "decode": ("decode", "decoder")}


class OwnModel(Model):
    """What `model` gives: a record of the user's own model that lives in this process alone and is never stored.

    network : what encodes, decodes and samples
    """

    network: OwnNetwork

    def packed(self) -> NoReturn:
        """A module or function is no data."""
        raise InvalidInput(
            "a model that tl.model gave lives in this process and cannot be stored; "
            "in an experiment file the source `checkpoint` names its weights and its factory."
        )

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class OwnNetwork:
    """Functions of the user's own between inputs (n, *input_shape) and codes (n, *code_shape); rows outside are flat.

    encoder, decoder : functions of a batch, or None where the model has none
    owners : of encoder and decoder, the torch module whose mode, device and number format are theirs, or None
    kinds : of the arrays that plain functions take, for inputs and codes; None = tensors of the default type
    spread : what the second of two results of the encoder is
    prior : (size, rng) -> (size, k) codes, "normal", or None
    """

    encoder: Callable[[Any], Any] | None
    decoder: Callable[[Any], Any] | None
    owners: tuple[Any, Any]
    input_shape: tuple[int, ...]
    code_shape: tuple[int, ...]
    kinds: tuple[Any, Any] = (np.dtype(np.float64), np.dtype(np.float64))
    spread: Spread | None = None
    prior: Callable[[int, np.random.Generator], Any] | str | None = None

    @classmethod
    def of(cls, model: Model) -> OwnNetwork:
        """From a model of the family "checkpoint": the factory of the user is called, and gets the stored weights."""
        import torch

        from tda_latent.models.recording.checkpoints import made

        facts = model.settings
        module = made(facts["factory"])
        module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in model.weights.items()})
        encoder, decoder = (_face(module, side, facts[side]) for side in ("encode", "decode"))
        decoder = decoder if facts["decode"] else None
        shapes = tuple(facts["input_shape"]), tuple(facts["code_shape"])
        return cls(encoder, decoder, (module, module), *shapes, spread=facts["spread"], prior=facts["prior"])

    @property
    def inputs(self) -> int:
        """Numbers in an input."""
        return math.prod(self.input_shape)

    @property
    def dimension(self) -> int:
        """Numbers in a code."""
        return math.prod(self.code_shape)

    @property
    def encodes(self) -> bool:
        """Whether there is an encoder."""
        return self.encoder is not None

    def encode(self, points: NDArray[Any]) -> Encoding:
        """(n, k) codes of (n, inputs) points, with posterior deviations where the encoder gives them."""
        if self.encoder is None:
            raise InvalidInput("this model has no encoder; give one: tl.model(..., encode=FUNCTION).")
        rows = columns(points, self.inputs, "points")
        parts = [
            moments(answer, self.spread) for answer in self._answers(self.encoder, rows, self.input_shape, "encode", 0)
        ]
        mean = joined([mean for mean, _ in parts], len(rows), self.dimension, "encode")
        if any(scale is None for _, scale in parts):
            return Encoding(mean)
        return Encoding(mean, joined([scale for _, scale in parts], len(rows), self.dimension, "encode"))

    def decode(self, codes: NDArray[Any]) -> Floats:
        """(n, inputs) outputs of (n, k) codes."""
        if self.decoder is None:
            raise InvalidInput("this model has no decoder; give one: tl.model(..., decode=FUNCTION).")
        rows = columns(codes, self.dimension, "codes")
        parts = [outputs(answer) for answer in self._answers(self.decoder, rows, self.code_shape, "decode", 1)]
        return joined(parts, len(rows), self.inputs, "decode")

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """(size, k) codes from the prior: N(0, I), or the user's function."""
        if self.prior == "normal":
            return rng.standard_normal((size, self.dimension))
        if not callable(self.prior):
            raise InvalidInput(
                "this model has no prior to draw from: nothing says how its codes are distributed. Say sample='normal' "
                "(prior: normal in a file), or give a function (size, rng) -> codes."
            )
        return joined([self.prior(size, rng)], size, self.dimension, "sample")

    def _answers(
        self, function: Callable[[Any], Any], rows: Floats, shape: tuple[int, ...], name: str, side: int
    ) -> list[Any]:
        """What a function says to each batch of the rows."""
        answers = []
        with evaluated(self.owners[side]):
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH].reshape(-1, *shape)
                with own_words(name, batch.shape):
                    answers.append(function(given(batch, self.owners[side], self.kinds[side])))
        return answers


def model(
    module: Any = None,
    example: Any = None,
    *,
    encode: str | Callable[[Any], Any] | None = None,
    decode: str | Callable[[Any], Any] | None = None,
    sample: Callable[[int, np.random.Generator], Any] | Literal["normal"] | None = None,
    spread: Spread | None = None,
) -> OwnModel:
    """Your own model, for every analyzer that takes a model::

        own = tl.model(vae, images)                       # its methods encode and decode, or parts encoder and decoder
        own = tl.model(example=x, encode=f, decode=g)     # any two functions of a batch
        own = tl.model(generator, codes)                  # a generator without an encoder
        latents = tl.encode(own, data)                    # (n, d) data with ids
        tl.analyze(latents, "traversal-grid", model=own, inputs=data)

    Parameters
    ----------
    module : torch.nn.Module, optional
        Asked in evaluation mode and without gradients, where and in the number format in which it is. One that has
        none of the usual parts is a generator itself.
    example : (n, ...) array or tensor, n >= 2
        Some inputs in the shape that the model takes, or some codes where there is no encoder. Data for `encode` and
        for ``inputs=`` of `analyze` are rows: such inputs, flattened.
    encode, decode : name of a method or part of the module, or a function of a batch
        A module gets tensors; a plain function gets what ``example`` is, an array or a tensor. ``encode`` gives codes,
        a distribution with mean and stddev, or a pair (then ``spread`` says of what); it must not draw at random.
        ``decode`` gives outputs in the shape of the inputs, or flat; of a distribution the mean is taken. A function
        that closes over a module finds it in the mode it is in: give the module beside it.
    sample : "normal" or (size, rng) -> (size, k) codes, optional
        The prior. By default N(0, I) where the encoder gives deviations or there is none, and nothing otherwise.
    spread : "log-variance" or "deviation", optional
        What the second of a pair (mean, spread) is; a distribution tells it itself.

    Returns
    -------
    OwnModel
        A record for ``tl.analyze(..., model=...)`` that `tda_latent.network` turns into what encodes, decodes, samples.

    Raises
    ------
    InvalidInput
        When encoder or decoder fail on two of the inputs, give numbers that are not finite, other shapes than fit each
        other, or something else the second time.
    """
    bare = module is not None and encode is None and decode is None and not _found(module, *_NAMES)
    if bare and not _is_module(module):
        raise InvalidInput(
            f"the model is a {type(module).__name__}; the rule is a torch module, or an object with methods encode and "
            "decode. Functions go by name: tl.model(example=x, encode=f, decode=g)."
        )
    if spread not in (None, *get_args(Spread)):
        raise unknown_name("spread", str(spread), get_args(Spread))
    faces = (_face(module, "encode", encode), module if bare else _face(module, "decode", decode))
    owners = tuple(_owner(face) or (module if _is_module(module) else None) for face in faces)
    rough = OwnNetwork(*faces, (owners[0], owners[1]), (), (), spread=spread, prior=sample)
    asked = fitted(rough, example)
    name = type(module if module is not None else faces[0] or faces[1]).__name__
    own = OwnModel("own", settings={"model": name, "inputs": asked.inputs, "dimension": asked.dimension})
    own.set(network=asked)
    return own


def fitted(rough: OwnNetwork, example: Any) -> OwnNetwork:
    """The network with its shapes, which two inputs (of a generator: two codes) tell when it is tried out on them."""
    encoder, decoder = rough.encoder, rough.decoder
    if encoder is None and decoder is None:
        raise InvalidInput("there is neither encode nor decode; name a method or part of the module, or a function.")
    if example is None or not len(np.shape(example)) > 1 or len(example) < 1:
        what = "inputs" if encoder is not None else "codes"
        raise InvalidInput(f"example is {_said(example)}; the rule is some {what}, (n, ...) as the model takes them.")
    first, shape, kind = flat_rows(example[:2]), tuple(np.shape(example)[1:]), kind_of(example)
    rough = replace(rough, kinds=(kind, kind))
    if encoder is None:
        answer = rough._answers(decoder, first, shape, "decode", 1)[0]  # type: ignore[arg-type]
        wide = tuple(np.shape(outputs(answer))[1:])
        return replace(rough, code_shape=shape, input_shape=wide, prior=rough.prior or "normal")
    mean, scale = moments(rough._answers(encoder, first, shape, "encode", 0)[0], rough.spread)
    prior = "normal" if scale is not None and rough.prior is None else rough.prior
    kinds, coded = (kind, kind_of(mean)), tuple(np.shape(mean)[1:])
    asked = replace(rough, input_shape=shape, code_shape=coded, kinds=kinds, prior=prior)
    _require_steady(asked.encode(first).mean, asked.encode(first).mean)
    if decoder is not None:
        asked.decode(asked.encode(first).mean)
    return asked


def stored_model(path: str, rows: Floats, facts: Mapping[str, Any]) -> Model:
    """A network of the user's own as a record of the family "checkpoint".

    Parameters
    ----------
    path : its weights
    rows : (n, *shape) some inputs, to try it out on
    facts : ``factory``, ``encode``, ``decode``, ``spread``, ``prior`` and ``code`` as in the source `checkpoint`
    """
    from tda_latent.models.recording.checkpoints import load_weights, made

    module = load_weights(made(facts["factory"]), path)
    encoder, decoder = (_face(module, side, facts[side]) for side in ("encode", "decode"))
    faces = encoder, decoder if facts["decode"] else None
    asked = fitted(OwnNetwork(*faces, (module, module), (), (), spread=facts["spread"], prior=facts["prior"]), rows)
    gives = asked.encode(rows.reshape(len(rows), -1)).scale is not None
    if gives != bool(facts["spread"]):
        rule = "gives a distribution: say spread: distribution" if gives else "gives codes alone: leave spread out"
        raise InvalidInput(f"spread is {facts['spread']!r}, and {facts['encode']!r} of {facts['factory']} {rule}.")
    weights = {name: _numbers(tensor) for name, tensor in module.state_dict().items()}
    settings = {**facts, "prior": asked.prior, "input_shape": asked.input_shape, "code_shape": asked.code_shape}
    return Model("checkpoint", settings=settings, weights=weights)


def _numbers(tensor: Any) -> NDArray[Any]:
    """A tensor as an array; half formats that NumPy lacks become float32, which holds each of their values."""
    plain = tensor.detach().cpu()
    whole = plain.float() if plain.is_floating_point() and plain.element_size() < 4 else plain
    return np.array(whole.numpy())


def _said(example: Any) -> str:
    return "missing" if example is None else f"{type(example).__name__} of shape {np.shape(example)}"


def _require_steady(once: Floats, again: Floats) -> None:
    if not np.allclose(once, again, rtol=1e-3, atol=1e-3 * float(np.abs(once).max(initial=0.0))):
        raise InvalidInput(
            "encode gives other codes the second time, so it draws at random; let it give the mean of the posterior."
        )


def _is_module(value: Any) -> bool:
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].nn.Module)


def _owner(face: Any) -> Any:
    """The torch module that a function is, or is a method of."""
    return next((item for item in (face, getattr(face, "__self__", None)) if _is_module(item)), None)


def _found(module: Any, *sides: str) -> Callable[[Any], Any] | None:
    """The method or part of a usual name."""
    names = [name for side in sides for name in _NAMES[side]]
    return next((face for name in names if callable(face := getattr(module, name, None))), None)


def _face(module: Any, side: str, asked: Any) -> Callable[[Any], Any] | None:
    if asked is None:
        return None if module is None else _found(module, side)
    if asked == side and (usual := _found(module, side)) is not None:
        return usual
    if callable(asked):
        return asked
    try:
        found = attrgetter(asked)(module)
    except AttributeError:
        found = None
    if not callable(found):
        parts = [name for name, _ in module.named_children()] if _is_module(module) else []
        raise InvalidInput(
            f"{side} is {asked!r}, and a {type(module).__name__} has no such method or part. "
            f"Parts: {', '.join(parts) or 'none'}."
        )
    return found
