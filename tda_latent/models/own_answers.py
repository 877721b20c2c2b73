"""What functions of the user's own are given and what they give back, read as arrays or told why it cannot be."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import Floats

Spread = Literal["log-variance", "deviation", "distribution"]


def given(batch: Floats, owner: Any, kind: Any) -> Any:
    """The batch as a function takes it."""
    if owner is not None:
        from tda_latent.models.recording.feeding import moved

        return moved(owner, batch)
    if isinstance(kind, np.dtype):
        return batch.astype(kind)
    import torch

    return torch.from_numpy(batch.copy()).to(kind)


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
                module.eval()
            yield
        finally:
            for part, mode in modes:
                part.training = mode


@contextmanager
def own_words(name: str, shape: tuple[int, ...]) -> Iterator[None]:
    """What the user's own code raises, in one line that says so."""
    try:
        yield
    except InvalidInput:
        raise
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        raise InvalidInput(
            f"your {name} raised {type(error).__name__} for a batch of shape {shape}: {first}. "
            "Give inputs (or shape) as the model takes them."
        ) from error


def _is_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) or ("torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor))


def moments(answer: Any, spread: Spread | None) -> tuple[Any, Any]:
    """Mean and standard deviation (or None) of what an encoder gave."""
    if isinstance(answer, (tuple, list)) and len(answer) == 1:
        answer = answer[0]
    if _is_numbers(answer):
        return answer, None
    if isinstance(answer, (tuple, list)) and len(answer) == 2 and all(map(_is_numbers, answer)):
        if spread not in ("log-variance", "deviation"):
            raise InvalidInput(
                "encode gives two results; say what the second is: spread='log-variance' or spread='deviation'."
            )
        mean, second = answer
        return mean, np.exp(_plain(second) / 2) if spread == "log-variance" else second
    inner = answer.get("latent_dist") if isinstance(answer, Mapping) else None
    found = inner if inner is not None else getattr(answer, "latent_dist", answer)
    mean, std = getattr(found, "mean", None), getattr(found, "stddev", getattr(found, "std", None))
    if not _is_numbers(mean) or not _is_numbers(std):
        raise InvalidInput(
            f"encode gives a {type(answer).__name__}; the rule is codes, a pair of means and spreads, or a "
            "distribution with mean and stddev. Wrap it: encode=lambda x: net.encode(x)[0]."
        )
    return mean, std


def outputs(answer: Any) -> Any:
    """The output itself, the ``sample`` of a diffusion decoder, or the mean of a distribution."""
    if isinstance(answer, (tuple, list)) and len(answer) == 1:
        answer = answer[0]
    found = (answer, getattr(answer, "sample", None), getattr(answer, "mean", None))
    numbers = next((value for value in found if _is_numbers(value)), None)
    if numbers is None:
        raise InvalidInput(
            f"decode gives a {type(answer).__name__}; the rule is one array or tensor, or a distribution with a mean. "
            "Wrap it: decode=lambda z: net.decode(z)[0]."
        )
    return numbers


def _plain(value: Any) -> NDArray[Any]:
    """An array of what came from a function, wherever it was computed."""
    tensor = "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor)
    return np.asarray(value.detach().cpu().double().numpy() if tensor else value, dtype=np.float64)


def flat_rows(value: Any) -> Floats:
    """An array or tensor (n, ...) as (n, k) float64."""
    array = _plain(value)
    return array.reshape(len(array), -1)


def kind_of(value: Any) -> Any:
    """What plain functions are given: the dtype of an array or of a tensor."""
    return value.dtype if _is_numbers(value) else np.dtype(np.float64)


def joined(parts: list[Any], size: int, width: int, name: str) -> Floats:
    """The parts as one (size, width) array of finite numbers, or why they are none; ``name`` is who gave them."""
    shape = (size, width)
    arrays = [flat_rows(part) for part in parts]
    whole = np.concatenate(arrays) if arrays else np.empty(shape)
    if whole.shape != shape:
        what = {"encode": "a code", "decode": "an input", "sample": "a code"}[name]
        raise InvalidInput(
            f"{name} gives {whole.shape[0]} rows of {whole.shape[1]} numbers for {size} rows; the rule is one row "
            f"each, as wide as {what}: {width}. Name the part that does this."
        )
    if not np.isfinite(whole).all():
        row = int(np.argmin(np.isfinite(whole).all(axis=1)))
        raise InvalidInput(f"{name} gives NaN or infinity in row {row}; look at the inputs and the weights.")
    return whole
