"""Validation of component parameters from their type annotations, by pydantic.

The same model checks a component built in Python, one written in an experiment file, and makes the JSON schema.
Values are strict: no text becomes a number, no truth value becomes 1; lists are accepted for tuples.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from tda_latent.errors import InvalidParameter, TdaLatentError, nearest_name, shown

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]
_WORDS = {
    "a valid dictionary": "a mapping (key: value)",
    "an object": "a mapping (key: value)",
    "a valid integer": "an integer",
    "a valid number": "a number",
    "a valid string": "text",
    "a valid boolean": "true or false",
    "a valid list": "a list",
    "a valid tuple": "a list",
    "a valid array": "a list",
}
_TOLD = ("extra_forbidden", "unexpected_keyword_argument", "missing", "missing_argument", "value_error",
         "literal_error", "union_tag_invalid", "union_tag_not_found")  # what has a sentence of its own  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing wrong with a parameter: the path of keys to it and a sentence."""

    path: Path
    text: str


@functools.cache
def parameters_model(cls: type) -> type[BaseModel]:
    """The pydantic model of a component's parameters."""
    from pydantic import ConfigDict, create_model

    hints = typing.get_type_hints(cls, include_extras=True)
    fields: dict[str, Any] = {}
    for item in dataclasses.fields(cast(Any, cls)):
        if not item.init:
            continue
        default: Any = ...
        if item.default is not dataclasses.MISSING:
            default = item.default
        elif item.default_factory is not dataclasses.MISSING:
            default = item.default_factory()
        fields[item.name] = (hints[item.name], default)
    config = ConfigDict(strict=True, extra="forbid", title=cls.__name__, validate_default=True)
    return cast("type[BaseModel]", create_model(cls.__name__, __config__=config, **fields))


def problems(cls: type, parameters: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with these parameters; an empty list when nothing is."""
    from pydantic import ValidationError

    try:
        parameters_model(cls).model_validate_json(_as_json(parameters))
    except ValidationError as error:
        found = by_place(error, json.loads(_as_json(parameters)))
        return [Problem(path, _sentence(cls, path, entries)) for path, entries in found.items()]
    return _own_rules(cls, parameters)


def validated(cls: type, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with their defaults, in their declared types.

    Raises
    ------
    InvalidParameter
        Naming every parameter that is wrong, the value, and the rule.
    """
    from pydantic import ValidationError

    try:
        model = parameters_model(cls).model_validate_json(_as_json(parameters))
    except ValidationError:
        text = "; ".join(f"{'.'.join(map(str, item.path))}: {item.text}" for item in problems(cls, parameters))
        raise InvalidParameter(f"{getattr(cls, 'component_name', cls.__name__)}: {text}") from None
    return {name: getattr(model, name) for name in type(model).model_fields}


def _own_rules(cls: type, parameters: Mapping[str, Any]) -> list[Problem]:
    """Rules that join several parameters: what ``__post_init__`` of the component refuses."""
    try:
        cls(**parameters)
    except TdaLatentError as error:
        return [Problem((), str(error))]
    return []


def by_place(error: ValidationError, tree: Any) -> dict[Path, list[Any]]:
    """Pydantic's complaints about a value, by the places that somebody wrote.

    Alternatives (of a union) complain together at one place; one that only echoes a part of it is left out.
    """
    found: dict[Path, list[Any]] = {}
    for entry in error.errors(include_url=False):
        found.setdefault(_written_path(entry["loc"], tree), []).append(entry)
    return {
        path: entries
        for path, entries in found.items()
        if not path or not any(len(other) > len(path) and other[: len(path)] == path for other in found)
    }


def rule_broken(entries: list[Any]) -> str:
    """A sentence that sets the value beside what all alternatives ask for."""
    rules = dict.fromkeys(_plain_words(str(entry["msg"])) for entry in entries)
    return f"{shown(entries[0]['input'])} was given; the rule is {' or '.join(rules)}."


def _plain_words(message: str) -> str:
    """What pydantic asks for, in words of YAML instead of Python."""
    text = re.sub(r" or instance of \w+", "", message.removeprefix("Input should be "))
    for python, plain in _WORDS.items():
        text = text.replace(python, plain)
    return text


def _sentence(cls: type, path: Path, entries: list[Any]) -> str:
    entry, kind = entries[0], entries[0]["type"]
    if any(item["type"] not in _TOLD for item in entries):
        return rule_broken(entries)
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = [item.name for item in dataclasses.fields(cast(Any, cls))] if len(path) == 1 else []
        close = nearest_name(str(path[-1]), known)
        hint = f" Did you mean {close!r}?" if close else ""
        listed = f" Known: {', '.join(known)}." if known else ""
        return f"unknown parameter {shown(path[-1])}.{hint}{listed}"
    if kind in ("missing", "missing_argument"):
        return f"parameter {entry['loc'][-1]!r} is missing."
    if kind == "value_error":  # a sentence of our own, from ``__post_init__`` of a nested choice
        return str(entry["msg"]).removeprefix("Value error, ")
    if kind == "union_tag_not_found":
        return f"{shown(entry['input'])} says not which one it is; write {{use: NAME, ...}}."
    if kind in ("literal_error", "union_tag_invalid"):
        listed = str(entry["ctx"].get("expected") or entry["ctx"].get("expected_tags"))
        tag = entry["ctx"].get("tag", entry["input"])
        close = nearest_name(str(tag), re.findall(r"'([^']+)'", listed)) if isinstance(tag, str) else None
        hint = f" Did you mean {close!r}?" if close else ""
        return f"{shown(tag)} is unknown.{hint} Known: {listed.replace(' or ', ', ').replace(chr(39), '')}."
    return rule_broken(entries)


def _written_path(location: tuple[str | int, ...], tree: Any) -> Path:
    """The location without the names that pydantic adds for alternatives, which nobody has written."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        inside = (isinstance(tree, Mapping) and part in tree) or (
            isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        )
        tag = isinstance(tree, Mapping) and tree.get("use") == part
        if inside:
            path.append(part)
            tree = tree[part]
        elif position == len(location) - 1 and isinstance(tree, Mapping) and not tag and part != "[key]":
            path.append(part)
    return tuple(path)


def _as_json(parameters: Mapping[str, Any]) -> str:
    return json.dumps(dict(parameters), default=_plain)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise InvalidParameter(f"a parameter is a {type(value).__name__}; use numbers, text, lists or mappings of them.")
