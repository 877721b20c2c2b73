"""Addresses of latents: ``path::key``, and templates over the axes of an experiment.

Nothing here touches the disk. A template is expanded before the component is built::

    >>> template_fields("latents/{model}-{seed}.npz::{layer}")
    ('model', 'seed', 'layer')
    >>> expand_template("latents/{model}-{seed}.npy", {"model": "vae", "seed": "3"})
    'latents/vae-3.npy'
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

from tda_latent.errors import InvalidInput, InvalidParameter, nearest_name

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")


def split_uri(uri: str) -> tuple[str, str | None]:
    """Path and key of ``path::key``, split at the last ``::``; the key is None when there is none.

    Raises
    ------
    InvalidInput
        For an address on the network, an empty path or an empty key.
    """
    scheme = _SCHEME.match(uri)
    if scheme:
        raise InvalidInput(f"{uri} is a {scheme.group(1)} address; only local files are read. Download it first.")
    path, mark, key = uri.rpartition("::")
    if not mark:
        path, key = uri, ""
    if not path.strip():
        raise InvalidInput(f"{uri!r} names no file; the rule is a path, or path::key for one array of a file.")
    if mark and not key:
        raise InvalidInput(f"{uri!r} ends with '::'; write the key after it, or leave it out.")
    return path, key if mark else None


def template_fields(template: str) -> tuple[str, ...]:
    """Names in braces, each once, in order of appearance; ``{{`` and ``}}`` are literal braces.

    Raises
    ------
    InvalidParameter
        For an unbalanced brace, an empty name, or anything but a plain name (``{seed:03d}``, ``{a.b}``).
    """
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InvalidParameter(
            f"template {template!r} is not well formed: {error}. Write {{name}}, and {{{{ for a literal brace."
        ) from None
    fields: list[str] = []
    for _, name, spec, conversion in pieces:
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise InvalidParameter(
                f"template {template!r} holds a field that is no plain name: {name!r}. "
                "Write {name} with the name of an axis, without formatting, and {{ }} for braces as such."
            )
        fields.append(name)
    return tuple(dict.fromkeys(fields))


def expand_template(template: str, values: Mapping[str, str]) -> str:
    """The template with every field replaced by its value; values that no field names are left aside.

    Raises
    ------
    InvalidParameter
        For a field without a value (the nearest name is offered), or a value that is empty.
    """
    fields = template_fields(template)
    for name in fields:
        if name not in values:
            close = nearest_name(name, values)
            hint = f" Did you mean {{{close}}}?" if close else ""
            listed = ", ".join(sorted(values)) or "none"
            raise InvalidParameter(f"template {template!r} names {{{name}}}, an unknown axis.{hint} Known: {listed}.")
        if not values[name]:
            raise InvalidParameter(f"template {template!r}: the value of {{{name}}} is empty; give it a text.")
    return string.Formatter().vformat(template, (), {name: values[name] for name in fields})
