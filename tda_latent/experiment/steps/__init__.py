"""The steps between components: hold out, draw a training sample, encode, subsample, compare, collect, draw."""

from __future__ import annotations

import functools
import importlib
import pkgutil


@functools.cache
def load_steps() -> None:
    """Register every step of this folder."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
