"""Calls into foreign code that may hang, swell or die, each in a process of its own that can be killed.

Compiled loops ignore Ctrl-C and threads; only the end of their process stops them, and only a limit of the system stops
them from taking all memory. Arrays travel over the standard streams as ``.npz`` without pickles, and the child imports
the function by name, so that a script or a notebook without a main guard can use this as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import EngineFailure

CONFINED = "TDA_LATENT_CONFINED"
"""Environment variable of processes that are killed from outside when they hang; they start no children for that."""

_SETTINGS = "settings as json"
_NUMBER = "number"
_OUT_OF_MEMORY = 75  # exit status of a child that reached its limit
_ALLOWANCE = 2**30  # bytes that the interpreter and the libraries may take beside the task
_PR_SET_PDEATHSIG = 1
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}  # fewer buffers count as data


class Limits(NamedTuple):
    """What a child may take: wall-clock seconds, and bytes of memory beside its libraries (None = no limit)."""

    seconds: float
    bytes: int | None = None

    def __str__(self) -> str:
        memory = "" if self.bytes is None else f" and {self.bytes / 2**30:.3g} GiB"
        return f"{self.seconds:g} s{memory}"


def isolated_arrays(
    function: Callable[..., Mapping[str, NDArray[Any]] | float],
    arrays: Mapping[str, NDArray[Any]],
    settings: Mapping[str, Any],
    limits: Limits,
) -> dict[str, NDArray[Any]]:
    """The named arrays that a module-level function returns for these keywords, computed in a child process.

    Parameters
    ----------
    function : importable by name from its module
    arrays : numeric keyword arguments
    settings : further keyword arguments, representable as JSON; infinities are
    limits : time after which the child is killed, and memory beyond which it gets none

    Raises
    ------
    EngineFailure
        When the child exceeds a limit, dies by a signal, or raises; the end of its error output is quoted.

    Notes
    -----
    Starting the child costs about half a second, and the arrays are copied twice on their way. The child ends with
    its parent (Linux). The limit of memory is the system's RLIMIT_DATA, where it has one.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    stream = io.BytesIO()
    text = np.array(json.dumps(dict(settings)))
    np.savez(stream, allow_pickle=False, **{_SETTINGS: text}, **dict(arrays))
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, **_ONE_THREAD, CONFINED: "1", "PYTHONPATH": paths}
    command = [sys.executable, "-m", __name__, name, str(limits.bytes or 0)]
    try:
        child = subprocess.run(
            command, input=stream.getbuffer(), capture_output=True, timeout=limits.seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EngineFailure(
            f"{name} gave no answer within {limits.seconds:g} s and was stopped; use another engine or fewer points."
        ) from error
    if child.returncode == _OUT_OF_MEMORY:
        raise EngineFailure(
            f"{name} wanted more memory than it was allowed ({limits}) and was stopped; "
            "use another engine or fewer points."
        )
    if child.returncode:
        cause = f"{_cause(child.returncode)}. {_last_line(child.stderr)}"
        raise EngineFailure(f"{name} failed within its limits of {limits}: {cause}")
    with np.load(io.BytesIO(child.stdout), allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def isolated_number(
    function: Callable[..., float], arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any], seconds: float
) -> float:
    """The number that a module-level function returns, to the bit; see `isolated_arrays`."""
    return float(isolated_arrays(function, arrays, settings, Limits(seconds))[_NUMBER])


def is_confined() -> bool:
    """Whether this process is already one that somebody watches and kills."""
    return bool(os.environ.get(CONFINED))


def limit_memory(size: int) -> None:
    """Refuse allocations of this process beyond ``size`` bytes of data, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_DATA, (min(size, most), hard))


def die_with_parent() -> None:
    """Let the system end this process when its parent dies in whatever way, where it can (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "It printed nothing."


def _answer(name: str, memory: int, reply: IO[bytes]) -> None:
    """What the child does: read the arguments, call, write what came out."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    settings = json.loads(str(arrays.pop(_SETTINGS)))
    module, _, function = name.partition(":")
    called = getattr(importlib.import_module(module), function)
    if memory:
        limit_memory(memory + _ALLOWANCE)
    value = called(**arrays, **settings)
    found = value if isinstance(value, Mapping) else {_NUMBER: np.float64(value)}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **found)
    reply.write(stream.getbuffer())


def main(name: str, memory: int) -> int:
    """Entry point of the child: keep the standard output for the answer, send stray prints to the errors."""
    die_with_parent()
    with os.fdopen(os.dup(1), "wb") as reply:
        os.dup2(2, 1)
        try:
            _answer(name, memory, reply)
        except MemoryError:
            return _OUT_OF_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
