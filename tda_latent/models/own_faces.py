"""The functions of the user's own, found by name: methods and parts of a module, and parts of what they give."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, shown
from tda_latent.models.nested import Path, followed, leaves, parsed_path, path_text
from tda_latent.models.plain import is_numbers

Face = Callable[[Any], Any]
NAMES = {"encode": ("encode", "encoder"), "decode": ("decode", "decoder")}
_SELECTOR = re.compile(r"(?P<name>[^\[\]]+)(?P<path>(\[[^\[\]]+\])*)")


@dataclass(frozen=True)
class PartOf:
    """A function that gives one part of what another one gives.

    name : of the other one, for messages
    """

    function: Face
    path: Path
    name: str

    def __call__(self, batch: Any) -> Any:
        """The part.

        Raises
        ------
        InvalidInput
            When there is no such part; those that are there are listed.
        """
        answer = self.function(batch)
        try:
            return followed(answer, self.path, is_numbers)
        except LookupError as error:
            known = ", ".join(
                f"{self.name}{path_text(path)} {tuple(np.shape(value))}" for path, value in leaves(answer, is_numbers)
            )
            raise InvalidInput(
                f"what {self.name} gives has no part [{error.args[0]}]. Choose among: {known or 'none'}."
            ) from None


def is_module(value: Any) -> bool:
    """Whether a value is a torch module; torch is not imported for it."""
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].nn.Module)


def unwrapped(module: Any) -> Any:
    """What torch.compile or DataParallel wrapped, whose methods and parts have names; anything else as it is."""
    if not is_module(module):
        return module
    from tda_latent.models.recording.attachment import unwrapped as inner

    return inner(module)


def owner(face: Any) -> Any:
    """The torch module that a function is, or is a method of."""
    inner = face.function if isinstance(face, PartOf) else face
    return next((item for item in (inner, getattr(inner, "__self__", None)) if is_module(item)), None)


def usual(module: Any, *sides: str) -> Face | None:
    """The method or part of a usual name."""
    names = [name for side in sides for name in NAMES[side]]
    return next((face for name in names if callable(face := getattr(module, name, None))), None)


def face(module: Any, side: str, asked: Any) -> Face | None:
    """What encodes or decodes.

    Parameters
    ----------
    module : in which names are looked up
    side : "encode" or "decode"
    asked : a function; a name, maybe with the path of a part of what it gives (``encode[mean]``); or None for the usual
        names

    Raises
    ------
    InvalidInput
        When it is none of these, or nothing is called so.
    """
    if asked is None:
        return None if module is None else usual(module, side)
    if callable(asked):
        return asked
    match = _SELECTOR.fullmatch(asked) if isinstance(asked, str) else None
    if match is None:
        raise InvalidInput(
            f"{side} is {shown(asked)}; the rule is a function of a batch, or the name of a method or part of the "
            f"module, with the part of what it gives where there are several: {side}='{side}[0]'."
        )
    found = _named(module, side, match["name"])
    return PartOf(found, parsed_path(match["path"]), match["name"]) if match["path"] else found


def _named(module: Any, side: str, name: str) -> Face:
    if name == side and (found := usual(module, side)) is not None:
        return found
    try:
        found = attrgetter(name)(module)
    except AttributeError:
        found = None
    if not callable(found):
        raise InvalidInput(
            f"{side} is {name!r}, and a {type(module).__name__} has no such method or part. "
            f"Parts: {part_names(module)}."
        )
    return found


def part_names(module: Any) -> str:
    """The parts of a module, as messages list them."""
    parts = [name for name, _ in module.named_children()] if is_module(module) else []
    return ", ".join(parts) or "none"
