"""Values inside tuples, mappings and dataclasses, reached by a path: ``[1][last_hidden_state]``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[int | str, ...]


def path_text(path: Path) -> str:
    """``[1][0]``, as it is written behind a name."""
    return "".join(f"[{step}]" for step in path)


def parsed_path(text: str) -> Path:
    """The path of ``[1][last_hidden_state]``; what looks like an integer is one."""
    steps = text[1:-1].split("][") if text else []
    return tuple(int(step) if step.lstrip("-").isdecimal() else step.strip("'\"") for step in steps)


def leaves(value: Any, is_leaf: Callable[[Any], bool], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in a value that is a leaf, with its path; mappings and dataclasses in their order."""
    if is_leaf(value):
        yield path, value
        return
    for step, inner in _entries(value):
        yield from leaves(inner, is_leaf, (*path, step))


def _entries(value: Any) -> Iterator[tuple[int | str, Any]]:
    if isinstance(value, Mapping):
        yield from ((key if isinstance(key, int) else str(key), inner) for key, inner in value.items())
    elif isinstance(value, (tuple, list)):
        yield from enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((item.name, getattr(value, item.name)) for item in dataclasses.fields(value))


def followed(value: Any, path: Path, is_leaf: Callable[[Any], bool]) -> Any:
    """What lies at the end of a path; leaves have no parts.

    Raises
    ------
    LookupError
        When a step leads nowhere; its argument is the step.
    """
    for step in path:
        try:
            is_item = isinstance(value, Mapping) or (isinstance(step, int) and not is_leaf(value))
            value = value[step] if is_item else getattr(value, str(step))
        except (LookupError, TypeError, AttributeError):
            raise LookupError(step) from None
    return value


def described(value: Any) -> str:
    """``None``, or ``a dict``."""
    return "None" if value is None else f"a {type(value).__name__}"
