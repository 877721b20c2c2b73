"""What modules give: tensors, alone or inside tuples, mappings and dataclasses, reached by a path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from tda_latent.errors import InvalidInput
from tda_latent.models.nested import Path, described, followed, leaves, parsed_path, path_text

__all__ = ["Part", "Path", "parsed_path", "part_text", "parts", "path_text", "picked", "shape_of", "shape_text"]

Part: TypeAlias = Tensor | PackedSequence
_LISTED = 8


def _is_part(value: Any) -> bool:
    return isinstance(value, (Tensor, PackedSequence))


def parts(output: Any) -> Iterator[tuple[Path, Part]]:
    """Every tensor or packed sequence in an output, with its path; mappings and dataclasses in their order."""
    return leaves(output, _is_part)


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
            raise InvalidInput(f"layer {layer!r} gives {described(output)}, no tensor; record a layer below it.")
        raise InvalidInput(
            f"layer {layer!r} gives {len(found)} tensors; name the one to record: {_choices(output, layer)}."
        )
    try:
        value = followed(output, path, _is_part)
    except LookupError as error:
        raise InvalidInput(
            f"the output of layer {layer!r} has no part [{error.args[0]}]. Choose among {_choices(output, layer)}."
        ) from None
    if not _is_part(value):
        raise InvalidInput(
            f"{layer + path_text(path)!r} is {described(value)}, no tensor. Choose among {_choices(output, layer)}."
        )
    return value


def _choices(output: Any, layer: str) -> str:
    found = [f"{layer}{path_text(path)} {part_text(part)}" for path, part in parts(output)]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return (", ".join(found[:_LISTED]) + more) or f"nothing: {described(output)} holds no tensor"


def shape_of(part: Part) -> tuple[int, ...]:
    """Of packed and nested sequences, that of the padded one: inputs, most tokens, coordinates."""
    if isinstance(part, Tensor) and part.is_nested:
        rows = part.unbind()
        return (len(rows), *(max(sizes) for sizes in zip(*(row.shape for row in rows), strict=True)))
    if isinstance(part, Tensor):
        return tuple(part.shape)
    return (int(part.batch_sizes[0]), len(part.batch_sizes), *part.data.shape[1:])


def part_text(part: Part) -> str:
    """Its shape, as messages give it."""
    return shape_text(shape_of(part)) + (f", {kind_of(part)}" if is_ragged(part) else "")


def is_ragged(part: Part) -> bool:
    """Whether its inputs may have different numbers of tokens."""
    return not isinstance(part, Tensor) or part.is_nested


def kind_of(part: Part) -> str:
    """``packed`` or ``nested``, of ragged parts."""
    return "nested" if isinstance(part, Tensor) else "packed"


def shape_text(shape: Any) -> str:
    """``(8, 5, 16)``."""
    return f"({', '.join(str(int(size)) for size in shape)})"
