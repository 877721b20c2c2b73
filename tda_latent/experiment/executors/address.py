"""Where tasks run, as one writes it: ``processes:8``, ``dask://host:8786``, ``slurm://partition?jobs=4``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tda_latent.errors import InvalidInput, InvalidParameter, TdaLatentError, unknown_name
from tda_latent.experiment.quantities import bytes_of, seconds_of

KINDS = ("serial", "processes", "dask", "dask-local", "slurm")
FORMS = "serial, processes[:N], dask-local[:N], dask://HOST:PORT or slurm://PARTITION?jobs=4&memory=4GB&walltime=1h"


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not int(text):
        raise InvalidInput(f"{text!r} is no count; write a whole number of at least 1.")
    return int(text)


def _text(text: str) -> str:
    if not text or any(character < " " for character in text):
        raise InvalidInput(f"{text!r} is empty or holds a control character.")
    return text


OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "dask": {"start": seconds_of},
    "slurm": {
        "jobs": _count, "workers": _count, "memory": bytes_of, "walltime": seconds_of, "start": seconds_of,
        "account": _text, "interface": _text, "directive": _text,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """A place where tasks run.

    kind : one of `KINDS`; size : processes, or None for what else was asked; place : host and port, or partition
    options : of a cluster, read and checked; ``directive`` is a tuple, since it may be repeated
    """

    kind: str
    size: int | None = None
    place: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def parse_address(text: str) -> Address:
    """The address that a text names.

    Raises
    ------
    InvalidParameter
        Naming what is wrong with it and how one is written.
    """
    try:
        return _parsed(text)
    except TdaLatentError as error:
        raise InvalidParameter(f"executor {text!r}: {error}") from None


def _parsed(text: str) -> Address:
    scheme, has_place, rest = text.partition("://")
    if not has_place:
        kind, colon, number = text.partition(":")
        _check_kind(kind)
        if kind not in ("serial", "processes", "dask-local") or (colon and kind == "serial"):
            raise InvalidInput(f"is incomplete or has too much; write {FORMS}.")
        return Address(kind, 1 if kind == "serial" else _count(number) if colon else None)
    _check_kind(scheme)
    place, _, query = rest.partition("?")
    if scheme not in OPTIONS:
        raise InvalidInput(f"{scheme} takes no address; write {FORMS}.")
    if scheme == "dask" and not re.fullmatch(r"[^\s/?#:]+:[0-9]+|\[[0-9a-fA-F:]+\]:[0-9]+", place):
        raise InvalidInput(f"{place!r} names no scheduler; write dask://HOST:PORT.")
    if scheme == "slurm" and not re.fullmatch(r"[\w.,-]*", place):
        raise InvalidInput(f"{place!r} is no partition; write slurm://PARTITION?jobs=4, or slurm://?jobs=4.")
    return Address(scheme, None, place, _options(scheme, query))


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise unknown_name("executor", kind, KINDS)


def _options(scheme: str, query: str) -> dict[str, Any]:
    known, found = OPTIONS[scheme], dict[str, Any]()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise unknown_name(f"option of {scheme}", name, known)
        if name == "directive":
            found[name] = (*found.get(name, ()), known[name](value))
        elif name in found:
            raise InvalidInput(f"{name} is given twice; once is the rule.")
        else:
            found[name] = known[name](value)
    return found
