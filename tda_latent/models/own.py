"""A model of the user's own, asked like ours: a torch module or plain functions that encode and decode."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.models.encoding import Encoding, Floats, columns, draws
from tda_latent.models.own_answers import Kind, Spread, evaluated, given, joined, moments, outputs, own_words
from tda_latent.models.own_faces import NAMES, face, is_module, owner, part_names, unwrapped, usual
from tda_latent.models.own_trial import fitted, required
from tda_latent.records import Model

_BATCH = 256


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
    kinds : what plain functions take, for inputs and codes
    spread : what the second of two results of the encoder is
    prior : (size, rng) -> (size, k) codes, "normal", or None
    """

    encoder: Callable[[Any], Any] | None
    decoder: Callable[[Any], Any] | None
    owners: tuple[Any, Any]
    input_shape: tuple[int, ...]
    code_shape: tuple[int, ...]
    kinds: tuple[Kind, Kind] = (Kind(), Kind())
    spread: Spread | None = None
    prior: Callable[[int, np.random.Generator], Any] | str | None = None

    @classmethod
    def of(cls, model: Model) -> OwnNetwork:
        """From a model of the family "checkpoint": the factory of the user is called, and gets the stored weights.

        Raises
        ------
        InvalidInput
            When the code of the factory is not the one that the model was stored with, or fails.
        """
        import torch

        from tda_latent.models.recording.checkpoints import made

        facts = model.settings
        module = made(facts["factory"], facts["code"])
        module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in model.weights.items()})
        encoder, decoder = (face(module, side, facts[side]) for side in ("encode", "decode"))
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
            raise InvalidInput(
                "this model has no encoder; give one: tl.model(..., encode=FUNCTION). A module that has no part of a "
                "usual name is taken for a generator."
            )
        rows = columns(points, self.inputs, "points")
        parts = [moments(answer, self.spread) for answer in self._answers(0, rows)]
        mean = joined([mean for mean, _ in parts], len(rows), self.dimension, "encode")
        if any(scale is None for _, scale in parts):
            return Encoding(mean)
        scale = joined([scale for _, scale in parts], len(rows), self.dimension, "encode")
        _require_positive(scale)
        return Encoding(mean, scale)

    def decode(self, codes: NDArray[Any]) -> Floats:
        """(n, inputs) outputs of (n, k) codes."""
        if self.decoder is None:
            raise InvalidInput("this model has no decoder; give one: tl.model(..., decode=FUNCTION).")
        rows = columns(codes, self.dimension, "codes")
        parts = [outputs(answer) for answer in self._answers(1, rows)]
        return joined(parts, len(rows), self.inputs, "decode")

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """(size, k) codes from the prior: N(0, I), or the user's function."""
        count = draws(size)
        if self.prior == "normal":
            return rng.standard_normal((count, self.dimension))
        if not callable(self.prior):
            raise InvalidInput(
                "this model has no prior to draw from: nothing says how its codes are distributed. Say sample='normal' "
                "(prior: normal in a file), or give a function (size, rng) -> codes."
            )
        with own_words("sample", count):
            drawn = self.prior(count, rng)
        return joined([drawn], count, self.dimension, "sample")

    def answer(self, side: Literal[0, 1], rows: Floats) -> Any:
        """What the encoder (side 0) or decoder (1) says to one batch of rows, as it comes."""
        return self._answers(side, rows)[0]

    def _answers(self, side: Literal[0, 1], rows: Floats) -> list[Any]:
        """What a function says to each batch of the rows."""
        function = (self.encoder, self.decoder)[side]
        shape, name = ((self.input_shape, "encode"), (self.code_shape, "decode"))[side]
        answers = []
        with evaluated(self.owners[side]):
            for start in range(0, len(rows), _BATCH):
                batch = given(rows[start : start + _BATCH].reshape(-1, *shape), self.owners[side], self.kinds[side])
                with own_words(name, batch):
                    answers.append(function(batch))  # type: ignore[misc]
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
        Some inputs in the shape that the model takes, or some codes where there is no encoder; it is tried on two of
        them, together and alone. Data for `encode` and for ``inputs=`` of `analyze` are rows: such inputs, flattened.
    encode, decode : name of a method or part of the module, or a function of a batch
        A module gets tensors; a plain function gets what ``example`` is, an array or a tensor of its floating type;
        float64 (tensors: torch's default type) where the example holds whole numbers, since data need not be whole.
        ``encode`` gives codes, a distribution with mean and stddev, or a pair (then ``spread`` says of what; one of a
        coordinate or a row stands for all of its numbers).
        ``decode`` gives outputs in the shape of the inputs, or flat; of a distribution the mean is taken. Anything
        that NumPy takes for an array will do. One of several results is named by its path: ``encode="encode[mean]"``,
        ``"forward[1]"``. Both are functions of each row: they draw nothing at random, and other rows of the batch
        change nothing. A function that closes over a module finds it in the mode it is in: give the module beside it.
    sample : "normal" or (size, rng) -> (size, k) codes, optional
        The prior; all that it draws comes from ``rng``. By default N(0, I) where the encoder gives deviations or there
        is none, and nothing otherwise.
    spread : "log-variance" or "deviation", optional
        What the second of a pair (mean, spread) is; a distribution tells it itself.

    Returns
    -------
    OwnModel
        A record for ``tl.analyze(..., model=...)`` that `tda_latent.network` turns into what encodes, decodes, samples.

    Raises
    ------
    InvalidInput
        When encoder or decoder fail on two of the inputs, give numbers that are not finite, deviations that are not
        above 0, or other shapes than fit each other; when they or the prior are no function of each row (and rng);
        for a module without parts of a usual name whose rows are as wide as those it takes.
    """
    module = unwrapped(module)
    bare = module is not None and encode is None and decode is None and not usual(module, *NAMES)
    _require_usable(module, bare)
    if spread not in (None, *get_args(Spread)):
        raise unknown_name("spread", str(spread), get_args(Spread))
    faces = (face(module, "encode", encode), module if bare else face(module, "decode", decode))
    owners = tuple(owner(item) or (module if is_module(module) else None) for item in faces)
    rough = OwnNetwork(*faces, (owners[0], owners[1]), (), (), spread=spread, prior=sample)
    asked = _generator(rough, example) if bare else fitted(rough, example)
    name = type(module if module is not None else faces[0] or faces[1]).__name__
    own = OwnModel("own", settings={"model": name, "inputs": asked.inputs, "dimension": asked.dimension})
    own.set(network=asked)
    return own


def _require_usable(module: Any, bare: bool) -> None:
    """Refuse what is no object that could encode or decode; ``bare`` ones have no part of a usual name."""
    if isinstance(module, Model):
        raise InvalidInput("this is a Model already; give it to tl.encode and tl.analyze as it is.")
    if isinstance(module, type):
        raise InvalidInput(f"the model is the class {module.__name__}; make one of it: {module.__name__}(...).")
    if bare and not is_module(module):
        raise InvalidInput(
            f"the model is a {type(module).__name__}; the rule is a torch module, or an object with methods encode and "
            "decode. Methods of other names are named, encode='transform', and functions given: encode=f."
        )


def _generator(rough: OwnNetwork, codes: Any) -> OwnNetwork:
    """A module without parts of a usual name, taken for a generator where that makes sense.

    Raises
    ------
    InvalidInput
        When it fails, or gives as many numbers as it takes: it may as well be an autoencoder in one piece.
    """
    module = rough.decoder
    said = (
        f"a {type(module).__name__} has no method or part called encode, encoder, decode or decoder, and is taken for "
        "a generator"
    )
    remedy = f"Name its parts: encode='PART', decode='PART'. Parts: {part_names(module)}."
    codes = required(codes, "codes")
    try:
        asked = fitted(rough, codes)
    except InvalidInput as error:
        raise InvalidInput(f"{said}: {error} {remedy}") from error
    if asked.inputs == asked.dimension:
        raise InvalidInput(
            f"{said}, but gives rows as wide as it takes ({asked.inputs}), as an autoencoder in one piece does. "
            f"{remedy} A generator: tl.model(example=codes, decode=net)."
        )
    return asked


def _require_positive(scale: Floats) -> None:
    if not (scale > 0).all():
        row = int(np.argmin((scale > 0).all(axis=1)))
        raise InvalidInput(
            f"encode gives the deviation {scale[row].min():g} in row {row}; the rule is above 0. If the second result "
            "is a logarithm, say spread='log-variance'."
        )


def stored_model(path: str, rows: Floats, facts: Mapping[str, Any]) -> Model:
    """A network of the user's own as a record of the family "checkpoint".

    Parameters
    ----------
    path : its weights
    rows : (n, *shape) some inputs, to try it out on
    facts : ``factory``, ``encode``, ``decode``, ``spread``, ``prior`` and ``code`` as in the source `checkpoint`
    """
    from tda_latent.models.recording.checkpoints import load_weights, made

    module = load_weights(made(facts["factory"], facts["code"]), path)
    encoder, decoder = (face(module, side, facts[side]) for side in ("encode", "decode"))
    faces = encoder, decoder if facts["decode"] else None
    asked = fitted(OwnNetwork(*faces, (module, module), (), (), spread=facts["spread"], prior=facts["prior"]), rows)
    if not facts["spread"] and asked.encode(rows[:2].reshape(2, -1)).scale is not None:
        raise InvalidInput(
            f"{facts['encode']!r} of {facts['factory']} gives a distribution: say spread: distribution, so that the "
            "plan knows of its deviations."
        )
    weights = {name: _numbers(tensor) for name, tensor in module.state_dict().items()}
    settings = {**facts, "prior": asked.prior, "input_shape": asked.input_shape, "code_shape": asked.code_shape}
    return Model("checkpoint", settings=settings, weights=weights)


def _numbers(tensor: Any) -> NDArray[Any]:
    """A tensor as an array; half formats that NumPy lacks become float32, which holds each of their values."""
    plain = tensor.detach().cpu()
    whole = plain.float() if plain.is_floating_point() and plain.element_size() < 4 else plain
    return np.array(whole.numpy())
