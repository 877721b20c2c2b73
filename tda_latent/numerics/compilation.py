"""How our numerical kernels are compiled: by Numba, once, kept on disk, free of the interpreter lock.

What is compiled lies beside the code, or in the user's cache folder where that cannot be written, and is compiled
again when its source or that of anything it calls in `tda_latent.numerics` changes. The first use on a machine takes
seconds; when it takes longer than one, a line on standard error says what is being compiled.
"""

from __future__ import annotations

import functools
import hashlib
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event

Function = TypeVar("Function", bound=Callable[..., Any])
PATIENCE = 1.0
"""Seconds after which a compilation is announced."""

_HOME = Path(__file__).parent
_IMPORT = re.compile(r"^from tda_latent\.numerics\.([\w.]+) import", re.MULTILINE)


def compiled(function: Function) -> Function:
    """Compile on first use for the types it is called with; kept on disk for later processes.

    Arithmetic is IEEE 754 as written: nothing is reordered or contracted, so results do not depend on how the loops
    are vectorised. Division by zero gives infinity or NaN as in NumPy. The interpreter lock is released.
    """
    return _kept(function, fastmath=False)


def compiled_without_nan(function: Function) -> Function:
    """As `compiled`, with the promise that no NaN comes in and that -0.0 may stand for 0.0.

    Minima and maxima then vectorise. No other operation may change, so no result does.
    """
    return _kept(function, fastmath={"nnan", "nsz"})


def inlined(function: Function) -> Function:
    """A small function that is copied into the compiled functions that call it."""
    return cast(Function, numba.njit(forceinline=True, error_model="numpy")(function))


def leaf(function: Function) -> Function:
    """Compile an innermost function, which neither makes nor returns an array nor calls anything that does.

    References to arrays are not counted in it: counting is atomic and costs more than the work there. It is not kept
    by itself but compiled into the functions that call it, and free of NaN as in `compiled_without_nan`.
    """
    options = {"nogil": True, "error_model": "numpy", "fastmath": {"nnan", "nsz"}, "forceinline": True, "_nrt": False}
    return cast(Function, numba.njit(**options)(function))


def _kept(function: Function, fastmath: Any) -> Function:
    made = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=fastmath)(function)
    # Numba's own stamp covers the file of the function alone: an edit in a function that it calls would go unseen
    file = made._cache._cache_file
    file._source_stamp = (file._source_stamp, source_stamp(Path(function.__code__.co_filename)))
    return cast(Function, made)


@functools.cache
def source_stamp(path: Path) -> str:
    """SHA-256 over the sources of a module and of all modules of `tda_latent.numerics` that it imports."""
    found: dict[Path, str] = {}
    pending = [path]
    while pending:
        module = pending.pop()
        if module not in found and module.is_file():
            found[module] = module.read_text(encoding="utf-8")
            pending += [_HOME / (name.replace(".", "/") + ".py") for name in _IMPORT.findall(found[module])]
    text = "\0".join(found[module] for module in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()


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
