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

from tda_latent.errors import InvalidParameter, nearest_name

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing wrong with a parameter: the path of keys to it and a sentence."""

    path: tuple[str | int, ...]
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
        return [_problem(cls, parameters, entry) for entry in error.errors()]
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
    except ValidationError as error:
        found = [_problem(cls, parameters, entry) for entry in error.errors()]
        text = "; ".join(f"{'.'.join(map(str, p.path))}: {p.text}" for p in found)
        raise InvalidParameter(f"{getattr(cls, 'component_name', cls.__name__)}: {text}") from None
    return {name: getattr(model, name) for name in type(model).model_fields}


def _own_rules(cls: type, parameters: Mapping[str, Any]) -> list[Problem]:
    """Rules that join several parameters: what ``__post_init__`` of the component refuses."""
    try:
        cls(**parameters)
    except InvalidParameter as error:
        return [Problem((), str(error))]
    return []


def _problem(cls: type, parameters: Mapping[str, Any], entry: Mapping[str, Any]) -> Problem:
    path = _written_path(entry["loc"], json.loads(_as_json(parameters)))
    kind, given = entry["type"], entry["input"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = [f.name for f in dataclasses.fields(cast(Any, cls))] if len(path) == 1 else []
        close = nearest_name(str(path[-1]), known)
        hint = f" Did you mean {close!r}?" if close else ""
        listed = f" Known: {', '.join(known)}." if known else ""
        return Problem(path, f"unknown parameter {path[-1]!r}.{hint}{listed}")
    if kind in ("missing", "missing_argument"):
        return Problem(path, f"parameter {entry['loc'][-1]!r} is missing.")
    if kind == "value_error":  # a sentence of our own, from ``__post_init__`` of a nested choice
        return Problem(path, str(entry["msg"]).removeprefix("Value error, "))
    text = f"{entry['msg']}, but {given!r} was given."
    if kind in ("literal_error", "union_tag_invalid"):
        known = re.findall(r"'([^']+)'", str(entry["ctx"].get("expected") or entry["ctx"].get("expected_tags")))
        tag = entry["ctx"].get("tag", given)
        close = nearest_name(str(tag), known)
        text = f"{tag!r} is unknown.{f' Did you mean {close!r}?' if close else ''} Known: {', '.join(known)}."
    return Problem(path, text)


def _written_path(location: tuple[str | int, ...], tree: Any) -> tuple[str | int, ...]:
    """The location without the parts that pydantic adds for choices by ``use:``, which no user has written."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        inside = (isinstance(tree, dict) and part in tree) or (
            isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        )
        tag = isinstance(tree, dict) and tree.get("use") == part
        if inside or (last and isinstance(tree, dict) and not tag):
            path.append(part)
            tree = tree[part] if inside else None
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
