"""What modules give: tensors, alone or inside tuples, mappings and dataclasses, reached by a path."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from tda_latent.errors import InvalidInput

Path = tuple[int | str, ...]
Part: TypeAlias = Tensor | PackedSequence
_LISTED = 8


def path_text(path: Path) -> str:
    """``[1][0]``, as it is written behind the name of a layer."""
    return "".join(f"[{step}]" for step in path)


def parsed_path(text: str) -> Path:
    """The path of ``[1][last_hidden_state]``; what looks like an integer is one."""
    steps = text[1:-1].split("][") if text else []
    return tuple(int(step) if step.lstrip("-").isdecimal() else step.strip("'\"") for step in steps)


def parts(output: Any, path: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Every tensor or packed sequence in an output, with its path; mappings and dataclasses in their order."""
    if isinstance(output, (Tensor, PackedSequence)):
        yield path, output
        return
    for step, value in _entries(output):
        yield from parts(value, (*path, step))


def _entries(output: Any) -> Iterator[tuple[int | str, Any]]:
    if isinstance(output, Mapping):
        yield from ((key if isinstance(key, int) else str(key), value) for key, value in output.items())
    elif isinstance(output, (tuple, list)):
        yield from enumerate(output)
    elif dataclasses.is_dataclass(output) and not isinstance(output, type):
        yield from ((item.name, getattr(output, item.name)) for item in dataclasses.fields(output))


def picked(output: Any, path: Path, layer: str) -> Part:
    """The tensor (or packed sequence) at the path; without a path, the output itself or the only tensor in it.

    Raises
    ------
    InvalidInput
        When the path leads nowhere or to no tensor, or when several tensors are there and no path was given; the
        message lists them.
    """
    if not path:
        found = [tensor for _, tensor in parts(output)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise InvalidInput(f"layer {layer!r} gives {_described(output)}, no tensor; record a layer below it.")
        raise InvalidInput(
            f"layer {layer!r} gives {len(found)} tensors; name the one to record: {_choices(output, layer)}."
        )
    value = output
    for step in path:
        value = _step(value, step, output, layer)
    if not isinstance(value, (Tensor, PackedSequence)):
        raise InvalidInput(
            f"{layer + path_text(path)!r} is {_described(value)}, no tensor. Choose among {_choices(output, layer)}."
        )
    return value


def _step(value: Any, step: int | str, output: Any, layer: str) -> Any:
    try:
        if isinstance(value, Mapping) or (isinstance(step, int) and not isinstance(value, Tensor)):
            return value[step]
        return getattr(value, str(step))
    except (KeyError, IndexError, TypeError, AttributeError):
        raise InvalidInput(
            f"the output of layer {layer!r} has no part [{step}]. Choose among {_choices(output, layer)}."
        ) from None


def _choices(output: Any, layer: str) -> str:
    found = [f"{layer}{path_text(path)} {part_text(part)}" for path, part in parts(output)]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return (", ".join(found[:_LISTED]) + more) or f"nothing: {_described(output)} holds no tensor"


def _described(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def shape_of(part: Part) -> tuple[int, ...]:
    """Of a packed sequence, that of the padded one: inputs, most tokens, coordinates."""
    if isinstance(part, Tensor):
        return tuple(part.shape)
    return (int(part.batch_sizes[0]), len(part.batch_sizes), *part.data.shape[1:])


def part_text(part: Part) -> str:
    """Its shape, as messages give it."""
    return shape_text(shape_of(part)) + ("" if isinstance(part, Tensor) else ", packed")


def shape_text(shape: Any) -> str:
    """``(8, 5, 16)``."""
    return f"({', '.join(str(int(size)) for size in shape)})"
