"""A live process of one environment that times contestants when it is told to: JSON lines in, JSON lines out.

Started as ``python -m benchmarks.worker THREADS`` by `channel.Worker`. It needs NumPy and the contestant's library,
nothing else, so that it runs in environments that hold a peer and not our package.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contestants.run import Run

CLEAR_PEAK = "5"
"""What Linux takes in /proc/self/clear_refs for "forget the highest resident size"."""

_runs: dict[str, Run] = {}


def prepare(
    name: str, where: str, given: str, threads: int, options: dict[str, Any], warm: str | None
) -> dict[str, Any]:
    """Import a contestant and lay out its input; one uncounted call on a small input compiles what must be."""
    module, function = where.split(":")
    build = getattr(importlib.import_module(f"benchmarks.contestants.{module}"), function)
    if warm is not None:
        build(_arrays(warm), threads, **options).call()
    _runs[name] = build(_arrays(given), threads, **options)
    return {}


def measure(name: str, answer: str | None, memory: bool) -> dict[str, Any]:
    """Seconds of one call, how far memory rose above what was held before it, and the answer, written to a file."""
    run = _runs[name]
    gc.collect()
    before = _resident() if memory else 0
    if memory:
        _forget_peak()
    started = time.perf_counter()
    found = run.call()
    seconds = time.perf_counter() - started
    peak = _peak() - before if memory else None
    if answer is not None:
        np.savez(answer, **run.answer(found))  # type: ignore[arg-type]  # names of arrays, not options
    return {"seconds": seconds, "peak": peak}


def again(name: str, loops: int) -> dict[str, Any]:
    """Mean seconds of a call over ``loops`` calls in a row."""
    call = _runs[name].call
    gc.collect()
    started = time.perf_counter()
    for _ in range(loops):
        call()
    return {"seconds": (time.perf_counter() - started) / loops}


def drop(name: str) -> dict[str, Any]:
    """Forget a contestant and its input."""
    _runs.pop(name, None)
    gc.collect()
    return {}


def _arrays(path: str) -> dict[str, Any]:
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


def _status(field: str) -> int:
    """Bytes that Linux reports for this process; -1 elsewhere."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return -1


def _resident() -> int:
    return _status("VmRSS")


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text(CLEAR_PEAK)


def _peak() -> int:
    return _status("VmHWM")


def _pin(threads: int) -> None:
    """Stay on as many processors as there are threads, so that nobody uses more than was agreed."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[-threads:])


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"prepare": prepare, "measure": measure, "again": again, "drop": drop}


def main() -> None:
    """Answer requests until the input ends. What libraries print goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    _pin(int(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = TASKS[request.pop("task")](**request)
        except MemoryError:
            reply = {"error": "out of memory"}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        channel.write(json.dumps(reply) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
