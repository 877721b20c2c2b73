"""Calls into foreign code that may hang or die, each in a process of its own that can be killed.

Compiled loops ignore Ctrl-C and threads; only the end of their process stops them. Arrays travel over the standard
streams as ``.npz`` without pickles, and the child imports the function by name, so that a script or a notebook
without a main guard can use this as well.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import EngineFailure

_SETTINGS = "settings as json"


def isolated_number(
    function: Callable[..., float],
    arrays: Mapping[str, NDArray[Any]],
    settings: Mapping[str, Any],
    seconds: float,
) -> float:
    """The number that a module-level function returns for these keywords, computed in a child process.

    Parameters
    ----------
    function : importable by name from its module
    arrays : numeric keyword arguments
    settings : further keyword arguments, representable as JSON; infinities are
    seconds : wall-clock time after which the child is killed

    Raises
    ------
    EngineFailure
        When the child is killed for its time, dies by a signal, or raises; the end of its error output is quoted.

    Notes
    -----
    Starting the child costs about half a second.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    text = np.array(json.dumps(dict(settings)))
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **{_SETTINGS: text}, **dict(arrays))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-m", __name__, name]
    try:
        child = subprocess.run(
            command, input=stream.getvalue(), capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EngineFailure(
            f"{name} gave no answer within {seconds:g} s and was stopped; use an exact engine or fewer points."
        ) from error
    if child.returncode:
        raise EngineFailure(f"{name} failed: {_cause(child.returncode)}. {_last_line(child.stderr)}")
    return float(child.stdout.decode().splitlines()[-1])


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


def _answer(name: str) -> None:
    """What the child does: read the arguments, call, write the number so that it reads back to the bit."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    settings = json.loads(str(arrays.pop(_SETTINGS)))
    module, _, function = name.partition(":")
    value = getattr(importlib.import_module(module), function)(**arrays, **settings)
    sys.stdout.write(repr(float(value)))


if __name__ == "__main__":
    _answer(sys.argv[1])
