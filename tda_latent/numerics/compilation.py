"""How our numerical kernels are compiled: by Numba, once, kept on disk, free of the interpreter lock.

What is compiled lies beside the code, or in the user's cache folder where that cannot be written. The first use on a
machine takes seconds; when it takes longer than one, a line on standard error says what is being compiled.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import event

Function = TypeVar("Function", bound=Callable[..., Any])
PATIENCE = 1.0
"""Seconds after which a compilation is announced."""


def compiled(function: Function) -> Function:
    """Compile on first use for the types it is called with; kept on disk for later processes.

    Arithmetic is IEEE 754 as written: nothing is reordered or contracted, so results do not depend on how the loops
    are vectorised. Division by zero gives infinity or NaN as in NumPy. The interpreter lock is released.
    """
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """A small function that is copied into the compiled functions that call it."""
    return cast(Function, numba.njit(inline="always", error_model="numpy")(function))


class _Announcer(event.Listener):  # type: ignore[misc]
    """Says once in a process what is being compiled, when that takes longer than `PATIENCE`."""

    def __init__(self) -> None:
        self._depth = 0
        self._said = False
        self._timer: threading.Timer | None = None

    def on_start(self, event: Any) -> None:
        module = str(getattr(event.data["dispatcher"].py_func, "__module__", ""))
        self._depth += 1
        if self._depth == 1 and not self._said and module.startswith("tda_latent."):
            self._timer = threading.Timer(PATIENCE, self._say, (module,))
            self._timer.daemon = True
            self._timer.start()

    def on_end(self, event: Any) -> None:
        self._depth -= 1
        if self._depth == 0 and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _say(self, module: str) -> None:
        self._said = True
        print(f"tda_latent: compiling {module}; this happens once on a machine.", file=sys.stderr, flush=True)


event.register("numba:compile", _Announcer())
