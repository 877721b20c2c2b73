"""A component explained to a person: its docstring taken apart, its parameters with types and defaults."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from dataclasses import dataclass
from typing import Any, cast

from tda_latent.registry.component import Component
from tda_latent.registry.parameters import parameters_model


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, what it accepts, its default ("required" when there is none) and its meaning."""

    name: str
    accepts: str
    default: str
    meaning: str


def documented_parameters(cls: type) -> dict[str, str]:
    """Parameter names and their text from the ``Parameters`` section of a NumPy-style docstring."""
    text = inspect.getdoc(cls) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", text, re.S | re.M)
    if section is None:
        return {}
    found: dict[str, str] = {}
    for entry in re.finditer(r"^(\w+) ?:[^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", section.group(1) + "\n", re.M):
        found[entry.group(1)] = " ".join(entry.group(2).split())
    return found


def summary(cls: type) -> str:
    """First sentence of the docstring."""
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")


def parameters(component: Component) -> list[Parameter]:
    """The parameters of a component in order, with accepted values and defaults."""
    meanings = documented_parameters(component.cls)
    schema = parameters_model(component.cls).model_json_schema()
    rows = []
    for item in dataclasses.fields(cast(Any, component.cls)):
        entry = schema["properties"].get(item.name, {})
        default = "required" if "default" not in entry else repr(entry["default"])
        rows.append(Parameter(item.name, _accepts(entry, schema), default, meanings.get(item.name, "")))
    return rows


def _accepts(entry: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in entry:
        return _accepts(schema["$defs"][entry["$ref"].split("/")[-1]], schema)
    if "enum" in entry:
        return " | ".join(map(str, entry["enum"]))
    if "const" in entry:
        return str(entry["const"])
    for choice in ("anyOf", "oneOf"):
        if choice in entry:
            return " | ".join(dict.fromkeys(_accepts(part, schema) for part in entry[choice]))
    if entry.get("type") == "object" and "use" in entry.get("properties", {}):
        use = entry["properties"]["use"]
        return f"{{use: {use.get('const', use.get('default', '...'))}}}"
    bounds = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    limits = ", ".join(f"{sign} {entry[key]}" for key, sign in bounds.items() if key in entry)
    name = str(entry.get("type", "any"))
    return f"{name} {limits}".strip()


def type_name(annotation: Any) -> str:
    """Short name of an annotation: ``Latents``, ``PersistenceDiagram | Measures``."""
    parts = typing.get_args(annotation)
    if parts:
        return " | ".join(type_name(part) for part in parts)
    return str(getattr(annotation, "__name__", annotation))
