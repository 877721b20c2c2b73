"""The natural figure of a record, read off the annotations of the registered figures."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.registry import Component, registry


def default_figure(record: Any) -> Any:
    """A figure component, with its default parameters, that can draw the record.

    Among the figures whose first argument is annotated with the type of the record, those that suit it (static
    method ``suits(record)``, when a figure has one) are considered; one that declares ``natural = True`` goes first,
    then the order of names decides. A mapping of model names to tuples of records fits figures over replicates.

    Raises
    ------
    InvalidInput
        When no figure draws such a record; the message lists what can be drawn.
    """
    figures = [component for component in registry().all() if component.kind == "figure"]
    fitting = [c for c in figures if draws(c, record)]
    if not fitting:
        raise InvalidInput(
            f"no figure draws a {type(record).__name__} like this one; figures exist for: "
            + "; ".join(f"{c.name} ({spoken(c)})" for c in figures)
            + ". Latents are drawn after an analyzer or a projection."
        )
    return min(fitting, key=lambda c: (not getattr(c.cls, "natural", False), c.name)).build({})


def draws(figure: Component, record: Any) -> bool:
    """Whether a figure can draw this record."""
    return _accepts(_subject(figure), record) and _suits(figure, record)


def spoken(figure: Component) -> str:
    """What a figure draws, in words."""
    annotation = _subject(figure)
    if not typing.get_args(annotation):
        return str(getattr(annotation, "__name__", annotation))
    return re.sub(r"\b[a-z_]+\.", "", str(annotation))


def _subject(component: Component) -> Any:
    return next(iter(component.inputs.values()), None)


def _suits(component: Component, record: Any) -> bool:
    return bool(getattr(component.cls, "suits", lambda _: True)(record))


def _accepts(annotation: Any, value: Any) -> bool:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_accepts(part, value) for part in parts)
    if origin is tuple:
        return isinstance(value, tuple) and bool(value) and all(_accepts(parts[0], item) for item in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and bool(value) and all(_accepts(parts[1], v) for v in value.values())
    return isinstance(annotation, type) and isinstance(value, annotation)
