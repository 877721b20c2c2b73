"""What functions of the user's own are given and what they give back, read as arrays or told why it cannot be."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import Floats
from tda_latent.models.nested import Path, described, followed, leaves, path_text
from tda_latent.models.plain import is_numbers, is_tensor, plain

Spread = Literal["log-variance", "deviation", "distribution"]
_LISTED = 4


@dataclass(frozen=True)
class Kind:
    """What plain functions are given: arrays or tensors, always of a floating type, so that no number is cut off.

    dtype : of NumPy or of torch
    device : of a tensor; None for arrays
    """

    dtype: Any = np.float64
    device: Any = None

    @classmethod
    def of(cls, value: Any) -> Kind:
        """That of the value; float64, or the default type of torch, for whole numbers and truth values."""
        if is_tensor(value):
            dtype = value.dtype if value.is_floating_point() else sys.modules["torch"].get_default_dtype()
            return cls(dtype, value.device)
        dtype = getattr(value, "dtype", None)
        return cls(dtype if isinstance(dtype, np.dtype) and dtype.kind == "f" else np.float64)


def given(batch: Floats, owner: Any, kind: Kind) -> Any:
    """The batch as a function takes it: in the format and place of the module that owns it, or as the example was.

    Whole numbers that a short format would round, such as token ids, stay in a longer one.
    """
    if owner is not None and any(item.is_floating_point() for item in (*owner.parameters(), *owner.buffers())):
        from tda_latent.models.recording.feeding import moved

        tensor = moved(owner, batch)
        is_cut = bool((batch == np.rint(batch)).all()) and (tensor.double().cpu().numpy() != batch).any()
        return tensor.new_tensor(batch, dtype=sys.modules["torch"].float64) if is_cut else tensor
    if owner is not None and kind.device is None:
        return sys.modules["torch"].from_numpy(batch.astype(kind.dtype))
    if kind.device is None:
        return batch.astype(kind.dtype)
    import torch

    return torch.from_numpy(batch.copy()).to(device=kind.device, dtype=kind.dtype)


@contextmanager
def evaluated(module: Any) -> Iterator[None]:
    """Evaluation mode and no gradients inside; every part in its own mode afterwards."""
    if "torch" not in sys.modules:
        yield
        return
    modes = [(part, part.training) for part in module.modules()] if module is not None else []
    with sys.modules["torch"].no_grad():
        try:
            if module is not None:
                with suppress(NotImplementedError):  # exported programs have one mode
                    module.eval()
            yield
        finally:
            for part, mode in modes:
                part.training = mode


@contextmanager
def own_words(name: str, batch: Any) -> Iterator[None]:
    """What the user's own code raises for a batch, in one line that says so."""
    try:
        yield
    except InvalidInput:
        raise
    except Exception as error:
        first = (str(error).splitlines() or [""])[0].rstrip(".")
        given, remedy = f"size {batch} and a generator", "It is called as sample(size, rng), with one of NumPy"
        if is_numbers(batch):
            given = f"a batch of shape {tuple(batch.shape)} of {batch.dtype}"
            remedy = "Give inputs (or shape) as the model takes them; convert inside where it takes another type"
        raise InvalidInput(f"your {name} raised {type(error).__name__} for {given}: {first}. {remedy}.") from error


def moments(answer: Any, spread: Spread | None) -> tuple[Any, Any]:
    """Mean and standard deviation (or None) of what an encoder gave.

    Raises
    ------
    InvalidInput
        When it is none of codes, a pair of means and spreads, and a distribution; or ``spread`` says otherwise.
    """
    found = None if is_numbers(answer) else distribution(answer)
    if found is not None:
        if spread not in (None, "distribution"):
            raise InvalidInput(f"spread is {spread!r}, and encode gives a distribution: leave spread out.")
        return found
    if _is_pair(answer, spread):
        return _pair(answer[0], answer[1], spread)
    answer = _sole(answer)
    if is_numbers(answer):
        if spread is not None:
            raise InvalidInput(f"spread is {spread!r}, and encode gives codes alone: leave spread out.")
        return answer, None
    raise _strange("encode", answer, "codes, a pair of means and spreads, or a distribution with mean and stddev")


def _is_pair(answer: Any, spread: Spread | None) -> bool:
    """Whether there is a mean and a second result; a lone number is one where the user says what it is."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2 or not is_numbers(answer[0]):
        return False
    return is_numbers(answer[1]) or (spread is not None and isinstance(answer[1], (float, int, np.generic)))


def _pair(mean: Any, second: Any, spread: Spread | None) -> tuple[Any, Any]:
    if spread not in ("log-variance", "deviation"):
        raise InvalidInput(
            "encode gives two results; say what the second is: spread='log-variance' or spread='deviation'. "
            "Where it is none of both, name the codes: encode='encode[0]'."
        )
    values = plain(second, "encode gives")
    with np.errstate(over="ignore"):  # infinity is refused by name
        deviation = values if spread == "deviation" else np.exp(values / 2)
    return mean, _for_each(deviation, tuple(np.shape(mean)))


def _for_each(deviation: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """One deviation for each number of the codes; one for all rows, or for all coordinates of a row, is repeated."""
    try:
        return np.broadcast_to(deviation, shape)
    except ValueError:
        raise InvalidInput(
            f"encode gives means {shape} and spreads {deviation.shape}; the rule is one spread for each number, each "
            "coordinate (k), or each row (n, 1)."
        ) from None


def distribution(answer: Any) -> tuple[Any, Any] | None:
    """Mean and deviation of a distribution, or of one under ``latent_dist``; None where there is none."""
    inner = answer.get("latent_dist") if isinstance(answer, Mapping) else None
    found = inner if inner is not None else getattr(answer, "latent_dist", answer)
    mean = getattr(found, "mean", None)
    deviations = (getattr(found, name, None) for name in ("stddev", "std"))
    std = next((value for value in deviations if is_numbers(value)), None)
    return (mean, std) if is_numbers(mean) and std is not None else None


def outputs(answer: Any) -> Any:
    """The output itself, the ``sample`` of a diffusion decoder, or the mean of a distribution."""
    answer = _sole(answer)
    found = (answer, getattr(answer, "sample", None), getattr(answer, "mean", None))
    numbers = next((value for value in found if is_numbers(value)), None)
    if numbers is None:
        raise _strange("decode", answer, "one array or tensor, or a distribution with a mean")
    return numbers


def _sole(answer: Any) -> Any:
    """The answer, or the only array in it; that of a tuple of one, whatever it is."""
    if isinstance(answer, (tuple, list)) and len(answer) == 1:
        return _sole(answer[0])
    found = [value for _, value in leaves(answer, is_numbers)]
    return found[0] if len(found) == 1 else answer


def _strange(name: str, answer: Any, rule: str) -> InvalidInput:
    """Why an answer cannot be used, and the remedy that fits it."""
    found = list(leaves(answer, is_numbers))
    said = f"{name} gives {described(answer)}"
    if not found:
        remedy = "Give np.asarray(...) of it" if isinstance(answer, (list, float, int, np.generic)) else "Change it"
        return InvalidInput(f"{said}; the rule is {rule}. {remedy}.")
    parts = ", ".join(f"{name}{path_text(path)} {tuple(np.shape(value))}" for path, value in found[:_LISTED])
    path = found[0][0]
    remedy = (
        f"Name one of them: {name}='{name}{path_text(path)}' where {name} is a method or part of the module, otherwise "
        f"{name}=lambda batch: f(batch){_expression(answer, path)}"
    )
    if _is_whole_vae(name, [value for _, value in found]):
        remedy = (
            "If these are output, mean and log-variance, it is a whole autoencoder: tl.model(net, example, "
            "encode=lambda x: net(x)[1:3], decode='PART', spread='log-variance'); a file names a method that gives two"
        )
    return InvalidInput(f"{said} of {len(found)} arrays: {parts}; the rule is {rule}. {remedy}.")


def _expression(answer: Any, path: Path) -> str:
    """A path as Python writes it behind the answer: an attribute of a dataclass, otherwise an item."""
    text = ""
    for step in path:
        is_item = isinstance(answer, (Mapping, tuple, list))
        text += f"[{step!r}]" if is_item else f".{step}"
        answer = followed(answer, (step,), is_numbers)
    return text


def _is_whole_vae(name: str, found: list[Any]) -> bool:
    shapes = [np.shape(value) for value in found]
    return len(shapes) > 2 and shapes[1] == shapes[2] and (name == "decode" or shapes[0] != shapes[1])


def joined(parts: list[Any], size: int, width: int, name: str) -> Floats:
    """The parts as one (size, width) array of finite numbers, or why they are none; ``name`` is who gave them."""
    arrays = [flat_rows(part, name) for part in parts]
    whole = np.concatenate(arrays) if arrays else np.empty((size, width))
    turned = next((np.shape(part) for part in parts if np.ndim(part) > 1 and np.shape(part)[0] != size), ())
    if whole.shape != (size, width) and size in turned[1:]:
        raise InvalidInput(
            f"{name} gives an array {tuple(turned)} for {size} rows, so the batch may be its axis "
            f"{turned.index(size)}; the rule is one row each, and the batch first. Give a function that turns it round."
        )
    if whole.shape != (size, width):
        what = {"encode": "a code", "decode": "an input", "sample": "a code"}[name]
        raise InvalidInput(
            f"{name} gives {whole.shape[0]} rows of {whole.shape[1]} numbers for {size} rows; the rule is one row "
            f"each, as wide as {what}: {width}. Name the part that does this."
        )
    if not np.isfinite(whole).all():
        row = int(np.argmin(np.isfinite(whole).all(axis=1)))
        raise InvalidInput(f"{name} gives NaN or infinity in row {row}; look at the inputs and the weights.")
    return whole


def flat_rows(value: Any, name: str) -> Floats:
    """An array or tensor (n, ...) as (n, k) float64."""
    array = plain(value, f"{name} gives")
    if not array.ndim:
        raise InvalidInput(f"{name} gives the lone number {array}; the rule is one row for each row of the batch.")
    return array.reshape(len(array), math.prod(array.shape[1:]))
