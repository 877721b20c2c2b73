"""Where the user's own modules are looked for: in one order at planning, in workers and on the command line.

First beside the experiment file (in an unpacked bundle in its folder ``code``, too), then in the working folder, then
where Python looks anyway (``PYTHONPATH``, installed packages).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

_folders: ContextVar[tuple[str, ...]] = ContextVar("folders", default=())


@contextmanager
def looking_in(folder: str | Path | None = None) -> Iterator[None]:
    """Look for modules in this folder, then in the working folder, then as before.

    Afterwards ``sys.path`` is what it was, whatever happens; only what the user's code itself put there stays.
    """
    first = tuple(dict.fromkeys([*(_beside(os.path.abspath(folder)) if folder else []), *working_folder()]))
    token = _folders.set(first)
    sys.path[:0] = first
    importlib.invalidate_caches()
    try:
        yield
    finally:
        _folders.reset(token)
        for entry in first:
            with suppress(ValueError):
                sys.path.remove(entry)


def _beside(folder: str) -> list[str]:
    """The folder of an experiment file, and where a bundle keeps code if it is the folder of one."""
    code = os.path.join(folder, "code")
    is_bundle = os.path.isfile(os.path.join(folder, "SHA256SUMS")) and os.path.isdir(os.path.join(code, "tda_latent"))
    return [folder, code] if is_bundle else [folder]


def working_folder() -> list[str]:
    """The working folder, unless it has been deleted."""
    try:
        return [os.getcwd()]
    except FileNotFoundError:
        return []


def own_folders() -> tuple[str, ...]:
    """The folders that come before those of Python, each once."""
    return tuple(dict.fromkeys([*_folders.get(), *working_folder()]))
