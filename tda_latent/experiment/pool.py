"""Worker processes that can be killed: each runs one task, so a death or a hang names its culprit."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tda_latent.experiment.worker import one_thread_environment


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    label: str | None = None
    started: float = 0.0
    pending: list[bytes] = field(default_factory=list)


@dataclass
class Pool:
    """``size`` processes that run tasks one at a time; started when first needed, restarted after a death.

    log : file that gets what the workers print
    seconds : longest time that one task may take, or None
    """

    size: int
    log: Path
    seconds: float | None = None
    _workers: list[_Worker] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def idle(self) -> int:
        """How many more tasks can be submitted now."""
        return self.size - sum(worker.label is not None for worker in self._workers)

    @property
    def running(self) -> tuple[str, ...]:
        """Labels of the tasks being worked on."""
        return tuple(worker.label for worker in self._workers if worker.label is not None)

    def submit(self, payload: Mapping[str, Any]) -> None:
        """Hand a task to a free worker; call only while `idle` is positive."""
        line = (json.dumps(payload) + "\n").encode()
        for free in [worker for worker in self._workers if worker.label is None]:
            if self._hand(free, payload["label"], line):
                return
            self._discard(free)  # it died while it had nothing to do
        self._hand(self._start(), payload["label"], line)  # a death from here on is noticed and reported by `wait`

    def _hand(self, worker: _Worker, label: str, line: bytes) -> bool:
        """Whether the worker is alive and could be given the task."""
        worker.label, worker.started = label, time.monotonic()
        if worker.process.poll() is not None or worker.process.stdin is None:
            return False
        try:
            worker.process.stdin.write(line)
            worker.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def wait(self, timeout: float) -> list[dict[str, Any]]:
        """Replies that arrived within ``timeout`` seconds; dead and overdue workers reply with their failure."""
        found: list[dict[str, Any]] = []
        for key, _ in self._selector.select(timeout):
            found += self._receive(key.data)
        now = time.monotonic()
        for worker in [busy for busy in self._workers if busy.label is not None]:
            if worker.process.poll() is not None:  # also where a process that it started keeps its pipe open
                found += self._receive(worker) or self._buried(worker)
            elif self.seconds is not None and now - worker.started > self.seconds:
                reason = f"took longer than {self.seconds:g} s and was stopped; allow more with --task-time."
                found.append({"label": worker.label, "ok": False, "reason": reason, "kind": "Timeout"})
                self._discard(worker)
        return found

    def close(self) -> None:
        """Stop all workers at once; finished results are already in the store."""
        for worker in list(self._workers):
            self._discard(worker)
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._selector.close()

    def _start(self) -> _Worker:
        if self._stream is None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.log.open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "tda_latent.experiment.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stream,
            env=os.environ | one_thread_environment(),
            start_new_session=True,  # Ctrl-C reaches the runner alone, which then decides
        )
        worker = _Worker(process)
        if process.stdout is None:
            raise RuntimeError("a worker was started without its output pipe.")
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        self._workers.append(worker)
        return worker

    def _receive(self, worker: _Worker) -> list[dict[str, Any]]:
        """Whole replies of a worker; its failure when it closed its pipe."""
        data: bytes | None = worker.process.stdout.read() if worker.process.stdout else b""
        if data is None:  # woken without data
            return []
        if not data:
            return self._buried(worker)
        *lines, rest = data.split(b"\n")
        worker.pending.append(lines[0] if lines else rest)
        if not lines:
            return []
        lines[0], worker.pending, worker.label = b"".join(worker.pending), [rest], None
        return [json.loads(line) for line in lines]

    def _buried(self, worker: _Worker) -> list[dict[str, Any]]:
        """Remove a worker that has ended and tell the failure of the task that it had."""
        label = worker.label
        code = self._discard(worker)
        return (
            [] if label is None else [{"label": label, "ok": False, "reason": _death(code, self.log), "kind": "Death"}]
        )

    def _discard(self, worker: _Worker) -> int:
        """Stop a worker and all that it started, and give its exit status."""
        self._workers.remove(worker)
        if worker.process.stdout is not None:
            self._selector.unregister(worker.process.stdout)
            worker.process.stdout.close()
        if worker.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                worker.process.stdin.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)  # a worker leads a group of its own
        return worker.process.wait()


def _death(code: int, log: Path) -> str:
    """What the exit status of a dead worker says."""
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (usually out of memory; lower sample: size or allow more with --memory)" if name == "SIGKILL" else ""
        return f"the worker process died of {name}{hint}; its messages are in {log}."
    return f"the worker process ended with status {code}; its messages are in {log}."
