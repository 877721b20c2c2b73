"""The driver's end of a worker: asking within limits of time and memory, and noticing when it dies."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
POLL = 0.1
PATIENCE = 3.0
"""A peer is stopped when it has taken this many times as long as the fastest peer,"""
LEAST = 10.0
"""but not before this many seconds."""
MEGABYTE = 2**20


class Limits(NamedTuple):
    """Seconds and bytes that a contestant may take."""

    seconds: float
    memory: int


class Stopped(Exception):
    """A contestant that gave no answer: why, after how long, with how much memory.

    Parameters
    ----------
    reason : text for the table
    seconds : wall clock until then
    peak : bytes above what it held before
    late : it was still working when its time was over
    """

    def __init__(self, reason: str, seconds: float, peak: int, late: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.seconds, self.peak, self.late = reason, seconds, peak, late


class Worker:
    """A live process of one environment with a fixed number of threads; see `benchmarks.worker`."""

    def __init__(self, python: Path, threads: int) -> None:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        counts = dict.fromkeys(THREAD_VARIABLES, str(threads))
        self._process = subprocess.Popen(
            [str(python), "-m", "benchmarks.worker", str(threads)],
            cwd=ROOT, env=inherited | counts | {"PYTHONPATH": path}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._watched = psutil.Process(self._process.pid)

    def ask(self, limits: Limits, **request: Any) -> dict[str, Any]:
        """The worker's reply.

        Raises
        ------
        Stopped
            When it fails, dies, or passes a limit; in the last two cases the process is gone.
        """
        assert self._process.stdin is not None
        started, before = time.perf_counter(), self._resident()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            peak = self._wait(limits, started, before)
        except BrokenPipeError:
            peak = 0
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Stopped(self._epitaph(), time.perf_counter() - started, peak)
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise Stopped(shortened(reply["error"]), time.perf_counter() - started, peak)
        return reply

    def close(self) -> None:
        """End the process and what it started."""
        try:
            family = [*self._watched.children(recursive=True), self._watched]
        except psutil.NoSuchProcess:
            family = []
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue

    @property
    def alive(self) -> bool:
        """Whether it still takes requests."""
        return self._process.poll() is None

    def _wait(self, limits: Limits, started: float, before: int) -> int:
        """Until there is something to read; the highest memory seen above ``before``."""
        peak = 0
        with selectors.DefaultSelector() as selector:
            assert self._process.stdout is not None
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not selector.select(POLL):
                seconds = time.perf_counter() - started
                peak = max(peak, self._resident() - before)
                if seconds > limits.seconds:
                    self.close()
                    raise Stopped(f"stopped after {limits.seconds:.0f} s", seconds, peak, late=True)
                if peak > limits.memory:
                    self.close()
                    reason = f"stopped at {peak / MEGABYTE / 1024:.1f} GiB after {seconds:.0f} s"
                    raise Stopped(reason, seconds, peak, late=True)
        return peak

    def _resident(self) -> int:
        total = 0
        try:
            for process in (self._watched, *self._watched.children(recursive=True)):
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            return total
        return total

    def _epitaph(self) -> str:
        code = self._process.wait()
        if code < 0:
            return f"died of {signal.Signals(-code).name}"
        return f"ended with status {code}"


def shortened(text: str, length: int = 110) -> str:
    """The first line of a message, cut to a width that a table can hold; paths shortened to their file's name."""
    words = [Path(word).name if word.count("/") > 1 else word for word in text.splitlines()[0].split()] if text else []
    line = " ".join(words)
    return line if len(line) <= length else f"{line[: length - 3]}..."
