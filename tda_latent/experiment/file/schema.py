"""The JSON schema of experiment files, made from the registered components: completion and checks in an editor."""

from __future__ import annotations

from typing import Any

from tda_latent.experiment.file.skeleton import ROLES, File
from tda_latent.registry import Component, documented_parameters, parameters_model, registry, summary

_SECTIONS = {
    "data": "source",
    "models": "source",
    "analyzers": "analyzer",
    "distances": "distance",
    "figures": "figure",
}
_ROLES: dict[str, dict[str, Any]] = {
    "on": {"type": "string", "description": "Label of the analyzer whose result it takes."},
    "of": {"type": "string", "description": "Label of the analyzer or distance that it draws."},
    "caption": {"type": "string", "description": "Caption in the report."},
    "replicate": {
        "type": ["string", "integer"],
        "description": "Which replicate a figure with one panel per model shows.",
    },
    "allow_missing": {
        "type": "boolean",
        "description": "Draw although results are missing, with a mark in the picture that says how many are there.",
    },
    "data": {
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
        "description": "Labels of the data sets that it is drawn for; all of them without it.",
    },
}
_EXTENDS: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": "Files that this one builds on; mappings merge, everything else is replaced.",
}


def experiment_schema() -> dict[str, Any]:
    """A JSON schema (draft 2020-12) that accepts exactly the entries of the installed components."""
    tree = File.model_json_schema()
    tree["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    definitions = tree.setdefault("$defs", {})
    for kind in ("source", "analyzer", "distance", "figure"):
        names = []
        for name in registry().names(kind):
            entry = _entry(registry().find(kind, name), definitions)
            definitions[f"{kind}:{name}"] = entry
            names.append({"$ref": f"#/$defs/{kind}:{name}"})
        definitions[kind] = {"oneOf": names}
    for section, kind in _SECTIONS.items():
        tree["properties"][section]["additionalProperties"] = {"$ref": f"#/$defs/{kind}"}
        tree["properties"][section].pop("patternProperties", None)
    tree["properties"]["extends"] = _EXTENDS
    tree["anyOf"] = [{"required": ["extends"]}, {"required": tree.pop("required")}]
    return tree


def _entry(component: Component, definitions: dict[str, Any]) -> dict[str, Any]:
    section = next(name for name, kind in _SECTIONS.items() if kind == component.kind)
    schema = parameters_model(component.cls).model_json_schema(ref_template="#/$defs/{model}")
    for name, definition in schema.pop("$defs", {}).items():
        definitions.setdefault(name, definition)
    meanings = documented_parameters(component.cls)
    properties = {
        name: {**value, "description": meanings[name]} if name in meanings else value
        for name, value in schema.get("properties", {}).items()
    }
    use = {"const": component.name, "description": summary(component.cls)}
    roles = {role: _ROLES[role] for role in ROLES[section]}
    return {
        "type": "object",
        "description": summary(component.cls),
        "properties": {"use": use, **roles, **properties},
        "required": ["use", *schema.get("required", [])],
        "additionalProperties": False,
    }
